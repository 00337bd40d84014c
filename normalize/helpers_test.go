package normalize

import (
	"bytes"
	"compress/zlib"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	stdjpeg "image/jpeg"
	stdpng "image/png"
	"math"
	"testing"
)

// corners are the colours of pictured's corners: top left, top right, bottom
// left, bottom right.
var corners = [4]color.NRGBA{{200, 40, 40, 255}, {40, 170, 60, 255}, {50, 70, 200, 255}, {220, 200, 60, 255}}

// pictured returns a picture that looks different from every side: four
// plain quarters.
func pictured(w, h int) *image.NRGBA {
	m := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			i := 0
			if 2*x >= w {
				i++
			}
			if 2*y >= h {
				i += 2
			}
			m.SetNRGBA(x, y, corners[i])
		}
	}
	return m
}

// noise returns a picture that hardly compresses.
func noise(w, h int) *image.NRGBA {
	m := image.NewNRGBA(image.Rect(0, 0, w, h))
	state := uint32(1)
	for i := range m.Pix {
		state = state*1664525 + 1013904223
		m.Pix[i] = uint8(state >> 24)
		if i%4 == 3 {
			m.Pix[i] = 255
		}
	}
	return m
}

func jpegOf(t testing.TB, m image.Image, quality int) []byte {
	t.Helper()
	var buf bytes.Buffer
	if err := stdjpeg.Encode(&buf, m, &stdjpeg.Options{Quality: quality}); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func pngOf(t testing.TB, m image.Image) []byte {
	t.Helper()
	var buf bytes.Buffer
	if err := stdpng.Encode(&buf, m); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// withSegment puts a marker segment behind SOI.
func withSegment(file []byte, marker byte, body []byte) []byte {
	out := segment([]byte{0xFF, 0xD8}, marker, body)
	return append(out, file[2:]...)
}

// withChunk puts a chunk behind IHDR.
func withChunk(file []byte, name string, body []byte) []byte {
	const head = 8 + 12 + 13
	c := append([]byte(name), body...)
	out := binary.BigEndian.AppendUint32(bytes.Clone(file[:head]), uint32(len(body)))
	out = append(out, c...)
	out = binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(c))
	return append(out, file[head:]...)
}

func deflated(b []byte) []byte {
	var buf bytes.Buffer
	z := zlib.NewWriter(&buf)
	z.Write(b) //nolint:errcheck // a bytes.Buffer takes everything
	z.Close()
	return buf.Bytes()
}

// oriented is an EXIF block with an orientation and, if located, a latitude.
func oriented(o int, located bool) []byte {
	b := []byte("MM\x00\x2a\x00\x00\x00\x08")
	entry := func(tag, kind uint16, n uint32, value ...byte) {
		b = binary.BigEndian.AppendUint16(b, tag)
		b = binary.BigEndian.AppendUint16(b, kind)
		b = binary.BigEndian.AppendUint32(b, n)
		b = append(b, value...)
	}
	if !located {
		b = append(b, 0, 1)
		entry(0x0112, 3, 1, 0, byte(o), 0, 0)
		return append(b, 0, 0, 0, 0)
	}
	b = append(b, 0, 2)
	entry(0x0112, 3, 1, 0, byte(o), 0, 0)
	entry(0x8825, 4, 1, 0, 0, 0, 38) // the GPS IFD follows
	b = append(b, 0, 0, 0, 0)
	b = append(b, 0, 2)
	entry(1, 2, 2, 'N', 0, 0, 0)
	entry(2, 5, 3, 0, 0, 0, 68)
	b = append(b, 0, 0, 0, 0)
	for _, v := range []uint32{51, 1, 30, 1, 0, 1} {
		b = binary.BigEndian.AppendUint32(b, v)
	}
	return b
}

func withOrientation(file []byte, o int) []byte {
	if bytes.HasPrefix(file, []byte{0xFF, 0xD8}) {
		return withSegment(file, 0xE1, append([]byte("Exif\x00\x00"), oriented(o, false)...))
	}
	return withChunk(file, "eXIf", oriented(o, false))
}

// normalized is Image without a way to fail.
func normalized(t testing.TB, data []byte, o *Options) *Result {
	t.Helper()
	r, err := Image(context.Background(), data, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// decoded decodes r and checks that it is what r says it is.
func decoded(t testing.TB, r *Result) image.Image {
	t.Helper()
	m, name, err := image.Decode(bytes.NewReader(r.Data))
	if err != nil {
		t.Fatal(err)
	}
	if m.Bounds() != image.Rect(0, 0, r.Width, r.Height) || name != string(r.Format) ||
		r.ContentType != "image/"+name || r.Bytes != len(r.Data) || r.Changes == nil {
		j, _ := json.Marshal(r)
		t.Fatalf("%s is %v %s of %d bytes", j, m.Bounds(), name, len(r.Data))
	}
	return m
}

func kinds(r *Result) map[ChangeKind]Change {
	m := map[ChangeKind]Change{}
	for _, c := range r.Changes {
		m[c.Kind] = c
	}
	return m
}

// distance is the largest difference of a channel.
func distance(a, b color.Color) int {
	r0, g0, b0, _ := a.RGBA()
	r1, g1, b1, _ := b.RGBA()
	d := 0.0
	for _, v := range []float64{float64(r0) - float64(r1), float64(g0) - float64(g1), float64(b0) - float64(b1)} {
		d = max(d, math.Abs(v)/257)
	}
	return int(math.Round(d))
}

func wantError(t *testing.T, name string, err error, kind ErrorKind) {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) || e.Kind != kind || e.Reason == "" || e.Error() == "" {
		t.Errorf("%s: got %v, want an Error of kind %s", name, err, kind)
	}
}

func crc(b []byte) uint32 { return crc32.ChecksumIEEE(b) }
