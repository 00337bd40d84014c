package jpeg

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/jpeg"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/preflight-go/preflight/internal/corpus"
)

func TestDecode(t *testing.T) {
	data := encode(t, photo(100, 60), 80)
	want, err := jpeg.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	for name, file := range map[string][]byte{
		"whole":                      data,
		"without EOI":                data[:len(data)-2],
		"half of EOI":                data[:len(data)-1],
		"with trailer":               append(bytes.Clone(data), "trailer"...),
		"before another without EOI": append(bytes.Clone(data[:len(data)-2]), data...),
	} {
		got, err := Decode(context.Background(), file, mustParse(t, file))
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v, or other pixels", name, err)
		}
	}
}

// TestDecodeTruncated cuts a file everywhere: it is always refused as
// truncated, until only EOI is missing.
func TestDecodeTruncated(t *testing.T) {
	data := encode(t, photo(64, 64), 60)
	for n := 2; n < len(data)-2; n++ {
		h, err := ParseHeader(data[:n])
		if err == nil {
			var m image.Image
			m, err = Decode(context.Background(), data[:n], h)
			if (m == nil) == (err == nil) {
				t.Fatalf("%d bytes: %v and %v", n, m, err)
			}
		}
		var fe *FormatError
		if !errors.As(err, &fe) {
			// The last byte of the scan may hold nothing but padding.
			if n < len(data)-3 {
				t.Errorf("%d of %d bytes: %v", n, len(data), err)
			}
			continue
		}
		if !fe.Truncated || fe.Offset > n {
			t.Errorf("%d of %d bytes: %+v", n, len(data), fe)
		}
		// The same with an EOI, as a repair tool would leave it.
		if h.Scans > 0 {
			fixed := append(bytes.Clone(data[:n]), eoi...)
			h, err := ParseHeader(fixed)
			if err == nil {
				_, err = Decode(context.Background(), fixed, h)
			}
			if !errors.As(err, &fe) || !fe.Truncated {
				t.Errorf("%d of %d bytes and EOI: %v", n, len(data), err)
			}
		}
	}
}

func TestDecodeErrors(t *testing.T) {
	photo := encode(t, photo(64, 64), 60)
	corrupt := bytes.Clone(photo)
	at := mustParse(t, photo).End - 300
	copy(corrupt[at:], bytes.Repeat([]byte{0x7F, 0xFE}, 100))
	tests := []struct {
		name      string
		data      []byte
		reason    string
		truncated bool
	}{
		{"arithmetic", []byte(soi + tables() + sof(mSOF9, 8, 16, 16, gray1) + sos(sel1) + "\x00" + eoi), "arithmetic JPEG, which is not supported", false},
		{"nothing there", []byte(soi + tables() + sof(mSOF0, 8, 60000, 60000, gray1) + sos(sel1) + "\x00" + eoi), "1 bytes of image data, where 60000x60000 pixels need at least 14062500", true},
		{"damaged", corrupt, "", false},
	}
	for _, tt := range tests {
		m, err := Decode(context.Background(), tt.data, mustParse(t, tt.data))
		var fe *FormatError
		if m != nil || !errors.As(err, &fe) || fe.Truncated != tt.truncated || !strings.Contains(fe.Reason, tt.reason) {
			t.Errorf("%s: %v, %v; want %q, truncated %v", tt.name, m != nil, err, tt.reason, tt.truncated)
		}
	}
}

// TestDecodeContext: the context ends before, and while, the bytes are read.
func TestDecodeContext(t *testing.T) {
	data := encode(t, photo(200, 200), 90)
	h := mustParse(t, data)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if m, err := Decode(ctx, data, h); m != nil || !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, %v", m != nil, err)
	}
	late := &countdown{Context: context.Background(), left: 5}
	if m, err := Decode(late, data, h); m != nil || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, %v", m != nil, err)
	}
}

// A countdown is a context that ends when it has been asked often enough.
type countdown struct {
	context.Context
	left int
}

func (c *countdown) Err() error {
	if c.left--; c.left < 0 {
		return context.DeadlineExceeded
	}
	return nil
}

// corpusFiles returns the files of the corpus whose bytes start as a JPEG's do, by
// their path in it. The test is skipped where there is no corpus.
func corpusFiles(t testing.TB) map[string][]byte {
	root := corpus.Dir(t)
	names, err := filepath.Glob(filepath.Join(root, "*", "*"))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil || !bytes.HasPrefix(data, []byte("\xff\xd8")) {
			continue
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			t.Fatal(err)
		}
		files[filepath.ToSlash(rel)] = data
	}
	return files
}

// TestCorpus: what image/jpeg decodes is not refused, decodes alike, and
// decodes alike when stripped.
func TestCorpus(t *testing.T) {
	// image/jpeg gives an image of no pixels.
	exceptions := map[string]string{"formats/irsjpg_null_height.jpg": "a width of 0"}
	both, neither, onlyUs := 0, 0, 0
	for name, data := range corpusFiles(t) {
		h, err := ParseHeader(data)
		checkHeader(t, data, h)
		if h.Width*h.Height > 1<<20 { // bombs, and what takes long
			if err != nil && strings.HasPrefix(name, "faces/") {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		want, stdErr := jpeg.Decode(bytes.NewReader(data))
		got := want
		if err == nil {
			got, err = Decode(context.Background(), data, h)
		}
		switch {
		case err != nil && stdErr != nil:
			neither++
			t.Logf("neither: %s: %v", name, err)
		case err != nil:
			var fe *FormatError
			if !errors.As(err, &fe) || exceptions[name] == "" || !strings.Contains(fe.Reason, exceptions[name]) {
				t.Errorf("image/jpeg decodes %s, but: %v", name, err)
			}
		case stdErr != nil:
			onlyUs++
			t.Logf("image/jpeg refuses %s (%v), warnings %v", name, stdErr, h.Warnings)
		default:
			both++
			if !reflect.DeepEqual(got, want) {
				t.Errorf("%s: other pixels", name)
			}
			out := Strip(data, h, false)
			again, err := jpeg.Decode(bytes.NewReader(out))
			if err != nil || !reflect.DeepEqual(again, want) {
				t.Errorf("%s, stripped: %v, or other pixels", name, err)
			}
		}
	}
	t.Logf("%d decoded by both, %d by us only, %d by neither", both, onlyUs, neither)
}
