package normalize

import (
	"bytes"
	"image"
	"image/color"
	stdjpeg "image/jpeg"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/preflight-go/preflight/internal/jpeg"
)

// smooth returns a picture with waves of several lengths and colours, of which
// JPEG keeps most.
func smooth(w, h int) *image.NRGBA {
	m := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			fx, fy := float64(x), float64(y)
			m.SetNRGBA(x, y, color.NRGBA{
				uint8(128 + 90*math.Sin(fx/23+fy/41)),
				uint8(128 + 80*math.Sin(fx/37-fy/19)),
				uint8(128 + 70*math.Cos(fx/53)*math.Sin(fy/29)), 255,
			})
		}
	}
	return m
}

// squaredError is the mean squared difference of red, green and blue.
func squaredError(a, b image.Image) float64 {
	var sum, n float64
	for y := a.Bounds().Min.Y; y < a.Bounds().Max.Y; y++ {
		for x := a.Bounds().Min.X; x < a.Bounds().Max.X; x++ {
			r0, g0, b0, _ := a.At(x, y).RGBA()
			r1, g1, b1, _ := b.At(x, y).RGBA()
			for _, d := range []float64{float64(r0) - float64(r1), float64(g0) - float64(g1), float64(b0) - float64(b1)} {
				sum += d / 257 * d / 257
				n++
			}
		}
	}
	return sum / n
}

// TestEncoder compares with image/jpeg, which writes the same tables: at 4:2:0
// neither the error nor the size may be much worse, at 4:4:4 the error must be
// smaller still.
func TestEncoder(t *testing.T) {
	for _, dims := range []size{{160, 96}, {97, 61}, {16, 16}, {17, 17}, {1, 1}, {7, 33}} {
		for _, quality := range []int{1, 30, 70, 90, 100} {
			m := smooth(dims.w, dims.h)
			theirs := jpegOf(t, m, quality)
			ours := transformRGB(m, false).encode(quality, nil)
			full := transformRGB(m, true).encode(quality, nil)
			their, our, fulls := squaredError(decodeJPEG(t, theirs), m), squaredError(decodeJPEG(t, ours), m), squaredError(decodeJPEG(t, full), m)
			if our > 1.02*their+0.1 {
				t.Errorf("%v quality %d: squared error %.3f, image/jpeg has %.3f", dims, quality, our, their)
			}
			if fulls > our+0.1 {
				t.Errorf("%v quality %d: squared error %.3f at 4:4:4, %.3f at 4:2:0", dims, quality, fulls, our)
			}
			// Ours has 34 bytes more: a JFIF segment of 18, and four more
			// heads of segments, as each table has its own.
			if len(ours) > len(theirs)+34+len(theirs)/100 {
				t.Errorf("%v quality %d: %d bytes, image/jpeg has %d", dims, quality, len(ours), len(theirs))
			}
			h, err := jpeg.ParseHeader(ours)
			th, terr := jpeg.ParseHeader(theirs)
			if err != nil || terr != nil || *h.Luma != *th.Luma || h.Subsampling() != "4:2:0" || !h.JFIF || h.ColorModel() != "ycbcr" {
				t.Errorf("%v quality %d: %+v, %v %v", dims, quality, h, err, terr)
			}
		}
	}
}

func TestEncoderGray(t *testing.T) {
	m := image.NewGray(image.Rect(0, 0, 75, 50))
	for i := range m.Pix {
		m.Pix[i] = uint8(i / 20)
	}
	for _, quality := range []int{1, 50, 95} {
		theirs := jpegOf(t, m, quality)
		ours := transformGray(m).encode(quality, nil)
		d, ok := decodeJPEG(t, ours).(*image.Gray)
		if !ok {
			t.Fatal("not gray")
		}
		if our, their := squaredError(d, m), squaredError(decodeJPEG(t, theirs), m); our > 1.02*their+0.1 {
			t.Errorf("quality %d: squared error %.3f, image/jpeg has %.3f", quality, our, their)
		}
		if len(ours) > len(theirs)+22+len(theirs)/100 {
			t.Errorf("quality %d: %d bytes, image/jpeg has %d", quality, len(ours), len(theirs))
		}
	}
}

// TestEncoderExtremes encodes blocks with the largest coefficients there are,
// and with all lengths of zero runs.
func TestEncoderExtremes(t *testing.T) {
	m := image.NewGray(image.Rect(0, 0, 1024, 64))
	r := rand.New(rand.NewPCG(1, 2))
	for i := range m.Pix {
		switch x, y := i%1024, i/1024; {
		case x < 256:
			m.Pix[i] = uint8(255 * ((x/8 + y/8) & 1)) // DC from end to end
		case x < 512:
			m.Pix[i] = uint8(255 * ((x + y) & 1)) // the highest frequency
		case x < 768:
			m.Pix[i] = uint8(255 * r.IntN(2))
		default:
			m.Pix[i] = uint8(255 * ((x >> (y / 16)) & 1))
		}
	}
	for _, quality := range []int{1, 10, 50, 90, 100} {
		theirs, ours := decodeJPEG(t, jpegOf(t, m, quality)), decodeJPEG(t, transformGray(m).encode(quality, nil))
		if our, their := squaredError(ours, m), squaredError(theirs, m); our > 1.02*their+0.1 {
			t.Errorf("quality %d: squared error %.3f, image/jpeg has %.3f", quality, our, their)
		}
	}
}

// TestFDCT compares with the definition (T.81, A.3.3).
func TestFDCT(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	worst := 0.0
	for n := range 500 {
		var b block
		for i := range b {
			switch {
			case n < 400:
				b[i] = int16(r.IntN(256) - 128)
			default:
				b[i] = int16(255*r.IntN(2) - 128)
			}
		}
		in := b
		fdct(&b)
		for u := range 8 {
			for v := range 8 {
				sum := 0.0
				for y := range 8 {
					for x := range 8 {
						sum += float64(in[8*y+x]) * math.Cos(float64((2*x+1)*v)*math.Pi/16) * math.Cos(float64((2*y+1)*u)*math.Pi/16)
					}
				}
				for _, k := range []int{u, v} {
					if k == 0 {
						sum /= math.Sqrt2
					}
				}
				worst = max(worst, math.Abs(sum/4-float64(b[8*u+v])/8))
			}
		}
	}
	// Half of the last bit is 1/16; the finest quantization step is 1.
	if worst > 0.3 {
		t.Errorf("a coefficient is off by %.3f", worst)
	}
}

func decodeJPEG(t testing.TB, file []byte) image.Image {
	t.Helper()
	m, err := stdjpeg.Decode(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func BenchmarkEncode(b *testing.B) {
	m := smooth(810, 1080)
	b.Run("ours", func(b *testing.B) {
		b.SetBytes(int64(len(m.Pix)))
		for b.Loop() {
			transformRGB(m, false).encode(90, nil)
		}
	})
	b.Run("image/jpeg", func(b *testing.B) {
		b.SetBytes(int64(len(m.Pix)))
		for b.Loop() {
			jpegOf(b, m, 90)
		}
	})
}
