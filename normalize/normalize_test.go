package normalize

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"math"
	"strings"
	"testing"

	"github.com/preflight-go/preflight/internal/jpeg"
	"github.com/preflight-go/preflight/internal/png"
)

// uprightCorners says which stored corner (0 top left, 1 top right, 2 bottom
// left, 3 bottom right) comes to the upright picture's four corners, by the
// names in CIPA DC-008: 6 is "row 0 at the right, column 0 at the top".
var uprightCorners = [9][4]int{
	1: {0, 1, 2, 3},
	2: {1, 0, 3, 2},
	3: {3, 2, 1, 0},
	4: {2, 3, 0, 1},
	5: {0, 2, 1, 3},
	6: {2, 0, 3, 1},
	7: {3, 1, 2, 0},
	8: {1, 3, 0, 2},
}

func TestUpright(t *testing.T) {
	for _, dims := range []size{{125, 100}, {375, 325}} {
		for format, file := range map[Format][]byte{
			FormatJPEG: jpegOf(t, pictured(dims.w, dims.h), 95),
			FormatPNG:  pngOf(t, pictured(dims.w, dims.h)),
		} {
			for o := 1; o <= 8; o++ {
				name := fmt.Sprintf("orientation %d %s %v", o, format, dims)
				opt := &Options{Format: format, MaxHeight: 270, MinSide: 50}
				r := normalized(t, withOrientation(file, o), opt)
				if r.Format != format {
					t.Errorf("%s: format %s", name, r.Format)
				}
				want := dims
				if o >= 5 {
					want = dims.swapped()
				}
				want, _ = want.fit(opt)
				if (size{r.Width, r.Height}) != want {
					t.Errorf("%s: %dx%d px, want %v", name, r.Width, r.Height, want)
				}
				m := decoded(t, r)
				for i, p := range []image.Point{{10, 10}, {r.Width - 10, 10}, {10, r.Height - 10}, {r.Width - 10, r.Height - 10}} {
					if got := m.At(p.X, p.Y); distance(got, corners[uprightCorners[o][i]]) > 4 {
						t.Errorf("%s: corner %d is %v, want that of %d", name, i, got, uprightCorners[o][i])
					}
				}
				if _, ok := kinds(r)[ChangeRotated]; ok != (o != 1) {
					t.Errorf("%s: %v", name, r.Changes)
				}
				// Nothing is left that would turn it again.
				if bytes.Contains(r.Data, []byte("Exif")) || bytes.Contains(r.Data, []byte("eXIf")) {
					t.Errorf("%s: still has EXIF", name)
				}
			}
		}
	}
}

// TestMapping draws a dot, and finds it where the mapping says.
func TestMapping(t *testing.T) {
	for o := 1; o <= 8; o++ {
		for _, dims := range []size{{240, 180}, {301, 199}, {600, 325}, {150, 1250}} {
			m := image.NewGray(image.Rect(0, 0, dims.w, dims.h))
			const dot = 20
			corner := image.Pt(dims.w/5, 2*dims.h/3)
			draw.Draw(m, image.Rectangle{corner, corner.Add(image.Pt(dot, dot))}, image.White, image.Point{}, draw.Src)
			centre := Point{float64(corner.X + dot/2), float64(corner.Y + dot/2)}

			r := normalized(t, withOrientation(pngOf(t, m), o), &Options{Format: FormatPNG, MaxHeight: 270, MinSide: 100, MaxSide: 750})
			g := decoded(t, r).(*image.Gray)
			var sum, sx, sy float64
			for y := range r.Height {
				for x := range r.Width {
					v := float64(g.Pix[y*g.Stride+x])
					sum += v
					sx += v * (float64(x) + 0.5)
					sy += v * (float64(y) + 0.5)
				}
			}
			found := Point{sx / sum, sy / sum}
			fw, fh := float64(dims.w), float64(dims.h)
			upright := orientation(o).upright(fw, fh).Apply(centre)
			for name, p := range map[string]Point{"MapStored": r.MapStored(centre), "MapUpright": r.MapUpright(upright)} {
				if math.Hypot(p.X-found.X, p.Y-found.Y) > 0.1 {
					t.Errorf("%s, orientation %d, %v to %dx%d: %v, but the dot is at %v", name, o, dims, r.Width, r.Height, p, found)
				}
			}
			// Edges come to edges.
			if o >= 5 {
				fw, fh = fh, fw
			}
			if p := r.MapUpright(Point{fw, fh}); math.Abs(p.X-float64(r.Width))+math.Abs(p.Y-float64(r.Height)) > 1e-6 {
				t.Errorf("orientation %d, %v: far corner comes to %v", o, dims, p)
			}
		}
	}
}

