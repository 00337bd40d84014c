package normalize

import (
	"bytes"
	"image"
	"image/color"
	"math"
	"strings"
	"testing"

	"github.com/disintegration/imaging"

	"github.com/preflight-go/preflight/internal/icc/icctest"
	"github.com/preflight-go/preflight/internal/jpeg"
	"github.com/preflight-go/preflight/internal/png"
)

var displayP3 = icctest.RGB("Display P3", icctest.DisplayP3, icctest.SRGBCurve)

// withProfile embeds a profile.
func withProfile(file, profile []byte) []byte {
	if bytes.HasPrefix(file, []byte{0xFF, 0xD8}) {
		return append(appendProfile(bytes.Clone(file[:2]), profile), file[2:]...)
	}
	return withChunk(file, "iCCP", append([]byte("x\x00\x00"), deflated(profile)...))
}

// p3ToSRGB is the conversion in floating point, straight from the definitions.
func p3ToSRGB(m *image.NRGBA) *image.NRGBA {
	matrix := icctest.SRGB.Colorants().Inverse().Mul(icctest.DisplayP3.Colorants())
	out := image.NewNRGBA(m.Rect)
	for i := 0; i < len(m.Pix); i += 4 {
		var v [3]float64
		for c := range v {
			x := float64(m.Pix[i+c]) / 255
			if x <= 0.04045 {
				v[c] = x / 12.92
			} else {
				v[c] = math.Pow((x+0.055)/1.055, 2.4)
			}
		}
		for c, x := range matrix.Apply(v) {
			if x <= 0.0031308 {
				x = max(12.92*x, 0)
			} else {
				x = min(1.055*math.Pow(x, 1/2.4)-0.055, 1)
			}
			out.Pix[i+c] = uint8(math.Round(255 * x))
		}
		out.Pix[i+3] = 255
	}
	return out
}

func TestDisplayP3(t *testing.T) {
	m := smooth(300, 350)
	for name, file := range map[string][]byte{"JPEG": jpegOf(t, m, 98), "PNG": pngOf(t, imageRGB(m))} {
		pixels, _, err := image.Decode(bytes.NewReader(file))
		if err != nil {
			t.Fatal(err)
		}
		want := p3ToSRGB(imaging.Clone(pixels))
		if far := squaredError(pixels, want); far < 50 {
			t.Fatalf("Display P3 taken for sRGB would be off by %.1f only", far)
		}
		for _, f := range []Format{FormatJPEG, FormatPNG} {
			// Upside down, so that the pixels must be encoded anew.
			r := normalized(t, withOrientation(withProfile(file, displayP3), 3), &Options{Format: f, FullChroma: true})
			limit := 0.1         // conversion of 8 bits to 8 bits, nearly always equal
			if f == FormatJPEG { // what quality 90 loses by itself, more or less, as blocks lie elsewhere
				limit += 1.1 * squaredError(decodeJPEG(t, transformRGB(want, true).encode(90, nil)), want)
			}
			if got := squaredError(imaging.Rotate180(decoded(t, r)), want); got > limit {
				t.Errorf("%s to %s: squared error %.2f", name, f, got)
			}
			if c := kinds(r)[ChangeProfileConverted]; c.From != "Display P3" || c.To != "sRGB" {
				t.Errorf("%s to %s: %+v", name, f, r.Changes)
			}
			if bytes.Contains(r.Data, []byte("ICC_PROFILE")) || bytes.Contains(r.Data, []byte("iCCP")) {
				t.Errorf("%s to %s: converted, but the profile is still there", name, f)
			}
		}
	}
}

// embedded returns the profile of a file.
func embedded(t *testing.T, r *Result) []byte {
	t.Helper()
	if r.Format == FormatPNG {
		h, err := png.ParseHeader(r.Data)
		if err != nil {
			t.Fatal(err)
		}
		return h.ICC
	}
	h, err := jpeg.ParseHeader(r.Data)
	if err != nil {
		t.Fatal(err)
	}
	return h.ICC
}

