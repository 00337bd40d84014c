package png

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"math/bits"

	"github.com/preflight-go/preflight/internal/format"
)

// Limits of the pass.
const (
	// MaxChunks is the number of chunks that ParseHeader walks; more is
	// refused with FormatError.Bomb. libpng writes image data in chunks of
	// 8 KiB, so 10,000 of them are 80 MB.
	MaxChunks = 10_000

	// MaxICC and MaxXMP are the most that a profile and an XMP packet may
	// inflate to, in bytes; a longer one is dropped with a warning.
	MaxICC = 1 << 20
	MaxXMP = 1 << 20
)

const signature = "\x89PNG\r\n\x1a\n"

// A Header is what a PNG file says of itself before any pixel is decoded.
// EXIF and an uncompressed XMP alias the parsed data. It is not changed after
// ParseHeader and may be read by many goroutines.
type Header struct {
	Width, Height int
	BitDepth      int // 1, 2, 4, 8, 16
	ColorType     int // 0 gray, 2 RGB, 3 indexed, 4 gray+alpha, 6 RGBA
	Interlaced    bool
	Palette       int  // entries of PLTE
	Transparent   bool // alpha channel or tRNS

	Frames int // of an APNG (acTL); 1 for a still picture

	Chunks []Chunk
	EXIF   []byte // eXIf; nil if none
	XMP    []byte // iTXt "XML:com.adobe.xmp", inflated and bounded; nil if none
	ICC    []byte // iCCP, inflated and bounded; nil if none or damaged
	SRGB   bool   // sRGB chunk
	Gamma  uint32 // gAMA: gamma × 100000; 0 if none

	DataBytes int64 // length of the IDAT chunks that follow each other
	RawBytes  int64 // what they must inflate to; math.MaxInt64 if that does not fit
	End       int   // offset just behind IEND; without IEND where the chunks end
	HasIEND   bool
	Trailer   Trailer

	Warnings []Warning // wrong CRC of an ancillary chunk and the like
}

// A Chunk is one chunk's place in the file.
type Chunk struct {
	Type   string
	Offset int // of its length field
	Length int // of its data
	BadCRC bool

	ignored bool // decoders that are not strict pass over it: Strip drops it
}

// A Trailer is what follows the end of the image. Decoders do not look at it.
type Trailer struct {
	Offset, Length int
	Kind           string // as format.Appended names it: "padding", "zip", "pdf", "html", "jpeg" …; "": nothing, or not known
}

// A Warning is damage that decoders forgive.
type Warning struct {
	Offset int
	Reason string
}

// A FormatError says where and why the bytes are not a PNG that can be
// decoded. It is the only error that bytes can cause.
type FormatError struct {
	Offset    int
	Reason    string // a clause without the offset
	Truncated bool   // the data ends early; all else is as it should be up to there
	Bomb      bool   // more chunks than a decoder should be made to work through
}

// Error returns the reason and the offset.
func (e *FormatError) Error() string {
	return fmt.Sprintf("png: %s, at byte %d", e.Reason, e.Offset)
}

// ParseHeader walks the chunks of data. The Header is never nil: with an
// error, which is a *FormatError, it holds what was found up to there.
func ParseHeader(data []byte) (*Header, error) {
	h := &Header{Frames: 1, End: len(data)}
	p := parser{data: data, h: h}
	if err := p.parse(); err != nil {
		return h, err
	}
	return h, nil
}

// A parser is the state of the one pass.
type parser struct {
	data []byte
	h    *Header

	last     string // type of the chunk before
	tRNS     bool
	zlib     [2]byte // the first bytes of the image data
	hasXMP   bool
	hasICC   bool
	dataDone bool // a chunk of another type has followed the first IDATs
}