func TestFit(t *testing.T) {
	defaults, err := (*Options)(nil).resolved()
	if err != nil {
		t.Fatal(err)
	}
	none, err := (&Options{MaxHeight: -1, MaxSide: -1, MinSide: -1}).resolved()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		o        *Options
		in, want size
		limit    string
	}{
		{&defaults, size{3024, 4032}, size{810, 1080}, limitHeight},
		{&defaults, size{4032, 3024}, size{1440, 1080}, limitHeight},
		{&defaults, size{810, 1080}, size{810, 1080}, limitNone},
		{&defaults, size{810, 1081}, size{809, 1080}, limitHeight},
		{&defaults, size{1, 1}, size{1, 1}, limitNone},
		{&defaults, size{200, 300}, size{200, 300}, limitNone},         // never enlarged
		{&defaults, size{1080, 2520}, size{480, 1120}, limitShortSide}, // 463x1080 would be refused for its width
		{&defaults, size{470, 2000}, size{470, 2000}, limitNone},       // was too narrow already
		{&defaults, size{600, 6000}, size{410, 4096}, limitSide},       // the hard limit goes first
		{&defaults, size{9000, 1000}, size{4096, 455}, limitSide},      // 4096/9000 · 1000 = 455.1
		{&defaults, size{65535, 1}, size{4096, 1}, limitSide},          // at least one pixel
		{&defaults, size{1, 65535}, size{1, 4096}, limitSide},
		{&defaults, size{4096, 1080}, size{4096, 1080}, limitNone},
		{&none, size{65535, 65535}, size{65535, 65535}, limitNone},
		{&Options{MaxHeight: 100}, size{333, 1000}, size{33, 100}, limitHeight},
		{&Options{MaxHeight: 100}, size{335, 1000}, size{34, 100}, limitHeight}, // halves up
	} {
		if got, limit := c.in.fit(c.o); got != c.want || limit != c.limit {
			t.Errorf("%v: %v for %q, want %v for %q", c.in, got, limit, c.want, c.limit)
		}
	}
	for w := 1; w < 6000; w += 97 {
		for h := 1; h < 6000; h += 83 {
			in := size{w, h}
			got, _ := in.fit(&defaults)
			if got.w > w || got.h > h || max(got.w, got.h) > DefaultMaxSide || min(got.w, got.h) < 1 ||
				got.h > DefaultMaxHeight && got.w > DefaultMinSide {
				t.Fatalf("%v became %v", in, got)
			}
			if again, _ := got.fit(&defaults); again != got {
				t.Fatalf("%v became %v, and that %v", in, got, again)
			}
		}
	}
}

