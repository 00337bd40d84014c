package facegeom

import (
	"image"
	"math"
	"slices"

	"github.com/preflight-go/preflight/facegeom/internal/shape"
)

// landmarks are points in pixels of the plane, and how far the searches for each
// disagreed.
type landmarks struct {
	shape.Landmarks
	spread [18]float64 // interquartile range over the size
}

// findLandmarks locates the landmarks from where pigo begins: 0.25 IED below the
// eyes and 0.15 IED to the side, with a size of 3 IED.
func (d *Detector) findLandmarks(plane *image.Gray, e eyes) *landmarks {
	fr, mid, unit := frameAt(e.roll()), e.middle(), e.ied()
	var l landmarks
	for i := range l.Landmarks {
		mirrored := i%2 == 1
		side := 0.15
		if mirrored {
			side = -side
		}
		dx, dy := fr.turn(side*unit, 0.25*unit)
		p := d.landmarks[i/2].locate(plane, Point{mid.X + dx, mid.Y + dy}, 3*unit, fr, mirrored)
		l.Landmarks[i], l.spread[i] = shape.Point(p.Point), p.spread
	}
	return &l
}

// median returns the median spread.
func (l *landmarks) median() float64 {
	s := l.spread
	slices.Sort(s[:])
	return (s[8] + s[9]) / 2
}

// usualSpread is the median spread of the landmarks of ordinary faces; that of
// clutter is 0.07.
const usualSpread = 0.02

// weigh returns the cascade's score, weighed by how well the searches for the
// landmarks agree: a second opinion on whether it is a face at all.
func (l *landmarks) weigh(score float64) float64 {
	return score * math.Sqrt(usualSpread/max(l.median(), usualSpread/4))
}

// pose estimates yaw and pitch into f; side is that of the face box. It is false
// if the landmarks have no extent.
func (l *landmarks) pose(f *Face, side float64) bool {
	u, unit := l.Upright()
	if unit == 0 {
		return false
	}
	f.Yaw = yawModel.Estimate(u.Turned())
	f.YawSigma = yawModel.Sigma + float64(yawModel.PerSpread*l.median())
	f.Pitch = pitchModel.Estimate(u.Raised(side / unit))
	f.PitchSigma = pitchModel.Sigma + float64(pitchModel.PerSpread*l.median())
	return true
}
