package facegeom

import (
	"image"
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

// pose estimates yaw and pitch into f from the landmarks; side is that of the
// face box.
func (l *landmarks) pose(f *Face, side float64) {
	u, unit := l.Upright()
	if unit == 0 {
		// The corners of both eyes fell on one place: nothing is known.
		f.YawSigma, f.PitchSigma = 90, 90
		return
	}
	s := l.spread
	slices.Sort(s[:])
	spread := (s[8] + s[9]) / 2
	f.Yaw = yawModel.Estimate(u.Turned())
	f.YawSigma = min(yawModel.Sigma+float64(yawModel.PerSpread*spread), 90)
	f.Pitch = pitchModel.Estimate(u.Raised(side / unit))
	f.PitchSigma = min(pitchModel.Sigma+float64(pitchModel.PerSpread*spread), 90)
}
