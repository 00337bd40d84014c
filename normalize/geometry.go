package normalize

import (
	"fmt"
	"image"

	"github.com/disintegration/imaging"
)

// A Point is a place in a picture, in pixels: (0, 0) is the top-left corner of
// the top-left pixel, x goes right and y down.
type Point struct {
	X float64 `json:"x"`
	Y float64 `json:"y"`
}

// An Affine maps points: x' = a[0]·x + a[1]·y + a[2], y' = a[3]·x + a[4]·y +
// a[5], the order of golang.org/x/image/math/f64.Aff3.
type Affine [6]float64

// Apply returns the image of p.
func (a Affine) Apply(p Point) Point {
	return Point{
		X: float64(a[0]*p.X) + float64(a[1]*p.Y) + a[2],
		Y: float64(a[3]*p.X) + float64(a[4]*p.Y) + a[5],
	}
}

// scaled returns the map that applies a and scales its answer.
func (a Affine) scaled(sx, sy float64) Affine {
	return Affine{a[0] * sx, a[1] * sx, a[2] * sx, a[3] * sy, a[4] * sy, a[5] * sy}
}

// An orientation is EXIF's: 1 to 8, where 1 is upright (CIPA DC-008,
// "Orientation").
type orientation int

// swaps reports whether turning upright exchanges width and height.
func (o orientation) swaps() bool { return o >= 5 }

// upright returns the map from a stored picture of w x h px to the upright one.
func (o orientation) upright(w, h float64) Affine {
	switch o {
	case 2:
		return Affine{-1, 0, w, 0, 1, 0}
	case 3:
		return Affine{-1, 0, w, 0, -1, h}
	case 4:
		return Affine{1, 0, 0, 0, -1, h}
	case 5:
		return Affine{0, 1, 0, 1, 0, 0}
	case 6:
		return Affine{0, -1, h, 1, 0, 0}
	case 7:
		return Affine{0, -1, h, -1, 0, w}
	case 8:
		return Affine{0, 1, 0, -1, 0, w}
	}
	return Affine{1, 0, 0, 0, 1, 0}
}

// apply turns m upright.
func (o orientation) apply(m *image.NRGBA) *image.NRGBA {
	switch o {
	case 2:
		return imaging.FlipH(m)
	case 3:
		return imaging.Rotate180(m)
	case 4:
		return imaging.FlipV(m)
	case 5:
		return imaging.Transpose(m)
	case 6:
		return imaging.Rotate270(m) // imaging turns counter-clockwise
	case 7:
		return imaging.Transverse(m)
	case 8:
		return imaging.Rotate90(m)
	}
	return m
}

// String says in words how a picture is turned upright.
func (o orientation) String() string {
	return [...]string{
		1: "nothing", 2: "mirrored", 3: "turned by 180 degrees", 4: "mirrored top to bottom",
		5: "mirrored and turned by 90 degrees counter-clockwise", 6: "turned by 90 degrees clockwise",
		7: "mirrored and turned by 90 degrees clockwise", 8: "turned by 90 degrees counter-clockwise",
	}[o]
}

// A size is a width and a height in pixels.
type size struct{ w, h int }

func (s size) swapped() size { return size{s.h, s.w} }

func (s size) String() string { return fmt.Sprintf("%dx%d", s.w, s.h) }

// What made a picture smaller.
const (
	limitNone      = ""
	limitHeight    = "height"     // Options.MaxHeight
	limitShortSide = "short side" // MaxHeight, as far as Options.MinSide allows
	limitSide      = "side"       // Options.MaxSide
)

// fit returns the size that an upright picture of size s gets, and the limit
// that decided.
func (s size) fit(o *Options) (size, string) {
	// The scale is the fraction num/den, so that sides come out exact.
	num, den, limit := 1, 1, limitNone
	lower := func(n, d int, name string) {
		if int64(n)*int64(den) < int64(num)*int64(d) {
			num, den, limit = n, d, name
		}
	}
	if o.MaxHeight > 0 {
		lower(o.MaxHeight, s.h, limitHeight)
	}
	if short := min(s.w, s.h); limit != limitNone && int64(short)*int64(num) < int64(o.MinSide)*int64(den) {
		num, den, limit = 1, 1, limitNone
		lower(o.MinSide, short, limitShortSide)
	}
	if o.MaxSide > 0 {
		lower(o.MaxSide, max(s.w, s.h), limitSide)
	}
	scale := func(n int) int {
		return max(int((2*int64(n)*int64(num)+int64(den))/(2*int64(den))), 1)
	}
	return size{scale(s.w), scale(s.h)}, limit
}
