package icc

import (
	"encoding/binary"
	"fmt"
	"math"
	"strings"
	"unicode"
	"unicode/utf16"
)

// Colour spaces of a [Profile], as its header spells them.
const (
	SpaceRGB  = "RGB"
	SpaceGray = "GRAY"
	SpaceCMYK = "CMYK"
)

const (
	headerSize = 128
	maxTags    = 200 // real profiles have 9 to 40
	maxName    = 80  // runes of a description
)

// A Profile is what an ICC profile says of a colour space. It is never
// changed after [Parse] and is safe for concurrent use.
type Profile struct {
	Description string // the profile's own name, printable, at most 80 characters; may be empty
	Version     string // of the ICC format: "2.1", "4.3"
	Class       string // what it describes: "mntr" (screen), "scnr" (camera or scanner), "prtr", "spac" …
	Space       string // of the pixels: [SpaceRGB], [SpaceGray], [SpaceCMYK], "Lab" …
	PCS         string // of the profile's colour values: "XYZ" or "Lab"

	curves  [][256]float64 // linear light, 0…1, of each 8-bit value: three of them, one for gray
	matrix  [3][3]float64  // linear RGB to XYZ relative to D50; unused for gray
	problem string         // why it cannot be converted; "" if it can
}

// A FormatError says where and why bytes are not an ICC profile.
type FormatError struct {
	Offset int // in the profile
	Reason string
}

func (e *FormatError) Error() string {
	return fmt.Sprintf("icc: byte %d: %s", e.Offset, e.Reason)
}

// An UnsupportedError says why a profile that can be read cannot be converted.
type UnsupportedError struct {
	Reason string // "it describes CMYK", "it needs lookup tables (A2B0)" …
}

func (e *UnsupportedError) Error() string { return "icc: profile cannot be converted: " + e.Reason }

// Parse reads a profile. Its error is a [*FormatError]: the bytes are no
// profile, or a damaged one. A sound profile of a kind that [Profile.ToSRGB]
// cannot convert is no error here.
func Parse(data []byte) (*Profile, error) {
	if len(data) < headerSize+4 {
		return nil, &FormatError{len(data), "shorter than a profile's header"}
	}
	if string(data[36:40]) != "acsp" {
		return nil, &FormatError{36, `signature "acsp" missing`}
	}
	if size := binary.BigEndian.Uint32(data); uint64(size) > uint64(len(data)) {
		return nil, &FormatError{len(data), fmt.Sprintf("%d bytes declared, %d there", size, len(data))}
	}
	p := &Profile{
		Version: fmt.Sprintf("%d.%d", data[8], data[9]>>4),
		Class:   signature(data[12:16]),
		Space:   signature(data[16:20]),
		PCS:     signature(data[20:24]),
	}
	tags, err := tagTable(data)
	if err != nil {
		return nil, err
	}
	p.Description = description(data, tags["desc"])

	switch {
	case p.Class == "link" || p.Class == "abst" || p.Class == "nmcl":
		p.problem = fmt.Sprintf("it describes no device or colour space (class %q)", p.Class)
	case p.Space != SpaceRGB && p.Space != SpaceGray:
		p.problem = "it describes " + p.Space
	case tags["A2B0"].size > 0:
		// ICC.1:2010, 8.10: lookup tables go before matrix and curves.
		p.problem = "it needs lookup tables (A2B0)"
	case p.PCS != "XYZ":
		p.problem = "it has no XYZ values"
	case p.Space == SpaceGray:
		err = p.readCurves(data, tags, "kTRC")
	default:
		err = p.readCurves(data, tags, "rTRC", "gTRC", "bTRC")
		if err == nil {
			err = p.readMatrix(data, tags)
		}
	}
	if err != nil {
		return nil, err
	}
	return p, nil
}

// readMatrix fills p.matrix from the colorants: the XYZ values of full red,
// green and blue, adapted to D50 by whoever made the profile.
func (p *Profile) readMatrix(data []byte, tags map[string]tag) error {
	for col, name := range []string{"rXYZ", "gXYZ", "bXYZ"} {
		t, ok := tags[name]
		if !ok {
			return &FormatError{headerSize, fmt.Sprintf("tag %q missing", name)}
		}
		b := t.of(data)
		if len(b) < 20 || string(b[:4]) != "XYZ " {
			return &FormatError{t.offset, fmt.Sprintf("tag %q holds no XYZ value", name)}
		}
		for row := range 3 {
			p.matrix[row][col] = s15Fixed16(b[8+4*row:])
		}
	}
	return nil
}

func (p *Profile) readCurves(data []byte, tags map[string]tag, names ...string) error {
	p.curves = make([][256]float64, len(names))
	for i, name := range names {
		t, ok := tags[name]
		if !ok {
			return &FormatError{headerSize, fmt.Sprintf("tag %q missing", name)}
		}
		f, reason := curve(t.of(data))
		if reason != "" {
			return &FormatError{t.offset, fmt.Sprintf("tag %q: %s", name, reason)}
		}
		for v := range p.curves[i] {
			p.curves[i][v] = clamp01(f(float64(v) / 255))
		}
	}
	return nil
}

