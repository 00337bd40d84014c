// Package icctest puts ICC profiles together, from published primaries and
// curves, so that the tests need no one else's. It is for tests only.
package icctest

import (
	"encoding/binary"
	"math"
	"unicode/utf16"
)

// Primaries are the xy chromaticities of red, green, blue and white.
type Primaries struct{ R, G, B, W [2]float64 }

var (
	d50 = [2]float64{0.3457, 0.3585}
	d65 = [2]float64{0.3127, 0.3290}

	// SRGB is IEC 61966-2-1.
	SRGB = Primaries{[2]float64{0.64, 0.33}, [2]float64{0.30, 0.60}, [2]float64{0.15, 0.06}, d65}
	// DisplayP3 is SMPTE EG 432-1 with the white of D65.
	DisplayP3 = Primaries{[2]float64{0.680, 0.320}, [2]float64{0.265, 0.690}, [2]float64{0.150, 0.060}, d65}
	// AdobeRGB is Adobe RGB (1998).
	AdobeRGB = Primaries{[2]float64{0.64, 0.33}, [2]float64{0.21, 0.71}, [2]float64{0.15, 0.06}, d65}
	// ROMM is ROMM RGB, also called ProPhoto.
	ROMM = Primaries{[2]float64{0.7347, 0.2653}, [2]float64{0.1596, 0.8404}, [2]float64{0.0366, 0.0001}, d50}
)

// A Curve is a tag of type curv or para.
type Curve []byte

// Curves of the colour spaces above; Display P3 has that of sRGB.
var (
	SRGBCurve  = Para(3, 2.4, 1/1.055, 0.055/1.055, 1/12.92, 0.04045)
	AdobeCurve = Curv(563) // 2.19921875 as u8Fixed8
	ROMMCurve  = Para(3, 1.8, 1, 0, 1.0/16, 0.031248)
)

// Para is a parametric curve of kind 0 to 4 with its parameters.
func Para(kind uint16, v ...float64) Curve {
	b := binary.BigEndian.AppendUint16([]byte("para\x00\x00\x00\x00"), kind)
	b = append(b, 0, 0)
	for _, x := range v {
		b = append(b, fixed(x)...)
	}
	return b
}

// Curv is a curve of no entries (identity), one (a gamma times 256) or many.
func Curv(entries ...uint16) Curve {
	b := binary.BigEndian.AppendUint32([]byte("curv\x00\x00\x00\x00"), uint32(len(entries)))
	for _, e := range entries {
		b = binary.BigEndian.AppendUint16(b, e)
	}
	return b
}

// Table is f as a curve of n entries.
func Table(n int, f func(x float64) float64) Curve {
	e := make([]uint16, n)
	for i := range e {
		e[i] = uint16(math.Round(65535 * f(float64(i)/float64(n-1))))
	}
	return Curv(e...)
}

// A Tag is a part of a profile.
type Tag struct {
	Name string
	Data []byte
}

// Profile makes a profile of version 4.3 and class mntr. Space and pcs have
// four letters.
func Profile(space, pcs string, tags ...Tag) []byte {
	const headerSize = 128
	head := make([]byte, headerSize)
	head[8], head[9] = 4, 0x30
	copy(head[12:], "mntr")
	copy(head[16:], space)
	copy(head[20:], pcs)
	copy(head[36:], "acsp")
	copy(head[68:], xyz(white)[8:])
	list := binary.BigEndian.AppendUint32(nil, uint32(len(tags)))
	var body []byte
	for _, t := range tags {
		list = append(list, t.Name...)
		list = binary.BigEndian.AppendUint32(list, uint32(headerSize+4+12*len(tags)+len(body)))
		list = binary.BigEndian.AppendUint32(list, uint32(len(t.Data)))
		body = append(body, t.Data...)
		body = append(body, make([]byte, -len(body)&3)...)
	}
	all := append(append(head, list...), body...)
	binary.BigEndian.PutUint32(all, uint32(len(all)))
	return all
}

// RGB makes a profile of matrix and curves, with a description of version 4.
func RGB(name string, p Primaries, c Curve) []byte {
	m := p.Colorants()
	colorant := func(i int) []byte { return xyz([3]float64{m[0][i], m[1][i], m[2][i]}) }
	return Profile("RGB ", "XYZ ",
		Tag{"desc", mluc(name)}, Tag{"wtpt", xyz(white)},
		Tag{"rXYZ", colorant(0)}, Tag{"gXYZ", colorant(1)}, Tag{"bXYZ", colorant(2)},
		Tag{"rTRC", c}, Tag{"gTRC", c}, Tag{"bTRC", c})
}