// scans returns a JPEG from its first frame header on: image data and tables
// between scans.
func scans(t *testing.T, file []byte) []byte {
	t.Helper()
	h, err := jpeg.ParseHeader(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range h.Segments {
		if s.Kind == "SOF" {
			return file[s.Offset:h.End]
		}
	}
	t.Fatal("no frame header")
	return nil
}

func TestUntouchedJPEG(t *testing.T) {
	plain := jpegOf(t, pictured(800, 1000), 80)
	file := withSegment(plain, 0xFE, []byte("a comment"))
	file = withSegment(file, 0xE1, append([]byte("Exif\x00\x00"), oriented(1, true)...))
	file = append(file, "something else"...)
	r := normalized(t, file, nil)
	decoded(t, r)
	if r.Reencoded || r.Quality != 0 {
		t.Errorf("encoded anew: %+v", r.Changes)
	}
	if !bytes.Equal(scans(t, r.Data), scans(t, file)) {
		t.Error("the image data changed")
	}
	for _, gone := range []string{"Exif", "comment", "something"} {
		if bytes.Contains(r.Data, []byte(gone)) {
			t.Errorf("%q is still there", gone)
		}
	}
	k := kinds(r)
	if c := k[ChangeMetadataRemoved]; c.Removed != 4+9+4+6+len(oriented(1, true)) || !strings.Contains(c.Text, "the place where") {
		t.Errorf("metadata: %+v", c)
	}
	if c := k[ChangeTrailerRemoved]; c.Removed != len("something else") {
		t.Errorf("trailer: %+v", c)
	}
	if len(k) != 2 {
		t.Errorf("changes: %+v", r.Changes)
	}
	// Once is enough.
	again := normalized(t, r.Data, nil)
	if len(again.Changes) != 0 || !bytes.Equal(again.Data, r.Data) {
		t.Errorf("a second time: %+v", again.Changes)
	}
}

func TestUntouchedPNG(t *testing.T) {
	plain := pngOf(t, imageRGB(pictured(800, 600)))
	file := withChunk(plain, "tEXt", []byte("parameters\x00Steps: 20"))
	for _, f := range []Format{FormatAuto, FormatPNG} {
		r := normalized(t, file, &Options{Format: f})
		decoded(t, r)
		if r.Reencoded || !bytes.Equal(r.Data, plain) {
			t.Errorf("%q: %+v", f, r.Changes)
		}
	}
	r := normalized(t, file, &Options{Format: FormatJPEG})
	if decoded(t, r); !r.Reencoded || r.Format != FormatJPEG || r.Quality != DefaultQuality {
		t.Errorf("as JPEG: %+v", r.Changes)
	}
}

// imageRGB returns m as a picture that image/png writes without alpha.
func imageRGB(m *image.NRGBA) image.Image {
	p := image.NewRGBA(m.Rect)
	draw.Draw(p, p.Rect, m, image.Point{}, draw.Src)
	return p
}

func TestMetadataAloneTooMany(t *testing.T) {
	plain := jpegOf(t, pictured(800, 1000), 80)
	file := plain
	for range 40 {
		file = withSegment(file, 0xE5, make([]byte, 60_000))
	}
	if len(file) < DefaultMaxBytes {
		t.Fatal("the file is too small for this test")
	}
	r := normalized(t, file, nil)
	if r.Reencoded || r.Bytes > len(plain) {
		t.Errorf("%d bytes, %+v", r.Bytes, r.Changes)
	}
}

func TestQuality(t *testing.T) {
	file := jpegOf(t, noise(180, 200), 100)
	at := func(q int) int { // bytes at a fixed quality
		return normalized(t, file, &Options{Quality: q, MaxBytes: -1, MaxHeight: 199, MinSide: -1}).Bytes
	}
	for _, limit := range []int{at(90), at(90) - 1, at(83), at(71) - 1, at(70)} {
		r := normalized(t, file, &Options{MaxBytes: limit, MaxHeight: 199, MinSide: -1})
		decoded(t, r)
		if r.Bytes > limit {
			t.Errorf("%d bytes, more than %d", r.Bytes, limit)
		}
		if r.Quality < 90 && at(r.Quality+1) <= limit {
			t.Errorf("quality %d, though %d fits %d bytes, too", r.Quality, r.Quality+1, limit)
		}
		h, err := jpeg.ParseHeader(r.Data)
		if err != nil || h.Quality.Value != r.Quality {
			t.Errorf("the file says quality %d (%v), the result %d", h.Quality.Value, err, r.Quality)
		}
		if _, lowered := kinds(r)[ChangeQualityLowered]; lowered != (r.Quality < 90) {
			t.Errorf("quality %d: %+v", r.Quality, r.Changes)
		}
	}
	_, err := Image(context.Background(), file, &Options{MaxBytes: at(70) - 1, MaxHeight: 199, MinSide: -1})
	var large *TooLargeError
	if !errors.As(err, &large) || large.Bytes != at(70) || large.MaxBytes != at(70)-1 || large.Quality != 70 || large.Width != 179 || large.Height != 199 {
		t.Errorf("got %v", err)
	}
	// A high MinQuality does not raise a low Quality.
	if r := normalized(t, file, &Options{Quality: 40, MaxHeight: 199, MinSide: -1}); r.Quality != 40 {
		t.Errorf("quality %d, want 40", r.Quality)
	}
	// As PNG it does not fit, so it is a JPEG, and the result says why.
	r := normalized(t, file, &Options{Format: FormatPNG, MaxBytes: 60_000})
	if r.Format != FormatJPEG || !strings.Contains(kinds(r)[ChangeReencoded].Text, "as PNG it would take") {
		t.Errorf("%s: %+v", r.Format, r.Changes)
	}
}

func TestSubsampling(t *testing.T) {
	file := jpegOf(t, pictured(640, 1200), 95)
	for full, want := range map[bool]string{false: "4:2:0", true: "4:4:4"} {
		r := normalized(t, file, &Options{FullChroma: full})
		decoded(t, r)
		if h, err := jpeg.ParseHeader(r.Data); err != nil || h.Subsampling() != want {
			t.Errorf("%s (%v), want %s", h.Subsampling(), err, want)
		}
	}
}

func TestFlatten(t *testing.T) {
	m := pictured(500, 500)
	for i := 3; i < len(m.Pix); i += 4 {
		m.Pix[i] = 128
	}
	p := image.NewPaletted(image.Rect(0, 0, 500, 500), color.Palette{color.NRGBA{200, 40, 40, 128}, color.NRGBA{}})
	copy(p.Pix[p.Stride*250:], bytes.Repeat([]byte{1}, p.Stride*250))
	for name, file := range map[string][]byte{"alpha": pngOf(t, m), "palette": pngOf(t, p)} {
		for _, f := range []Format{FormatPNG, FormatJPEG, FormatAuto} {
			r := normalized(t, file, &Options{Format: f})
			got := decoded(t, r)
			// (200·128 + 255·127)/255 = 227.4, (40·128 + 255·127)/255 = 147.1
			if c := got.At(20, 20); distance(c, color.NRGBA{227, 147, 147, 255}) > 3 {
				t.Errorf("%s %s: %v", name, f, c)
			}
			if name == "palette" && distance(got.At(20, 490), color.White) > 1 {
				t.Errorf("%s %s: what was transparent is %v", name, f, got.At(20, 490))
			}
			if _, ok := kinds(r)[ChangeFlattened]; !ok || !opaque(got) {
				t.Errorf("%s %s: %+v", name, f, r.Changes)
			}
		}
	}
	// An alpha channel that hides nothing is no reason to touch the pixels.
	file := pngWithAlpha(t, 500, 500)
	if r := normalized(t, file, nil); r.Reencoded || r.Format != FormatPNG {
		t.Errorf("opaque: %+v", r.Changes)
	}
}

// pngWithAlpha is a PNG of colour type 6, all of it opaque black, which
// image/png does not write.
func pngWithAlpha(t *testing.T, w, h int) []byte {
	t.Helper()
	ihdr := binary.BigEndian.AppendUint32(nil, uint32(w))
	ihdr = binary.BigEndian.AppendUint32(ihdr, uint32(h))
	ihdr = append(ihdr, 8, 6, 0, 0, 0)
	row := append([]byte{0}, bytes.Repeat([]byte{0, 0, 0, 255}, w)...)
	file := pngOf(t, image.NewGray(image.Rect(0, 0, 1, 1)))
	end := file[len(file)-12:]
	file = withChunk(append(bytes.Clone(file[:33]), end...), "IDAT", deflated(bytes.Repeat(row, h)))
	// withChunk copies the old IHDR; put the new one in its place.
	fresh := withChunk(append(bytes.Clone(file[:8]), make([]byte, 25)...), "IHDR", ihdr)
	copy(file[8:33], fresh[33:58])
	if hd, err := png.ParseHeader(file); err != nil || hd.ColorType != 6 {
		t.Fatalf("%+v, %v", hd, err)
	}
	return file
}

func TestDepthAndGray(t *testing.T) {
	deep := image.NewNRGBA64(image.Rect(0, 0, 500, 500))
	gray16 := image.NewGray16(deep.Rect)
	gray8 := image.NewGray(deep.Rect)
	for y := range 500 {
		for x := range 500 {
			deep.Set(x, y, color.NRGBA64{uint16(x * 131), uint16(y * 131), 0x8000, 0xFFFF})
			gray16.SetGray16(x, y, color.Gray16{uint16(x * 131)})
			gray8.SetGray(x, y, color.Gray{uint8(x / 2)})
		}
	}
	for name, m := range map[string]image.Image{"16 bit": deep, "gray 16": gray16, "gray": gray8} {
		for _, f := range []Format{FormatJPEG, FormatPNG} {
			r := normalized(t, pngOf(t, m), &Options{Format: f})
			got := decoded(t, r)
			for _, p := range []image.Point{{100, 200}, {333, 17}} {
				if d := distance(got.At(p.X, p.Y), m.At(p.X, p.Y)); d > 4 {
					t.Errorf("%s as %s at %v: %v became %v", name, f, p, m.At(p.X, p.Y), got.At(p.X, p.Y))
				}
			}
			if _, ok := kinds(r)[ChangeDepthReduced]; ok != strings.Contains(name, "16") {
				t.Errorf("%s as %s: %+v", name, f, r.Changes)
			}
			if _, ok := got.(*image.Gray); ok != strings.HasPrefix(name, "gray") {
				t.Errorf("%s as %s became %T", name, f, got)
			}
		}
	}
}

func TestSmallest(t *testing.T) {
	for _, dims := range []size{{1, 1}, {1, 2000}, {3000, 1}, {17, 3}, {8, 8}, {9, 16}} {
		for o := 1; o <= 8; o++ {
			for _, full := range []bool{false, true} {
				file := withOrientation(jpegOf(t, pictured(dims.w, dims.h), 90), o)
				decoded(t, normalized(t, file, &Options{FullChroma: full, MaxHeight: 1000}))
			}
		}
	}
}

func TestDamagedAndForeign(t *testing.T) {
	sound := jpegOf(t, pictured(600, 600), 90)
	p := pngOf(t, noise(300, 300))
	for _, c := range []struct {
		name string
		data []byte
		kind ErrorKind
	}{
		{"nothing", nil, KindEmpty},
		{"text", []byte("hello"), KindUnsupported},
		{"GIF", []byte("GIF89a\x01\x00\x01\x00\x00\x00\x00;"), KindUnsupported},
		{"only SOI", sound[:3], KindTruncated},
		{"half a JPEG", sound[:len(sound)/2], KindTruncated},
		{"half a PNG", p[:len(p)/2], KindTruncated},
		{"bad PNG data", append(bytes.Clone(p[:100]), bytes.Repeat([]byte{7}, len(p)-100)...), KindDamaged},
		{"lossless", bytes.Replace(sound, []byte{0xFF, 0xC0}, []byte{0xFF, 0xC3}, 1), KindUnsupported},
	} {
		_, err := Image(context.Background(), c.data, nil)
		wantError(t, c.name, err, c.kind)
	}
}

func TestTooManyPixels(t *testing.T) {
	file := pngOf(t, image.NewGray(image.Rect(0, 0, 100, 100)))
	if _, err := Image(context.Background(), file, &Options{MaxPixels: 10_000}); err != nil {
		t.Error(err)
	}
	_, err := Image(context.Background(), file, &Options{MaxPixels: 9_999})
	wantError(t, "one too many", err, KindTooManyPixels)
	// Declared sizes alone, with hardly any data behind them.
	for _, dims := range [][2]uint32{{60_000, 60_000}, {1 << 20, 1}, {1, 1 << 30}} {
		huge := bytes.Clone(file)
		binary.BigEndian.PutUint32(huge[16:], dims[0])
		binary.BigEndian.PutUint32(huge[20:], dims[1])
		binary.BigEndian.PutUint32(huge[29:], crc(huge[12:29]))
		_, err := Image(context.Background(), huge, nil)
		wantError(t, fmt.Sprint(dims), err, KindTooManyPixels)
	}
}

func TestContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	file := jpegOf(t, noise(600, 1500), 90)
	cancel()
	if _, err := Image(ctx, file, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	// Ended while the file is being decoded, and later: every look at the
	// context can be the last one.
	for looks := 1; ; looks++ {
		c := &endingContext{Context: context.Background(), looks: looks}
		_, err := Image(c, file, &Options{MaxBytes: 300_000})
		if err == nil {
			if looks < 10 {
				t.Errorf("only %d looks at the context", looks)
			}
			break
		}
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("look %d: %v", looks, err)
		}
		looks += looks / 3
	}
}

