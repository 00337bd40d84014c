package facegeom

import (
	"math"
	"testing"
)

func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if math.IsNaN(got) || math.Abs(got-want) > tolerance {
		t.Errorf("%s: %v, want %v ± %v", what, got, want, tolerance)
	}
}

func TestIoU(t *testing.T) {
	a := Box{0, 0, 10, 10}
	for _, c := range []struct {
		b    Box
		want float64
	}{
		{a, 1},
		{Box{10, 0, 10, 10}, 0},        // they touch
		{Box{20, 20, 1, 1}, 0},         // apart
		{Box{5, 0, 10, 10}, 50. / 150}, // half of each
		{Box{2, 2, 5, 5}, 25. / 100},   // one inside the other
	} {
		near(t, "IoU", a.IoU(c.b), c.want, 1e-12)
		near(t, "IoU, turned round", c.b.IoU(a), c.want, 1e-12)
	}
	near(t, "overlap with what lies inside", overlap(a, Box{2, 2, 5, 5}), 1, 1e-12)
}

func TestOutsideAndGap(t *testing.T) {
	for _, c := range []struct {
		b            Box
		outside, gap float64
	}{
		{Box{10, 20, 50, 50}, 0, 10},
		{Box{-5, 20, 50, 50}, 0.1, -5},
		{Box{10, 60, 50, 50}, 0.2, -10}, // below the bottom
		{Box{-200, 0, 50, 50}, 1, -200},
	} {
		near(t, "Outside", c.b.Outside(200, 100), c.outside, 1e-12)
		near(t, "Gap", c.b.Gap(200, 100), c.gap, 1e-12)
	}
	near(t, "Outside of an empty box", Box{}.Outside(10, 10), 0, 0)
}

func TestScaleKeepsAngles(t *testing.T) {
	f := Face{
		Box: Box{10, 20, 40, 40}, BoxSigma: 1, LeftEye: Point{20, 30}, RightEye: Point{35, 32},
		IEDSigma: 0.5, Yaw: 7, YawSigma: 3,
	}.Scale(1, 1)
	g := f.Scale(3, 3)
	near(t, "IED", g.IED, 3*f.IED, 1e-9)
	near(t, "IEDSigma", g.IEDSigma, 1.5, 1e-9)
	near(t, "Roll", g.Roll, f.Roll, 1e-9)
	near(t, "Yaw", g.Yaw, 7, 0)
	near(t, "box", g.Box.Width, 120, 1e-9)
	near(t, "left eye", g.LeftEye.X, 60, 1e-9)
}
