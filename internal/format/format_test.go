package format

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"image/gif"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/image/bmp"
	"golang.org/x/image/tiff"
)

// box is an ISO base media box.
func box(kind, body string) string {
	return string(binary.BigEndian.AppendUint32(nil, uint32(8+len(body)))) + kind + body
}

func ftyp(brands ...string) string {
	return box("ftyp", brands[0]+"\x00\x00\x00\x00"+strings.Join(brands[1:], ""))
}

// A tag is an entry of a TIFF directory with a value of up to four bytes, or a
// text.
type tag struct {
	id    uint16
	value uint32
	text  string
}

func tiffFile(order binary.ByteOrder, tags ...tag) string {
	b := []byte("II*\x00\x00\x00\x00\x00")
	if order == binary.BigEndian {
		b = []byte("MM\x00*\x00\x00\x00\x00")
	}
	order.PutUint32(b[4:], 8)
	u16 := func(v uint16) { b = append(b, 0, 0); order.PutUint16(b[len(b)-2:], v) }
	u32 := func(v uint32) { b = append(b, 0, 0, 0, 0); order.PutUint32(b[len(b)-4:], v) }
	texts := ""
	u16(uint16(len(tags)))
	end := 8 + 2 + 12*len(tags) + 4
	for _, t := range tags {
		u16(t.id)
		if t.text != "" {
			u16(2)
			u32(uint32(len(t.text)))
			u32(uint32(end + len(texts)))
			texts += t.text
		} else {
			u16(4)
			u32(1)
			u32(t.value)
		}
	}
	u32(0)
	return string(b) + texts
}

