package exif

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/preflight-go/preflight/internal/corpus"
	"github.com/preflight-go/preflight/internal/jpeg"
)

// Types of TIFF values.
const (
	tByte     = 1
	tASCII    = 2
	tShort    = 3
	tLong     = 4
	tRational = 5
)

// An entry of an IFD: its value is a text, numbers, or the offset of another
// IFD, which is filled in when the block is put together.
type entry struct {
	tag, typ uint16
	text     string
	nums     []uint32
	ifd      int // 1 for the second IFD of the block, and so on
	count    uint32
	offset   uint32 // with count: as they stand
}

func text(tag uint16, s string) entry { return entry{tag: tag, typ: tASCII, text: s + "\x00"} }

func short(tag uint16, n uint32) entry { return entry{tag: tag, typ: tShort, nums: []uint32{n}} }

func long(tag uint16, n uint32) entry { return entry{tag: tag, typ: tLong, nums: []uint32{n}} }

func rational(tag uint16, nums ...uint32) entry { return entry{tag: tag, typ: tRational, nums: nums} }
func sub(tag uint16, ifd int) entry             { return entry{tag: tag, typ: tLong, ifd: ifd} }
func raw(tag, typ uint16, count, off uint32) entry {
	return entry{tag: tag, typ: typ, count: count, offset: off}
}

type byteOrder interface {
	binary.ByteOrder
	binary.AppendByteOrder
}

// block puts IFDs together: a header, each IFD with its values behind it. The
// link of the first IFD goes to the IFD number next, if that is not 0.
func block(order byteOrder, next int, ifds ...[]entry) []byte {
	b := []byte("II*\x00")
	if order == binary.BigEndian {
		b = []byte("MM\x00*")
	}
	b = order.AppendUint32(b, 8)
	starts := make([]int, len(ifds))
	type fix struct{ at, ifd int }
	var fixes []fix
	for i, ifd := range ifds {
		starts[i] = len(b)
		b = order.AppendUint16(b, uint16(len(ifd)))
		values := len(b) + 12*len(ifd) + 4
		var tail []byte
		for _, e := range ifd {
			b = order.AppendUint16(b, e.tag)
			b = order.AppendUint16(b, e.typ)
			var v []byte
			count := uint32(len(e.nums))
			switch {
			case e.count > 0:
				b = order.AppendUint32(b, e.count)
				b = order.AppendUint32(b, e.offset)
				continue
			case e.ifd > 0:
				count = 1
				fixes = append(fixes, fix{len(b) + 4, e.ifd})
				v = make([]byte, 4)
			case e.typ == tASCII:
				v, count = []byte(e.text), uint32(len(e.text))
			case e.typ == tShort:
				for _, n := range e.nums {
					v = order.AppendUint16(v, uint16(n))
				}
			default:
				for _, n := range e.nums {
					v = order.AppendUint32(v, n)
				}
				if e.typ == tRational {
					count /= 2
				}
			}
			b = order.AppendUint32(b, count)
			if len(v) <= 4 {
				b = append(b, append(v, 0, 0, 0, 0)[:4]...)
			} else {
				b = order.AppendUint32(b, uint32(values+len(tail)))
				tail = append(tail, v...)
			}
		}
		if i == 0 && next > 0 {
			fixes = append(fixes, fix{len(b), next})
		}
		b = order.AppendUint32(b, 0)
		b = append(b, tail...)
	}
	for _, f := range fixes {
		order.PutUint32(b[f.at:], uint32(starts[f.ifd]))
	}
	return b
}

var position = []entry{rational(tagGPSLatitude, 48, 1, 12, 1, 30, 1), rational(tagGPSLongitude, 16, 1, 22, 1, 0, 1)}

func TestParse(t *testing.T) {
	for _, order := range []byteOrder{binary.LittleEndian, binary.BigEndian} {
		b := block(order, 3,
			[]entry{text(tagMake, "Maker"), text(tagModel, "Model 7  "), short(tagOrientation, 6), text(tagSoftware, "1.0"), sub(tagExifIFD, 1), sub(tagGPSIFD, 2)},
			[]entry{text(tagDateTimeOriginal, "2024:05:06 07:08:09"), long(tagPixelXDimension, 4032), short(tagPixelYDimension, 3024)},
			position,
			[]entry{long(tagThumbnail, 100)},
		)
		f, err := Parse(b)
		want := Facts{
			Orientation: 6, Make: "Maker", Model: "Model 7", Software: "1.0", DateTimeOriginal: "2024:05:06 07:08:09",
			GPS: true, HasThumbnail: true, PixelXDimension: 4032, PixelYDimension: 3024,
		}
		if err != nil || *f != want {
			t.Errorf("%v: got %+v, %v\nwant %+v", order, *f, err, want)
		}
	}
}

