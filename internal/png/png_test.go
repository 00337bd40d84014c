package png

import (
	"bytes"
	"compress/zlib"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/png"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/preflight-go/preflight/internal/corpus"
)

func chunk(name, body string) string {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(body)))
	b = append(b, name+body...)
	return string(binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE([]byte(name+body))))
}

// damaged is a chunk with a wrong CRC.
func damaged(name, body string) string {
	c := []byte(chunk(name, body))
	c[len(c)-1] ^= 1
	return string(c)
}

func ihdr(width, height uint32, depth, colorType, interlace byte) string {
	b := binary.BigEndian.AppendUint32(nil, width)
	b = binary.BigEndian.AppendUint32(b, height)
	return chunk("IHDR", string(append(b, depth, colorType, 0, 0, interlace)))
}

func deflate(s string) string {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	if _, err := io.WriteString(w, s); err != nil {
		panic(err)
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return b.String()
}

var (
	small = signature + ihdr(2, 2, 8, 0, 0)                    // a gray picture of 2 × 2
	idat  = chunk("IDAT", deflate("\x00\x01\x02\x00\x03\x04")) // its pixels
	iend  = chunk("IEND", "")
)

func mustParse(t testing.TB, data []byte) *Header {
	t.Helper()
	h, err := ParseHeader(data)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func encode(t testing.TB, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func photo(w, h int) *image.NRGBA {
	r := rand.New(rand.NewPCG(1, 2))
	m := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			m.SetNRGBA(x, y, color.NRGBA{uint8(x*3 + r.IntN(20)), uint8(y*3 + r.IntN(20)), uint8(x + y), uint8(255 - r.IntN(2))})
		}
	}
	return m
}

func TestParseHeader(t *testing.T) {
	data := signature + ihdr(3, 2, 8, 3, 1) +
		chunk("gAMA", "\x00\x00\xb1\x8f") +
		chunk("sRGB", "\x00") +
		chunk("iCCP", "name\x00\x00"+deflate("profile")) +
		chunk("PLTE", "abcdef") +
		chunk("tRNS", "\x00") +
		chunk("acTL", "\x00\x00\x00\x07\x00\x00\x00\x00") +
		chunk("eXIf", "II*\x00") +
		chunk("iTXt", "XML:com.adobe.xmp\x00\x01\x00en\x00title\x00"+deflate("<xmp/>")) +
		chunk("tEXt", "Comment\x00hello") +
		chunk("prIv", "private") +
		chunk("IDAT", "\x78") + chunk("IDAT", "") + chunk("IDAT", "\x9c123") +
		chunk("tIME", "1234567") + iend
	h := mustParse(t, []byte(data))
	got := fmt.Sprint(h.Width, h.Height, h.BitDepth, h.ColorType, h.Interlaced, h.Palette, h.Transparent, h.Frames, h.SRGB, h.Gamma, h.DataBytes, h.RawBytes, h.HasIEND, h.End == len(data))
	// Adam7 on 3 × 2 of 8 bits: pass 1 has one pixel, pass 4 another, pass 6
	// one, pass 7 a row of three: with the filter bytes 2 + 2 + 2 + 4.
	if want := "3 2 8 3 true 2 true 7 true 45455 5 10 true true"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if string(h.EXIF) != "II*\x00" || string(h.XMP) != "<xmp/>" || string(h.ICC) != "profile" {
		t.Errorf("metadata: %q %q %q", h.EXIF, h.XMP, h.ICC)
	}
	if len(h.Warnings) != 0 || h.Trailer != (Trailer{Offset: len(data)}) {
		t.Errorf("warnings %v, trailer %+v", h.Warnings, h.Trailer)
	}
	var names []string
	at := 8
	for _, c := range h.Chunks {
		names = append(names, c.Type)
		if c.Offset != at || data[at+4:at+8] != c.Type || c.BadCRC {
			t.Errorf("chunk %+v, want offset %d", c, at)
		}
		at += 12 + c.Length
	}
	if want := "IHDR gAMA sRGB iCCP PLTE tRNS acTL eXIf iTXt tEXt prIv IDAT IDAT IDAT tIME IEND"; strings.Join(names, " ") != want {
		t.Errorf("chunks %s, want %s", names, want)
	}
}

func TestErrors(t *testing.T) {
	rgb := signature + ihdr(1, 1, 8, 2, 0)
	indexed := signature + ihdr(1, 1, 4, 3, 0)
	long := "\x00\x00\x10\x00" // the length 4096
	tests := []struct {
		name, before, after, reason string
		truncated                   bool
	}{
		{"empty", "", "", "signature", false},
		{"text mode", "", "\x89PNG\n\x1a\n", "signature", false},
		{"signature alone", signature, "", "ends before the image data", true},
		{"CgBI", signature, chunk("CgBI", "\x50\x00\x20\x02") + ihdr(1, 1, 8, 6, 0), "CgBI", false},
		{"no IHDR", signature, chunk("gAMA", "1234"), "first chunk is not IHDR", false},
		{"second IHDR", rgb, ihdr(1, 1, 8, 2, 0), "second IHDR", false},
		{"IHDR length", signature, chunk("IHDR", "123"), "IHDR chunk of 3 bytes", false},
		{"IHDR CRC", signature, damaged("IHDR", "\x00\x00\x00\x01\x00\x00\x00\x01\x08\x02\x00\x00\x00"), "IHDR chunk with a wrong CRC", false},
		{"no width", signature, ihdr(0, 1, 8, 2, 0), "size of 0x1", false},
		{"2^31 rows", signature, ihdr(1, 1<<31, 8, 2, 0), "size of 1x2147483648", false},
		{"colour type", signature, ihdr(1, 1, 8, 1, 0), "colour type 1 with 8 bits", false},
		{"bit depth", signature, ihdr(1, 1, 16, 3, 0), "colour type 3 with 16 bits", false},
		{"bit depth of RGB", signature, ihdr(1, 1, 4, 2, 0), "colour type 2 with 4 bits", false},
		{"interlace", signature, ihdr(1, 1, 8, 2, 2), "interlace method 2", false},
		{"compression", signature, chunk("IHDR", "\x00\x00\x00\x01\x00\x00\x00\x01\x08\x02\x01\x00\x00"), "compression method 1", false},
		{"filter", signature, chunk("IHDR", "\x00\x00\x00\x01\x00\x00\x00\x01\x08\x02\x00\x01\x00"), "filter method 1", false},
		{"no palette", indexed, idat, "no PLTE", false},
		{"two palettes", indexed + chunk("PLTE", "abc"), chunk("PLTE", "abc"), "second PLTE", false},
		{"palette of 4 bytes", indexed, chunk("PLTE", "abcd"), "PLTE chunk of 4 bytes", false},
		{"palette of 17", indexed, chunk("PLTE", strings.Repeat("abc", 17)), "PLTE chunk of 51 bytes", false},
		{"palette CRC", indexed, damaged("PLTE", "abc"), "PLTE chunk with a wrong CRC", false},
		{"IDAT CRC", small, damaged("IDAT", deflate("")), "IDAT chunk with a wrong CRC", false},
		{"not zlib", small, chunk("IDAT", "hello"), "not a zlib stream", false},
		{"zlib with a dictionary", small, chunk("IDAT", "\x78\xbb1234"), "not a zlib stream", false},
		{"no IDAT", small, iend, "ends before any image data", false},
		{"cut before IDAT", small, "", "ends before the image data", true},
		{"cut in a length", small, "\x00\x00", "ends before the image data", true},
		{"cut in IDAT", small, idat[:15], "IDAT chunk of", true},
		{"cut in the CRC of IDAT", small, idat[:len(idat)-1], "IDAT chunk of", true},
		{"cut in text", small, long + "tEXt", "tEXt chunk of 4096 bytes with only 0 left", true},
		{"lost", small, long + "\x00\x01\x02\x03", "no chunk", false},
		{"length over 2^31", small, "\x80\x00\x00\x00IDAT", "IDAT chunk of 2147483648", false},
	}
	for _, tt := range tests {
		h, err := ParseHeader([]byte(tt.before + tt.after))
		var fe *FormatError
		if !errors.As(err, &fe) || h == nil {
			t.Errorf("%s: error %v, header %v", tt.name, err, h)
			continue
		}
		if fe.Offset != len(tt.before) || fe.Truncated != tt.truncated || fe.Bomb || !strings.Contains(fe.Reason, tt.reason) {
			t.Errorf("%s: %+v, want offset %d, truncated %v, %q", tt.name, *fe, len(tt.before), tt.truncated, tt.reason)
		}
		if want := fmt.Sprintf("png: %s, at byte %d", fe.Reason, fe.Offset); err.Error() != want {
			t.Errorf("%s: %q, want %q", tt.name, err, want)
		}
	}
}

// TestWarnings: damage that is no reason to refuse. image/png refuses most of
// these files; Decode decodes them all, and Strip makes them whole. A missing
// IEND has no warning: HasIEND tells.
func TestWarnings(t *testing.T) {
	tests := []struct{ name, before, after, reason string }{
		{"text CRC", small, damaged("tEXt", "a\x00b") + idat + iend, `"tEXt" chunk with a wrong CRC`},
		{"gAMA CRC", small, damaged("gAMA", "1234") + idat + iend, `"gAMA" chunk with a wrong CRC`},
		{"tRNS CRC", small, damaged("tRNS", "\x00\x01") + idat + iend, `"tRNS" chunk with a wrong CRC`},
		{"tRNS length", small, chunk("tRNS", "\x00") + idat + iend, "tRNS"},
		{"tRNS twice", small + chunk("tRNS", "\x00\x01"), chunk("tRNS", "\x00\x02") + idat + iend, "tRNS"},
		{"tRNS behind the pixels", small + idat, chunk("tRNS", "\x00\x01") + iend, "tRNS"},
		{"palette in gray", small, chunk("PLTE", "abc") + idat + iend, "gray"},
		{"unknown critical chunk", small, chunk("ABCD", "abc") + idat + iend, `"ABCD" chunk, critical`},
		{"IDAT on its own", small + idat + chunk("tIME", "1234567"), idat + iend, "does not follow"},
		{"no IEND", small + idat, "", ""},
		{"half of IEND", small + idat, iend[:9], ""},
		{"cut behind the pixels", small + idat, chunk("tEXt", "a\x00bcdefgh")[:16], ""},
		{"noise behind the pixels", small + idat, "a trailer without IEND", ""},
		{"IEND CRC", small + idat, damaged("IEND", ""), "IEND"},
		{"IEND with data", small + idat, chunk("IEND", "x"), "IEND"},
		{"profile", small, chunk("iCCP", "name\x00\x00nonsense") + idat + iend, "ICC profile"},
		{"no profile", small, chunk("iCCP", "name") + idat + iend, "without a profile"},
		{"profile too long", small, chunk("iCCP", "name\x00\x00"+deflate(strings.Repeat("x", MaxICC+1))) + idat + iend, "more than 1048576 bytes"},
		{"XMP too long", small, chunk("iTXt", "XML:com.adobe.xmp\x00\x01\x00\x00\x00"+deflate(strings.Repeat("x", MaxXMP+1))) + idat + iend, "more than 1048576 bytes"},
		{"XMP cut", small, chunk("iTXt", "XML:com.adobe.xmp\x00\x00\x00en") + idat + iend, "ends early"},
	}
	want := image.NewGray(image.Rect(0, 0, 2, 2))
	copy(want.Pix, "\x01\x02\x03\x04")
	for _, tt := range tests {
		data := []byte(tt.before + tt.after)
		h, err := ParseHeader(data)
		if tt.reason == "" {
			if err != nil || len(h.Warnings) != 0 || h.HasIEND {
				t.Errorf("%s: %v, %v, HasIEND %v", tt.name, err, h.Warnings, h.HasIEND)
				continue
			}
		} else if err != nil || len(h.Warnings) != 1 || h.Warnings[0].Offset != len(tt.before) || !strings.Contains(h.Warnings[0].Reason, tt.reason) {
			t.Errorf("%s: %v, %v, want %q at %d", tt.name, err, h.Warnings, tt.reason, len(tt.before))
			continue
		}
		if h.ICC != nil || h.XMP != nil {
			t.Errorf("%s: damaged metadata was kept", tt.name)
		}
		if tt.name == "tRNS twice" {
			continue // transparent, so another kind of image
		}
		m, err := Decode(context.Background(), data, h)
		if err != nil || !reflect.DeepEqual(m, want) {
			t.Errorf("%s: decoded %v, %v", tt.name, m, err)
		}
		if m, err := png.Decode(bytes.NewReader(Strip(data, h, true))); err != nil || !reflect.DeepEqual(m, want) {
			t.Errorf("%s: stripped, decoded %v, %v", tt.name, m, err)
		}
	}
	// A full profile is kept.
	h := mustParse(t, []byte(small+chunk("iCCP", "name\x00\x00"+deflate(strings.Repeat("x", MaxICC)))+idat+iend))
	if len(h.ICC) != MaxICC {
		t.Errorf("profile of %d bytes", len(h.ICC))
	}
}

func TestTrailer(t *testing.T) {
	for tail, kind := range map[string]string{
		"": "", "\x00\x00": "padding", "junk": "", "PK\x03\x04...": "zip", "%PDF-1.5": "pdf", "<html>": "html", small: "png",
	} {
		data := small + idat + iend + tail
		want := Trailer{Offset: len(data) - len(tail), Length: len(tail), Kind: kind}
		if h := mustParse(t, []byte(data)); h.Trailer != want {
			t.Errorf("%q: %+v, want %+v", tail, h.Trailer, want)
		}
	}
}

func TestBombs(t *testing.T) {
	for extra, want := range map[int]bool{0: false, 1: true} {
		_, err := ParseHeader([]byte(small + strings.Repeat(chunk("tEXt", ""), MaxChunks-3+extra) + idat + iend))
		var fe *FormatError
		if bomb := errors.As(err, &fe) && fe.Bomb; bomb != want || err != nil && !bomb {
			t.Errorf("%d chunks: %v", MaxChunks+extra, err)
		}
	}
}

// TestMinBytes: no picture compresses better than the bound says, and the
// flattest comes close.
func TestMinBytes(t *testing.T) {
	data := encode(t, image.NewGray(image.Rect(0, 0, 4000, 4000)))
	h := mustParse(t, data)
	if h.RawBytes != 4000*4001 || h.DataBytes < h.MinBytes() || h.DataBytes > 2*h.MinBytes() {
		t.Errorf("%d bytes raw, %d compressed, bound %d", h.RawBytes, h.DataBytes, h.MinBytes())
	}
	bomb := []byte(signature + ihdr(60000, 60000, 8, 6, 0) + idat + iend)
	h = mustParse(t, bomb)
	// 60000 × (1 + 4 × 60000) bytes
	if h.RawBytes != 14400060000 || h.DataBytes >= h.MinBytes() {
		t.Errorf("bomb: %d raw, %d of %d bytes", h.RawBytes, h.DataBytes, h.MinBytes())
	}
	_, err := Decode(context.Background(), bomb, h)
	var fe *FormatError
	if !errors.As(err, &fe) || !fe.Truncated {
		t.Errorf("bomb: %v", err)
	}
	h = mustParse(t, []byte(signature+ihdr(math.MaxInt32, math.MaxInt32, 16, 6, 1)+idat+iend))
	if h.RawBytes != math.MaxInt64 || h.MinBytes() <= 0 {
		t.Errorf("largest: %d raw, bound %d", h.RawBytes, h.MinBytes())
	}
	if n := (&Header{}).MinBytes(); n != 0 {
		t.Errorf("nothing: %d", n)
	}
}

// TestRawBytes counts the pixels of each pass one by one.
func TestRawBytes(t *testing.T) {
	pass := func(x, y int) int { // PNG, 8.1: the pattern of 8 × 8 pixels
		return int([]string{"16462646", "77777777", "56565656", "77777777", "36463646", "77777777", "56565656", "77777777"}[y%8][x%8] - '1')
	}
	for w := 1; w <= 17; w++ {
		for h := 1; h <= 17; h++ {
			for _, bits := range []int{1, 2, 4, 8, 24, 64} {
				var rows [7]map[int]int // pixels by y
				for y := range h {
					for x := range w {
						p := pass(x, y)
						if rows[p] == nil {
							rows[p] = map[int]int{}
						}
						rows[p][y]++
					}
				}
				want := 0
				for _, r := range rows {
					for _, n := range r {
						want += 1 + (n*bits+7)/8
					}
				}
				if got := rawBytes(w, h, bits, true); got != int64(want) {
					t.Fatalf("%dx%d, %d bits: %d, want %d", w, h, bits, got, want)
				}
				if got, want := rawBytes(w, h, bits, false), int64(h*(1+(w*bits+7)/8)); got != want {
					t.Fatalf("%dx%d, %d bits: %d, want %d", w, h, bits, got, want)
				}
			}
		}
	}
}

func TestStrip(t *testing.T) {
	icc := chunk("iCCP", "name\x00\x00"+deflate("profile"))
	colour := chunk("gAMA", "\x00\x00\xb1\x8f") + chunk("cHRM", strings.Repeat("\x00", 32)) + chunk("sRGB", "\x00") + chunk("sBIT", "\x08")
	meta := chunk("tEXt", "Comment\x00TEXTSECRET") + chunk("zTXt", "SECRET") + chunk("iTXt", "XML:com.adobe.xmp\x00\x00\x00\x00\x00XMPSECRET") +
		chunk("eXIf", "EXIFSECRET") + chunk("tIME", "SECRET7") + chunk("caBX", "SECRET") + chunk("acTL", "\x00\x00\x00\x02\x00\x00\x00\x00") + chunk("fcTL", "SECRET") +
		chunk("prIV", "SECRET")
	data := []byte(small + icc + colour + meta + chunk("tRNS", "\x00\x01") + idat + chunk("fdAT", "SECRET") + iend + "SECRET")
	h := mustParse(t, data)
	for keep, want := range map[bool]string{
		false: small + colour + chunk("tRNS", "\x00\x01") + idat + iend,
		true:  small + icc + colour + chunk("tRNS", "\x00\x01") + idat + iend,
	} {
		out := Strip(data, h, keep)
		if string(out) != want {
			t.Errorf("keep %v: %q, want %q", keep, out, want)
		}
		if again := Strip(out, mustParse(t, out), keep); !bytes.Equal(out, again) {
			t.Errorf("keep %v: stripping twice gives something else", keep)
		}
	}
	plain := encode(t, photo(20, 10))
	if out := Strip(plain, mustParse(t, plain), true); !bytes.Equal(out, plain) {
		t.Error("nothing to strip, but something changed")
	}
}

func TestDecode(t *testing.T) {
	data := encode(t, photo(60, 40))
	h := mustParse(t, data)
	want, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if m, err := Decode(context.Background(), append(bytes.Clone(data), "trailer"...), h); err != nil || !reflect.DeepEqual(m, want) {
		t.Errorf("%v, or other pixels", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if m, err := Decode(ctx, data, h); m != nil || !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v, %v", m != nil, err)
	}
	// Cut anywhere before the end of IDAT, the file is truncated.
	last := h.Chunks[len(h.Chunks)-1].Offset
	for n := 8; n < last; n++ {
		_, err := ParseHeader(data[:n])
		var fe *FormatError
		if !errors.As(err, &fe) || !fe.Truncated {
			t.Fatalf("%d of %d bytes: %v", n, len(data), err)
		}
	}
	for n := last; n <= len(data); n++ {
		if m, err := Decode(context.Background(), data[:n], mustParse(t, data[:n])); err != nil || !reflect.DeepEqual(m, want) {
			t.Fatalf("%d of %d bytes: %v, or other pixels", n, len(data), err)
		}
	}
}

func TestDecodeErrors(t *testing.T) {
	rows := deflate("\x00\x01\x02\x00\x03\x04")
	tests := []struct {
		name, data, reason string
		truncated          bool
	}{
		{"a row is missing", small + chunk("IDAT", deflate("\x00\x01\x02")) + iend, "ends before", true},
		{"half of the data", small + chunk("IDAT", rows[:len(rows)/2]) + iend, "ends before", true},
		{"half of the data, no IEND", small + chunk("IDAT", rows[:len(rows)/2]), "ends before", true},
		{"the checksum is missing", small + chunk("IDAT", rows[:len(rows)-2]) + iend, "ends before", true},
		{"filter 9", small + chunk("IDAT", deflate("\x09\x01\x02\x00\x03\x04")) + iend, "bad filter type", false},
		{"checksum", small + chunk("IDAT", rows[:len(rows)-1]+"x") + iend, "checksum", false},
	}
	for _, tt := range tests {
		m, err := Decode(context.Background(), []byte(tt.data), mustParse(t, []byte(tt.data)))
		var fe *FormatError
		if m != nil || !errors.As(err, &fe) || fe.Truncated != tt.truncated || !strings.Contains(fe.Reason, tt.reason) || fe.Offset < len(small) || fe.Offset > len(tt.data) {
			t.Errorf("%s: %v, %+v; want %q, truncated %v", tt.name, m, err, tt.reason, tt.truncated)
		}
	}
}

// TestInflateBounded: what declares little and inflates to much.
func TestInflateBounded(t *testing.T) {
	bomb := deflate(strings.Repeat("\x00", 64<<20))
	data := []byte(small + chunk("iCCP", "n\x00\x00"+bomb) + chunk("iTXt", "XML:com.adobe.xmp\x00\x01\x00\x00\x00"+bomb) +
		chunk("iTXt", "XML:com.adobe.xmp\x00\x01\x00\x00\x00"+bomb) + idat + iend)
	n := testing.AllocsPerRun(1, func() { mustParse(t, data) })
	h := mustParse(t, data)
	if h.ICC != nil || h.XMP != nil || len(h.Warnings) != 2 {
		t.Errorf("%d bytes of ICC, %d of XMP, %v", len(h.ICC), len(h.XMP), h.Warnings)
	}
	// io.ReadAll grows by steps; without a bound it would take many more.
	if n > 200 {
		t.Errorf("%v allocations", n)
	}
}

func TestParseHeaderAllocations(t *testing.T) {
	data := encode(t, photo(20, 10))
	if n := testing.AllocsPerRun(100, func() { mustParse(t, data) }); n > 2 {
		t.Errorf("%v allocations, want 2: the Header and its Chunks", n)
	}
}

// TestCorpus: what image/png decodes is not refused, and decodes alike, also
// when stripped; and RawBytes is what the data inflate to.
func TestCorpus(t *testing.T) {
	root := corpus.Dir(t)
	names, err := filepath.Glob(filepath.Join(root, "*", "*"))
	if err != nil {
		t.Fatal(err)
	}
	both, neither, onlyUs := 0, 0, 0
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil || !bytes.HasPrefix(data, []byte(signature)) {
			continue
		}
		name = filepath.Base(name)
		h, err := ParseHeader(data)
		checkHeader(t, data, h)
		if int64(h.Width)*int64(h.Height) > 4<<20 {
			continue // a bomb
		}
		want, stdErr := png.Decode(bytes.NewReader(data))
		got := want
		if err == nil {
			got, err = Decode(context.Background(), data, h)
		}
		switch {
		case err != nil && stdErr != nil:
			neither++
			t.Logf("neither: %s: %v (image/png: %v)", name, err, stdErr)
		case err != nil:
			t.Errorf("image/png decodes %s, but: %v", name, err)
		case stdErr != nil:
			onlyUs++
			t.Logf("image/png refuses %s (%v), warnings %v", name, stdErr, h.Warnings)
		default:
			both++
			if !reflect.DeepEqual(got, want) {
				t.Errorf("%s: other pixels", name)
			}
			again, err := png.Decode(bytes.NewReader(Strip(data, h, false)))
			if err != nil || !reflect.DeepEqual(again, want) {
				t.Errorf("%s, stripped: %v, or other pixels", name, err)
			}
			var z bytes.Buffer
			for _, c := range h.Chunks {
				if c.Type == "IDAT" && !c.ignored {
					z.Write(data[c.Offset+8 : c.Offset+8+c.Length])
				}
			}
			r, err := zlib.NewReader(&z)
			if err != nil {
				t.Fatal(err)
			}
			if n, err := io.Copy(io.Discard, r); err != nil || n != h.RawBytes {
				t.Errorf("%s: %d bytes, want %d (%v)", name, h.RawBytes, n, err)
			}
		}
	}
	t.Logf("%d decoded by both, %d by us only, %d by neither", both, onlyUs, neither)
}

// checkHeader checks that all offsets lie in the data and fit each other.
func checkHeader(t *testing.T, data []byte, h *Header) {
	t.Helper()
	at := len(signature)
	for _, c := range h.Chunks {
		if c.Offset != at || c.Length < 0 || c.Offset+12+c.Length > len(data) || string(data[at+4:at+8]) != c.Type {
			t.Fatalf("chunk %+v, want one at %d of %d bytes", c, at, len(data))
		}
		at += 12 + c.Length
	}
	if len(h.Chunks) > 0 && h.End < at || h.End > len(data) {
		t.Fatalf("end %d, chunks up to %d of %d bytes", h.End, at, len(data))
	}
	if h.Trailer != (Trailer{}) && (h.Trailer.Offset != h.End || h.Trailer.Offset+h.Trailer.Length != len(data)) {
		t.Fatalf("trailer %+v, end %d of %d bytes", h.Trailer, h.End, len(data))
	}
	if len(h.ICC) > MaxICC || h.DataBytes > int64(len(data)) || h.RawBytes < 0 || h.Width < 0 || h.Height < 0 || h.Frames < 1 {
		t.Fatalf("%+v", h)
	}
}

func FuzzParseHeader(f *testing.F) {
	f.Add(encode(f, photo(5, 3)))
	f.Add([]byte(signature + ihdr(3, 2, 8, 3, 1) + chunk("PLTE", "abcdef") + chunk("tRNS", "\x00") + chunk("IDAT", deflate("\x00\x01\x02\x00\x03\x04")) + iend + "PK\x05\x06"))
	f.Add([]byte(small + chunk("iCCP", "name\x00\x00"+deflate("profile")) + chunk("iTXt", "XML:com.adobe.xmp\x00\x01\x00en\x00title\x00"+deflate("<xmp/>")) + damaged("tEXt", "") + idat + chunk("tIME", "")))
	f.Fuzz(func(t *testing.T, data []byte) {
		h, err := ParseHeader(data)
		checkHeader(t, data, h)
		if h.MinBytes() < 0 {
			t.Fatalf("MinBytes %d", h.MinBytes())
		}
		if int64(h.Width)*int64(h.Height) > 1<<20 {
			return
		}
		m, stdErr := png.Decode(bytes.NewReader(data))
		if err != nil {
			if stdErr == nil {
				t.Fatalf("image/png decodes this, but: %v", err)
			}
			return
		}
		out := Strip(data, h, true)
		s, err := ParseHeader(out)
		if err != nil || len(s.Warnings) > 0 {
			t.Fatalf("stripped: %v, %v", err, s.Warnings)
		}
		if s.Width != h.Width || s.Height != h.Height || s.DataBytes != h.DataBytes || s.RawBytes != h.RawBytes || s.Transparent != h.Transparent {
			t.Fatalf("stripped: %+v, was %+v", s, h)
		}
		if again := Strip(out, s, true); !bytes.Equal(out, again) {
			t.Fatalf("stripped twice:\n%q\n%q", out, again)
		}
		d, err := Decode(context.Background(), data, h)
		if (d == nil) == (err == nil) {
			t.Fatalf("decoded %v, %v", d, err)
		}
		if stdErr == nil && (err != nil || !reflect.DeepEqual(d, m)) {
			t.Fatalf("image/png decodes this, but: %v, or other pixels", err)
		}
	})
}

func BenchmarkParseHeader(b *testing.B) {
	for _, size := range []int{16, 1024} {
		data := encode(b, photo(size, size))
		b.Run(fmt.Sprintf("%dpx", size), func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := ParseHeader(data); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