func TestProfiles(t *testing.T) {
	rgb := jpegOf(t, pictured(120, 120), 90)
	gray := jpegOf(t, image.NewGray(image.Rect(0, 0, 120, 120)), 90)
	deep := pngOf(t, image.NewRGBA64(image.Rect(0, 0, 120, 120)))
	srgb := icctest.RGB("sRGB IEC61966-2.1", icctest.SRGB, icctest.SRGBCurve)
	gray22 := icctest.Gray("Gray Gamma 2.2", icctest.Curv(563))
	long := append(icctest.LookupTable("Scanner", "RGB "), make([]byte, 150_000)...)
	damaged := append(bytes.Clone(displayP3[:200]), 7)
	again := &Options{MaxHeight: 100, MinSide: -1} // makes new pixels
	keep := &Options{MaxHeight: 100, MinSide: -1, Profile: ProfileKeep}
	keepPNG := &Options{MaxHeight: 100, MinSide: -1, Profile: ProfileKeep, Format: FormatPNG}
	for _, c := range []struct {
		name          string
		file, profile []byte
		o             *Options
		kind          ChangeKind
		embedded      bool
		words         string
	}{
		{"P3, untouched", rgb, displayP3, nil, ChangeProfileKept, true, "untouched"},
		{"P3, converted", rgb, displayP3, again, ChangeProfileConverted, false, `from "Display P3" to sRGB`},
		{"P3, kept", rgb, displayP3, keep, ChangeProfileKept, true, "as asked"},
		{"P3, kept in PNG", rgb, displayP3, keepPNG, ChangeProfileKept, true, "as asked"},
		{"P3 in 16 bits", deep, displayP3, nil, ChangeProfileConverted, false, ""},
		{"lookup table", rgb, long, again, ChangeProfileKept, true, "lookup tables"},
		{"lookup table in PNG", deep, long, keepPNG, ChangeProfileKept, true, ""},
		{"sRGB", rgb, srgb, again, ChangeProfileDropped, false, "describes sRGB"},
		{"sRGB, kept", rgb, srgb, keep, ChangeProfileKept, true, ""},
		{"sRGB, untouched", rgb, srgb, nil, ChangeProfileKept, true, ""},
		{"gray", gray, gray22, again, ChangeProfileConverted, false, "Gray Gamma 2.2"},
		{"gray, kept", gray, gray22, keep, ChangeProfileKept, true, ""},
		{"gray for colour", rgb, gray22, again, ChangeProfileDropped, false, "describes GRAY, and the picture is RGB"},
		{"colour for gray", gray, displayP3, nil, ChangeProfileDropped, false, "describes RGB, and the picture is GRAY"},
		{"CMYK for colour", rgb, icctest.LookupTable("Coated", "CMYK"), again, ChangeProfileDropped, false, "CMYK"},
		{"damaged", rgb, damaged, again, ChangeProfileDropped, false, "damaged"},
		{"damaged, untouched", rgb, damaged, nil, ChangeProfileDropped, false, "damaged"},
	} {
		r := normalized(t, withProfile(c.file, c.profile), c.o)
		decoded(t, r)
		change, ok := kinds(r)[c.kind]
		if !ok || !strings.Contains(change.Text, c.words) {
			t.Errorf("%s: %+v", c.name, r.Changes)
		}
		got := embedded(t, r)
		if c.embedded != bytes.Equal(got, c.profile) || !c.embedded && got != nil {
			t.Errorf("%s: a profile of %d bytes in the result", c.name, len(got))
		}
	}

	// Chunks of a profile, one of which is missing.
	broken := withSegment(rgb, 0xE2, append([]byte("ICC_PROFILE\x00\x01\x02"), displayP3...))
	for _, o := range []*Options{nil, again} {
		if r := normalized(t, broken, o); kinds(r)[ChangeProfileDropped].Kind == "" || embedded(t, r) != nil {
			t.Errorf("broken: %+v", r.Changes)
		}
	}
}

func TestGrayProfile(t *testing.T) {
	m := image.NewGray(image.Rect(0, 0, 256, 256))
	for i := range m.Pix {
		m.Pix[i] = uint8(i)
	}
	file := withProfile(pngOf(t, m), icctest.Gray("linear", icctest.Curv()))
	got := decoded(t, normalized(t, withOrientation(file, 4), &Options{Format: FormatPNG})).(*image.Gray)
	// 255 · (1.055 · (128/255)^(1/2.4) − 0.055) = 188
	if v := got.GrayAt(128, 7).Y; v != 188 {
		t.Errorf("linear 128 became %d, want 188", v)
	}
}