func TestOrientation(t *testing.T) {
	for n := range uint32(12) {
		want := int(n)
		if n > 8 {
			want = 0
		}
		for _, e := range []entry{short(tagOrientation, n), long(tagOrientation, n)} {
			if f, err := Parse(block(binary.BigEndian, 0, []entry{e})); f.Orientation != want || err != nil {
				t.Errorf("type %d, %d: %d, %v", e.typ, n, f.Orientation, err)
			}
		}
	}
}

func TestGPS(t *testing.T) {
	tests := []struct {
		name string
		gps  []entry
		want bool
	}{
		{"a position", position, true},
		{"latitude only", position[:1], true},
		{"the equator", []entry{rational(tagGPSLatitude, 0, 1, 0, 1, 0, 1)}, true},
		{"no fix", []entry{rational(tagGPSLatitude, 0, 0, 0, 0, 0, 0), rational(tagGPSLongitude, 0, 0, 0, 0, 0, 0)}, false},
		{"a version only", []entry{raw(0, tByte, 4, 0x0202)}, false},
		{"altitude only", []entry{rational(6, 100, 1)}, false},
		{"as text", []entry{text(tagGPSLatitude, "48.2083")}, true},
		{"as an empty text", []entry{text(tagGPSLatitude, "   ")}, false},
		{"nothing", nil, false},
	}
	for _, tt := range tests {
		f, err := Parse(block(binary.LittleEndian, 0, []entry{sub(tagGPSIFD, 1)}, tt.gps))
		if f.GPS != tt.want || err != nil {
			t.Errorf("%s: %v, %v, want %v", tt.name, f.GPS, err, tt.want)
		}
	}
}

// TestDamage: what can be read is, and the error tells of the first damage.
func TestDamage(t *testing.T) {
	le := binary.LittleEndian
	good := short(tagOrientation, 3)
	tests := []struct {
		name   string
		block  []byte
		reason string
		want   int // Orientation
	}{
		{"empty", nil, "too short", 0},
		{"no TIFF", []byte("hello, world"), "no TIFF header", 0},
		{"IFD beyond the end", []byte("II*\x00\xff\x00\x00\x00"), "IFD beyond the end", 0},
		{"IFD far beyond", []byte("II*\x00\xff\xff\xff\xff"), "IFD beyond the end", 0},
		{"cut", block(le, 0, []entry{good, text(tagMake, "Maker")})[:8+2+12+6], "IFD with 2 entries, of which 1 fit", 3},
		{"value beyond the end", block(le, 0, []entry{raw(tagMake, tASCII, 100, 1<<31), good}), "value beyond the end", 3},
		// 8 × 536870913 is 8 in 32 bits.
		{"overflow", block(le, 0, []entry{raw(tagMake, tRational, 536870913, 8), good}), "value of 4294967304 bytes", 3},
		{"too long", block(le, 0, []entry{raw(tagMake, tASCII, MaxValue+1, 8), good}), "value of 1025 bytes", 3},
		{"2^32 - 1 values", block(le, 0, []entry{raw(tagMake, tASCII, 1<<32-1, 8), good}), "value of 4294967295 bytes", 3},
		{"unknown type", block(le, 0, []entry{raw(tagMake, 99, 1, 0), good}), "type 99", 3},
		{"number as text", block(le, 0, []entry{short(tagMake, 7), good}), "", 3},
		{"text as number", block(le, 0, []entry{good, text(tagPixelXDimension, "x"), sub(tagExifIFD, 1)}, []entry{text(tagPixelXDimension, "wide")}), "", 3},
		{"loop to itself", block(le, 0, []entry{good, sub(tagExifIFD, 0), raw(tagExifIFD, tLong, 1, 8)}), "referred to twice", 3},
		{"next is itself", patch(block(le, 0, []entry{good}), 8+2+12, 8), "referred to twice", 3},
		{"Exif and GPS the same", block(le, 0, []entry{good, sub(tagExifIFD, 1), sub(tagGPSIFD, 1)}, position), "referred to twice", 3},
	}
	for _, tt := range tests {
		f, err := Parse(tt.block)
		var fe *FormatError
		if !errors.As(err, &fe) || !strings.Contains(fe.Reason, tt.reason) || f.Orientation != tt.want {
			t.Errorf("%s: %+v, %v; want %q, orientation %d", tt.name, f, err, tt.reason, tt.want)
		}
	}
}

func patch(b []byte, at int, v uint32) []byte {
	binary.LittleEndian.PutUint32(b[at:], v)
	return b
}

