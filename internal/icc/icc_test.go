package icc

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/preflight-go/preflight/internal/icc/icctest"
)

func decodeSRGB(x float64) float64 {
	if x <= 0.04045 {
		return x / 12.92
	}
	return math.Pow((x+0.055)/1.055, 2.4)
}

func testProfiles() map[string][]byte {
	return map[string][]byte{
		"srgb":      icctest.RGB("sRGB", icctest.SRGB, icctest.SRGBCurve),
		"srgbtable": icctest.RGB("sRGB from a table", icctest.SRGB, icctest.Table(1024, decodeSRGB)),
		"p3":        icctest.RGB("Display P3", icctest.DisplayP3, icctest.SRGBCurve),
		"adobe":     icctest.RGB("Adobe RGB (1998)", icctest.AdobeRGB, icctest.AdobeCurve),
		"romm":      icctest.RGB("ROMM RGB", icctest.ROMM, icctest.ROMMCurve),
		"para1":     icctest.RGB("parametric 1", icctest.DisplayP3, icctest.Para(1, 2.2, 0.95, 0.05)),
		"para2":     icctest.RGB("parametric 2", icctest.DisplayP3, icctest.Para(2, 2, 1.1, -0.1, 0)),
		"para4":     icctest.RGB("parametric 4", icctest.DisplayP3, icctest.Para(4, 2.4, 0.94, 0.05, 0.08, 0.04, 0.005, 0.002)),
		"linear":    icctest.RGB("linear", icctest.SRGB, icctest.Curv()),
		"gray22":    icctest.Gray("Gray Gamma 2.2", icctest.Curv(563)),
		"gray18":    icctest.Gray("Gray Gamma 1.8", icctest.Para(0, 1.8)),
	}
}

