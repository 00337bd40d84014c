package facegeom_test

import (
	"context"
	"errors"
	"image"
	"image/color"
	_ "image/jpeg"
	"math"
	"math/rand/v2"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"sync"
	"testing"

	"github.com/disintegration/imaging"

	"github.com/preflight-go/preflight/facegeom"
	"github.com/preflight-go/preflight/internal/corpus"
	"github.com/preflight-go/preflight/internal/luma"
)

const side = 320

var detector = sync.OnceValue(func() *facegeom.Detector {
	d, err := facegeom.NewDetector(nil)
	if err != nil {
		panic(err)
	}
	return d
})

// portrait is a real face, upright and frontal.
var portrait = sync.OnceValue(func() image.Image {
	img, err := imaging.Open("../testdata/images/pass.jpg")
	if err != nil {
		panic(err)
	}
	return imaging.Clone(img)
})

// detect returns the faces in the coordinates of img.
func detect(t *testing.T, img image.Image) []facegeom.Face {
	t.Helper()
	g := luma.Reduce(img, side)
	faces, err := detector().Detect(context.Background(), g)
	if err != nil {
		t.Fatal(err)
	}
	for i := range faces {
		faces[i] = faces[i].Scale(
			float64(img.Bounds().Dx())/float64(g.Rect.Dx()), float64(img.Bounds().Dy())/float64(g.Rect.Dy()))
	}
	return faces
}

// one returns the only face of img.
func one(t *testing.T, img image.Image) facegeom.Face {
	t.Helper()
	faces := detect(t, img)
	if len(faces) != 1 {
		t.Fatalf("%d faces, want 1", len(faces))
	}
	return faces[0]
}

func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if math.IsNaN(got) || math.Abs(got-want) > tolerance {
		t.Errorf("%s: %.3f, want %.3f ± %.3f", what, got, want, tolerance)
	}
}

func TestSizeFollowsTheScale(t *testing.T) {
	img := portrait()
	f := one(t, img)
	for _, k := range []float64{0.4, 0.75, 1.6} {
		w := int(math.Round(k * float64(img.Bounds().Dx())))
		g := one(t, imaging.Resize(img, w, 0, imaging.Lanczos))
		near(t, "size", g.Box.Width, k*f.Box.Width, 0.03*k*f.Box.Width)
		near(t, "IED", g.IED, k*f.IED, 0.02*k*f.IED)
		near(t, "roll", g.Roll, f.Roll, 1)
	}
}

func TestRollFollowsTheTurn(t *testing.T) {
	img := portrait()
	f := one(t, img)
	for _, a := range []float64{-40, -30, -13, 7, 22, 35, 43} {
		g := one(t, imaging.Rotate(img, -a, color.Gray{Y: 128})) // imaging turns counter-clockwise
		near(t, "roll", g.Roll, f.Roll+a, 1.5)
		near(t, "IED", g.IED, f.IED, 0.03*f.IED)
		near(t, "yaw", g.Yaw, f.Yaw, 2*g.YawSigma)
	}
}

func TestMirroredFaceIsTheMirrorImage(t *testing.T) {
	img := portrait()
	f, g := one(t, img), one(t, imaging.FlipH(img))
	w := float64(img.Bounds().Dx())
	near(t, "left eye", g.LeftEye.X, w-f.RightEye.X, 0.02*f.IED)
	near(t, "right eye", g.RightEye.X, w-f.LeftEye.X, 0.02*f.IED)
	near(t, "roll", g.Roll, -f.Roll, 1)
	near(t, "yaw", g.Yaw, -f.Yaw, 2)
	near(t, "pitch", g.Pitch, f.Pitch, 2)
}

func TestBrightnessChangesLittle(t *testing.T) {
	f := one(t, portrait())
	g := one(t, imaging.AdjustFunc(portrait(), func(c color.NRGBA) color.NRGBA {
		return color.NRGBA{c.R / 2, c.G / 2, c.B / 2, c.A}
	}))
	near(t, "size", g.Box.Width, f.Box.Width, 0.03*f.Box.Width)
	near(t, "IED", g.IED, f.IED, 0.02*f.IED)
}

// What is cut off at an edge is measured as lying outside of it.
func TestCroppedFaceReachesOutside(t *testing.T) {
	img := portrait()
	f := one(t, img)
	for _, part := range []float64{0.1, 0.2, 0.3} {
		r := img.Bounds()
		r.Min.X = int(f.Box.X + part*f.Box.Width)
		g := one(t, imaging.Crop(img, r))
		near(t, "outside", g.Box.Outside(r.Dx(), r.Dy()), part, 0.05)
	}
}

// A face that is small in a large picture is found by the second look, with the
// size that it has.
func TestSmallFace(t *testing.T) {
	img := portrait()
	f := one(t, img)
	const part = 0.08
	size := int(f.Box.Width / part)
	ground := imaging.New(size, size, color.Gray{Y: 150})
	large := imaging.Paste(ground, img, image.Pt(size/3, size/3))
	if faces := detect(t, large); len(faces) != 0 {
		t.Errorf("the first look found %v", faces)
	}
	g := luma.Reduce(large, 2*side)
	faces, err := detector().DetectSmall(context.Background(), g, 0.05)
	if err != nil || len(faces) != 1 {
		t.Fatalf("%v, %v; want one face", faces, err)
	}
	k := float64(size) / float64(2*side)
	h := faces[0].Scale(k, k)
	near(t, "size", h.Box.Width, f.Box.Width, 0.06*f.Box.Width)
	near(t, "IED", h.IED, f.IED, 0.04*f.IED)
	near(t, "left eye", h.LeftEye.X, f.LeftEye.X+float64(size/3), 0.04*f.IED)
}

