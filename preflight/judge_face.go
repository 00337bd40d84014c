package preflight

import (
	"fmt"
	"math"
)

// face judges the largest face. It says nothing where pixels were not decoded.
func (j *judge) face() {
	if j.m.Stage != StagePixels {
		return
	}
	if len(j.m.Faces) == 0 {
		zero, one := 0.0, 1.0
		j.raise(Issue{Code: FaceNotFound, Message: "No face was found.", Measured: &zero, Limit: &one, Unit: "faces"})
		return
	}
	f, lim := &j.m.Faces[0], &j.p.Face
	w, h := j.m.Image.Upright()
	percent := func(share float64) float64 { return math.Round(share * 100) }
	cropped := func() bool {
		sigma := 100 * f.BoxSigma / f.Box.Width
		return j.limit(lim.Outside.times(100), percent(f.Box.Outside(w, h)), sigma, Issue{Code: FaceCropped, Unit: "%"}, func(_ standing, v, _ string) string {
			return fmt.Sprintf("%s %% of the face lies outside the picture.", v)
		})
	}
	if f.Partial { // the rest of its geometry is a guess
		if !cropped() {
			j.raise(Issue{Code: FaceNotFound, Message: "No whole face was found, only what may be part of one at the edge."})
		}
		return
	}

	if len(j.m.Faces) > 1 {
		ratio := percent(j.m.Faces[1].Box.Area() / f.Box.Area())
		j.limit(lim.SecondArea.times(100), ratio, 0, Issue{Code: TooManyFaces, Unit: "%"}, func(_ standing, v, bound string) string {
			return fmt.Sprintf("A second face has %s %% of the first one's area; at most %s %% is taken for a bystander's.", v, bound)
		})
	}

	side := f.Box.Width
	j.limit(lim.Size, side, f.BoxSigma, Issue{Code: FaceTooSmall, Unit: "px"}, func(_ standing, v, bound string) string {
		return fmt.Sprintf("The face is %s px wide; at least %s px are needed.", v, bound)
	})
	j.limit(lim.IED, f.IED, f.IEDSigma, Issue{Code: EyeDistanceTooSmall, Unit: "px"}, func(_ standing, v, bound string) string {
		return fmt.Sprintf("The eyes are %s px apart; at least %s px are needed.", v, bound)
	})

	j.angle(lim.Roll, "roll", f.Roll, f.RollSigma, "tilted %s to the image's right", "tilted %s to the image's left")
	j.angle(lim.Yaw, "yaw", f.Yaw, f.YawSigma, "turned %s to the image's left", "turned %s to the image's right")
	j.angle(lim.Pitch, "pitch", f.Pitch, f.PitchSigma, "raised by %s", "lowered by %s")

	j.limit(lim.EyesVisible, f.EyesVisible, 0, Issue{Code: EyesHidden}, func(_ standing, v, bound string) string {
		return fmt.Sprintf("The eyes cannot be located with certainty (%s of 1; at least %s is needed).", v, bound)
	})

	short := float64(min(w, h))
	fill := lim.Fill.times(100)
	j.limit(fill, percent(side/short), percent(f.BoxSigma/short), Issue{Code: FaceTooClose, Unit: "%"}, func(_ standing, v, bound string) string {
		return fmt.Sprintf("The face takes %s %% of the picture's shorter side; at most %s %% is advised.", v, bound)
	})

	if cropped() {
		return // a cropped face is at the border anyway
	}
	j.limit(lim.Border, f.Box.Gap(w, h), 0, Issue{Code: FaceCloseToBorder, Unit: "px"}, func(_ standing, v, bound string) string {
		return fmt.Sprintf("The face is %s px from the edge of the picture; at least %s px are advised.", v, bound)
	})
}

// angle judges one axis of the head's pose; positive and negative are its two
// directions in words.
func (j *judge) angle(l Limit, axis string, v, sigma float64, positive, negative string) {
	words := positive
	if v < 0 {
		words = negative
	}
	// The limit is on the absolute value; the report keeps the sign.
	before := len(j.issues)
	j.limit(l, math.Abs(v), sigma, Issue{Code: FaceAngleTooLarge, Axis: axis, Unit: "°"}, func(_ standing, a, bound string) string {
		return fmt.Sprintf("The head is "+words+" (%s); at most %s° are allowed.", a+"°", axis, bound)
	})
	for i := before; i < len(j.issues); i++ {
		j.issues[i].Measured = &v
	}
}

// times returns l with its bounds in another unit.
func (l Limit) times(f float64) Limit {
	l.Min, l.Max, l.Sure = l.Min*f, l.Max*f, l.Sure*f
	return l
}

// SmallestScale returns the smallest factor, at most 1, by which the picture may
// be scaled down such that its largest face still keeps the limits of p on size
// and eye distance for certain (two sigma above them). It is 0 if there is no
// face or no such limit, and 1 if the face is too small as it is.
func (p *Profile) SmallestScale(m *Measurements) float64 {
	if len(m.Faces) == 0 {
		return 0
	}
	f, scale := &m.Faces[0], 0.0
	for _, v := range []struct{ min, value, sigma float64 }{
		{p.Face.Size.Min, f.Box.Width, f.BoxSigma},
		{p.Face.IED.Min, f.IED, f.IEDSigma},
	} {
		if v.min > 0 {
			// Sigmas are proportional to the picture's size, as the values are.
			scale = max(scale, v.min/max(v.value-2*v.sigma, v.min))
		}
	}
	return scale
}
