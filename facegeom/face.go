package facegeom

import "math"

// A Point is a place in an image: continuous coordinates in pixels, x right,
// y down, (0, 0) at the top-left corner of the top-left pixel.
type Point struct {
	X float64 `json:"x"`
	Y float64 `json:"y"`
}

// A Box is an upright rectangle; X, Y is its top-left corner. It may reach
// beyond the image.
type Box struct {
	X      float64 `json:"x"`
	Y      float64 `json:"y"`
	Width  float64 `json:"width"`
	Height float64 `json:"height"`
}

// Center returns the middle of b.
func (b Box) Center() Point { return Point{b.X + b.Width/2, b.Y + b.Height/2} }

// Area returns the area of b in square pixels.
func (b Box) Area() float64 { return b.Width * b.Height }

// IoU returns the area of the intersection of b and c over that of their
// union: 0 (apart) to 1 (the same).
func (b Box) IoU(c Box) float64 {
	w := min(b.X+b.Width, c.X+c.Width) - max(b.X, c.X)
	h := min(b.Y+b.Height, c.Y+c.Height) - max(b.Y, c.Y)
	if w <= 0 || h <= 0 {
		return 0
	}
	return w * h / (b.Area() + c.Area() - w*h)
}

// A Face is one face and its geometry. Lengths are in pixels of the image in
// which it was looked for, angles in degrees. Sigmas are standard
// uncertainties: the true value lies within one sigma in about two of three
// faces.
type Face struct {
	Box      Box     `json:"box"`       // a square from the brows to the chin; turned faces lie in it slantwise
	BoxSigma float64 `json:"box_sigma"` // of the side
	Score    float64 `json:"score"`     // evidence that it is a face, from DefaultMinScore up; several hundred for a clear portrait

	// Partial marks what is probably the visible part of a face cut off by the
	// edge. It is reported only where there is no whole face, and its geometry is
	// a guess.
	Partial bool `json:"partial,omitempty"`

	LeftEye  Point `json:"left_eye"`  // pupil with the smaller x
	RightEye Point `json:"right_eye"` // pupil with the larger x

	IED       float64 `json:"ied"` // distance between the pupils
	IEDSigma  float64 `json:"ied_sigma"`
	Roll      float64 `json:"roll"` // > 0: turned clockwise as seen in the image
	RollSigma float64 `json:"roll_sigma"`

	Yaw        float64 `json:"yaw"` // > 0: the nose points to the image's left
	YawSigma   float64 `json:"yaw_sigma"`
	Pitch      float64 `json:"pitch"` // > 0: looking up
	PitchSigma float64 `json:"pitch_sigma"`

	// EyesVisible says how consistently both pupils were found: from 0 (not at
	// all, as behind sunglasses) to 1 (every search came to the same place).
	EyesVisible float64 `json:"eyes_visible"`
}

// Scale returns the face as it is in the image enlarged by fx in width and fy in
// height, which differ by no more than rounding an image's size to whole pixels.
func (fc Face) Scale(fx, fy float64) Face {
	c, f := fc.Box.Center(), math.Sqrt(fx*fy)
	w, h := fc.Box.Width*f, fc.Box.Height*f // a square stays one
	fc.Box = Box{c.X*fx - w/2, c.Y*fy - h/2, w, h}
	fc.BoxSigma *= f
	fc.LeftEye = Point{fc.LeftEye.X * fx, fc.LeftEye.Y * fy}
	fc.RightEye = Point{fc.RightEye.X * fx, fc.RightEye.Y * fy}
	fc.IED = ied(fc.LeftEye, fc.RightEye)
	fc.IEDSigma *= f
	fc.Roll = roll(fc.LeftEye, fc.RightEye)
	return fc
}

// Outside returns how far the box reaches beyond an image of the given size, on
// the side where it does so most, over the side of the box: 0 (all inside) to 1.
func (b Box) Outside(width, height int) float64 {
	if b.Width <= 0 || b.Height <= 0 {
		return 0
	}
	x := max(-b.X, b.X+b.Width-float64(width), 0) / b.Width
	y := max(-b.Y, b.Y+b.Height-float64(height), 0) / b.Height
	return min(max(x, y), 1)
}

// Gap returns the smallest distance between the box and an edge of an image of
// the given size; negative if the box reaches beyond it.
func (b Box) Gap(width, height int) float64 {
	return min(b.X, b.Y, float64(width)-b.X-b.Width, float64(height)-b.Y-b.Height)
}

// ied returns the distance from a to b, and roll the angle of the line from a
// to b against the horizontal, in degrees, clockwise in the image.
func ied(a, b Point) float64  { return math.Hypot(b.X-a.X, b.Y-a.Y) }
func roll(a, b Point) float64 { return math.Atan2(b.Y-a.Y, b.X-a.X) * 180 / math.Pi }
