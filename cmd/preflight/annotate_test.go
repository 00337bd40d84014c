package main

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"math"
	"testing"

	"github.com/preflight-go/preflight/facegeom"
	"github.com/preflight-go/preflight/preflight"
)

// drawn annotates a picture, of the given size as stored, that is said to have
// the faces. Without a size it could not be decoded.
func drawn(t *testing.T, data []byte, width, height, orientation int, faces ...facegeom.Face) (image.Image, *preflight.Report) {
	t.Helper()
	m := &preflight.Measurements{
		Path: "photos/a.jpg", Stage: preflight.StagePixels, Faces: faces,
		Image: preflight.Image{Format: "jpeg", Bytes: int64(len(data)), Width: width, Height: height, Orientation: orientation},
	}
	if width == 0 {
		m.Stage = preflight.StageHeader
		m.Image.Damage = &preflight.Damage{Kind: preflight.DamageCorrupt, Offset: 7, Reason: "for a test"}
	}
	r := preflight.Default().Judge(m)
	b, err := annotated(t.Context(), data, r)
	if err != nil {
		t.Fatal(err)
	}
	img, err := jpeg.Decode(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	return img, r
}

// faceAt is a frontal face with a box of the given side.
func faceAt(x, y, side float64) facegeom.Face {
	left, right := facegeom.Point{X: x + 0.3*side, Y: y + 0.3*side}, facegeom.Point{X: x + 0.7*side, Y: y + 0.3*side}
	return facegeom.Face{
		Box:     facegeom.Box{X: x, Y: y, Width: side, Height: side},
		LeftEye: left, RightEye: right, IED: 0.4 * side, EyesVisible: 1,
	}
}

// near reports whether a colour is about another; JPEG blurs edges.
func near(a color.Color, b color.RGBA, tolerance float64) bool {
	r, g, bl, _ := a.RGBA()
	d := math.Hypot(math.Hypot(float64(r>>8)-float64(b.R), float64(g>>8)-float64(b.G)), float64(bl>>8)-float64(b.B))
	return d <= tolerance
}

func white(w, h int) *image.Gray {
	m := image.NewGray(image.Rect(0, 0, w, h))
	for i := range m.Pix {
		m.Pix[i] = 255
	}
	return m
}

// The box and the pupils are where the report has them, in the upright picture,
// for each orientation; one is scaled to 1080 px.
func TestAnnotatePlaces(t *testing.T) {
	for orientation := range 10 {
		w, h, side := 600, 450, 240.0 // as stored
		if orientation == 9 {
			w, h, side, orientation = 1600, 1200, 500, 6
		}
		data := encodeJPEG(white(w, h), 95)
		if orientation > 0 {
			data = withEXIF(data, uint16(orientation))
		}
		img, r := drawn(t, data, w, h, orientation, faceAt(150, 140, side))
		if orientation >= 5 {
			w, h = h, w
		}
		scale := min(1080/float64(h), 1)
		left := max(panelWidth-float64(w)*scale, 0) / 2 // the picture is in the middle
		if got, want := float64(img.Bounds().Dx()), float64(w)*scale+2*left; got != want {
			t.Fatalf("orientation %d: %v px wide, want %v", orientation, got, want)
		}
		shade := shades[string(r.Verdict)]
		f := r.Faces[0]
		for _, p := range []struct {
			name   string
			x, y   float64
			colour color.RGBA
		}{
			{"left edge", f.Box.X, f.Box.Y + f.Box.Height/2, shade},
			{"right edge", f.Box.X + f.Box.Width, f.Box.Y + f.Box.Height/2, shade},
			{"top edge", f.Box.X + f.Box.Width/2, f.Box.Y, shade},
			{"bottom edge", f.Box.X + f.Box.Width/2, f.Box.Y + f.Box.Height, shade},
			{"eye line", f.Box.X + f.Box.Width/2, f.LeftEye.Y, eyeLine},
		} {
			if got := img.At(int(left+p.x*scale), int(p.y*scale)); !near(got, p.colour, 90) {
				t.Errorf("orientation %d: %s is %v, want about %v", orientation, p.name, got, p.colour)
			}
		}
		if got := img.At(int(left+(f.Box.X+50)*scale), int((f.Box.Y+50)*scale)); !near(got, color.RGBA{255, 255, 255, 255}, 30) {
			t.Errorf("orientation %d: there is something on the face: %v", orientation, got)
		}
	}
}

// The label never lies on the face, and is left out where there is no room.
func TestAnnotateLabelOffTheFace(t *testing.T) {
	for _, f := range []facegeom.Face{
		faceAt(200, 200, 250), // below
		faceAt(200, 460, 250), // above
		faceAt(0, 0, 720),     // nowhere
		faceAt(-150, 200, 250),
	} {
		img, _ := drawn(t, encodeJPEG(white(720, 720), 95), 720, 720, 0, f)
		b := f.Box
		for y := max(b.Y, 0) + 12; y < min(b.Y+b.Height, 720)-12; y += 3 {
			for x := max(b.X, 0) + 12; x < min(b.X+b.Width, 720)-12; x += 3 {
				onEyes := math.Abs(y-f.LeftEye.Y) < 40
				if !onEyes && !near(img.At(int(x), int(y)), color.RGBA{255, 255, 255, 255}, 40) {
					t.Fatalf("box %+v: something is drawn at %.0f, %.0f", b, x, y)
				}
			}
		}
	}
}

// Colours and shapes of the verdicts differ.
func TestAnnotateVerdicts(t *testing.T) {
	var pictures []*image.RGBA
	for _, word := range []string{"pass", "warn", "reject", "info"} {
		c := canvas{image.NewRGBA(image.Rect(0, 0, 60, 60))}
		c.icon(word, point{30, 30}, 20)
		// As somebody sees it who sees no colours: where anything is drawn.
		for i := range c.Pix {
			if i%4 != 3 {
				c.Pix[i] = 0
			}
		}
		for _, p := range pictures {
			if bytes.Equal(p.Pix, c.Pix) {
				t.Errorf("the shape of %s is that of another", word)
			}
		}
		pictures = append(pictures, c.RGBA)
	}
}

// What cannot be decoded becomes a card, and odd sizes something to look at.
func TestAnnotateSizes(t *testing.T) {
	card := panelWidth * 9 / 16
	for _, c := range []struct {
		name                 string
		w, h                 int // 0: cannot be decoded
		data                 []byte
		shownWide, shownHigh int // without the panel
	}{
		{"empty", 0, 0, nil, panelWidth, card},
		{"cut", 0, 0, pictures()["bad/cut.jpg"], panelWidth, card},
		{"not what it was said to be", 500, 600, pictures()["bad/page.jpg"], panelWidth, card},
		{"a bomb", 60000, 60000, bombPNG(60000, 60000), panelWidth, card},
		{"one pixel", 1, 1, encodePNG(white(1, 1)), panelWidth, annotatedSmall},
		{"tiny", 30, 20, encodePNG(white(30, 20)), panelWidth, 400},       // 20 times
		{"wide", 4000, 10, encodePNG(white(4000, 10)), annotatedWidth, 4}, // 1600 wide
		{"tall", 10, 4000, encodePNG(white(10, 4000)), panelWidth, 1080},  // 3 wide
		{"normal", 1000, 800, encodePNG(white(1000, 800)), 1000, 800},
	} {
		img, _ := drawn(t, c.data, c.w, c.h, 0)
		b := img.Bounds()
		if b.Dx() != c.shownWide || b.Dy() <= c.shownHigh || b.Dy() > c.shownHigh+700 {
			t.Errorf("%s: %d x %d px, want %d x %d and a panel", c.name, b.Dx(), b.Dy(), c.shownWide, c.shownHigh)
		}
		// The panel begins with a line in the colour of the verdict.
		if got := img.At(b.Dx()/2, c.shownHigh+2); !near(got, shades["reject"], 60) {
			t.Errorf("%s: %v where the panel begins", c.name, got)
		}
	}
}

func TestAnnotateInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := annotated(ctx, pictures()["img/good.jpg"], &preflight.Report{Stage: preflight.StagePixels, Image: preflight.Image{Width: 500, Height: 600}})
	if !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestAnnotatedName(t *testing.T) {
	for name, want := range map[string]string{
		"a.jpg": "a.jpg", "a.JPG": "a.JPG", "b/a.jpeg": "b/a.jpeg.jpg", "a.png": "a.png.jpg", "a": "a.jpg",
	} {
		if got := annotatedName(name); got != want {
			t.Errorf("annotatedName(%q) = %q, want %q", name, got, want)
		}
	}
}
