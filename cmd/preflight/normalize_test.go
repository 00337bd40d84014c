package main

import (
	"testing"

	"github.com/preflight-go/preflight/facegeom"
	"github.com/preflight-go/preflight/normalize"
	"github.com/preflight-go/preflight/preflight"
)

// A picture is scaled down only as far as the eyes stay 85 px apart and the face
// 224 px wide, as the profile of the Progeny API has it.
func TestHeightFor(t *testing.T) {
	p := preflight.Default()
	measured := func(height int, side, ied float64) *preflight.Measurements {
		m := &preflight.Measurements{Stage: preflight.StagePixels, Image: preflight.Image{Format: "jpeg", Bytes: 1, Width: height * 3 / 4, Height: height}}
		if side > 0 {
			m.Faces = []facegeom.Face{{Box: facegeom.Box{X: 500, Y: 500, Width: side, Height: side}, IED: ied}}
		}
		return m
	}
	for _, c := range []struct {
		name   string
		m      *preflight.Measurements
		asked  int
		least  int // of the answer
		most   int
		raised bool
	}{
		{"large face", measured(4032, 1500, 600), 1080, 1080, 1080, false},
		{"no face", measured(4032, 0, 0), 1080, 1080, 1080, false},
		{"small picture", measured(800, 230, 90), 1080, 1080, 1080, false},
		{"eyes too close already", measured(4032, 900, 80), 1080, 1080, 1080, false},
		{"face too small already", measured(4032, 200, 200), 1080, 1080, 1080, false},
		{"any height", measured(4032, 300, 100), -1, -1, -1, false},
		// 4032·85/170 = 2016; the face allows 4032·224/900 = 1003.5.
		{"eyes", measured(4032, 900, 170), 1080, 2016, 2040, true},
		// 4032·224/300 = 3010.6; the eyes allow 4032·85/200 = 1714.
		{"face", measured(4032, 300, 200), 1080, 3011, 3040, true},
	} {
		height, raised := heightFor(p, c.m, c.asked)
		if height < c.least || height > c.most || raised != c.raised {
			t.Errorf("%s: %d px, raised %v; want %d to %d, %v", c.name, height, raised, c.least, c.most, c.raised)
		}
	}
}

// What flags leave open comes from the profile.
func TestNormalizeOptions(t *testing.T) {
	f := normalizeFlags{quality: 90, chroma: "420", format: "auto", icc: "convert"}
	want := normalize.Options{MaxHeight: 1080, MinSide: 480, MaxSide: 4096, MaxBytes: 2_000_000, Quality: 90, MinQuality: 70}
	if got := *f.options(preflight.Default()); got != want {
		t.Errorf("progeny: %+v, want %+v", got, want)
	}

	// A profile without limits has none; one for JPEG gets JPEG.
	p := &preflight.Profile{Name: "free", Version: 1}
	p.File.Formats = []string{"jpeg"}
	want = normalize.Options{Format: normalize.FormatJPEG, MaxHeight: -1, MinSide: -1, MaxSide: -1, MaxBytes: -1, Quality: 90}
	if got := *f.options(p); got != want {
		t.Errorf("free: %+v, want %+v", got, want)
	}

	f = normalizeFlags{maxHeight: 700, quality: 80, chroma: "444", format: "png", icc: "keep"}
	want = normalize.Options{Format: normalize.FormatPNG, MaxHeight: 700, MinSide: 480, MaxSide: 4096, MaxBytes: 2_000_000, Quality: 80, MinQuality: 70, FullChroma: true, Profile: normalize.ProfileKeep}
	if got := *f.options(preflight.Default()); got != want {
		t.Errorf("flags: %+v, want %+v", got, want)
	}
}