// vectors are what Little CMS 2.19 (by way of Pillow 13's ImageCms, relative
// colorimetric, without its optimizations) makes of the profiles above: red,
// green and blue before and after. Colours outside sRGB come out clipped.
var vectors = map[string][][6]uint8{
	"srgb": {
		{0, 0, 0, 0, 0, 0},
		{255, 255, 255, 255, 255, 255},
		{128, 128, 128, 128, 128, 128},
		{20, 20, 20, 20, 20, 20},
		{3, 3, 3, 3, 3, 3},
		{200, 150, 130, 200, 150, 130},
		{224, 172, 150, 224, 172, 150},
		{90, 60, 50, 90, 60, 50},
		{250, 128, 114, 250, 128, 114},
		{60, 120, 180, 60, 120, 180},
		{30, 90, 40, 30, 90, 40},
		{255, 0, 0, 255, 0, 0},
		{0, 255, 0, 0, 255, 0},
		{0, 0, 255, 0, 0, 255},
	},
	"srgbtable": {
		{0, 0, 0, 0, 0, 0},
		{255, 255, 255, 255, 255, 255},
		{128, 128, 128, 128, 128, 128},
		{20, 20, 20, 20, 20, 20},
		{3, 3, 3, 3, 3, 3},
		{200, 150, 130, 200, 150, 130},
		{224, 172, 150, 224, 172, 150},
		{90, 60, 50, 90, 60, 50},
		{250, 128, 114, 250, 128, 114},
		{60, 120, 180, 60, 120, 180},
		{30, 90, 40, 30, 90, 40},
		{255, 0, 0, 255, 0, 0},
		{0, 255, 0, 0, 255, 0},
		{0, 0, 255, 0, 0, 255},
	},
	"p3": {
		{0, 0, 0, 0, 0, 0},
		{255, 255, 255, 255, 255, 255},
		{128, 128, 128, 128, 128, 128},
		{20, 20, 20, 20, 20, 20},
		{3, 3, 3, 3, 3, 3},
		{200, 150, 130, 209, 147, 126},
		{224, 172, 150, 234, 169, 146},
		{90, 60, 50, 95, 58, 48},
		{250, 128, 114, 255, 119, 108},
		{60, 120, 180, 30, 122, 185},
		{30, 90, 40, 0, 92, 33},
		{255, 0, 0, 255, 0, 0},
		{0, 255, 0, 0, 255, 0},
		{0, 0, 255, 0, 0, 255},
	},
	"adobe": {
		{0, 0, 0, 0, 0, 0},
		{255, 255, 255, 255, 255, 255},
		{128, 128, 128, 129, 129, 129},
		{20, 20, 20, 12, 12, 12},
		{3, 3, 3, 0, 0, 0},
		{200, 150, 130, 217, 151, 130},
		{224, 172, 150, 242, 174, 150},
		{90, 60, 50, 99, 57, 46},
		{250, 128, 114, 255, 129, 114},
		{60, 120, 180, 0, 121, 184},
		{30, 90, 40, 0, 90, 31},
		{255, 0, 0, 255, 0, 0},
		{0, 255, 0, 0, 255, 0},
		{0, 0, 255, 0, 0, 255},
	},
	"romm": {
		{0, 0, 0, 0, 0, 0},
		{255, 255, 255, 255, 255, 255},
		{128, 128, 128, 146, 146, 146},
		{20, 20, 20, 26, 26, 26},
		{3, 3, 3, 2, 2, 2},
		{200, 150, 130, 248, 154, 145},
		{224, 172, 150, 255, 174, 163},
		{90, 60, 50, 135, 67, 63},
		{250, 128, 114, 255, 103, 129},
		{60, 120, 180, 0, 149, 200},
		{30, 90, 40, 0, 119, 36},
		{255, 0, 0, 255, 0, 0},
		{0, 255, 0, 0, 255, 0},
		{0, 0, 255, 0, 0, 255},
	},
	"para1": {
		{0, 0, 0, 5, 5, 5},
		{255, 255, 255, 255, 255, 255},
		{128, 128, 128, 135, 135, 135},
		{20, 20, 20, 26, 26, 26},
		{3, 3, 3, 7, 7, 7},
		{200, 150, 130, 213, 154, 134},
		{224, 172, 150, 236, 175, 153},
		{90, 60, 50, 104, 66, 56},
		{250, 128, 114, 255, 128, 116},
		{60, 120, 180, 41, 130, 190},
		{30, 90, 40, 0, 100, 40},
		{255, 0, 0, 255, 0, 0},
		{0, 255, 0, 0, 255, 0},
		{0, 0, 255, 4, 5, 255},
	},
	"para2": {
		{0, 0, 0, 0, 0, 0},
		{255, 255, 255, 255, 255, 255},
		{128, 128, 128, 125, 125, 125},
		{20, 20, 20, 0, 0, 0},
		{3, 3, 3, 0, 0, 0},
		{200, 150, 130, 210, 146, 123},
		{224, 172, 150, 234, 169, 145},
		{90, 60, 50, 87, 42, 27},
		{250, 128, 114, 255, 115, 102},
		{60, 120, 180, 0, 118, 186},
		{30, 90, 40, 0, 83, 0},
		{255, 0, 0, 255, 0, 0},
		{0, 255, 0, 0, 255, 0},
		{0, 0, 255, 0, 0, 255},
	},
	"para4": {
		{0, 0, 0, 7, 7, 7},
		{255, 255, 255, 253, 253, 253},
		{128, 128, 128, 128, 128, 128},
		{20, 20, 20, 28, 28, 28},
		{3, 3, 3, 10, 10, 10},
		{200, 150, 130, 208, 147, 126},
		{224, 172, 150, 232, 168, 145},
		{90, 60, 50, 96, 61, 51},
		{250, 128, 114, 255, 119, 108},
		{60, 120, 180, 36, 122, 184},
		{30, 90, 40, 0, 92, 38},
		{255, 0, 0, 255, 0, 0},
		{0, 255, 0, 0, 255, 0},
		{0, 0, 255, 7, 7, 255},
	},
	"linear": {
		{0, 0, 0, 0, 0, 0},
		{255, 255, 255, 255, 255, 255},
		{128, 128, 128, 188, 188, 188},
		{20, 20, 20, 79, 79, 79},
		{3, 3, 3, 28, 28, 28},
		{200, 150, 130, 229, 202, 189},
		{224, 172, 150, 241, 214, 202},
		{90, 60, 50, 160, 133, 122},
		{250, 128, 114, 253, 188, 178},
		{60, 120, 180, 133, 182, 219},
		{30, 90, 40, 96, 160, 110},
		{255, 0, 0, 255, 0, 0},
		{0, 255, 0, 0, 255, 0},
		{0, 0, 255, 0, 0, 255},
	},
}

// grayVectors are from the same source.
var grayVectors = map[string][][2]uint8{
	"gray22": {{0, 0}, {1, 0}, {5, 1}, {16, 7}, {40, 35}, {64, 62}, {100, 100}, {128, 129}, {180, 181}, {220, 221}, {254, 254}, {255, 255}},
	"gray18": {{0, 0}, {1, 0}, {5, 3}, {16, 20}, {40, 53}, {64, 81}, {100, 119}, {128, 146}, {180, 193}, {220, 227}, {254, 254}, {255, 255}},
}