func (p *parser) parse() *FormatError {
	h := p.h
	if !bytes.HasPrefix(p.data, []byte(signature)) {
		return &FormatError{Reason: "damaged PNG signature"}
	}
	h.Chunks = make([]Chunk, 0, 16)
	pos := len(signature)
	for {
		left := len(p.data) - pos
		if left < 8 {
			return p.end(pos)
		}
		n := binary.BigEndian.Uint32(p.data[pos:])
		name := chunkType(p.data[pos+4 : pos+8])
		switch {
		case pos == len(signature) && name == "CgBI":
			return &FormatError{Offset: pos, Reason: "Apple's own variant of PNG (CgBI), which only Apple reads"}
		case pos == len(signature) && name != "IHDR":
			return &FormatError{Offset: pos, Reason: "the first chunk is not IHDR"}
		}
		if n > math.MaxInt32 || int64(n)+12 > int64(left) {
			if p.dataDone || p.last == "IDAT" && name != "IDAT" {
				return p.end(pos) // what is cut off or damaged stands behind the pixels
			}
			if !letters(name) {
				return &FormatError{Offset: pos, Reason: "no chunk where one should be"}
			}
			if name == "IDAT" {
				h.DataBytes += min(int64(n), int64(left-8))
			}
			return &FormatError{
				Offset:    pos,
				Reason:    fmt.Sprintf("%s chunk of %d bytes with only %d left", name, n, left-8),
				Truncated: n <= math.MaxInt32,
			}
		}
		if len(h.Chunks) >= MaxChunks {
			return &FormatError{Offset: pos, Reason: fmt.Sprintf("more than %d chunks", MaxChunks), Bomb: true}
		}
		body := p.data[pos+8 : pos+8+int(n)]
		h.Chunks = append(h.Chunks, Chunk{Type: name, Offset: pos, Length: int(n)})
		c := &h.Chunks[len(h.Chunks)-1]
		c.BadCRC = crc32.ChecksumIEEE(p.data[pos+4:pos+8+int(n)]) != binary.BigEndian.Uint32(p.data[pos+8+int(n):])
		if err := p.chunk(c, body); err != nil {
			return err
		}
		p.last = name
		pos += 12 + int(n)
		if h.HasIEND {
			return p.end(pos)
		}
	}
}

// chunkType is string(b) without an allocation for the types we know.
func chunkType(b []byte) string {
	for _, name := range knownChunks {
		if string(b) == name {
			return name
		}
	}
	return string(b)
}

var knownChunks = [...]string{
	"IDAT", "IHDR", "IEND", "PLTE", "tRNS", "gAMA", "cHRM", "sRGB", "sBIT", "iCCP", "pHYs", "tEXt", "zTXt", "iTXt",
	"eXIf", "bKGD", "tIME", "acTL", "fcTL", "fdAT", "CgBI", "caBX",
}

func letters(name string) bool {
	for _, c := range []byte(name) {
		if c|0x20 < 'a' || c|0x20 > 'z' {
			return false
		}
	}
	return true
}

func (p *parser) ignore(c *Chunk, reason string) {
	c.ignored = true
	p.h.Warnings = append(p.h.Warnings, Warning{Offset: c.Offset, Reason: reason})
}

// chunk checks and notes one chunk.
func (p *parser) chunk(c *Chunk, b []byte) *FormatError {
	h := p.h
	if p.last == "IDAT" && c.Type != "IDAT" {
		p.dataDone = true
	}
	switch c.Type {
	case "IHDR":
		return p.ihdr(c, b)
	case "PLTE":
		return p.plte(c, b)
	case "IDAT":
		return p.idat(c, b)
	case "IEND":
		if h.DataBytes == 0 {
			return &FormatError{Offset: c.Offset, Reason: "the image ends before any image data"}
		}
		h.HasIEND = true
		if c.BadCRC || c.Length != 0 {
			p.ignore(c, "IEND chunk with a wrong CRC or length")
		}
		return nil
	}
	if c.BadCRC {
		p.ignore(c, fmt.Sprintf("%q chunk with a wrong CRC", c.Type))
		return nil
	}
	if c.Type[0]&0x20 == 0 {
		p.ignore(c, fmt.Sprintf("%q chunk, critical and not known", c.Type))
		return nil
	}
	p.ancillary(c, b)
	return nil
}

// ihdr reads the header (PNG, 11.2.1).
func (p *parser) ihdr(c *Chunk, b []byte) *FormatError {
	h := p.h
	switch {
	case len(h.Chunks) > 1:
		return &FormatError{Offset: c.Offset, Reason: "a second IHDR chunk"}
	case len(b) != 13:
		return &FormatError{Offset: c.Offset, Reason: fmt.Sprintf("IHDR chunk of %d bytes instead of 13", len(b))}
	case c.BadCRC:
		return &FormatError{Offset: c.Offset, Reason: "IHDR chunk with a wrong CRC"}
	}
	w, t := binary.BigEndian.Uint32(b), binary.BigEndian.Uint32(b[4:])
	if w == 0 || t == 0 || w > math.MaxInt32 || t > math.MaxInt32 {
		return &FormatError{Offset: c.Offset, Reason: fmt.Sprintf("a size of %dx%d", w, t)}
	}
	h.Width, h.Height = int(w), int(t)
	h.BitDepth, h.ColorType = int(b[8]), int(b[9])
	samples := 0
	switch {
	case h.ColorType == 0 && oneOf(h.BitDepth, 1, 2, 4, 8, 16), h.ColorType == 3 && oneOf(h.BitDepth, 1, 2, 4, 8):
		samples = 1
	case h.ColorType == 2 && oneOf(h.BitDepth, 8, 16):
		samples = 3
	case h.ColorType == 4 && oneOf(h.BitDepth, 8, 16):
		samples = 2
	case h.ColorType == 6 && oneOf(h.BitDepth, 8, 16):
		samples = 4
	default:
		return &FormatError{Offset: c.Offset, Reason: fmt.Sprintf("colour type %d with %d bits", h.ColorType, h.BitDepth)}
	}
	h.Transparent = h.ColorType == 4 || h.ColorType == 6
	switch {
	case b[10] != 0:
		return &FormatError{Offset: c.Offset, Reason: fmt.Sprintf("compression method %d", b[10])}
	case b[11] != 0:
		return &FormatError{Offset: c.Offset, Reason: fmt.Sprintf("filter method %d", b[11])}
	case b[12] > 1:
		return &FormatError{Offset: c.Offset, Reason: fmt.Sprintf("interlace method %d", b[12])}
	}
	h.Interlaced = b[12] == 1
	h.RawBytes = rawBytes(h.Width, h.Height, samples*h.BitDepth, h.Interlaced)
	return nil
}

