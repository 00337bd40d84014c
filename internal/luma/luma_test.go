package luma

import (
	"image"
	"image/color"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/disintegration/imaging"
)

func noise(w, h int, seed uint64) *image.Gray {
	g := image.NewGray(image.Rect(0, 0, w, h))
	r := rand.New(rand.NewPCG(seed, 1))
	for i := range g.Pix {
		g.Pix[i] = uint8(r.Uint32())
	}
	return g
}

// slow is Reduce by its definition: every pixel is the mean of the area it
// covers.
func slow(g *image.Gray, w, h int) *image.Gray {
	sw, sh := g.Rect.Dx(), g.Rect.Dy()
	out := image.NewGray(image.Rect(0, 0, w, h))
	overlap := func(a0, a1, b0, b1 float64) float64 { return max(0, min(a1, b1)-max(a0, b0)) }
	for y := range h {
		for x := range w {
			x0, x1 := float64(x*sw)/float64(w), float64((x+1)*sw)/float64(w)
			y0, y1 := float64(y*sh)/float64(h), float64((y+1)*sh)/float64(h)
			var sum float64
			for v := int(y0); v < sh && float64(v) < y1; v++ {
				for u := int(x0); u < sw && float64(u) < x1; u++ {
					a := overlap(x0, x1, float64(u), float64(u+1)) * overlap(y0, y1, float64(v), float64(v+1))
					sum += a * float64(g.GrayAt(u, v).Y)
				}
			}
			out.Pix[y*out.Stride+x] = uint8(math.Floor(sum/((x1-x0)*(y1-y0)) + 0.5))
		}
	}
	return out
}

func TestReduceIsTheMeanOfAreas(t *testing.T) {
	for _, c := range []struct{ w, h, side int }{
		{64, 64, 32}, {101, 67, 20}, {67, 101, 20}, {33, 32, 31}, {5, 400, 3}, {400, 5, 3}, {17, 17, 1}, {1, 1, 1}, {1, 900, 4},
	} {
		g := noise(c.w, c.h, 7)
		got := Reduce(g, c.side)
		if got.Rect.Dx() > c.w || got.Rect.Dy() > c.h || max(got.Rect.Dx(), got.Rect.Dy()) > 4*c.side {
			t.Errorf("%v: reduced to %v", c, got.Rect)
		}
		want := slow(g, got.Rect.Dx(), got.Rect.Dy())
		for i := range want.Pix {
			// The slow twin's floats may fall to the other side of a half.
			if d := int(got.Pix[i]) - int(want.Pix[i]); d < -1 || d > 1 {
				t.Fatalf("%v: pixel %d is %d, want %d", c, i, got.Pix[i], want.Pix[i])
			}
		}
	}
}

func TestReduceLeavesSmallPicturesAlone(t *testing.T) {
	g := noise(30, 20, 3)
	got := Reduce(g, 20)
	if got.Rect != g.Rect || string(got.Pix) != string(g.Pix) {
		t.Error("a picture of the wanted size was changed")
	}
}

func TestReduceTakesSubImages(t *testing.T) {
	g := noise(100, 80, 5)
	r := image.Rect(13, 7, 90, 71)
	sub := g.SubImage(r).(*image.Gray)
	moved := image.NewGray(image.Rect(0, 0, r.Dx(), r.Dy()))
	for y := range r.Dy() {
		for x := range r.Dx() {
			moved.SetGray(x, y, g.GrayAt(x+r.Min.X, y+r.Min.Y))
		}
	}
	if string(Reduce(sub, 16).Pix) != string(Reduce(moved, 16).Pix) {
		t.Error("a sub-image differs from the same pixels moved to the origin")
	}
}

func TestEveryKindOfImageHasTheSameLuma(t *testing.T) {
	n := image.NewNRGBA(image.Rect(0, 0, 8, 8))
	for i := range 64 {
		n.SetNRGBA(i%8, i/8, color.NRGBA{uint8(4 * i), uint8(4 * i), uint8(4 * i), 255})
	}
	want := Reduce(n, 8)
	y := image.NewYCbCr(n.Rect, image.YCbCrSubsampleRatio420)
	wide := image.NewNRGBA64(n.Rect)
	for i := range 64 {
		y.Y[i/8*y.YStride+i%8] = uint8(4 * i)
		wide.Set(i%8, i/8, n.At(i%8, i/8))
	}
	for _, img := range []image.Image{y, wide} {
		if got := Reduce(img, 8); string(got.Pix) != string(want.Pix) {
			t.Errorf("%T: %v, want %v", img, got.Pix, want.Pix)
		}
	}
}

func TestTransparentPixelsLieOnWhite(t *testing.T) {
	n := image.NewNRGBA(image.Rect(0, 0, 2, 1))
	n.SetNRGBA(0, 0, color.NRGBA{0, 0, 0, 0})
	n.SetNRGBA(1, 0, color.NRGBA{0, 0, 0, 255})
	if got := Reduce(n, 2); got.Pix[0] != 255 || got.Pix[1] != 0 {
		t.Errorf("luma %v, want [255 0]", got.Pix)
	}
}

// TestUpright compares with the imaging library's transforms.
func TestUpright(t *testing.T) {
	g := noise(7, 5, 11)
	for o, want := range map[int]image.Image{
		0: g, 1: g, 2: imaging.FlipH(g), 3: imaging.Rotate180(g), 4: imaging.FlipV(g),
		5: imaging.Transpose(g), 6: imaging.Rotate270(g), 7: imaging.Transverse(g), 8: imaging.Rotate90(g), 9: g,
	} {
		got := Upright(g, o)
		if got.Rect.Size() != want.Bounds().Size() {
			t.Errorf("orientation %d: size %v, want %v", o, got.Rect.Size(), want.Bounds().Size())
			continue
		}
		for y := range got.Rect.Dy() {
			for x := range got.Rect.Dx() {
				if r, _, _, _ := want.At(x, y).RGBA(); uint8(r>>8) != got.GrayAt(x, y).Y {
					t.Fatalf("orientation %d: (%d, %d) is %d, want %d", o, x, y, got.GrayAt(x, y).Y, r>>8)
				}
			}
		}
	}
}

func BenchmarkReduce12MP(b *testing.B) {
	y := image.NewYCbCr(image.Rect(0, 0, 4032, 3024), image.YCbCrSubsampleRatio420)
	b.SetBytes(4032 * 3024)
	b.ReportAllocs()
	for b.Loop() {
		Reduce(y, 320)
	}
}