// curve returns the function that b, a tag of type curv or para, stands for
// (ICC.1:2010, 10.5 and 10.15), from 0…1 to linear light, or why there is
// none. The function may leave 0…1 or be NaN where the parameters are absurd.
func curve(b []byte) (f func(x float64) float64, reason string) {
	if len(b) < 12 {
		return nil, "too short for a curve"
	}
	switch string(b[:4]) {
	case "curv":
		n := binary.BigEndian.Uint32(b[8:])
		table := b[12:]
		if uint64(n)*2 > uint64(len(table)) {
			return nil, fmt.Sprintf("%d entries declared, %d bytes there", n, len(table))
		}
		switch n {
		case 0:
			return func(x float64) float64 { return x }, ""
		case 1:
			gamma := float64(binary.BigEndian.Uint16(table)) / 256
			return func(x float64) float64 { return math.Pow(x, gamma) }, ""
		}
		at := func(i int) float64 { return float64(binary.BigEndian.Uint16(table[2*i:])) / 65535 }
		last := int(n) - 1
		return func(x float64) float64 {
			pos := x * float64(last)
			i := min(int(pos), last-1)
			rest := pos - float64(i)
			return float64(at(i)*(1-rest)) + float64(at(i+1)*rest)
		}, ""
	case "para":
		kind := binary.BigEndian.Uint16(b[8:])
		if kind > 4 {
			return nil, fmt.Sprintf("parametric curve of unknown type %d", kind)
		}
		n := [...]int{1, 3, 4, 5, 7}[kind]
		if len(b) < 12+4*n {
			return nil, "too short for its parameters"
		}
		var v [7]float64
		for i := range n {
			v[i] = s15Fixed16(b[12+4*i:])
		}
		return parametric(kind, v), ""
	}
	return nil, fmt.Sprintf("curve of unknown type %q", signature(b[:4]))
}

// parametric brings the five kinds of ICC.1:2010, table 65, to the last one:
// (a·x+b)^g + e from x = d upwards and c·x+f below. The parameters stand in v
// in the file's order.
func parametric(kind uint16, v [7]float64) func(x float64) float64 {
	g, a, b, c, d, e, f := v[0], v[1], v[2], v[3], v[4], v[5], v[6]
	switch kind {
	case 0:
		a, d = 1, 0
	case 1, 2: // constant below -b/a; the fourth parameter of kind 2 is the offset
		e, f, c = c, c, 0
		d = math.Inf(-1)
		if a != 0 {
			d = -b / a
		}
	}
	return func(x float64) float64 {
		if x >= d {
			return math.Pow(max(float64(a*x)+b, 0), g) + e
		}
		return float64(c*x) + f
	}
}

// A tag is a part of the profile's data; its bytes lie inside it.
type tag struct{ offset, size int }

func (t tag) of(data []byte) []byte { return data[t.offset:][:t.size] }

// tagTable reads the list of tags behind the header (ICC.1:2010, 7.3). Where
// a name occurs twice, the first one counts.
func tagTable(data []byte) (map[string]tag, error) {
	n := binary.BigEndian.Uint32(data[headerSize:])
	if n > maxTags || headerSize+4+12*int(n) > len(data) {
		return nil, &FormatError{headerSize, fmt.Sprintf("%d tags declared in %d bytes", n, len(data))}
	}
	tags := make(map[string]tag, n)
	for i := range int(n) {
		pos := headerSize + 4 + 12*i
		name := string(data[pos:][:4])
		offset, size := binary.BigEndian.Uint32(data[pos+4:]), binary.BigEndian.Uint32(data[pos+8:])
		if uint64(offset)+uint64(size) > uint64(len(data)) {
			return nil, &FormatError{pos, fmt.Sprintf("tag %q ends behind the profile", signature(data[pos:][:4]))}
		}
		if _, ok := tags[name]; !ok {
			tags[name] = tag{int(offset), int(size)}
		}
	}
	return tags, nil
}

// description returns the profile's name, made fit to print, from a tag of
// type desc (version 2) or mluc (version 4), or "".
func description(data []byte, t tag) string {
	b := t.of(data)
	if len(b) < 16 {
		return ""
	}
	switch string(b[:4]) {
	case "desc":
		n := min(uint64(binary.BigEndian.Uint32(b[8:])), uint64(len(b)-12))
		return printable(string(b[12:][:n]))
	case "mluc":
		// Records of language, country, length and offset; the first one is
		// as good as any: names of colour spaces are not translated.
		if binary.BigEndian.Uint32(b[8:]) == 0 || len(b) < 28 {
			return ""
		}
		size, offset := binary.BigEndian.Uint32(b[20:]), binary.BigEndian.Uint32(b[24:])
		if uint64(offset)+uint64(size) > uint64(len(b)) {
			return ""
		}
		text := b[offset:][:min(size, 4*maxName)]
		units := make([]uint16, len(text)/2)
		for i := range units {
			units[i] = binary.BigEndian.Uint16(text[2*i:])
		}
		return printable(string(utf16.Decode(units)))
	}
	return ""
}

// printable drops what a terminal or a log should not be handed.
func printable(s string) string {
	var b strings.Builder
	n := 0
	for _, r := range s {
		if n == maxName {
			break
		}
		if unicode.IsPrint(r) && r != unicode.ReplacementChar {
			b.WriteRune(r)
			n++
		}
	}
	return strings.TrimSpace(b.String())
}

// signature returns four bytes of the file as a short printable word.
func signature(b []byte) string { return printable(string(b)) }

func s15Fixed16(b []byte) float64 {
	return float64(int32(binary.BigEndian.Uint32(b))) / 65536
}

// clamp01 brings x into 0…1; NaN becomes 0.
func clamp01(x float64) float64 {
	if x > 0 {
		return min(x, 1)
	}
	return 0
}