func oneOf(n int, set ...int) bool {
	for _, m := range set {
		if n == m {
			return true
		}
	}
	return false
}

// adam7 are the passes of interlacing: start and step of x and y (PNG, 8.1).
var adam7 = [7][4]int{
	{0, 8, 0, 8},
	{4, 8, 0, 8},
	{0, 4, 4, 8},
	{2, 4, 0, 4},
	{0, 2, 2, 4},
	{1, 2, 0, 2},
	{0, 1, 1, 2},
}

// rawBytes is the length of the filtered scanlines: one byte for the filter
// and the packed pixels per row, for each pass that has any (PNG, 7.2).
func rawBytes(width, height, bitsPerPixel int, interlaced bool) int64 {
	passes := [][4]int{{0, 1, 0, 1}}
	if interlaced {
		passes = adam7[:]
	}
	var sum uint64
	for _, p := range passes {
		w := (width - p[0] + p[1] - 1) / p[1]
		t := (height - p[2] + p[3] - 1) / p[3]
		if w <= 0 || t <= 0 {
			continue
		}
		row := 1 + (uint64(w)*uint64(bitsPerPixel)+7)/8 // w < 2^31, at most 64 bits: below 2^35
		hi, lo := bits.Mul64(row, uint64(t))
		sum += lo
		if hi != 0 || lo > math.MaxInt64 || sum > math.MaxInt64 {
			return math.MaxInt64
		}
	}
	return int64(sum)
}

// plte counts the palette's entries (PNG, 11.2.2).
func (p *parser) plte(c *Chunk, b []byte) *FormatError {
	h := p.h
	if h.ColorType != 3 { // a suggestion, or nothing at all for gray
		switch {
		case c.BadCRC:
			p.ignore(c, "PLTE chunk with a wrong CRC")
		case h.ColorType == 0 || h.ColorType == 4:
			p.ignore(c, "PLTE chunk in a gray picture")
		case h.DataBytes > 0 || h.Palette > 0 || p.tRNS || len(b) == 0 || len(b)%3 != 0 || len(b) > 3*256:
			p.ignore(c, "PLTE chunk out of place or of a wrong length")
		default:
			h.Palette = len(b) / 3
		}
		return nil
	}
	switch {
	case c.BadCRC:
		return &FormatError{Offset: c.Offset, Reason: "PLTE chunk with a wrong CRC"}
	case h.DataBytes > 0:
		p.ignore(c, "PLTE chunk behind the image data")
		return nil
	case h.Palette > 0:
		return &FormatError{Offset: c.Offset, Reason: "a second PLTE chunk"}
	case len(b) == 0 || len(b)%3 != 0 || len(b)/3 > 1<<h.BitDepth:
		return &FormatError{Offset: c.Offset, Reason: fmt.Sprintf("PLTE chunk of %d bytes", len(b))}
	}
	h.Palette = len(b) / 3
	return nil
}

// idat counts image data and looks at the first bytes of its zlib stream.
func (p *parser) idat(c *Chunk, b []byte) *FormatError {
	h := p.h
	switch {
	case p.dataDone:
		p.ignore(c, "IDAT chunk that does not follow the others")
		return nil
	case h.ColorType == 3 && h.Palette == 0:
		return &FormatError{Offset: c.Offset, Reason: "no PLTE chunk before the image data of an indexed picture"}
	case c.BadCRC:
		return &FormatError{Offset: c.Offset, Reason: "IDAT chunk with a wrong CRC"}
	}
	before := h.DataBytes
	h.DataBytes += int64(len(b))
	if before < 2 && len(b) > 0 {
		copy(p.zlib[before:], b)
		// RFC 1950, 2.2: deflate, a window up to 32 KiB, the check, no dictionary.
		if z := p.zlib; h.DataBytes >= 2 && (z[0]&15 != 8 || z[0]>>4 > 7 || (int(z[0])<<8|int(z[1]))%31 != 0 || z[1]&0x20 != 0) {
			return &FormatError{Offset: c.Offset, Reason: "image data that is not a zlib stream"}
		}
	}
	return nil
}