func TestDetect(t *testing.T) {
	le, be := binary.LittleEndian, binary.BigEndian
	size := []tag{{id: 0x100, value: 640}, {id: 0x101, value: 480}}
	tests := []struct {
		data          string
		name          string
		width, height int
	}{
		{"", "empty", 0, 0},
		{strings.Repeat("\x00", 100), "zeros", 0, 0},
		{"hello", "", 0, 0},
		{"\xff\xd8\xff\xe0", "jpeg", 0, 0},
		{"\xff\xd8\x00\xe0", "jpeg", 0, 0},
		{"\x89PNG\r\n\x1a\n", "png", 0, 0},
		{"\x89PNG\n\x1a\n", "png", 0, 0},
		{"\x09PNG\r\n\x1a\n", "png", 0, 0},
		{"\x89QNG\r\n\x1a\n\x00\x00\x00\x0dIHDR", "png", 0, 0},
		{"GIF89a\x40\x01\xf0\x00\x00\x00\x00", "gif", 320, 240},
		{"GIF87a", "gif", 0, 0},

		// HEIC of an iPhone, of a burst, HEIF without a codec, AVIF under either brand.
		{ftyp("heic", "mif1", "MiHB", "heic"), "heic", 0, 0},
		{ftyp("heix", "mif1"), "heic", 0, 0},
		{ftyp("hevc", "msf1"), "heic", 0, 0},
		{ftyp("mif1", "mif1", "heic", "hevc"), "heic", 0, 0},
		{ftyp("msf1", "mif1"), "heif", 0, 0},
		{ftyp("avif", "mif1", "miaf"), "avif", 0, 0},
		{ftyp("mif1", "miaf", "avif"), "avif", 0, 0},
		{ftyp("avis", "msf1"), "avif", 0, 0},
		{ftyp("crx ", "isom"), "cr3", 0, 0},
		{ftyp("qt  "), "mov", 0, 0},
		{ftyp("isom", "iso2", "avc1", "mp41"), "mp4", 0, 0},
		{ftyp("XXXX"), "mp4", 0, 0},
		{box("wide", "") + box("mdat", "abc"), "mov", 0, 0},
		{"\x00\x00\x00\x00wide....", "", 0, 0},

		{"RIFF\x1a\x00\x00\x00WEBPVP8L\x0d\x00\x00\x00\x2f\x3f\xc1\x3b\x00\x00\x00\x00\x00\x00\x00\x00\x00", "webp", 320, 240},
		{"RIFF\x1e\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x02\x00\x00\x00\x3f\x01\x00\xef\x00\x00", "webp", 320, 240},
		{"RIFF\x00\x00\x00\x00AVI LIST", "avi", 0, 0},
		{"RIFF\x00\x00\x00\x00WAVEfmt ", "", 0, 0},
		{"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\xf7\x81\x01\x42\xf2\x81\x04\x42\xf3\x81\x08\x42\x82\x84webm", "webm", 0, 0},
		{"\x1a\x45\xdf\xa3\x9f\x42\x82\x88matroska", "mkv", 0, 0},

		{tiffFile(le, size...), "tiff", 640, 480},
		{tiffFile(be, size...), "tiff", 640, 480},
		{tiffFile(le, tag{id: 0x10F, text: "NIKON CORPORATION\x00"}, tag{id: 0x14A, value: 8}), "nef", 0, 0},
		{tiffFile(be, tag{id: 0x10F, text: "SONY\x00"}, tag{id: 0x14A, value: 8}), "arw", 0, 0},
		{tiffFile(le, tag{id: 0x10F, text: "PENTAX Corporation\x00"}, tag{id: 0x14A, value: 8}), "pef", 0, 0},
		{tiffFile(le, tag{id: 0x10F, text: "NIKON CORPORATION\x00"}), "tiff", 0, 0}, // developed
		{tiffFile(be, tag{id: 0x10F, text: "NIKON\x00\x00"}, tag{id: 0xC612, value: 0x01040000}), "dng", 0, 0},
		{"II*\x00\x10\x00\x00\x00CR\x02\x00", "cr2", 0, 0},
		{"II+\x00\x08\x00\x00\x00", "tiff", 0, 0},
		{"II*\x00\xff\xff\xff\xff", "tiff", 0, 0},
		{"IIRO\x08\x00\x00\x00", "orf", 0, 0},
		{"IIU\x00\x18\x00\x00\x00", "rw2", 0, 0},
		{"FUJIFILMCCD-RAW 0201", "raf", 0, 0},
		{"II\xbc\x01", "jxr", 0, 0},

		{"\xff\x0a\xfa\x1f", "jxl", 0, 0},
		{"\x00\x00\x00\x0cJXL \r\n\x87\n", "jxl", 0, 0},
		{"\x00\x00\x00\x0cjP  \r\n\x87\n", "jp2", 0, 0},
		{"\xff\x4f\xff\x51\x00\x2f", "j2k", 0, 0},
		{"8BPS\x00\x01", "psd", 0, 0},
		{"\x00\x00\x01\x00\x01\x00\x10\x10\x00\x00" + strings.Repeat("x", 12), "ico", 0, 0},
		{"\x00\x00\x01\x00\x00\x00\x10\x10\x00\x00" + strings.Repeat("x", 12), "", 0, 0},
		{"P6\n128 128\n255\n", "pnm", 0, 0},
		{"P6x", "", 0, 0},
		{strings.Repeat("x", 30) + "TRUEVISION-XFILE.\x00", "tga", 0, 0},
		{"BMxxxxxxxxxxxx\x0c\x00\x00\x00\x40\x01\xf0\x00\x01\x00\x18\x00", "bmp", 320, 240},
		{"BMW is a car, and this is a text", "", 0, 0},

		{"%PDF-1.7\n", "pdf", 0, 0},
		{"junk before\n%PDF-1.4", "pdf", 0, 0},
		{"<svg xmlns='http://www.w3.org/2000/svg'/>", "svg", 0, 0},
		{"\xef\xbb\xbf<?xml version='1.0'?>\n<!-- a <html> comment -->\n<!DOCTYPE svg PUBLIC ''>\n<svg>", "svg", 0, 0},
		{"<?xml version='1.0'?><!-- no end", "", 0, 0},
		{"<?xml version='1.0'?><note/>", "", 0, 0},
		{"\n\n<!DOCTYPE HTML>\n", "html", 0, 0},
		{"<!-- x --><HTML lang=en>", "html", 0, 0},
		{"<?xml version='1.0'?><!DOCTYPE html>", "html", 0, 0},
		{"<script>alert(1)</script>", "html", 0, 0},
		{"data:image/jpeg;base64,/9j/4AAQ", "base64", 0, 0},
		{"/9j/4AAQSkZJRg", "base64", 0, 0},
		{"iVBORw0KGgoAAAANSUhEUg", "base64", 0, 0},

		{"PK\x03\x04\x14\x00", "zip", 0, 0},
		{"\x1f\x8b\x08\x00", "gzip", 0, 0},
		{"Rar!\x1a\x07\x01\x00", "rar", 0, 0},
		{"7z\xbc\xaf\x27\x1c", "7z", 0, 0},
		{"MZ\x90\x00" + strings.Repeat("\x00", 64), "exe", 0, 0},
		{"MZ", "", 0, 0},
		{"\x7fELF\x02\x01\x01", "elf", 0, 0},
	}
	for _, tt := range tests {
		f := Detect([]byte(tt.data))
		if f.Name != tt.name || f.Width != tt.width || f.Height != tt.height {
			t.Errorf("Detect(%.40q) = %q %dx%d, want %q %dx%d", tt.data, f.Name, f.Width, f.Height, tt.name, tt.width, tt.height)
		}
		if f.Title == "" || (f.Hint == "") != (f.Name == "jpeg" || f.Name == "png") {
			t.Errorf("Detect(%.40q): title %q, hint %q", tt.data, f.Title, f.Hint)
		}
	}
}

