package jpeg

import (
	"bytes"
	"encoding/binary"
	"fmt"
)

// Limits of the pass. More is refused with FormatError.Bomb.
const (
	// MaxSegments is the number of marker segments that ParseHeader walks. A
	// photo has 10 to 50; 255 chunks of an ICC profile and some hundred of
	// Extended XMP are the most that a sane program writes.
	MaxSegments = 10_000

	// MaxScans is the number of scans that ParseHeader walks. Progressive
	// encoders write about ten. A decoder passes over every block of the
	// picture once per scan, however small the scan: a file of 38 kB can keep
	// libjpeg-turbo busy for a minute (LJT-01-003 of its authors' report).
	MaxScans = 500
)

// A decoder visits every block of a scan's components, also if the scan has
// next to no data. Scans that together visit each block freePasses times on
// average are let pass: encoders stay below about ten. More must be paid for
// with data, beyond what takes a tenth of a second: a scan of plain bits, the
// cheapest that brings something, visits eight blocks per byte.
const (
	freePasses        = 16
	freeScanBlocks    = 4 << 20
	scanBlocksPerByte = 64
)

// Second bytes of markers (T.81, table B.1).
const (
	mSOF0  = 0xC0
	mSOF1  = 0xC1
	mSOF2  = 0xC2
	mSOF3  = 0xC3
	mDHT   = 0xC4
	mSOF7  = 0xC7
	mJPG   = 0xC8
	mSOF9  = 0xC9
	mSOF10 = 0xCA
	mSOF11 = 0xCB
	mDAC   = 0xCC
	mSOF15 = 0xCF
	mRST0  = 0xD0
	mRST7  = 0xD7
	mSOI   = 0xD8
	mEOI   = 0xD9
	mSOS   = 0xDA
	mDQT   = 0xDB
	mDNL   = 0xDC
	mDRI   = 0xDD
	mDHP   = 0xDE
	mEXP   = 0xDF
	mAPP0  = 0xE0
	mAPP1  = 0xE1
	mAPP2  = 0xE2
	mAPP11 = 0xEB
	mAPP12 = 0xEC
	mAPP13 = 0xED
	mAPP14 = 0xEE
	mAPP15 = 0xEF
	mSOF55 = 0xF7 // JPEG-LS (T.87)
	mCOM   = 0xFE
)

// A Header is what a JPEG file says of itself before any pixel is decoded.
// Slices alias the parsed data. It is not changed after ParseHeader and may be
// read by many goroutines.
type Header struct {
	Width, Height   int         // as stored, from the frame header (T.81, B.2.2)
	Precision       int         // bits per sample: 8, 12, 16
	SOF             byte        // second byte of the frame's marker: 0xC0 baseline, 0xC1 extended, 0xC2 progressive, 0xC3 lossless, 0xC9 arithmetic …; 0 if none
	Components      []Component // nil if one of them is not valid
	Adobe           int         // APP14 colour transform: 0, 1 or 2 (other values as they stand); -1 without an Adobe segment
	JFIF            bool
	RestartInterval int // MCUs, the last one set; 0 if none
	Scans           int
	EntropyBytes    int64 // length of the entropy-coded data of all scans, with stuffing and restart markers; compare with MinBytes

	// Luma is the quantization table that the first component used in its
	// first scan, in natural (row by row) order; nil if that table is missing
	// or the process has none (lossless).
	Luma    *QuantTable
	Quality Quality

	Segments []Segment // in file order, without SOI, EOI and entropy-coded data
	EXIF     []byte    // TIFF structure of the first Exif APP1; nil if none
	XMP      []byte    // first XMP packet (not extended); nil if none
	ICC      []byte    // the ICC profile put together from its APP2 chunks; nil if none or damaged

	End     int // offset just behind EOI; without EOI where the image's data ends, usually len(data)
	HasEOI  bool
	Trailer Trailer // what follows End

	Warnings []Warning // damage that decoders forgive

	components [4]Component // backs Components
	luma       QuantTable   // backs Luma
	restarts   bool         // a scan of one subsampled component has restart intervals; see Decode
}

// A Component is one line of the frame header.
type Component struct {
	ID   byte
	H, V int // sampling factors 1..4
	Tq   int // quantization table selector 0..3
}