// Gray makes a profile of one curve, with a description of version 2.
func Gray(name string, c Curve) []byte {
	return Profile("GRAY", "XYZ ", Tag{"desc", desc(name)}, Tag{"wtpt", xyz(white)}, Tag{"kTRC", c})
}

// LookupTable makes a profile of the given space, four letters, that needs a
// lookup table; the table itself is empty.
func LookupTable(name, space string) []byte {
	return Profile(space, "Lab ", Tag{"desc", mluc(name)}, Tag{"A2B0", make([]byte, 40)})
}

func mluc(name string) []byte {
	b := []byte("mluc\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x0cenUS")
	u := utf16.Encode([]rune(name))
	b = binary.BigEndian.AppendUint32(b, uint32(2*len(u)))
	b = binary.BigEndian.AppendUint32(b, 28)
	for _, x := range u {
		b = binary.BigEndian.AppendUint16(b, x)
	}
	return b
}

func desc(name string) []byte {
	b := binary.BigEndian.AppendUint32([]byte("desc\x00\x00\x00\x00"), uint32(len(name)+1))
	b = append(b, name...)
	return append(b, make([]byte, 1+4+4+2+1+67)...) // no Unicode, no ScriptCode
}

func fixed(x float64) []byte {
	return binary.BigEndian.AppendUint32(nil, uint32(int32(math.Round(x*65536))))
}

func xyz(v [3]float64) []byte {
	b := []byte("XYZ \x00\x00\x00\x00")
	for _, x := range v {
		b = append(b, fixed(x)...)
	}
	return b
}

// white is D50 as every profile has it (ICC.1:2010, 7.2.16).
var white = [3]float64{0.9642, 1, 0.8249}

// A Matrix has rows and columns.
type Matrix [3][3]float64

// Mul returns a·b.
func (a Matrix) Mul(b Matrix) (m Matrix) {
	for r := range 3 {
		for c := range 3 {
			for i := range 3 {
				m[r][c] += a[r][i] * b[i][c]
			}
		}
	}
	return m
}

// Apply returns a·v.
func (a Matrix) Apply(v [3]float64) (w [3]float64) {
	for r := range 3 {
		w[r] = a[r][0]*v[0] + a[r][1]*v[1] + a[r][2]*v[2]
	}
	return w
}

// Inverse returns the inverse of a regular matrix.
func (a Matrix) Inverse() (m Matrix) {
	cofactor := func(r, c int) float64 {
		return a[(r+1)%3][(c+1)%3]*a[(r+2)%3][(c+2)%3] - a[(r+1)%3][(c+2)%3]*a[(r+2)%3][(c+1)%3]
	}
	det := a[0][0]*cofactor(0, 0) + a[0][1]*cofactor(0, 1) + a[0][2]*cofactor(0, 2)
	for r := range 3 {
		for c := range 3 {
			m[c][r] = cofactor(r, c) / det
		}
	}
	return m
}

// Colorants returns the matrix from linear RGB to XYZ, adapted to D50 by the
// Bradford transform (ICC.1:2010, annex E).
func (p Primaries) Colorants() Matrix {
	xyz := func(p [2]float64) [3]float64 { return [3]float64{p[0] / p[1], 1, (1 - p[0] - p[1]) / p[1]} }
	r, g, b, w := xyz(p.R), xyz(p.G), xyz(p.B), xyz(p.W)
	m := Matrix{{r[0], g[0], b[0]}, {r[1], g[1], b[1]}, {r[2], g[2], b[2]}}
	s := m.Inverse().Apply(w)
	bradford := Matrix{{0.8951, 0.2664, -0.1614}, {-0.7502, 1.7135, 0.0367}, {0.0389, -0.0685, 1.0296}}
	from, to := bradford.Apply(w), bradford.Apply(white)
	adapt := bradford.Inverse().Mul(Matrix{{to[0] / from[0]}, {0, to[1] / from[1]}, {0, 0, to[2] / from[2]}}).Mul(bradford)
	return adapt.Mul(m).Mul(Matrix{{s[0]}, {0, s[1]}, {0, 0, s[2]}})
}