// TestDetectSizes compares with files that encoders of the same formats write.
func TestDetectSizes(t *testing.T) {
	m := image.NewPaletted(image.Rect(0, 0, 37, 23), color.Palette{color.Black, color.White})
	var b bytes.Buffer
	check := func(name string, animated bool) {
		t.Helper()
		f := Detect(b.Bytes())
		if f.Name != name || f.Width != 37 || f.Height != 23 || f.Animated != animated {
			t.Errorf("%s: got %+v", name, f)
		}
		b.Reset()
	}
	if err := tiff.Encode(&b, m, nil); err != nil {
		t.Fatal(err)
	}
	check("tiff", false)
	if err := bmp.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	check("bmp", false)
	if err := gif.Encode(&b, m, nil); err != nil {
		t.Fatal(err)
	}
	check("gif", false)
	if err := gif.EncodeAll(&b, &gif.GIF{Image: []*image.Paletted{m, m}, Delay: []int{1, 1}}); err != nil {
		t.Fatal(err)
	}
	check("gif", true)
}

func TestDetectAnimated(t *testing.T) {
	still := "RIFF\x1e\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x10\x00\x00\x00\x3f\x01\x00\xef\x00\x00"
	moving := strings.Replace(still, "\x00\x10\x00", "\x00\x12\x00", 1)
	for data, want := range map[string]bool{still: false, moving: true, ftyp("avis"): true, ftyp("avif"): false} {
		if f := Detect([]byte(data)); f.Animated != want {
			t.Errorf("Detect(%q).Animated = %v", data, f.Animated)
		}
	}
}