// A QuantTable has 64 entries in natural order, row by row.
type QuantTable [64]uint16

// A Segment is one marker segment, without its entropy-coded data.
type Segment struct {
	Marker byte   // second byte of the marker
	Kind   string // "JFIF", "Exif", "XMP", "ExtendedXMP", "ICC", "Adobe", "MPF", "IPTC", "JUMBF", "COM", "DQT", "SOF", … else "APPn"
	Offset int    // of the 0xFF
	Length int    // whole segment with its marker
}

// A Warning is damage that decoders forgive.
type Warning struct {
	Offset int
	Reason string
}

// A FormatError says where and why the bytes are not a JPEG that can be
// decoded. It is the only error that bytes can cause.
type FormatError struct {
	Offset    int
	Reason    string // a clause without the offset: "AC Huffman table 1 is missing"
	Truncated bool   // the data ends early; all else is as it should be up to there
	Bomb      bool   // more segments or scans than a decoder should be made to work through
}

// Error returns the reason and the offset.
func (e *FormatError) Error() string {
	return fmt.Sprintf("jpeg: %s, at byte %d", e.Reason, e.Offset)
}

// ParseHeader walks the markers of data. The Header is never nil: with an
// error, which is a *FormatError, it holds what was found up to there. A
// missing EOI is a warning if every scan that is needed has begun; whether the
// last one is complete is for Decode to find out.
func ParseHeader(data []byte) (*Header, error) {
	h := &Header{Adobe: -1, End: len(data)}
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

	quant    [4]QuantTable // natural order
	hasQuant [4]bool
	hasHuff  [2][4]bool // [DC, AC][destination]
	scanWork int64      // blocks that the scans visit

	// missing[c][k] is true as long as no scan brought the last bit of
	// component c's k-th coefficient, noDC[c] as long as none brought the
	// first bit of its DC.
	missing [4][64]bool
	noDC    [4]bool
}

func (p *parser) parse() *FormatError {
	h := p.h
	if len(p.data) < 2 || p.data[0] != 0xFF || p.data[1] != mSOI {
		return &FormatError{Reason: "no SOI marker"}
	}
	h.Segments = make([]Segment, 0, 16)
	pos := 2
	for {
		at := nextMarker(p.data, pos)
		if at < 0 {
			return p.end(len(p.data))
		}
		if n := strayBytes(p.data[pos:at]); n > 0 {
			p.warn(pos, fmt.Sprintf("%d bytes between two segments", n))
		}
		marker := p.data[at+1]
		switch {
		case marker == mEOI:
			h.HasEOI = true
			return p.end(at + 2)
		case marker == mSOI:
			if h.Scans > 0 { // the next picture of a file that lost its EOI
				return p.end(at)
			}
			return &FormatError{Offset: at, Reason: "a second SOI marker before the image data"}
		case marker < mSOF0, marker == mJPG, marker > mAPP15 && marker != mCOM && marker != mSOF55:
			reason := fmt.Sprintf("unknown marker 0xFF%02X", marker)
			if h.Scans > 0 {
				reason = fmt.Sprintf("marker 0xFF%02X in the image data", marker)
			}
			return &FormatError{Offset: at, Reason: reason}
		}

		if len(h.Segments) >= MaxSegments {
			return &FormatError{Offset: at, Reason: fmt.Sprintf("more than %d segments", MaxSegments), Bomb: true}
		}
		if at+4 > len(p.data) {
			return &FormatError{Offset: at, Reason: "the data ends in the length of a " + kindOf(marker, nil) + " segment", Truncated: true}
		}
		n := int(binary.BigEndian.Uint16(p.data[at+2:]))
		if n < 2 {
			return &FormatError{Offset: at, Reason: fmt.Sprintf("%s segment with a length of %d", kindOf(marker, nil), n)}
		}
		if at+2+n > len(p.data) {
			return &FormatError{
				Offset:    at,
				Reason:    fmt.Sprintf("%s segment of %d bytes with only %d left", kindOf(marker, nil), n, len(p.data)-at-2),
				Truncated: true,
			}
		}
		body := p.data[at+4 : at+2+n]
		kind := kindOf(marker, body)
		h.Segments = append(h.Segments, Segment{Marker: marker, Kind: kind, Offset: at, Length: n + 2})
		pos = at + 2 + n

		var err *FormatError
		switch {
		case marker == mDQT:
			err = p.dqt(at, body)
		case marker == mDHT:
			err = p.dht(at, body)
		case marker == mDRI:
			if len(body) != 2 {
				return &FormatError{Offset: at, Reason: fmt.Sprintf("DRI segment of %d bytes instead of 4", n)}
			}
			h.RestartInterval = int(binary.BigEndian.Uint16(body))
		case marker == mDNL:
			p.warn(at, "DNL segment, which most decoders skip")
		case isSOF(marker):
			err = p.sof(at, marker, body)
			if marker == mDHP || marker == mSOF55 {
				// Their segments follow rules of their own, and nobody here
				// will decode them: the size is all we need.
				return err
			}
		case marker == mSOS:
			if err = p.sos(at, body); err != nil {
				return err
			}
			end := nextMarker(p.data, pos)
			if end < 0 {
				end = len(p.data)
			}
			h.EntropyBytes += int64(end - pos)
			pos = end
		default:
			p.metadata(kind, body)
		}
		if err != nil {
			return err
		}
	}
}

