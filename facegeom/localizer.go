package facegeom

import (
	"encoding/binary"
	"fmt"
	"image"
	"math"
	"slices"
)

// A localizer is one of pigo's point cascades: regression trees that look at
// pairs of pixels around a guess and move it towards the point, in several
// stages of falling size.
//
// It is our own form of pigo's PuplocCascade, which disturbs its guesses by
// random numbers, truncates its answers to whole pixels and turns the wrong way
// on tilted faces.
type localizer struct {
	stages, trees, depth int
	shrink               float64 // factor on the size after each stage
	nodes                []node  // (1<<depth)-1 a tree
	leaves               []leaf  // 1<<depth a tree
}

// A node compares two pixels, at offsets in 1/256 of the size.
type node struct{ y1, x1, y2, x2 int8 }

// A leaf moves the guess, in units of the size.
type leaf struct{ dy, dx float32 }

// newLocalizer reads a cascade file: four 32-bit words (stages, shrink, trees a
// stage, depth) and then the trees, each its nodes and its leaves.
func newLocalizer(data []byte) (*localizer, error) {
	if len(data) < 16 {
		return nil, fmt.Errorf("%d bytes are too few for a cascade", len(data))
	}
	word := func(i int) uint32 { return binary.LittleEndian.Uint32(data[4*i:]) }
	l := &localizer{
		stages: int(word(0)), trees: int(word(2)), depth: int(word(3)),
		shrink: float64(math.Float32frombits(word(1))),
	}
	if l.stages < 1 || l.stages > 64 || l.trees < 1 || l.trees > 1024 || l.depth < 1 || l.depth > 16 || !(l.shrink > 0 && l.shrink <= 1) {
		return nil, fmt.Errorf("cascade of %d stages, %d trees, depth %d, shrink %v", l.stages, l.trees, l.depth, l.shrink)
	}
	n := 1 << l.depth // leaves of a tree
	if want := 16 + l.stages*l.trees*(4*(n-1)+8*n); len(data) != want {
		return nil, fmt.Errorf("cascade of %d bytes; its header asks for %d", len(data), want)
	}
	data = data[16:]
	for range l.stages * l.trees {
		for range n - 1 {
			l.nodes = append(l.nodes, node{int8(data[0]), int8(data[1]), int8(data[2]), int8(data[3])})
			data = data[4:]
		}
		for range n {
			l.leaves = append(l.leaves, leaf{
				math.Float32frombits(binary.LittleEndian.Uint32(data)),
				math.Float32frombits(binary.LittleEndian.Uint32(data[4:])),
			})
			data = data[8:]
		}
	}
	return l, nil
}

// A frame is a coordinate frame in the plane: x along the line of the eyes.
type frame struct{ cos, sin float64 }

func frameAt(degrees float64) frame {
	s, c := math.Sincos(degrees * math.Pi / 180)
	return frame{c, s}
}

// turn returns the vector (dx, dy) of the frame in the plane. The products are
// rounded before they are added, so that no machine fuses them.
func (f frame) turn(dx, dy float64) (x, y float64) {
	return float64(f.cos*dx) - float64(f.sin*dy), float64(f.sin*dx) + float64(f.cos*dy)
}

// run moves a guess at p, of the given size in px, to the point. With mirror the
// cascade's other side is used: a left point's cascade finds the right one.
func (l *localizer) run(g *image.Gray, p Point, size float64, fr frame, mirror bool) Point {
	w, h := g.Rect.Dx(), g.Rect.Dy()
	side := 1.0
	if mirror {
		side = -1
	}
	perTree := 1 << l.depth
	nodes, leaves := l.nodes, l.leaves
	for range l.stages {
		// Pixel offsets in 1/65536 px: integers from here on.
		fx, fy := int(math.Floor(p.X*65536)), int(math.Floor(p.Y*65536))
		c, s := int(math.Round(fr.cos*size*256)), int(math.Round(fr.sin*size*256))
		cx, sx := c, s // of the column, which mirroring turns round
		if mirror {
			cx, sx = -c, -s
		}
		at := func(dy, dx int8) uint8 {
			x := (fx + cx*int(dx) - s*int(dy)) >> 16
			y := (fy + sx*int(dx) + c*int(dy)) >> 16
			return g.Pix[min(max(y, 0), h-1)*g.Stride+min(max(x, 0), w-1)]
		}
		var dx, dy float32
		for range l.trees {
			i := 0
			for range l.depth {
				n := nodes[i]
				i = 2*i + 1
				if at(n.y1, n.x1) > at(n.y2, n.x2) {
					i++
				}
			}
			lf := leaves[i-(perTree-1)]
			dy += lf.dy
			dx += lf.dx
			nodes, leaves = nodes[perTree-1:], leaves[perTree:]
		}
		mx, my := fr.turn(side*float64(dx)*size, float64(dy)*size)
		p.X += mx
		p.Y += my
		size *= l.shrink
	}
	return p
}

// perturbs is how many disturbed guesses an answer is made from.
const perturbs = 63

// disturbances are fixed: the same picture must give the same answer. They are
// the points of a Halton sequence (bases 2 and 3, and 5 for the size) and, so
// that a mirrored picture gives the mirrored answer, their mirror images.
var disturbances = func() (d [perturbs]struct{ x, y, size float64 }) {
	halton := func(i, base int) float64 {
		f, v := 1.0, 0.0
		for ; i > 0; i /= base {
			f /= float64(base)
			v += f * float64(i%base)
		}
		return v
	}
	d[0].size = 1
	for i := 1; i < perturbs; i += 2 {
		k := (i + 1) / 2
		d[i].x = 0.075 * halton(k, 2) // the right half; its mirror image is next
		d[i].y = 0.15 * (halton(k, 3) - 0.5)
		d[i].size = 0.925 + 0.15*halton(k, 5)
		d[i+1] = d[i]
		d[i+1].x = -d[i].x
	}
	return d
}()

// An estimate is the median of many answers and how far they lie apart.
type estimate struct {
	Point
	spread float64 // interquartile range, the larger of both axes of the frame, over the size
}

// locate runs the localizer from many disturbed guesses around p.
func (l *localizer) locate(g *image.Gray, p Point, size float64, fr frame, mirror bool) estimate {
	var a answers
	l.collect(&a, g, p, size, fr, mirror)
	return a.estimate(size, fr)
}

// answers are what disturbed searches came to, in the frame's coordinates.
type answers struct{ xs, ys []float64 }

func (l *localizer) collect(a *answers, g *image.Gray, p Point, size float64, fr frame, mirror bool) {
	for _, d := range &disturbances {
		dx, dy := fr.turn(d.x*size, d.y*size)
		q := l.run(g, Point{p.X + dx, p.Y + dy}, size*d.size, fr, mirror)
		// Back into the frame: by the inverse turn.
		x, y := frame{fr.cos, -fr.sin}.turn(q.X, q.Y)
		a.xs, a.ys = append(a.xs, x), append(a.ys, y)
	}
}

func (a *answers) estimate(size float64, fr frame) estimate {
	slices.Sort(a.xs)
	slices.Sort(a.ys)
	n := len(a.xs)
	iqr := max(a.xs[3*n/4]-a.xs[n/4], a.ys[3*n/4]-a.ys[n/4])
	x, y := fr.turn((a.xs[(n-1)/2]+a.xs[n/2])/2, (a.ys[(n-1)/2]+a.ys[n/2])/2)
	return estimate{Point{x, y}, iqr / size}
}
