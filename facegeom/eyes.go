package facegeom

import (
	"image"
	"math"
)

// Where pigo's pupil cascade begins, in units of the face box from its centre.
const (
	pupilStartX = 0.18
	pupilStartY = -0.075
	pupilSize   = 0.35
)

// eyes are both pupils; left is the one at the image's left.
type eyes struct{ left, right estimate }

func (e eyes) ied() float64  { return ied(e.left.Point, e.right.Point) }
func (e eyes) roll() float64 { return roll(e.left.Point, e.right.Point) }
func (e eyes) middle() Point {
	return Point{(e.left.X + e.right.X) / 2, (e.left.Y + e.right.Y) / 2}
}

// spread is the larger disagreement of the two.
func (e eyes) spread() float64 { return max(e.left.spread, e.right.spread) }

// findEyes locates the pupils in the frame turned by the candidate's angle, and
// once more in the frame that they themselves give.
func (d *Detector) findEyes(plane *image.Gray, c candidate) eyes {
	e := d.eyesAt(plane, c, c.angle)
	// A wild first answer must not turn the frame away from the face.
	if a := e.roll(); math.Abs(a-c.angle) <= 20 {
		e = d.eyesAt(plane, c, a)
	}
	return e
}

func (d *Detector) eyesAt(plane *image.Gray, c candidate, angle float64) eyes {
	fr := frameAt(angle)
	find := func(side float64) estimate {
		dx, dy := fr.turn(side*pupilStartX*c.size, pupilStartY*c.size)
		p := Point{c.x + dx, c.y + dy}
		// The cascade was trained on eyes of either side; together with its mirror
		// image it treats both alike.
		var a answers
		d.pupils.collect(&a, plane, p, pupilSize*c.size, fr, false)
		d.pupils.collect(&a, plane, p, pupilSize*c.size, fr, true)
		return a.estimate(pupilSize*c.size, fr)
	}
	e := eyes{find(-1), find(1)}
	if e.left.X > e.right.X {
		e.left, e.right = e.right, e.left
	}
	return e
}

// Uncertainties, measured on 85 studio portraits with hand-placed pupils, turned
// and scaled (docs/accuracy.md), and widened by how the searches disagree.
const (
	boxSigma     = 0.025 // of the side
	iedSigma     = 0.006 // of IED, where all searches agree
	iedPerSpread = 0.8   // and what the spread adds
	hiddenSpread = 0.15  // spread at which nothing is known of the eyes
)

// measure takes the geometry of one candidate; ok is false if it has none.
func (d *Detector) measure(plane *image.Gray, c candidate) (f Face, ok bool) {
	e := d.findEyes(plane, c)
	sigma := iedSigma + float64(iedPerSpread*e.spread())
	f = Face{
		Box: c.box(), BoxSigma: boxSigma * c.size, Score: c.score,
		LeftEye: e.left.Point, RightEye: e.right.Point,
		IED: e.ied(), IEDSigma: sigma * e.ied(), Roll: e.roll(),
		// One eye off by that much across the line between them, not both.
		RollSigma:   sigma * (180 / math.Pi) / math.Sqrt2,
		EyesVisible: max(0, 1-e.spread()/hiddenSpread),
	}
	if f.IED < minIED*c.size {
		return f, false // both searches ended at one eye
	}
	l := d.findLandmarks(plane, e)
	f.Score = l.weigh(c.score)
	return f, l.pose(&f, c.size)
}

// minIED is far below the eye distance of any face, in units of its box, which
// is 0.3 to 0.43.
const minIED = 0.1