func TestConversion(t *testing.T) {
	profiles := testProfiles()
	for name, rows := range vectors {
		tr := transform(t, profiles[name])
		for _, row := range rows {
			px := []uint8{row[0], row[1], row[2], 77}
			tr.RGBA(px)
			for c := range 3 {
				if !near(px[c], row[3+c]) {
					t.Errorf("%s: %v became %v, want %v", name, row[:3], px[:3], row[3:])
					break
				}
			}
			if px[3] != 77 {
				t.Errorf("%s: alpha changed to %d", name, px[3])
			}
		}
	}
	for name, rows := range grayVectors {
		tr := transform(t, profiles[name])
		for _, row := range rows {
			px := []uint8{row[0]}
			if tr.Gray(px); !near(px[0], row[1]) {
				t.Errorf("%s: %d became %d, want %d", name, row[0], px[0], row[1])
			}
		}
	}
}

func transform(t testing.TB, profile []byte) *Transform {
	t.Helper()
	p, err := Parse(profile)
	if err != nil {
		t.Fatal(err)
	}
	tr, err := p.ToSRGB()
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

func TestGammaIsGrayProfile(t *testing.T) {
	a, b := Gamma(563.0/256), transform(t, testProfiles()["gray22"])
	for v := range 256 {
		x, y := []uint8{uint8(v)}, []uint8{uint8(v), uint8(v), uint8(v), 0}
		b.Gray(x)
		a.RGBA(y)
		if !bytes.Equal(y[:3], []byte{x[0], x[0], x[0]}) {
			t.Errorf("%d: %d by the profile, %v by the exponent", v, x[0], y[:3])
		}
	}
}

func TestIsSRGB(t *testing.T) {
	for name, data := range testProfiles() {
		p, err := Parse(data)
		if err != nil {
			t.Fatal(name, err)
		}
		if got, want := p.IsSRGB(), strings.HasPrefix(name, "srgb"); got != want {
			t.Errorf("%s: IsSRGB %t", name, got)
		}
	}
	// The name decides nothing.
	p, err := Parse(icctest.RGB("sRGB IEC61966-2.1", icctest.DisplayP3, icctest.SRGBCurve))
	if err != nil || p.IsSRGB() {
		t.Errorf("Display P3 under the name of sRGB passes for sRGB (%v)", err)
	}
	p, err = Parse(icctest.Gray("gray", icctest.SRGBCurve))
	if err != nil || !p.IsSRGB() {
		t.Errorf("gray with the curve of sRGB is not taken for it (%v)", err)
	}
}

func TestHeader(t *testing.T) {
	p, err := Parse(icctest.RGB("Dis\x1b[31mplay\n P3 é", icctest.DisplayP3, icctest.SRGBCurve))
	if err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprintf("%q %s %s %s %s", p.Description, p.Version, p.Class, p.Space, p.PCS)
	if want := `"Dis[31mplay P3 é" 4.3 mntr RGB XYZ`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	p, err = Parse(icctest.Gray("Dot Gain 20%", icctest.Curv()))
	if err != nil || p.Description != "Dot Gain 20%" || p.Space != SpaceGray {
		t.Errorf("got %+v, %v", p, err)
	}
	p, err = Parse(icctest.Gray(strings.Repeat("x", 1000), icctest.Curv()))
	if err != nil || len(p.Description) != maxName {
		t.Errorf("description of %d bytes, %v", len(p.Description), err)
	}
}

func TestNotConvertible(t *testing.T) {
	withTable := icctest.LookupTable("x", "RGB ")
	deviceLink := icctest.RGB("x", icctest.DisplayP3, icctest.SRGBCurve)
	copy(deviceLink[12:], "link")
	for want, data := range map[string][]byte{
		"lookup tables":       withTable,
		"describes CMYK":      icctest.LookupTable("x", "CMYK"),
		"describes Lab":       icctest.Profile("Lab ", "XYZ "),
		"no XYZ values":       icctest.Profile("GRAY", "Lab ", icctest.Tag{Name: "kTRC", Data: icctest.Curv()}),
		"no device or colour": deviceLink,
	} {
		p, err := Parse(data)
		if err != nil {
			t.Errorf("%s: %v", want, err)
			continue
		}
		_, err = p.ToSRGB()
		var u *UnsupportedError
		if !errors.As(err, &u) || !strings.Contains(u.Reason, want) {
			t.Errorf("got %v, want one with %q", err, want)
		}
		if p.IsSRGB() {
			t.Errorf("%s: passes for sRGB", want)
		}
	}
}

func TestDamaged(t *testing.T) {
	sound := icctest.RGB("Display P3", icctest.DisplayP3, icctest.SRGBCurve)
	change := func(f func(b []byte)) []byte {
		b := bytes.Clone(sound)
		f(b)
		return b
	}
	rgb := func(trc icctest.Curve) []byte { return icctest.RGB("", icctest.DisplayP3, trc) }
	for name, data := range map[string][]byte{
		"empty":             nil,
		"header only":       sound[:headerSize],
		"cut":               sound[:len(sound)-1],
		"signature":         change(func(b []byte) { b[36] = 'x' }),
		"many tags":         change(func(b []byte) { b[headerSize] = 0xff }),
		"more tags":         change(func(b []byte) { b[headerSize+3] = 120 }),
		"tag offset":        change(func(b []byte) { b[headerSize+4+4] = 0xff }),
		"tag size":          change(func(b []byte) { b[headerSize+4+8] = 0xff }),
		"no matrix":         icctest.Profile("RGB ", "XYZ ", icctest.Tag{Name: "rTRC", Data: icctest.SRGBCurve}, icctest.Tag{Name: "gTRC", Data: icctest.SRGBCurve}, icctest.Tag{Name: "bTRC", Data: icctest.SRGBCurve}),
		"no curve":          icctest.Profile("GRAY", "XYZ "),
		"short curve":       rgb(icctest.Curv()[:11]),
		"long table":        rgb([]byte("curv\x00\x00\x00\x00\xff\xff\xff\xff\x00\x00")),
		"short parameters":  rgb(icctest.SRGBCurve[:20]),
		"unknown parameter": rgb(icctest.Para(5, 1)),
		"unknown curve":     rgb([]byte("what\x00\x00\x00\x00\x00\x00\x00\x00")),
	} {
		_, err := Parse(data)
		var f *FormatError
		if !errors.As(err, &f) || f.Offset > len(data) || f.Reason == "" {
			t.Errorf("%s: got %v, want a FormatError inside the %d bytes", name, err, len(data))
		}
	}
}

// TestAbsurdCurves checks that parameters without sense give pixels, not a
// crash.
func TestAbsurdCurves(t *testing.T) {
	const huge = 32767
	for _, trc := range []icctest.Curve{
		icctest.Para(0, -huge), icctest.Para(0, huge), icctest.Para(1, 0, 0, 0), icctest.Para(1, -1, 0, -1),
		icctest.Para(2, huge, -huge, huge, -huge), icctest.Para(3, 0.5, -1, -1, huge, -huge), icctest.Para(4, -1, 0, 0, 0, 0, 0, 0),
		icctest.Curv(0), icctest.Curv(65535), icctest.Curv(65535, 0), icctest.Curv(0, 0, 65535),
	} {
		tr := transform(t, icctest.RGB("", icctest.Primaries{R: [2]float64{0.7, 0.3}, G: [2]float64{0.1, 0.9}, B: [2]float64{0.2, 0.001}, W: [2]float64{0.3127, 0.329}}, trc))
		pix := make([]uint8, 1024+3)
		for i := range pix {
			pix[i] = uint8(i)
		}
		tr.RGBA(pix)
		tr.Gray(pix)
	}
}

func TestMatrixIsInverse(t *testing.T) {
	m := icctest.Matrix(fromXYZ).Mul(icctest.SRGB.Colorants())
	for r := range 3 {
		for c := range 3 {
			want := 0.0
			if r == c {
				want = 1
			}
			if math.Abs(m[r][c]-want) > 1e-3 { // an eighth of the steepest 8-bit step
				t.Errorf("fromXYZ × colorants of sRGB is %v", m)
				return
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, data := range testProfiles() {
		f.Add(data)
	}
	f.Add(icctest.LookupTable("x", "CMYK"))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := Parse(data)
		var fe *FormatError
		if (err != nil) != errors.As(err, &fe) {
			t.Fatalf("error of type %T", err)
		}
		if err != nil {
			return
		}
		tr, err := p.ToSRGB()
		var u *UnsupportedError
		if (err != nil) != errors.As(err, &u) {
			t.Fatalf("error of type %T", err)
		}
		p.IsSRGB()
		if err == nil {
			pix := []uint8{0, 0, 0, 0, 255, 255, 255, 255, 200, 150, 120, 0}
			tr.RGBA(pix)
			tr.Gray(pix)
		}
	})
}

func BenchmarkRGBA(b *testing.B) {
	tr := transform(b, testProfiles()["p3"])
	pix := make([]uint8, 4*810*1080)
	b.SetBytes(int64(len(pix)))
	for b.Loop() {
		tr.RGBA(pix)
	}
}