// nextMarker returns the offset of the 0xFF of the next marker at or behind i
// that is not a restart marker, or -1. Stuffed zeros (0xFF00) and the fill
// bytes that may precede a marker (T.81, B.1.1.2) are passed over.
func nextMarker(data []byte, i int) int {
	for {
		j := bytes.IndexByte(data[i:], 0xFF)
		if j < 0 {
			return -1
		}
		i += j + 1
		for i < len(data) && data[i] == 0xFF {
			i++
		}
		if i == len(data) {
			return -1
		}
		if c := data[i]; c != 0 && (c < mRST0 || c > mRST7) {
			return i - 1
		}
		i++
	}
}

// strayBytes counts the bytes between two segments that are not fill bytes.
func strayBytes(b []byte) int {
	for _, c := range b {
		if c != 0xFF {
			return len(b)
		}
	}
	return 0
}

func (p *parser) warn(offset int, reason string) {
	p.h.Warnings = append(p.h.Warnings, Warning{Offset: offset, Reason: reason})
}

func isSOF(marker byte) bool {
	switch marker {
	case mDHT, mJPG, mDAC:
		return false
	case mDHP, mSOF55:
		return true
	}
	return mSOF0 <= marker && marker <= mSOF15
}

// dqt reads the quantization tables of one segment (T.81, B.2.4.1).
func (p *parser) dqt(at int, b []byte) *FormatError {
	for len(b) > 0 {
		pq, tq := b[0]>>4, b[0]&15
		b = b[1:]
		switch {
		case tq > 3:
			return &FormatError{Offset: at, Reason: fmt.Sprintf("quantization table number %d", tq)}
		case pq > 1:
			return &FormatError{Offset: at, Reason: fmt.Sprintf("quantization table precision %d", pq)}
		case len(b) < 64*int(1+pq):
			return &FormatError{Offset: at, Reason: fmt.Sprintf("DQT segment too short for quantization table %d", tq)}
		}
		t := &p.quant[tq]
		zero := false
		for k, n := range Zigzag {
			if pq == 0 {
				t[n] = uint16(b[k])
			} else {
				t[n] = binary.BigEndian.Uint16(b[2*k:])
			}
			zero = zero || t[n] == 0
		}
		if zero {
			p.warn(at, fmt.Sprintf("quantization table %d has a zero", tq))
		}
		p.hasQuant[tq] = true
		b = b[64*int(1+pq):]
	}
	return nil
}

// dht checks the Huffman tables of one segment (T.81, B.2.4.2 and C.2).
func (p *parser) dht(at int, b []byte) *FormatError {
	for len(b) > 0 {
		if len(b) < 17 {
			return &FormatError{Offset: at, Reason: "DHT segment too short"}
		}
		tc, th := b[0]>>4, b[0]&15
		if tc > 1 || th > 3 {
			return &FormatError{Offset: at, Reason: fmt.Sprintf("Huffman table class %d, number %d", tc, th)}
		}
		// space is how many codes of the current length are still free: it
		// doubles with every bit, and a code takes one.
		codes, space, overfull := 0, 1, false
		for _, n := range b[1:17] {
			codes += int(n)
			space = 2*space - int(n)
			overfull = overfull || space < 0
		}
		problem := ""
		switch {
		case overfull:
			problem = " has more codes than fit their lengths"
		case codes == 0:
			problem = " is empty"
		case codes > 256:
			problem = " has more than 256 codes"
		case len(b) < 17+codes:
			problem = " is longer than its DHT segment"
		case space == 0:
			p.warn(at, huffName(int(tc), int(th))+" uses the code of all ones")
		}
		if problem != "" {
			return &FormatError{Offset: at, Reason: huffName(int(tc), int(th)) + problem}
		}
		p.hasHuff[tc][th] = true
		b = b[17+codes:]
	}
	return nil
}

