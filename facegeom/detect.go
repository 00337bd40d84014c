package facegeom

import (
	"cmp"
	"context"
	"fmt"
	"image"
	"math"
	"slices"

	pigo "github.com/esimov/pigo/core"

	"github.com/preflight-go/preflight/facegeom/cascade"
	"github.com/preflight-go/preflight/facegeom/internal/shape"
)

// Options configure a Detector. The zero value and nil mean the defaults.
type Options struct {
	// MinScore is the score from which a candidate counts as a face; 0 means
	// DefaultMinScore. That of a clear portrait is above 100.
	MinScore float64

	// MaxFaces is how many faces are measured, the best first; 0 means 10.
	MaxFaces int
}

// DefaultMinScore finds 91 % of 774 labelled faces among 1,463 candidates and takes
// 0.6 % of the others for faces (docs/accuracy.md).
const DefaultMinScore = 16

// A Detector finds faces and measures them. It is safe for concurrent use; one
// serves the whole process. It holds about 25 MB of trained data.
type Detector struct {
	minScore float64
	maxFaces int

	faces     *pigo.Pigo
	pupils    *localizer
	landmarks []*localizer // in the order of shape.Names
}

// NewDetector returns a Detector. An error says which of the embedded cascades
// is not as it should be.
func NewDetector(o *Options) (*Detector, error) {
	d := &Detector{minScore: DefaultMinScore, maxFaces: 10}
	if o != nil && o.MinScore > 0 {
		d.minScore = o.MinScore
	}
	if o != nil && o.MaxFaces > 0 {
		d.maxFaces = o.MaxFaces
	}
	data, err := cascade.Read("facefinder")
	if err != nil {
		return nil, err
	}
	// Unpack trusts its input; the hash of the file has just been checked.
	if d.faces, err = pigo.NewPigo().Unpack(data); err != nil {
		return nil, fmt.Errorf("cascade facefinder: %w", err)
	}
	load := func(name string) *localizer {
		var l *localizer
		var data []byte
		if err == nil {
			data, err = cascade.Read(name)
		}
		if err == nil {
			if l, err = newLocalizer(data); err != nil {
				err = fmt.Errorf("cascade %s: %w", name, err)
			}
		}
		return l
	}
	d.pupils = load("puploc")
	for _, name := range shape.Names {
		d.landmarks = append(d.landmarks, load("lps/"+name))
	}
	if err != nil {
		return nil, err
	}
	return d, nil
}

// Smallest is where Detect begins, in units of the shorter side. Sizes of faces
// below SmallestExact come out too large, because half of the windows that would
// have seen them are not searched.
const (
	Smallest      = 0.12
	SmallestExact = 0.17
)

// Detect finds the faces in a luma plane whose bounds begin at (0, 0) and
// measures them; coordinates are those of the plane. A shorter side of 320 px is
// what it was measured with; cost grows with the area. Faces are found from
// Smallest to somewhat more than the shorter side, up to 45 degrees of roll. They
// are sorted by falling size. The only error is that of the context.
func (d *Detector) Detect(ctx context.Context, plane *image.Gray) ([]Face, error) {
	return d.detect(ctx, plane, Smallest, largestFace, searchAngles, d.minScore)
}

// DetectSmall is Detect for faces between smallest and about SmallestExact of the
// shorter side, and up to about 35 degrees of roll. Such faces need a plane with
// more pixels: 640 px for faces from 0.05. Its cost grows with the inverse square
// of smallest, and so does the number of windows that clutter can look like a face
// in: the score must be half as much again.
func (d *Detector) DetectSmall(ctx context.Context, plane *image.Gray, smallest float64) ([]Face, error) {
	return d.detect(ctx, plane, smallest, 1.4*SmallestExact, searchAngles[:3], 1.5*d.minScore)
}

