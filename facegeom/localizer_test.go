package facegeom

import (
	"encoding/binary"
	"image"
	"math"
	"testing"

	"github.com/preflight-go/preflight/facegeom/cascade"
)

func TestDamagedCascadeIsRefused(t *testing.T) {
	good, err := cascade.Read("puploc")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := newLocalizer(good); err != nil {
		t.Fatal(err)
	}
	with := func(word int, v uint32) []byte {
		b := append([]byte(nil), good...)
		binary.LittleEndian.PutUint32(b[4*word:], v)
		return b
	}
	for name, data := range map[string][]byte{
		"empty":        nil,
		"cut short":    good[:len(good)-1],
		"too long":     append(append([]byte(nil), good...), 0),
		"no stages":    with(0, 0),
		"shrink NaN":   with(1, math.Float32bits(float32(math.NaN()))),
		"shrink grows": with(1, math.Float32bits(1.5)),
		"huge depth":   with(3, 1<<31),
	} {
		if _, err := newLocalizer(data); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// The displacements must not favour a side: their mean is nothing across, and a
// mirrored picture is searched from mirrored guesses.
func TestDisturbancesAreSymmetric(t *testing.T) {
	have := map[[3]float64]bool{}
	for _, d := range disturbances {
		have[[3]float64{d.x, d.y, d.size}] = true
	}
	if len(have) != perturbs {
		t.Errorf("%d different ones, want %d", len(have), perturbs)
	}
	for k := range have {
		if !have[[3]float64{-k[0], k[1], k[2]}] && k[0] != 0 {
			t.Errorf("%v has no mirror image", k)
		}
		if math.Abs(k[0]) > 0.075 || math.Abs(k[1]) > 0.075 || math.Abs(k[2]-1) > 0.075 {
			t.Errorf("%v is beyond pigo's range", k)
		}
	}
}

// A search that leads far outside the plane reads its edge, and ends.
func TestSearchOutsideThePlane(t *testing.T) {
	data, err := cascade.Read("puploc")
	if err != nil {
		t.Fatal(err)
	}
	l, err := newLocalizer(data)
	if err != nil {
		t.Fatal(err)
	}
	g := image.NewGray(image.Rect(0, 0, 3, 2))
	for _, p := range []Point{{-1e6, -1e6}, {1e6, 5}, {1, 1}} {
		e := l.locate(g, p, 1000, frameAt(33), true)
		if math.IsNaN(e.X) || math.IsNaN(e.Y) {
			t.Errorf("%v led to %v", p, e)
		}
	}
}

// The canvas of an unturned plane is the plane with its edge repeated; turned,
// its points lead back to where they came from.
func TestCanvas(t *testing.T) {
	g := image.NewGray(image.Rect(0, 0, 20, 10))
	for i := range g.Pix {
		g.Pix[i] = uint8(i)
	}
	c := newCanvas(g, 0, 5)
	if got := c.pix.Rect.Size(); got != image.Pt(30, 20) {
		t.Fatalf("size %v", got)
	}
	for y := range 20 {
		for x := range 30 {
			want := g.GrayAt(min(max(x-5, 0), 19), min(max(y-5, 0), 9)).Y
			if got := c.pix.GrayAt(x, y).Y; got != want {
				t.Fatalf("(%d, %d): %d, want %d", x, y, got, want)
			}
		}
	}
	c = newCanvas(g, 20, 5)
	p := c.toPlane(Point{float64(c.pix.Rect.Dx()) / 2, float64(c.pix.Rect.Dy()) / 2})
	near(t, "centre x", p.X, 10, 1e-9)
	near(t, "centre y", p.Y, 5, 1e-9)
	q := c.toPlane(Point{float64(c.pix.Rect.Dx())/2 + 1, float64(c.pix.Rect.Dy()) / 2})
	near(t, "direction", roll(p, q), 20, 1e-9)
}

func TestClusterJoinsOneFaceAndDropsWhatLiesInside(t *testing.T) {
	hits := []hit{
		{50, 50, 40, 20, 10}, {52, 51, 44, -20, 10}, // one face, twice as far to each side
		{50, 60, 16, 0, 3},   // a mouth that looks like a face
		{150, 50, 40, 40, 8}, // another face
	}
	got := cluster(hits)
	if len(got) != 2 {
		t.Fatalf("%d clusters, want 2: %+v", len(got), got)
	}
	near(t, "x", got[0].x, 51, 1e-9)
	near(t, "size", got[0].size, 42, 1e-9)
	near(t, "angle", got[0].angle, 0, 1e-9)
	near(t, "score", got[0].score, 20, 1e-9)
	near(t, "second angle", got[1].angle, 40, 1e-9)
}
