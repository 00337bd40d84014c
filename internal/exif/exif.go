package exif

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"strings"

	"github.com/rwcarlsen/goexif/tiff"
)

// Limits of the walk.
const (
	// MaxEntries is the number of entries that are looked at in one IFD; the
	// rest is ignored with an error. Cameras write up to about 60.
	MaxEntries = 1000

	// MaxValue is the length in bytes of the longest value that is read, and
	// MaxValues how many are, so that many entries cannot share one long
	// value. There are 11 tags that we read.
	MaxValue  = 1024
	MaxValues = 64
)

// Facts are what an EXIF block says. A field that is absent or damaged has its
// zero value.
type Facts struct {
	Orientation      int    // 1..8 (EXIF 0x0112); 0: absent or invalid
	Make             string // maker of the camera
	Model            string // of the camera
	Software         string
	DateTimeOriginal string // as it stands, "2006:01:02 15:04:05" in the camera's local time
	GPS              bool   // the GPS IFD has a latitude or a longitude
	HasThumbnail     bool   // IFD1 refers to one
	PixelXDimension  int    // width of the picture that the camera wrote, px
	PixelYDimension  int    // height
}

// A FormatError says where an EXIF block is damaged.
type FormatError struct {
	Offset int // from the start of the TIFF header
	Reason string
}

// Error returns the reason and the offset.
func (e *FormatError) Error() string {
	return fmt.Sprintf("exif: %s, at byte %d", e.Reason, e.Offset)
}

// Parse reads a TIFF structure, as it stands in JPEG's APP1 behind "Exif\0\0"
// or in PNG's eXIf. The Facts are never nil and hold all that could be read;
// the error, a *FormatError, tells of the first damage.
func Parse(block []byte) (*Facts, error) {
	p := parser{data: block, facts: &Facts{}}
	p.parse()
	if p.err != nil {
		return p.facts, p.err
	}
	return p.facts, nil
}

// Tags that we read (EXIF 2.32, 4.6).
const (
	tagMake             = 0x010F
	tagModel            = 0x0110
	tagStripOffsets     = 0x0111
	tagOrientation      = 0x0112
	tagSoftware         = 0x0131
	tagThumbnail        = 0x0201
	tagExifIFD          = 0x8769
	tagGPSIFD           = 0x8825
	tagDateTimeOriginal = 0x9003
	tagPixelXDimension  = 0xA002
	tagPixelYDimension  = 0xA003
	tagGPSLatitude      = 0x0002
	tagGPSLongitude     = 0x0004
)

type parser struct {
	data    []byte
	order   binary.ByteOrder
	facts   *Facts
	visited []uint32 // offsets of the IFDs
	values  int      // that were decoded
	err     *FormatError
}

func (p *parser) fail(offset int, reason string) {
	if p.err == nil {
		p.err = &FormatError{Offset: offset, Reason: reason}
	}
}

func (p *parser) parse() {
	switch {
	case len(p.data) < 8:
		p.fail(0, "block too short")
		return
	case string(p.data[:4]) == "II*\x00":
		p.order = binary.LittleEndian
	case string(p.data[:4]) == "MM\x00*":
		p.order = binary.BigEndian
	default:
		p.fail(0, "no TIFF header")
		return
	}
	var exifIFD, gpsIFD uint32
	next := p.ifd(p.order.Uint32(p.data[4:]), func(tag uint16, at int) {
		switch tag {
		case tagMake:
			p.text(at, &p.facts.Make)
		case tagModel:
			p.text(at, &p.facts.Model)
		case tagSoftware:
			p.text(at, &p.facts.Software)
		case tagOrientation:
			n := 0
			if p.number(at, &n); n >= 1 && n <= 8 {
				p.facts.Orientation = n
			}
		case tagExifIFD:
			exifIFD = p.order.Uint32(p.data[at+8:])
		case tagGPSIFD:
			gpsIFD = p.order.Uint32(p.data[at+8:])
		}
	})
	if exifIFD != 0 {
		p.ifd(exifIFD, func(tag uint16, at int) {
			switch tag {
			case tagDateTimeOriginal:
				p.text(at, &p.facts.DateTimeOriginal)
			case tagPixelXDimension:
				p.number(at, &p.facts.PixelXDimension)
			case tagPixelYDimension:
				p.number(at, &p.facts.PixelYDimension)
			}
		})
	}
	if gpsIFD != 0 {
		p.ifd(gpsIFD, func(tag uint16, at int) {
			if tag == tagGPSLatitude || tag == tagGPSLongitude {
				p.position(at)
			}
		})
	}
	if next != 0 {
		p.ifd(next, func(tag uint16, at int) {
			if tag == tagThumbnail || tag == tagStripOffsets {
				p.facts.HasThumbnail = true
			}
		})
	}
}

