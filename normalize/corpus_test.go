package normalize

import (
	"bytes"
	"context"
	"errors"
	"image"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/preflight-go/preflight/internal/corpus"
)

// check is what holds for any bytes: a result that keeps its promises, or a
// typed error.
func check(t *testing.T, name string, data []byte, o *Options) *Result {
	t.Helper()
	r, err := Image(context.Background(), data, o)
	if err != nil {
		var e *Error
		var large *TooLargeError
		switch {
		case r != nil:
			t.Errorf("%s: a result beside %v", name, err)
		case errors.As(err, &e):
			if e.Kind == "" || e.Reason == "" || e.Offset < -1 || e.Offset > len(data) {
				t.Errorf("%s: %#v", name, e)
			}
		case !errors.As(err, &large):
			t.Errorf("%s: %T %v", name, err, err)
		}
		return nil
	}
	limits, err := o.resolved()
	if err != nil {
		t.Fatal(err)
	}
	m := decoded(t, r)
	if !opaque(m) || max(r.Width, r.Height) > limits.MaxSide || r.Bytes > limits.MaxBytes ||
		r.Height > limits.MaxHeight && r.Width > limits.MinSide {
		t.Errorf("%s: %dx%d px, %d bytes, opaque %t", name, r.Width, r.Height, r.Bytes, opaque(m))
	}
	for _, mark := range []string{"Exif\x00\x00", "http://ns.adobe.com/xap", "eXIf", "tEXt", "Photoshop 3.0"} {
		if !r.Reencoded && bytes.Contains(r.Data, []byte(mark)) {
			t.Errorf("%s: still has %q", name, mark)
		}
	}
	for _, c := range r.Changes {
		if c.Kind == "" || !strings.HasSuffix(c.Text, ".") {
			t.Errorf("%s: %+v", name, c)
		}
	}
	return r
}

func TestCorpus(t *testing.T) {
	dir := corpus.Dir(t)
	files, err := filepath.Glob(filepath.Join(dir, "formats", "*"))
	if err != nil || len(files) == 0 {
		t.Fatal("no files", err)
	}
	counts := map[string]int{}
	for i, path := range files {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		o := []Options{{}, {Format: FormatPNG, Profile: ProfileKeep}, {Format: FormatJPEG, FullChroma: true, MaxHeight: 60, MinSide: 20}}[i%3]
		o.MaxPixels = 1 << 20 // large ones take time and show nothing new
		r := check(t, filepath.Base(path), data, &o)
		switch {
		case r == nil:
			counts["error"]++
		case r.Reencoded:
			counts["encoded anew"]++
		default:
			counts["untouched"]++
		}
	}
	t.Log(counts)
}

func FuzzImage(f *testing.F) {
	small := pictured(40, 30)
	j, p := jpegOf(f, small, 80), pngOf(f, small)
	f.Add(j, uint8(0))
	f.Add(withOrientation(j, 6), uint8(1))
	f.Add(withProfile(j, displayP3), uint8(2))
	f.Add(p, uint8(3))
	f.Add(withOrientation(p, 7), uint8(4))
	f.Add(withProfile(p, displayP3), uint8(5))
	f.Add(jpegOf(f, image.NewGray(image.Rect(0, 0, 9, 7)), 50), uint8(6))
	f.Add([]byte("GIF89a"), uint8(7))
	f.Fuzz(func(t *testing.T, data []byte, bits uint8) {
		o := &Options{MaxPixels: 1 << 16, MaxHeight: 16, MinSide: 4, MaxSide: 100, MaxBytes: 3000, FullChroma: bits&1 != 0}
		o.Format = []Format{FormatAuto, FormatPNG, FormatJPEG, FormatAuto}[bits>>1&3]
		if bits&8 != 0 {
			o.Profile = ProfileKeep
		}
		check(t, "fuzz", data, o)
	})
}
