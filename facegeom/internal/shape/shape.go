// Package shape turns facial landmarks into the numbers from which the head's
// pose is estimated. The detector and the program that fits the estimate share it.
package shape

import "math"

// A Point is a landmark; any frame and unit will do.
type Point struct{ X, Y float64 }

// Names are pigo's landmark cascades, in the order of Landmarks: two brow
// points, a point between brow and eye, inner and outer eye corner, nose, mouth
// corner, lower and upper lip.
var Names = [9]string{"lp46", "lp44", "lp42", "lp38", "lp312", "lp93", "lp84", "lp82", "lp81"}

// Landmarks are 18 points. Even ones come from a cascade as it is, the odd one
// after each from its mirror image: in a frontal face it lies mirrored, or, on
// the midline, at the same place.
type Landmarks [18]Point

const inner, outer = 2 * 3, 2 * 4 // eye corners

// Upright returns the landmarks in a frame of their own, with the origin midway
// between the eyes, x along the line between them and their distance as the
// unit, and that distance in the units of l. Eyes are the means of their corners,
// which many searches agree on, rather than the pupils, which look about.
func (l *Landmarks) Upright() (Landmarks, float64) {
	left := Point{(l[inner].X + l[outer].X) / 2, (l[inner].Y + l[outer].Y) / 2}
	right := Point{(l[inner+1].X + l[outer+1].X) / 2, (l[inner+1].Y + l[outer+1].Y) / 2}
	dx, dy := right.X-left.X, right.Y-left.Y
	unit := math.Hypot(dx, dy)
	var u Landmarks
	if unit == 0 {
		return u, 0
	}
	cos, sin := dx/unit, dy/unit
	for i, p := range l {
		x, y := p.X-(left.X+right.X)/2, p.Y-(left.Y+right.Y)/2
		u[i] = Point{
			(float64(x*cos) + float64(y*sin)) / unit,
			(float64(y*cos) - float64(x*sin)) / unit,
		}
	}
	return u, unit
}

// Turned returns the features from which yaw is estimated: each changes its sign
// when the face is mirrored. l is upright.
func (l *Landmarks) Turned() []float64 {
	f := make([]float64, 0, 18)
	for i := 0; i < len(l); i += 2 {
		f = append(f, l[i].X+l[i+1].X, l[i].Y-l[i+1].Y)
	}
	return f
}

// Raised returns the features from which pitch is estimated: none changes when
// the face is mirrored. box is the side of the face box in units of the eyes'
// distance; l is upright.
func (l *Landmarks) Raised(box float64) []float64 {
	f := make([]float64, 0, 19)
	for i := 0; i < len(l); i += 2 {
		f = append(f, l[i].X-l[i+1].X, l[i].Y+l[i+1].Y)
	}
	return append(f, box)
}

// A Model is a linear estimate of an angle.
type Model struct {
	Constant float64
	Terms    []Term
	// Sigma is the standard uncertainty at a spread of 0, and PerSpread how much it
	// grows with the median spread of the landmarks.
	Sigma, PerSpread float64
}

// A Term is one feature's share. Features are clipped to three standard
// deviations about their mean: a landmark that went astray must not turn the head.
type Term struct{ Mean, Deviation, Weight float64 }

// Standard returns feature v as t takes it: clipped, in standard deviations.
func (t Term) Standard(v float64) float64 {
	return min(max((v-t.Mean)/t.Deviation, -3), 3)
}

// Estimate returns the angle in degrees.
func (m *Model) Estimate(features []float64) float64 {
	sum := m.Constant
	for i, t := range m.Terms {
		sum += float64(t.Weight * t.Standard(features[i]))
	}
	return sum
}
