package preflight_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"go/build"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/preflight-go/preflight/internal/golden"
	"github.com/preflight-go/preflight/preflight"
)

// images is the folder of pictures that several packages test with; goldens
// holds a report for each of them.
var (
	images  = filepath.Join("..", "testdata", "images")
	goldens = filepath.Join("testdata", "golden")
)

// imageReports returns a report of every test picture, by its name.
func imageReports(t *testing.T) map[string]*preflight.Report {
	t.Helper()
	reports, err := checkImages()
	if err != nil {
		t.Fatal(err)
	}
	return maps.Clone(reports)
}

// checkImages checks every test picture, once. Path is the base name, so that
// reports do not depend on where the tests run.
var checkImages = sync.OnceValues(func() (map[string]*preflight.Report, error) {
	c, err := preflight.New(nil)
	if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(images)
	if err != nil {
		return nil, err
	}
	reports := map[string]*preflight.Report{}
	for _, e := range entries {
		if e.Name() == "README.md" {
			continue
		}
		data, err := os.ReadFile(filepath.Join(images, e.Name()))
		if err != nil {
			return nil, err
		}
		m, err := c.Measure(context.Background(), data)
		if err != nil {
			return nil, err
		}
		m.Path = e.Name()
		reports[e.Name()] = c.Profile().Judge(m)
	}
	return reports, nil
})

func TestGoldenReports(t *testing.T) {
	reports := imageReports(t)
	// Go 1.26 brought another JPEG decoder, whose samples differ by one or two from
	// those of Go 1.25: enough to move an eye by a tenth of a pixel.
	exactJPEG := slices.Contains(build.Default.ReleaseTags, "go1.26")
	for name, r := range reports {
		if r.Image.Format == "jpeg" && r.Faces != nil && !exactJPEG {
			continue
		}
		golden.JSON(t, filepath.Join(goldens, name+".json"), r)
	}
	entries, err := os.ReadDir(goldens)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if _, ok := reports[strings.TrimSuffix(e.Name(), ".json")]; !ok {
			t.Errorf("%s belongs to no picture", e.Name())
		}
	}
}

// The README of the pictures says what each is for. A report must say the same.
func TestImagesREADME(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(images, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	reports := imageReports(t)
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(line, "|") // "", file, what it is, verdict and codes, origin, ""
		if !strings.HasPrefix(line, "| `") || len(cells) != 6 {
			continue
		}
		name := strings.Trim(cells[1], " `")
		r, ok := reports[name]
		if !ok {
			t.Errorf("%s is not there", name)
			continue
		}
		delete(reports, name)
		var codes []string
		for _, is := range r.Issues {
			codes = append(codes, string(is.Code))
		}
		got := strings.TrimSpace(string(r.Verdict) + " " + strings.Join(codes, ", "))
		if want := strings.TrimSpace(cells[3]); got != want {
			t.Errorf("%s: %s; the README says %s", name, got, want)
		}
	}
	for name := range reports {
		t.Errorf("%s has no row in the README", name)
	}
}

func TestImagesRaiseEveryCode(t *testing.T) {
	raised := map[preflight.Code]bool{}
	for _, r := range imageReports(t) {
		for _, is := range r.Issues {
			raised[is.Code] = true
		}
	}
	exceptions := []preflight.Code{
		preflight.FileTooLarge, // too large to be committed; see TestFileTooLarge
	}
	for info := range preflight.Codes() {
		switch excepted := slices.Contains(exceptions, info.Code); {
		case !raised[info.Code] && !excepted:
			t.Errorf("no picture raises %s", info.Code)
		case raised[info.Code] && excepted:
			t.Errorf("%s is raised and needs no exception", info.Code)
		}
	}
}

// A good selfie with comments of more than two megabytes.
func TestFileTooLarge(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(images, "pass.jpg"))
	if err != nil {
		t.Fatal(err)
	}
	const body = 65533 // the most that a segment can hold
	comment := binary.BigEndian.AppendUint16([]byte{0xFF, 0xFE}, 2+body)
	comment = append(comment, make([]byte, body)...)
	data = slices.Concat(data[:2], bytes.Repeat(comment, 32), data[2:])

	c, err := preflight.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	r, err := c.Check(t.Context(), data)
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Issues) != 1 || r.Issues[0].Code != preflight.FileTooLarge || r.Verdict != preflight.VerdictReject || !r.Fixable() {
		t.Errorf("%s %+v; want a fixable rejection with %s only", r.Verdict, r.Issues, preflight.FileTooLarge)
	}
}

// The eight orientations show the same picture, so they must show the same face.
// They are not the same pixels: JPEG blocks lie elsewhere.
func TestOrientations(t *testing.T) {
	reports := imageReports(t)
	want := reports["pass.jpg"]
	if want.Verdict != preflight.VerdictPass || len(want.Faces) != 1 {
		t.Fatalf("pass.jpg: %s, %d faces", want.Verdict, len(want.Faces))
	}
	for o := 1; o <= 8; o++ {
		name := "orientation_" + string(rune('0'+o)) + ".jpg"
		r := reports[name]
		if r == nil || r.Image.Orientation != o || r.Verdict != want.Verdict || len(r.Faces) != 1 {
			t.Errorf("%s: %+v; want orientation %d, one face and %s", name, r, o, want.Verdict)
			continue
		}
		f, w := &r.Faces[0], &want.Faces[0]
		for _, v := range []struct {
			what             string
			got, want, bound float64
		}{
			{"left eye's x", f.LeftEye.X, w.LeftEye.X, 1},
			{"left eye's y", f.LeftEye.Y, w.LeftEye.Y, 1},
			{"right eye's x", f.RightEye.X, w.RightEye.X, 1},
			{"right eye's y", f.RightEye.Y, w.RightEye.Y, 1},
			{"box's x", f.Box.X, w.Box.X, 0.02 * w.Box.Width},
			{"box's y", f.Box.Y, w.Box.Y, 0.02 * w.Box.Width},
			{"box's width", f.Box.Width, w.Box.Width, 0.02 * w.Box.Width},
			{"IED", f.IED, w.IED, 1},
		} {
			if math.Abs(v.got-v.want) > v.bound {
				t.Errorf("%s: the %s is %.1f; pass.jpg has %.1f", name, v.what, v.got, v.want)
			}
		}
	}
}