func huffName(class, number int) string {
	return fmt.Sprintf("%s Huffman table %d", [2]string{"DC", "AC"}[class], number)
}

// sof reads the frame header (T.81, B.2.2).
func (p *parser) sof(at int, marker byte, b []byte) *FormatError {
	h := p.h
	if h.SOF != 0 {
		return &FormatError{Offset: at, Reason: "a second frame header"}
	}
	if len(b) < 6 || len(b) != 6+3*int(b[5]) {
		return &FormatError{Offset: at, Reason: fmt.Sprintf("frame header of %d bytes", len(b)+2)}
	}
	h.SOF = marker
	h.Precision = int(b[0])
	h.Height = int(binary.BigEndian.Uint16(b[1:]))
	h.Width = int(binary.BigEndian.Uint16(b[3:]))
	switch {
	case b[5] == 0:
		return &FormatError{Offset: at, Reason: "a frame without components"}
	case h.Width == 0:
		return &FormatError{Offset: at, Reason: "a width of 0"}
	case h.Height == 0:
		return &FormatError{Offset: at, Reason: "a height of 0 (to be defined by a DNL segment), which is not supported"}
	}
	components := h.components[:0]
	for b := b[6:]; len(b) > 0; b = b[3:] {
		c := Component{ID: b[0], H: int(b[1] >> 4), V: int(b[1] & 15), Tq: int(b[2])}
		n := len(components) + 1
		if c.H < 1 || c.H > 4 || c.V < 1 || c.V > 4 {
			return &FormatError{Offset: at, Reason: fmt.Sprintf("component %d with sampling factors %dx%d", n, c.H, c.V)}
		}
		if c.Tq > 3 {
			return &FormatError{Offset: at, Reason: fmt.Sprintf("component %d with quantization table number %d", n, c.Tq)}
		}
		for _, d := range components {
			if d.ID == c.ID {
				return &FormatError{Offset: at, Reason: fmt.Sprintf("two components with the identifier %d", c.ID)}
			}
		}
		components = append(components, c)
	}
	h.Components = components // only valid ones are seen outside
	for c := range p.missing {
		p.noDC[c] = true
		for k := range p.missing[c] {
			p.missing[c][k] = true
		}
	}
	return nil
}

