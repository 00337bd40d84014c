package main

import (
	"bytes"
	"encoding/json"
	"image/jpeg"
	"os"
	"path/filepath"
	"testing"

	"github.com/disintegration/imaging"

	"github.com/preflight-go/preflight/preflight"
	"github.com/preflight-go/preflight/submit/progenytest"
)

// phonePhoto is a selfie as a phone stores it: 12 megapixels, lying on its side
// (EXIF orientation 6), with the place where it was taken.
func phonePhoto(t *testing.T) []byte {
	t.Helper()
	img, err := imaging.Open("../../testdata/images/pass.jpg")
	if err != nil {
		t.Fatal(err)
	}
	upright := imaging.Resize(img, 3024, 4032, imaging.Linear)
	var buf bytes.Buffer
	if err := jpeg.Encode(&buf, imaging.Rotate90(upright), &jpeg.Options{Quality: 85}); err != nil {
		t.Fatal(err)
	}
	// A TIFF block (big-endian): IFD0 at 8 with the orientation and a pointer to a
	// GPS IFD at 38, which has a latitude at 80.
	tiff := "MM\x00\x2a\x00\x00\x00\x08" +
		"\x00\x02" +
		"\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00" +
		"\x88\x25\x00\x04\x00\x00\x00\x01\x00\x00\x00\x26" +
		"\x00\x00\x00\x00" +
		"\x00\x03" +
		"\x00\x01\x00\x02\x00\x00\x00\x02N\x00\x00\x00" +
		"\x00\x02\x00\x05\x00\x00\x00\x03\x00\x00\x00\x50" +
		"\x00\x04\x00\x05\x00\x00\x00\x03\x00\x00\x00\x50" +
		"\x00\x00\x00\x00" +
		"\x00\x00\x00\x32\x00\x00\x00\x01\x00\x00\x00\x1b\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x01"
	segment := "\xff\xe1\x00" + string(rune(len(tiff)+8)) + "Exif\x00\x00" + tiff
	return append([]byte("\xff\xd8"+segment), buf.Bytes()[2:]...)
}

// TestPhonePhoto takes such a photo through check, normalize and submit, and
// looks at what arrives.
func TestPhonePhoto(t *testing.T) {
	photo := phonePhoto(t)
	path := filepath.Join(put(t, map[string][]byte{"selfie.jpg": photo}), "selfie.jpg")

	report := func(stdin []byte, arg string) *preflight.Report {
		t.Helper()
		r := runWith(t.Context(), stdin, nil, "check", "--json", arg)
		var rep preflight.Report
		if err := json.Unmarshal([]byte(r.stdout), &rep); err != nil || r.code != exitOK {
			t.Fatalf("%v, %+v", err, r)
		}
		return &rep
	}
	before := report(nil, path)
	if im := before.Image; im.Width != 4032 || im.Height != 3024 || im.Orientation != 6 || !im.GPS || len(before.Faces) != 1 {
		t.Fatalf("the photo: %+v", before)
	}

	out := t.TempDir()
	if r := runWith(t.Context(), nil, nil, "normalize", path, "-o", out); r.code != exitOK {
		t.Fatalf("%+v", r)
	}
	normalized, err := os.ReadFile(filepath.Join(out, "selfie.jpg"))
	if err != nil {
		t.Fatal(err)
	}

	srv := progenytest.NewServer(&progenytest.Options{KeepFiles: true})
	t.Cleanup(srv.Close)
	env := map[string]string{"PREFLIGHT_BASE_URL": srv.URL, "PROGENY_USERNAME": srv.Username, "PROGENY_PASSWORD": srv.Password}
	if r := runWith(t.Context(), nil, env, "submit", "register", path); r.code != exitOK {
		t.Fatalf("%+v", r)
	}
	var sent [][]byte
	for _, req := range srv.Received() {
		for _, f := range req.Files {
			sent = append(sent, f.Data)
		}
	}
	if len(sent) != 1 || !bytes.Equal(sent[0], normalized) {
		t.Fatalf("%d pictures arrived; want one, the normalized", len(sent))
	}

	after := report(sent[0], "-")
	if im := after.Image; im.Width != 810 || im.Height != 1080 || im.Orientation != 0 || im.GPS || im.Bytes > 2_000_000 {
		t.Errorf("what arrived: %+v", im)
	}
	if after.Verdict != preflight.VerdictPass || len(after.Faces) != 1 {
		t.Fatalf("what arrived: %+v", after)
	}
	// The same face, upright, at 1080/4032 of its size.
	const f = 1080.0 / 4032
	a, b := before.Faces[0], after.Faces[0]
	if d := b.LeftEye.X - f*a.LeftEye.X; d < -3 || d > 3 {
		t.Errorf("left eye at %v, want %v", b.LeftEye.X, f*a.LeftEye.X)
	}
	if d := b.IED - f*a.IED; d < -3 || d > 3 {
		t.Errorf("IED %v, want %v", b.IED, f*a.IED)
	}
}