func (d *Detector) detect(ctx context.Context, plane *image.Gray, smallest, largest float64, angles []float64, minScore float64) ([]Face, error) {
	hits, err := d.search(ctx, plane, smallest, largest, angles)
	if err != nil {
		return nil, err
	}
	faces, parts := []Face{}, []Face(nil)
	for i, c := range cluster(hits) {
		// Even landmarks that agree perfectly do not make a face of less.
		if c.score < minScore/2 || len(faces) == d.maxFaces || i == maxCandidates {
			break
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		f, ok := d.measure(plane, c)
		switch {
		case ok && f.Score >= minScore:
			faces = append(faces, f)
		case c.score >= partScore && f.Box.Outside(plane.Rect.Dx(), plane.Rect.Dy()) >= partOutside:
			f.Partial = true
			parts = append(parts, f)
		}
	}
	if len(faces) == 0 && len(parts) > 0 {
		faces = parts[:1]
	}
	slices.SortStableFunc(faces, func(a, b Face) int { return cmp.Compare(b.Box.Area(), a.Box.Area()) })
	return faces, nil
}

// A candidate beyond the border that is too weak for a face is taken for part of
// one, if nothing better is there.
const (
	partScore   = 10  // of the cascade
	partOutside = 0.2 // of the box
)

// maxCandidates bounds the work on a picture full of weak candidates.
const maxCandidates = 16

// The search grid. The face cascade bears about 20° of roll to either side.
var searchAngles = []float64{0, -20, 20, -40, 40} // degrees

const (
	largestFace  = 1.25 // of the plane's shorter side
	scaleStep    = 1.1
	shiftStep    = 0.1  // of the window
	padding      = 0.25 // of the shorter side, on every side, with repeated edge pixels
	smallestSide = 20   // px; the cascade was trained on windows of about that size
)

// A hit is one window that the face cascade took for a face.
type hit struct {
	x, y  float64 // centre, px of the plane
	size  float64 // side of the window
	angle float64 // degrees
	score float64
}

// search runs the face cascade over the plane at the given angles, at sizes
// between smallest and largest of its shorter side.
func (d *Detector) search(ctx context.Context, plane *image.Gray, smallest, largest float64, angles []float64) ([]hit, error) {
	short := float64(min(plane.Rect.Dx(), plane.Rect.Dy()))
	var hits []hit
	for _, angle := range angles {
		cv := newCanvas(plane, angle, math.Ceil(padding*short))
		cp := pigo.CascadeParams{
			ShiftFactor: shiftStep,
			ImageParams: pigo.ImageParams{Pixels: cv.pix.Pix, Rows: cv.pix.Rect.Dy(), Cols: cv.pix.Rect.Dx(), Dim: cv.pix.Stride},
		}
		last := 0
		for size := max(smallestSide, smallest*short); size <= largest*short; size *= scaleStep {
			n := int(math.Round(size))
			if n == last {
				continue
			}
			last = n
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			cp.MinSize, cp.MaxSize = n, n // one size a call: pigo's own steps depend on how products are rounded
			for _, det := range d.faces.RunCascade(cp, 0) {
				p := cv.toPlane(Point{float64(det.Col) + 0.5, float64(det.Row) + 0.5})
				// A window whose centre is outside shows nothing but repeated pixels.
				if p.X >= 0 && p.Y >= 0 && p.X < float64(plane.Rect.Dx()) && p.Y < float64(plane.Rect.Dy()) {
					hits = append(hits, hit{p.X, p.Y, float64(n), angle, float64(det.Q)})
				}
			}
		}
	}
	return hits, nil
}

// A canvas is the plane turned so that a face with that roll stands upright, on
// a larger ground of repeated edge pixels.
type canvas struct {
	pix    *image.Gray
	fr     frame
	center Point // of the plane
}

func newCanvas(plane *image.Gray, angle, pad float64) *canvas {
	w, h := plane.Rect.Dx(), plane.Rect.Dy()
	c := &canvas{fr: frameAt(angle), center: Point{float64(w) / 2, float64(h) / 2}}
	cos, sin := c.fr.cos, math.Abs(c.fr.sin)
	cw := int(math.Ceil(float64(float64(w)*cos) + float64(float64(h)*sin) + 2*pad))
	ch := int(math.Ceil(float64(float64(w)*sin) + float64(float64(h)*cos) + 2*pad))
	c.pix = image.NewGray(image.Rect(0, 0, cw, ch))

	// Bilinear, in 1/65536 px; (u, v) is the place of a canvas pixel's centre in
	// the plane, less half a pixel.
	fix := func(v float64) int { return int(math.Round(v * 65536)) }
	du, dv := fix(c.fr.cos), fix(c.fr.sin)
	maxU, maxV := (w-1)<<16, (h-1)<<16
	for y := range ch {
		p := c.toPlane(Point{0.5, float64(y) + 0.5})
		u, v := fix(p.X-0.5), fix(p.Y-0.5)
		row := c.pix.Pix[y*c.pix.Stride:][:cw]
		for x := range row {
			cu, cvv := min(max(u, 0), maxU), min(max(v, 0), maxV)
			x0, y0 := cu>>16, cvv>>16
			x1, y1 := min(x0+1, w-1), min(y0+1, h-1)
			fu, fv := cu&0xffff, cvv&0xffff
			a, b := plane.Pix[y0*plane.Stride:], plane.Pix[y1*plane.Stride:]
			top := int(a[x0])*(65536-fu) + int(a[x1])*fu
			bottom := int(b[x0])*(65536-fu) + int(b[x1])*fu
			row[x] = uint8((top*(65536-fv) + bottom*fv + 1<<31) >> 32)
			u += du
			v += dv
		}
	}
	return c
}

// toPlane returns the place in the plane of a place in the canvas.
func (c *canvas) toPlane(p Point) Point {
	dx, dy := c.fr.turn(p.X-float64(c.pix.Rect.Dx())/2, p.Y-float64(c.pix.Rect.Dy())/2)
	return Point{c.center.X + dx, c.center.Y + dy}
}

// A candidate is a cluster of hits.
type candidate struct {
	x, y, size float64 // px of the plane
	angle      float64 // degrees
	score      float64 // sum over the hits
}

func (c candidate) box() Box {
	return Box{c.x - c.size/2, c.y - c.size/2, c.size, c.size}
}

func (h hit) box() Box { return Box{h.x - h.size/2, h.y - h.size/2, h.size, h.size} }

// sameFace is the IoU from which two hits are of one face, as in pigo's examples.
const sameFace = 0.2

// maxHits bounds the work of clustering; a large portrait has a few hundred.
const maxHits = 4000

// cluster joins hits of one face, beginning with the best one, and returns the
// clusters by falling score. Clusters that lie on a stronger one's face are not
// faces of their own and are dropped.
func cluster(hits []hit) []candidate {
	slices.SortStableFunc(hits, func(a, b hit) int { return cmp.Compare(b.score, a.score) })
	hits = hits[:min(len(hits), maxHits)]
	taken := make([]bool, len(hits))
	var found []candidate
	for i, seed := range hits {
		if taken[i] {
			continue
		}
		var c candidate
		var cos, sin float64
		for k := i; k < len(hits); k++ {
			if h := hits[k]; !taken[k] && seed.box().IoU(h.box()) > sameFace {
				taken[k] = true
				fr := frameAt(h.angle)
				c.score += h.score
				c.x += float64(h.score * h.x)
				c.y += float64(h.score * h.y)
				c.size += float64(h.score * h.size)
				cos += float64(h.score * fr.cos)
				sin += float64(h.score * fr.sin)
			}
		}
		c.x /= c.score
		c.y /= c.score
		c.size /= c.score
		c.angle = math.Atan2(sin, cos) * 180 / math.Pi
		found = append(found, c)
	}
	slices.SortStableFunc(found, func(a, b candidate) int { return cmp.Compare(b.score, a.score) })
	var kept []candidate
	for _, c := range found {
		if !slices.ContainsFunc(kept, func(k candidate) bool { return overlap(k.box(), c.box()) > 0.4 }) {
			kept = append(kept, c)
		}
	}
	return kept
}

// overlap returns the area of the intersection over that of the smaller box.
func overlap(a, b Box) float64 {
	iou := a.IoU(b)
	return iou / (1 + iou) * (a.Area() + b.Area()) / min(a.Area(), b.Area())
}