// ancillary notes a chunk that decoders may pass over.
func (p *parser) ancillary(c *Chunk, b []byte) {
	h := p.h
	switch c.Type {
	case "tRNS":
		ok := !p.tRNS && h.DataBytes == 0
		switch h.ColorType {
		case 0:
			ok = ok && len(b) == 2
		case 2:
			ok = ok && len(b) == 6
		case 3:
			ok = ok && h.Palette > 0 && len(b) <= 256 // image/png adds to the palette if there are more than its entries
		default:
			ok = false
		}
		if !ok {
			p.ignore(c, "tRNS chunk out of place or of a wrong length")
			return
		}
		p.tRNS = true
		h.Transparent = true
	case "sRGB":
		h.SRGB = true
	case "gAMA":
		if len(b) == 4 {
			h.Gamma = binary.BigEndian.Uint32(b)
		}
	case "acTL":
		if len(b) == 8 && h.DataBytes == 0 { // APNG: before IDAT
			h.Frames = max(1, int(min(binary.BigEndian.Uint32(b), math.MaxInt32)))
		}
	case "eXIf":
		if h.EXIF == nil {
			h.EXIF = bytes.TrimPrefix(b, []byte("Exif\x00\x00")) // JPEG's, which some programs keep
		}
	case "iCCP":
		p.iccp(c, b)
	case "iTXt":
		p.itxt(c, b)
	}
}

// iccp inflates the colour profile (PNG, 11.3.2.3): name, 0, method, zlib.
func (p *parser) iccp(c *Chunk, b []byte) {
	if p.hasICC {
		return
	}
	p.hasICC = true
	_, rest, ok := bytes.Cut(b, []byte{0})
	if !ok || len(rest) < 1 || rest[0] != 0 {
		p.warn(c, "iCCP chunk without a profile")
		return
	}
	profile, err := inflate(rest[1:], MaxICC)
	if err != nil {
		p.warn(c, "ICC profile: "+err.Error())
		return
	}
	p.h.ICC = profile
}

// itxt looks for XMP (PNG, 11.3.3.4): keyword, 0, compressed?, method,
// language, 0, translated keyword, 0, text.
func (p *parser) itxt(c *Chunk, b []byte) {
	const keyword = "XML:com.adobe.xmp\x00"
	if p.hasXMP || !bytes.HasPrefix(b, []byte(keyword)) {
		return
	}
	p.hasXMP = true
	b = b[len(keyword):]
	if len(b) < 2 {
		p.warn(c, "iTXt chunk that ends early")
		return
	}
	compressed := b[0] == 1
	_, rest, ok := bytes.Cut(b[2:], []byte{0})
	if ok {
		_, rest, ok = bytes.Cut(rest, []byte{0})
	}
	if !ok {
		p.warn(c, "iTXt chunk that ends early")
		return
	}
	if compressed {
		var err error
		if rest, err = inflate(rest, MaxXMP); err != nil {
			p.warn(c, "XMP: "+err.Error())
			return
		}
	}
	p.h.XMP = rest
}

func (p *parser) warn(c *Chunk, reason string) {
	p.h.Warnings = append(p.h.Warnings, Warning{Offset: c.Offset, Reason: reason})
}

// inflate returns the zlib stream's data, or an error if there are more than
// limit bytes of it.
func inflate(b []byte, limit int64) ([]byte, error) {
	r, err := zlib.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	out, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(out)) > limit {
		return nil, fmt.Errorf("more than %d bytes", limit)
	}
	return out, nil
}

// end closes the pass at the offset where the chunks end.
func (p *parser) end(at int) *FormatError {
	h := p.h
	h.End = at
	if h.DataBytes == 0 {
		return &FormatError{Offset: at, Reason: "the data ends before the image data", Truncated: true}
	}
	if !h.HasIEND && len(p.data)-at < 12 {
		h.End = len(p.data) // a chunk, most likely IEND, that was cut off
	}
	h.Trailer = Trailer{Offset: h.End, Length: len(p.data) - h.End, Kind: format.Appended(p.data[h.End:])}
	return nil
}

// MinBytes is a lower bound of the image data that the declared picture needs;
// if DataBytes is less, a part of the picture cannot be there. Deflate's
// densest code copies 258 bytes with two bits (RFC 1951, 3.2.5), 1032 bytes
// per byte; the zlib header and checksum take 6 more.
func (h *Header) MinBytes() int64 {
	if h.RawBytes == 0 {
		return 0
	}
	return 6 + (h.RawBytes-1)/1032 + 1
}
