package shape

import (
	"math"
	"math/rand/v2"
	"testing"
)

func random(r *rand.Rand) Landmarks {
	var l Landmarks
	for i := range l {
		l[i] = Point{r.NormFloat64(), r.NormFloat64()}
	}
	return l
}

func mirror(l Landmarks) Landmarks {
	var m Landmarks
	for i, p := range l {
		m[i^1] = Point{-p.X, p.Y}
	}
	return m
}

func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	if math.Abs(got-want) > 1e-9 {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

// Where a face stands in the picture, how large and how tilted, says nothing
// about how far it is turned.
func TestUprightForgetsPlaceSizeAndRoll(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	l := random(r)
	want, unit := l.Upright()
	sin, cos := math.Sincos(0.7)
	var moved Landmarks
	for i, p := range l {
		moved[i] = Point{3*(p.X*cos-p.Y*sin) + 100, 3*(p.X*sin+p.Y*cos) - 40}
	}
	got, scaled := moved.Upright()
	near(t, "unit", scaled, 3*unit)
	for i := range got {
		near(t, "x", got[i].X, want[i].X)
		near(t, "y", got[i].Y, want[i].Y)
	}
}

func TestMirroringTurnsYawAndLeavesPitch(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	l := random(r)
	m := mirror(l)
	a, _ := l.Upright()
	b, _ := m.Upright()
	for i, v := range a.Turned() {
		near(t, "turned", b.Turned()[i], -v)
	}
	for i, v := range a.Raised(2.9) {
		near(t, "raised", b.Raised(2.9)[i], v)
	}
}

func TestStrayLandmarkIsClipped(t *testing.T) {
	m := Model{Constant: 1, Terms: []Term{{Mean: 2, Deviation: 0.5, Weight: 10}}}
	near(t, "inside", m.Estimate([]float64{2.5}), 11)
	near(t, "outside", m.Estimate([]float64{1000}), 31)
}

func TestFaceWithoutWidthHasNoShape(t *testing.T) {
	if _, unit := new(Landmarks).Upright(); unit != 0 {
		t.Errorf("unit %v, want 0", unit)
	}
}