// sos checks that everything that the scan needs is there (T.81, B.2.3).
func (p *parser) sos(at int, b []byte) *FormatError {
	h := p.h
	if h.SOF == 0 {
		return &FormatError{Offset: at, Reason: "no frame header before the first scan"}
	}
	if len(b) < 6 || len(b) != 4+2*int(b[0]) {
		return &FormatError{Offset: at, Reason: fmt.Sprintf("scan header of %d bytes", len(b)+2)}
	}
	n := int(b[0])
	if n > 4 {
		return &FormatError{Offset: at, Reason: fmt.Sprintf("scan of %d components", n)}
	}
	if h.Scans++; h.Scans > MaxScans {
		return &FormatError{Offset: at, Reason: fmt.Sprintf("more than %d scans", MaxScans), Bomb: true}
	}
	ss, se, ah, al := 0, 63, 0, 0
	if h.progressive() {
		ss, se, ah, al = int(b[1+2*n]), int(b[2+2*n]), int(b[3+2*n]>>4), int(b[3+2*n]&15)
		if ss > se || se > 63 || ss == 0 && se != 0 || ss > 0 && n > 1 {
			return &FormatError{Offset: at, Reason: fmt.Sprintf("scan of %d components with coefficients %d to %d", n, ss, se)}
		}
		if ah != 0 && ah != al+1 {
			return &FormatError{Offset: at, Reason: fmt.Sprintf("scan that refines bit %d after bit %d", al, ah)}
		}
	}
	seen, units := 0, 0 // components of this scan as bits; data units per MCU
	for i := range n {
		id, tables := b[1+2*i], b[2+2*i]
		c := h.component(id)
		if c < 0 {
			return &FormatError{Offset: at, Reason: fmt.Sprintf("scan of component %d, which the frame does not have", id)}
		}
		if c > 3 {
			continue // not decoded by anybody; Supported says so
		}
		if seen&(1<<c) != 0 {
			return &FormatError{Offset: at, Reason: fmt.Sprintf("scan with component %d twice", id)}
		}
		seen |= 1 << c
		comp := h.Components[c]
		units += comp.H * comp.V
		if err := p.tables(at, int(tables>>4), int(tables&15), ss, se, ah); err != nil {
			return err
		}
		if !h.lossless() {
			if !p.hasQuant[comp.Tq] {
				return &FormatError{Offset: at, Reason: fmt.Sprintf("quantization table %d is missing", comp.Tq)}
			}
			if c == 0 && h.Luma == nil {
				h.luma = p.quant[comp.Tq]
				h.Luma = &h.luma
				h.Quality = estimateQuality(h.Luma)
			}
		}
		if ss == 0 {
			p.noDC[c] = false
		}
		for k := ss; k <= se; k++ {
			p.missing[c][k] = al > 0
		}
		p.scanWork += h.blocks(comp)
	}
	h.restarts = h.restarts || n == 1 && units > 1 && h.RestartInterval > 0 && len(h.Components) > 1
	if n > 1 && units > 10 {
		return &FormatError{Offset: at, Reason: fmt.Sprintf("%d blocks per MCU, more than 10", units)}
	}
	return nil
}

// tables checks that the Huffman tables td (DC) and ta (AC) of a scan of the
// coefficients ss to se are there.
func (p *parser) tables(at, td, ta, ss, se, ah int) *FormatError {
	if p.h.arithmetic() {
		return nil // conditioning has defaults (T.81, F.1.4.4.1.4)
	}
	if td > 3 || ta > 3 {
		return &FormatError{Offset: at, Reason: fmt.Sprintf("scan with Huffman tables number %d and %d", td, ta)}
	}
	if ss == 0 && ah == 0 && !p.hasHuff[0][td] { // refining DC takes plain bits (T.81, G.1.2.1)
		return &FormatError{Offset: at, Reason: huffName(0, td) + " is missing"}
	}
	if se > 0 && !p.h.lossless() && !p.hasHuff[1][ta] {
		return &FormatError{Offset: at, Reason: huffName(1, ta) + " is missing"}
	}
	return nil
}

func (h *Header) component(id byte) int {
	for i, c := range h.Components {
		if c.ID == id {
			return i
		}
	}
	return -1
}

// end closes the pass at the offset where the image ends.
func (p *parser) end(at int) *FormatError {
	h := p.h
	h.End = at
	if h.Scans == 0 {
		if h.HasEOI {
			return &FormatError{Offset: at - 2, Reason: "the image ends before any image data"}
		}
		return &FormatError{Offset: at, Reason: "the data ends before the image data", Truncated: true}
	}
	var blocks int64
	for _, c := range h.Components {
		blocks += h.blocks(c)
	}
	if p.scanWork > freePasses*blocks && p.scanWork > freeScanBlocks+scanBlocksPerByte*h.EntropyBytes {
		return &FormatError{
			Offset: at,
			Reason: fmt.Sprintf("%d scans over %dx%d pixels in %d bytes", h.Scans, h.Width, h.Height, h.EntropyBytes),
			Bomb:   true,
		}
	}
	for c := range min(len(h.Components), 4) {
		switch {
		case p.noDC[c] && !h.HasEOI:
			return &FormatError{Offset: at, Reason: fmt.Sprintf("the data ends before component %d", c+1), Truncated: true}
		case p.noDC[c]:
			p.warn(at-2, fmt.Sprintf("no image data for component %d", c+1))
		case p.missing[c] != [64]bool{} && !h.HasEOI:
			return &FormatError{Offset: at, Reason: fmt.Sprintf("the data ends before the last scan of component %d", c+1), Truncated: true}
		}
	}
	p.icc()
	h.Trailer = findTrailer(p.data, h)
	return nil
}