// The answer does not depend on chance, on what was looked at before, or on
// others who use the same detector.
func TestSameFromRunToRunAndFromAnyGoroutine(t *testing.T) {
	g := luma.Reduce(portrait(), 200)
	want, err := detector().Detect(context.Background(), g)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if got, _ := detector().Detect(context.Background(), g); !reflect.DeepEqual(got, want) {
				t.Errorf("%+v, want %+v", got, want)
			}
		})
	}
	wg.Wait()
}

func TestNoFaceWhereThereIsNone(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	draw := func(w, h int, at func(x, y int) uint8) *image.Gray {
		g := image.NewGray(image.Rect(0, 0, w, h))
		for i := range g.Pix {
			g.Pix[i] = at(i%w, i/w)
		}
		return g
	}
	for name, g := range map[string]*image.Gray{
		"black":        draw(320, 400, func(_, _ int) uint8 { return 0 }),
		"noise":        draw(320, 240, func(_, _ int) uint8 { return uint8(r.Uint32()) }),
		"checkerboard": draw(320, 320, func(x, y int) uint8 { return uint8((x/16 + y/16) % 2 * 255) }),
		"gradient":     draw(400, 320, func(x, _ int) uint8 { return uint8(x / 2) }),
		"strip":        draw(1, 1280, func(_, y int) uint8 { return uint8(y) }),
		"pixel":        draw(1, 1, func(_, _ int) uint8 { return 200 }),
	} {
		faces, err := detector().Detect(context.Background(), g)
		if err != nil || faces == nil || len(faces) != 0 {
			t.Errorf("%s: %v, %v; want no face and no error", name, faces, err)
		}
	}
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := detector().Detect(ctx, luma.Reduce(portrait(), side)); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want %v", err, context.Canceled)
	}
}

// TestCorpus holds the geometry against hand-placed pupils. The bounds are those
// of the plain method with pigo's own search size; ours is about twice as good.
func TestCorpus(t *testing.T) {
	dir, lines := corpus.Dir(t), corpus.Rows(t, "manifest.csv")
	if testing.Short() {
		t.Skip("85 portraits take a while")
	}
	var eye, ied, roll []float64
	inside, pose := 0, 0
	for _, line := range lines[1:] {
		var v [4]float64
		var bad, err error
		for i := range v {
			if v[i], err = strconv.ParseFloat(line[8+i], 64); err != nil {
				bad = err
			}
		}
		if bad != nil {
			continue // no pupils marked
		}
		img, err := imaging.Open(filepath.Join(dir, line[0]))
		if err != nil {
			t.Fatal(err)
		}
		g := one(t, img)
		dx, dy := v[2]-v[0], v[3]-v[1]
		truth := math.Hypot(dx, dy)
		eye = append(eye, math.Hypot(g.LeftEye.X-v[0], g.LeftEye.Y-v[1])/truth, math.Hypot(g.RightEye.X-v[2], g.RightEye.Y-v[3])/truth)
		ied = append(ied, math.Abs(g.IED-truth)/truth)
		roll = append(roll, math.Abs(g.Roll-math.Atan2(dy, dx)*180/math.Pi))
		if math.Abs(g.IED-truth) <= 2*g.IEDSigma {
			inside++
		}
		if math.Abs(g.Yaw) <= 5+2*g.YawSigma && math.Abs(g.Pitch) <= 5+2*g.PitchSigma {
			pose++ // frontal by protocol: within 5 degrees
		}
	}
	n := len(ied)
	quantile := func(v []float64, q float64) float64 {
		slices.Sort(v)
		return v[int(q*float64(len(v)-1))]
	}
	t.Logf("%d faces: eye error median %.2f %%, 95th percentile %.2f %% of IED; IED error 95th %.2f %%; roll error 95th %.2f°; IED within 2 sigma %d, frontal %d",
		n, 100*quantile(eye, 0.5), 100*quantile(eye, 0.95), 100*quantile(ied, 0.95), quantile(roll, 0.95), inside, pose)
	for _, c := range []struct {
		what      string
		got, most float64
	}{
		{"median eye error over IED", quantile(eye, 0.5), 0.02},
		{"95th percentile of it", quantile(eye, 0.95), 0.052},
		{"95th percentile of the roll error", quantile(roll, 0.95), 0.93},
		{"share of IED beyond 2 sigma", 1 - float64(inside)/float64(n), 0.05},
		{"share not frontal", 1 - float64(pose)/float64(n), 0.05},
	} {
		if !(c.got <= c.most) {
			t.Errorf("%s: %.4f, want at most %.4f", c.what, c.got, c.most)
		}
	}
}

func BenchmarkDetect(b *testing.B) {
	g := luma.Reduce(portrait(), side)
	b.SetBytes(int64(len(g.Pix)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := detector().Detect(context.Background(), g); err != nil {
			b.Fatal(err)
		}
	}
}