// ifd calls f with the tag and the offset of each entry and returns the offset
// of the next IFD, 0 if there is none.
func (p *parser) ifd(offset uint32, f func(tag uint16, at int)) (next uint32) {
	for _, v := range p.visited {
		if v == offset {
			p.fail(int(offset), "IFD that is referred to twice")
			return 0
		}
	}
	p.visited = append(p.visited, offset)
	if uint64(offset)+2 > uint64(len(p.data)) {
		p.fail(int(offset), "IFD beyond the end")
		return 0
	}
	start := int(offset) + 2
	n := int(p.order.Uint16(p.data[offset:]))
	fit := (len(p.data) - start) / 12
	if n > fit {
		p.fail(int(offset), fmt.Sprintf("IFD with %d entries, of which %d fit", n, fit))
	}
	if n > MaxEntries {
		p.fail(int(offset), fmt.Sprintf("IFD with %d entries", n))
	}
	for i := range min(n, fit, MaxEntries) {
		at := start + 12*i
		f(p.order.Uint16(p.data[at:]), at)
	}
	if end := start + 12*n; n <= fit && end+4 <= len(p.data) {
		return p.order.Uint32(p.data[end:])
	}
	return 0
}

// sizes of the TIFF types 1 to 12.
var sizes = [13]uint64{0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8}

// tag decodes the entry at an offset once it is known to be short and inside.
func (p *parser) tag(at int) *tiff.Tag {
	typ, count := p.order.Uint16(p.data[at+2:]), p.order.Uint32(p.data[at+4:])
	if typ == 0 || int(typ) >= len(sizes) {
		p.fail(at, fmt.Sprintf("entry of type %d", typ))
		return nil
	}
	size := sizes[typ] * uint64(count)
	p.values++
	switch {
	case p.values > MaxValues:
		p.fail(at, fmt.Sprintf("more than %d values", MaxValues))
		return nil
	case size == 0:
		p.fail(at, "entry without a value")
		return nil
	case size > MaxValue:
		p.fail(at, fmt.Sprintf("value of %d bytes", size))
		return nil
	case size > 4 && uint64(p.order.Uint32(p.data[at+8:]))+size > uint64(len(p.data)):
		p.fail(at, "value beyond the end")
		return nil
	}
	r := bytes.NewReader(p.data)
	if _, err := r.Seek(int64(at), io.SeekStart); err != nil {
		p.fail(at, err.Error())
		return nil
	}
	t, err := tiff.DecodeTag(r, p.order)
	if err != nil {
		p.fail(at, err.Error())
		return nil
	}
	return t
}

func (p *parser) text(at int, s *string) {
	if *s != "" {
		return
	}
	t := p.tag(at)
	if t == nil {
		return
	}
	v, err := t.StringVal()
	if err != nil {
		p.fail(at, err.Error())
		return
	}
	*s = strings.ToValidUTF8(strings.TrimSpace(v), "\uFFFD")
}

func (p *parser) number(at int, n *int) {
	if *n != 0 {
		return
	}
	t := p.tag(at)
	if t == nil {
		return
	}
	v, err := t.Int(0)
	if err != nil {
		p.fail(at, err.Error())
		return
	}
	*n = v
}

// position notes that there is a latitude or longitude. Cameras without a fix
// write degrees, minutes and seconds of 0/0, or an empty text.
func (p *parser) position(at int) {
	t := p.tag(at)
	if t == nil {
		return
	}
	switch t.Format() {
	case tiff.RatVal:
		for i := range int(t.Count) {
			if _, den, err := t.Rat2(i); err == nil && den != 0 {
				p.facts.GPS = true
			}
		}
	case tiff.StringVal:
		v, err := t.StringVal()
		p.facts.GPS = p.facts.GPS || err == nil && strings.TrimSpace(v) != ""
	default:
		p.facts.GPS = true
	}
}

// HasLocation reports whether an XMP packet has a latitude or longitude of
// EXIF, as an attribute or an element, with the usual prefix. It looks for the
// bytes, once from start to end, and does not parse XML.
func HasLocation(xmp []byte) bool {
	for _, name := range []string{"exif:GPSLatitude", "exif:GPSLongitude"} {
		for rest := xmp; ; {
			i := bytes.Index(rest, []byte(name))
			if i < 0 {
				break
			}
			rest = rest[i+len(name):]
			if len(rest) > 0 && bytes.IndexByte([]byte("= \t\r\n>"), rest[0]) >= 0 {
				return true
			}
		}
	}
	return false
}