// TestBounded: hostile blocks take no more than their share of memory.
func TestBounded(t *testing.T) {
	le := binary.LittleEndian
	many := func(e entry, n int) []entry { return slices.Repeat([]entry{e}, n) }
	filler := strings.Repeat("\x00", 1<<16)
	tests := map[string][]byte{
		"4 GiB values":               block(le, 0, many(raw(tagMake, tLong, 1<<30-1, 8), 1000)),
		"overflowing values":         block(le, 0, many(raw(tagMake, tRational, 1<<29+1, 8), 1000)),
		"many entries, one value":    append(block(le, 0, many(raw(tagOrientation, tByte, MaxValue, 8), 5000)), filler...),
		"many texts, one value":      append(block(le, 0, many(raw(tagMake, tASCII, MaxValue, 60000), 5000)), filler...),
		"65535 entries":              block(le, 0, many(short(0x9999, 1), 65535)),
		"GPS of many rationals":      append(block(le, 0, []entry{sub(tagGPSIFD, 1)}, many(raw(tagGPSLatitude, tRational, 1<<16, 8), 5000)), filler...),
		"IFD pointers in a long run": block(le, 0, many(raw(tagExifIFD, tLong, 1, 8), 60000)),
	}
	for name, b := range tests {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		f, err := Parse(b)
		runtime.ReadMemStats(&after)
		// Without a bound it would be 165 MB and more; the race detector
		// doubles what is needed.
		if n := after.TotalAlloc - before.TotalAlloc; n > 4<<20 {
			t.Errorf("%s: %d bytes allocated", name, n)
		}
		if err == nil || f == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestHasLocation(t *testing.T) {
	tests := map[string]bool{
		"": false,
		`<rdf:Description exif:GPSLatitude="48,12.5N"/>`:  true,
		`<exif:GPSLongitude>16,22.3E</exif:GPSLongitude>`: true,
		"<rdf:Description exif:GPSLongitude\n= '1'>":      true,
		`<exif:GPSLatitudeRefX/><exif:GPSLatitude>1`:      true,
		`<exif:GPSAltitude>100</exif:GPSAltitude>`:        false,
		`<exif:GPSLatitudeSomething>`:                     false,
		`exif:GPSLatitude`:                                false,
	}
	for xmp, want := range tests {
		if got := HasLocation([]byte(xmp)); got != want {
			t.Errorf("%s: %v", xmp, got)
		}
	}
}

// TestCorpus compares with the orientations in the corpus' manifest.
func TestCorpus(t *testing.T) {
	root, rows := corpus.Dir(t), corpus.Rows(t, "manifest.csv")
	compared, damaged := 0, 0
	for _, r := range rows[1:] {
		tags := strings.Split(r[15], ";")
		data, err := os.ReadFile(filepath.Join(root, r[0]))
		if err != nil || !bytes.HasPrefix(data, []byte("\xff\xd8\xff")) {
			continue
		}
		h, _ := jpeg.ParseHeader(data)
		if h.EXIF == nil {
			continue
		}
		facts, err := Parse(h.EXIF)
		if err != nil {
			damaged++
			t.Logf("%s: %v", r[0], err)
		}
		for _, tag := range tags {
			n, err := strconv.Atoi(strings.TrimPrefix(tag, "orient"))
			if err != nil || !strings.HasPrefix(tag, "orient") {
				continue
			}
			if n < 0 || n > 8 {
				n = 0
			}
			compared++
			if facts.Orientation != n {
				t.Errorf("%s: orientation %d, want %d", r[0], facts.Orientation, n)
			}
		}
	}
	t.Logf("%d orientations compared, %d blocks damaged", compared, damaged)
	if compared == 0 {
		t.Error("the manifest has no orientations")
	}
}

func FuzzParse(f *testing.F) {
	for _, order := range []byteOrder{binary.LittleEndian, binary.BigEndian} {
		f.Add(block(order, 3,
			[]entry{text(tagMake, "Maker"), short(tagOrientation, 6), sub(tagExifIFD, 1), sub(tagGPSIFD, 2)},
			[]entry{text(tagDateTimeOriginal, "2024:05:06 07:08:09"), long(tagPixelXDimension, 4032)},
			position, []entry{long(tagThumbnail, 100)}))
	}
	f.Add(block(binary.LittleEndian, 0, []entry{raw(tagMake, tRational, 1<<29+1, 8)}))
	f.Fuzz(func(t *testing.T, data []byte) {
		facts, err := Parse(data)
		if facts == nil {
			t.Fatal("no facts")
		}
		if facts.Orientation < 0 || facts.Orientation > 8 || len(facts.Make) > 3*MaxValue || len(facts.Model) > 3*MaxValue {
			t.Fatalf("%+v", facts)
		}
		var fe *FormatError
		if err != nil && (!errors.As(err, &fe) || fe.Offset < 0 || fe.Reason == "") {
			t.Fatalf("%v", err)
		}
		again, err2 := Parse(data)
		if *again != *facts || (err == nil) != (err2 == nil) {
			t.Fatalf("%+v, then %+v", facts, again)
		}
		HasLocation(data)
	})
}

func BenchmarkParse(b *testing.B) {
	data := block(binary.LittleEndian, 0,
		[]entry{text(tagMake, "Maker"), text(tagModel, "Model 7"), short(tagOrientation, 6), sub(tagExifIFD, 1), sub(tagGPSIFD, 2)},
		[]entry{text(tagDateTimeOriginal, "2024:05:06 07:08:09"), long(tagPixelXDimension, 4032)},
		position)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(data); err != nil {
			b.Fatal(err)
		}
	}
}