// An endingContext ends at a certain look at it.
type endingContext struct {
	context.Context
	looks int
}

func (c *endingContext) Err() error {
	if c.looks--; c.looks <= 0 {
		return context.Canceled
	}
	return nil
}

func TestOptions(t *testing.T) {
	file := jpegOf(t, pictured(500, 500), 90)
	for _, o := range []Options{{Quality: 101}, {Quality: -1}, {MinQuality: 200}, {MaxPixels: -1}, {Format: "webp"}, {Profile: "maybe"}} {
		_, err := Image(context.Background(), file, &o)
		var e *Error
		if err == nil || errors.As(err, &e) {
			t.Errorf("%+v: %v", o, err)
		}
	}
}

func TestDeterministic(t *testing.T) {
	file := withOrientation(jpegOf(t, noise(300, 400), 90), 6)
	o := &Options{MaxHeight: 200, MinSide: -1}
	a, b := normalized(t, file, o), normalized(t, file, o)
	if !bytes.Equal(a.Data, b.Data) {
		t.Error("two runs, two files")
	}
	j1, err1 := json.Marshal(a)
	j2, err2 := json.Marshal(b)
	if err1 != nil || err2 != nil || !bytes.Equal(j1, j2) {
		t.Error("two runs, two reports", err1, err2)
	}
}