func TestGamma(t *testing.T) {
	m := image.NewNRGBA(image.Rect(0, 0, 100, 100))
	for i := range m.Pix {
		m.Pix[i] = 128
		if i%4 == 3 {
			m.Pix[i] = 255
		}
	}
	plain := pngOf(t, m)
	gama := func(v uint32) []byte {
		return withChunk(plain, "gAMA", []byte{byte(v >> 24), byte(v >> 16), byte(v >> 8), byte(v)})
	}
	for _, c := range []struct {
		name string
		file []byte
		want uint8
		kind ChangeKind
	}{
		{"sRGB's", gama(45455), 128, ""},
		{"linear", gama(100000), 188, ChangeProfileConverted}, // as in TestGrayProfile
		{"absurd", gama(3), 128, ChangeColourAssumed},
		{"beside sRGB", withChunk(gama(100000), "sRGB", []byte{0}), 128, ""},
		{"cHRM of sRGB", withChunk(plain, "cHRM", chrm(31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000)), 128, ""},
		{"cHRM of P3", withChunk(plain, "cHRM", chrm(31270, 32900, 68000, 32000, 26500, 69000, 15000, 6000)), 128, ChangeColourAssumed},
		{"cICP of sRGB", withChunk(plain, "cICP", []byte{1, 13, 0, 1}), 128, ""},
		{"cICP of HDR", withChunk(plain, "cICP", []byte{9, 16, 0, 1}), 128, ChangeColourAssumed},
	} {
		r := normalized(t, c.file, &Options{Format: FormatPNG, MaxHeight: 99, MinSide: -1})
		if got := decoded(t, r).At(50, 50); distance(got, color.Gray{c.want}) != 0 {
			t.Errorf("%s: %v, want %d", c.name, got, c.want)
		}
		found := ChangeKind("")
		for k := range kinds(r) {
			if k == ChangeProfileConverted || k == ChangeColourAssumed {
				found = k
			}
		}
		if found != c.kind {
			t.Errorf("%s: %+v", c.name, r.Changes)
		}
	}
	// Stripping takes cICP out, and says so; it leaves the others in.
	r := normalized(t, withChunk(gama(100000), "cICP", []byte{9, 16, 0, 1}), nil)
	if _, ok := kinds(r)[ChangeColourAssumed]; !ok || r.Reencoded || !bytes.Contains(r.Data, []byte("gAMA")) {
		t.Errorf("untouched: %+v", r.Changes)
	}
}

func chrm(v ...uint32) (b []byte) {
	for _, x := range v {
		b = append(b, byte(x>>24), byte(x>>16), byte(x>>8), byte(x))
	}
	return b
}

// TestCMYK writes a JPEG of four plain components, as Adobe does: inverted,
// so that 255 is no ink.
func TestCMYK(t *testing.T) {
	ink := [4]uint8{51, 102, 204, 26} // cyan, magenta, yellow, black: 0.2, 0.4, 0.8, 0.1
	c := &coefficients{w: 64, h: 48}
	for _, v := range ink {
		m := image.NewGray(image.Rect(0, 0, 64, 48))
		for i := range m.Pix {
			m.Pix[i] = 255 - v
		}
		c.components = append(c.components, transformGray(m).components[0])
	}
	adobe := []byte("Adobe\x00\x64\x00\x00\x00\x00\x00")
	profile := icctest.LookupTable("Coated FOGRA39", "CMYK")
	file := withSegment(withProfile(c.encode(98, nil), profile), 0xEE, adobe)
	for _, o := range []*Options{nil, {Profile: ProfileKeep}} {
		r := normalized(t, file, o)
		// (1 − ink)·(1 − black)·255: 184, 138, 46
		if got := decoded(t, r).At(30, 30); distance(got, color.NRGBA{184, 138, 46, 255}) > 3 {
			t.Errorf("became %v", got)
		}
		k := kinds(r)
		if k[ChangeCMYKConverted].From != "CMYK" || k[ChangeProfileDropped].From != "Coated FOGRA39" || embedded(t, r) != nil {
			t.Errorf("%+v", r.Changes)
		}
	}
}