// TestDetectBounded: files that declare much, up to gigabytes, and hold little.
// The count is of the whole process, so there is some room.
func TestDetectBounded(t *testing.T) {
	entry := "\x0f\x01\x02\x00\xff\xff\xff\xff\x0a\x00\x00\x00" // a Make of 4 GiB
	bombs := map[string]string{
		"tiff": "II*\x00\x08\x00\x00\x00\xff\xff" + strings.Repeat(entry, 65535),
		"mp4":  "\xff\xff\xff\xffftypXXXX\x00\x00\x00\x00" + strings.Repeat("YYYY", 1<<18),
		"gif":  "GIF89a\xff\xff\xff\xff\x00\x00\x00" + strings.Repeat("\x21\xfe\x00", 1<<18),
		"webp": "RIFF\xff\xff\xff\xffWEBPICCP\xff\xff\xff\x00" + strings.Repeat("x", 1<<20),
	}
	for name, data := range bombs {
		b := []byte(data)
		if got := Detect(b).Name; got != name {
			t.Errorf("%s: got %q", name, got)
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		Detect(b)
		runtime.ReadMemStats(&after)
		if n := after.TotalAlloc - before.TotalAlloc; n > 512<<10 {
			t.Errorf("%s: %d bytes allocated", name, n)
		}
	}
}

func TestAppended(t *testing.T) {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	if err := w.SetComment("made by archive/zip"); err != nil {
		t.Fatal(err)
	}
	f, err := w.Create("evil.txt")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write([]byte("hello")); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	archive := b.String()
	tests := []struct{ tail, want string }{
		{"", ""},
		{"\x00\x00\xff\xff\r\n", "padding"},
		{"something", ""},
		{archive, "zip"},
		{"noise" + strings.Repeat("\x00", 100_000) + archive + "\x00\x00", "zip"},
		{"z PK\x05\x06 but not the record's zeros, and long enough", ""},
		{"PK\x05\x06" + strings.Repeat("\x00", 18) + strings.Repeat("z", 70_000), "zip"}, // by its start
		{"z PK\x05\x06" + strings.Repeat("\x00", 18) + strings.Repeat("z", 70_000), ""},  // too far from the end
		{"\n%PDF-1.7", "pdf"},
		{strings.Repeat("x", 1024) + "%PDF-1.7", ""},
		{"abc<SCRIPT>", "html"},
		{"<?php system($_GET[0]);", "html"},
		{"\x00\x00\xff\xd8\xff\xe1", "jpeg"},
		{"\xff\xff\xff\xd8\xff\xe1", "jpeg"},
		{"\xff\xd8\xff\xe1", "jpeg"},
		{ftyp("isom"), "mp4"},
		{"\x7fELF", "elf"},
	}
	for _, tt := range tests {
		if got := Appended([]byte(tt.tail)); got != tt.want {
			t.Errorf("Appended(%.20q) = %q, want %q", tt.tail, got, tt.want)
		}
	}
}

func FuzzDetect(f *testing.F) {
	f.Add([]byte(ftyp("mif1", "heic")))
	f.Add([]byte(tiffFile(binary.LittleEndian, tag{id: 0x10F, text: "NIKON CORPORATION\x00"}, tag{id: 0x14A, value: 8})))
	f.Add([]byte("GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff\x2c\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02\x44\x01\x00\x3b"))
	f.Add([]byte("<?xml version='1.0'?><!-- --><svg>"))
	f.Add([]byte("RIFF\x1a\x00\x00\x00WEBPVP8L\x0d\x00\x00\x00\x2f\x3f\xc1\x3b\x00\x00\x00\x00\x00\x00\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		d := Detect(data)
		if _, ok := titles[d.Name]; !ok {
			t.Errorf("no title for %q", d.Name)
		}
		if d.Width < 0 || d.Height < 0 {
			t.Errorf("size %dx%d", d.Width, d.Height)
		}
		if name := Appended(data); name != "padding" {
			if _, ok := titles[name]; !ok {
				t.Errorf("no title for appended %q", name)
			}
		}
	})
}

func BenchmarkDetect(b *testing.B) {
	data := []byte(tiffFile(binary.LittleEndian, tag{id: 0x10F, text: "NIKON CORPORATION\x00"}, tag{id: 0x14A, value: 8}))
	for b.Loop() {
		Detect(data)
	}
}
