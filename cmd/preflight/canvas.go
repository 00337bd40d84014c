package main

import (
	"image"
	"image/color"
	"image/draw"
	"math"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"
	"golang.org/x/image/vector"
)

// A canvas draws smooth shapes and text on an RGBA picture. Coordinates are
// pixels, (0, 0) the top-left corner. It is for one goroutine.
type canvas struct {
	*image.RGBA
}

// A point is a corner of a shape.
type point struct{ x, y float64 }

// A polygon is closed by itself. One that turns the other way inside another
// is a hole in it.
type polygon []point

// fill paints the polygons with smooth edges.
func (c canvas) fill(col color.Color, polygons ...polygon) {
	left, top := math.Inf(1), math.Inf(1)
	right, bottom := math.Inf(-1), math.Inf(-1)
	for _, p := range polygons {
		for _, q := range p {
			left, top = min(left, q.x), min(top, q.y)
			right, bottom = max(right, q.x), max(bottom, q.y)
		}
	}
	// The rasterizer's work is its size, so it gets only the shape's own.
	r := image.Rect(int(math.Floor(left)), int(math.Floor(top)), int(math.Ceil(right)), int(math.Ceil(bottom)))
	r = r.Intersect(c.Bounds())
	if r.Empty() {
		return
	}
	z := vector.NewRasterizer(r.Dx(), r.Dy())
	z.DrawOp = draw.Over
	for _, p := range polygons {
		for i, q := range p {
			x, y := float32(q.x-float64(r.Min.X)), float32(q.y-float64(r.Min.Y))
			if i == 0 {
				z.MoveTo(x, y)
			} else {
				z.LineTo(x, y)
			}
		}
		z.ClosePath()
	}
	z.Draw(c.RGBA, r, image.NewUniform(col), image.Point{})
}

// line paints a straight line of the given width with square ends.
func (c canvas) line(col color.Color, a, b point, width float64) {
	dx, dy := b.x-a.x, b.y-a.y
	n := math.Hypot(dx, dy)
	if n == 0 {
		return
	}
	dx, dy = dx/n*width/2, dy/n*width/2
	c.fill(col, polygon{{a.x - dy, a.y + dx}, {a.x + dy, a.y - dx}, {b.x + dy, b.y - dx}, {b.x - dy, b.y + dx}})
}

// frame paints the outline of a rectangle with rounded corners.
func (c canvas) frame(col color.Color, x, y, w, h, radius, width float64) {
	half := width / 2
	outer := rounded(x-half, y-half, w+width, h+width, radius+half)
	inner := rounded(x+half, y+half, w-width, h-width, max(radius-half, 0))
	c.fill(col, outer, reversed(inner))
}

// ring paints a circle's outline.
func (c canvas) ring(col color.Color, at point, radius, width float64) {
	c.fill(col, regular(at, radius+width/2, 48, 0), reversed(regular(at, radius-width/2, 48, 0)))
}

// rounded is a rectangle with rounded corners.
func rounded(x, y, w, h, radius float64) polygon {
	radius = min(radius, w/2, h/2)
	var p polygon
	for i, corner := range []point{{x + w - radius, y + radius}, {x + w - radius, y + h - radius}, {x + radius, y + h - radius}, {x + radius, y + radius}} {
		for step := range 9 {
			sin, cos := math.Sincos((float64(i)-1)*math.Pi/2 + float64(step)/8*math.Pi/2)
			p = append(p, point{corner.x + radius*cos, corner.y + radius*sin})
		}
	}
	return p
}

// regular is a polygon of n equal sides; its first corner is turned by turn
// radians from the right.
func regular(at point, radius float64, n int, turn float64) polygon {
	p := make(polygon, n)
	for i := range p {
		sin, cos := math.Sincos(2*math.Pi*float64(i)/float64(n) + turn)
		p[i] = point{at.x + radius*cos, at.y + radius*sin}
	}
	return p
}

func reversed(p polygon) polygon {
	r := make(polygon, len(p))
	for i, q := range p {
		r[len(p)-1-i] = q
	}
	return r
}

// The fonts are parsed once; a face of them is for one goroutine.
var (
	regularFont = mustFont(goregular.TTF)
	boldFont    = mustFont(gobold.TTF)
)

func mustFont(ttf []byte) *opentype.Font {
	f, err := opentype.Parse(ttf)
	if err != nil {
		panic("embedded font: " + err.Error())
	}
	return f
}

// face returns f with the given height in pixels.
func face(f *opentype.Font, px float64) font.Face {
	// At 72 dots an inch a point is a pixel. NewFace has no other error than that of nil.
	fc, err := opentype.NewFace(f, &opentype.FaceOptions{Size: px, DPI: 72, Hinting: font.HintingNone})
	if err != nil {
		panic("embedded font: " + err.Error())
	}
	return fc
}

// text writes s with its baseline beginning at x, y and returns where it ends.
func (c canvas) text(f font.Face, col color.Color, x, y float64, s string) float64 {
	d := font.Drawer{
		Dst: c.RGBA, Src: image.NewUniform(col), Face: f,
		Dot: fixed.Point26_6{X: fixed.Int26_6(x * 64), Y: fixed.Int26_6(y * 64)},
	}
	d.DrawString(s)
	return float64(d.Dot.X) / 64
}

// textWidth is how many pixels s takes.
func textWidth(f font.Face, s string) float64 { return float64(font.MeasureString(f, s)) / 64 }