func TestJSON(t *testing.T) {
	r := normalized(t, withOrientation(jpegOf(t, pictured(1200, 1600), 95), 6), nil)
	got, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"format":"jpeg","content_type":"image/jpeg","width":1440,"height":1080,"bytes":` + fmt.Sprint(len(r.Data)) +
		`,"reencoded":true,"quality":90,"from_stored":[0,-0.9,1440,0.9,0,0],"from_upright":[0.9,0,0,0,0.9,0],"changes":[` +
		`{"kind":"resized","text":"Scaled from 1600x1200 to 1440x1080 px, because at most 1080 px of height are recommended.","from":"1600x1200","to":"1440x1080"},` +
		`{"kind":"rotated","text":"Made upright: turned by 90 degrees clockwise, as the file's orientation 6 says.","from":"orientation 6","to":"upright"},` +
		`{"kind":"reencoded","text":"Encoded anew as JPEG of quality 90, from JPEG.","from":"jpeg","to":"jpeg"},` +
		`{"kind":"metadata_removed","text":"Removed 36 bytes of metadata (Exif).","from":"Exif","removed_bytes":36}]}`
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestNumber(t *testing.T) {
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 2000000: "2,000,000", -1234: "-1,234", -999: "-999"} {
		if got := number(n); got != want {
			t.Errorf("number(%d) is %s, want %s", n, got, want)
		}
	}
}
