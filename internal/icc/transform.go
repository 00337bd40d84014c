package icc

import "math"

// fromXYZ takes XYZ relative to D50 to linear sRGB: the inverse of the
// colorants of sRGB adapted to D50 (http://www.brucelindbloom.com, "RGB/XYZ
// Matrices", sRGB, Bradford-adapted).
var fromXYZ = [3][3]float64{
	{3.1338561, -1.6168667, -0.4906146},
	{-0.9787684, 1.9161415, 0.0334540},
	{0.0719453, -0.2289914, 1.4052427},
}

const (
	linearBits = 16 // of linear light 0…1
	matrixBits = 16 // of a matrix entry behind the point
	encodeBits = 14 // of the index into encoded: a fifth of a level where the sRGB curve is steepest
)

// encoded is the sRGB curve (IEC 61966-2-1) from linear light to 8 bits.
var encoded = func() (t [1<<encodeBits + 1]uint8) {
	for i := range t {
		t[i] = uint8(255*encodeSRGB(float64(i)/(1<<encodeBits)) + 0.5)
	}
	return t
}()

func encodeSRGB(x float64) float64 {
	if x <= 0.0031308 {
		return 12.92 * x
	}
	return 1.055*math.Pow(x, 1/2.4) - 0.055
}

// A Transform turns 8-bit pixels into sRGB. It is safe for concurrent use.
type Transform struct {
	linear [3][256]int64
	matrix [3][3]int64
	gray   [256]uint8
}

// ToSRGB returns the conversion of p's pixels to sRGB, or an
// [*UnsupportedError].
func (p *Profile) ToSRGB() (*Transform, error) {
	if p.problem != "" {
		return nil, &UnsupportedError{p.problem}
	}
	if p.Space == SpaceGray {
		return newTransform([3]*[256]float64{&p.curves[0], &p.curves[0], &p.curves[0]}, identity), nil
	}
	var m [3][3]float64
	for r := range 3 {
		for c := range 3 {
			for i := range 3 {
				m[r][c] += float64(fromXYZ[r][i] * p.matrix[i][c])
			}
		}
	}
	return newTransform([3]*[256]float64{&p.curves[0], &p.curves[1], &p.curves[2]}, m), nil
}

// Gamma returns the conversion of pixels that have the primaries of sRGB and a
// power curve: linear light = value^exponent.
func Gamma(exponent float64) *Transform {
	var c [256]float64
	for v := range c {
		c[v] = clamp01(math.Pow(float64(v)/255, exponent))
	}
	return newTransform([3]*[256]float64{&c, &c, &c}, identity)
}

var identity = [3][3]float64{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}

func newTransform(curves [3]*[256]float64, m [3][3]float64) *Transform {
	t := &Transform{}
	for c := range 3 {
		for v, x := range curves[c] {
			t.linear[c][v] = int64(math.Round(x * (1 << linearBits)))
		}
		for i, x := range m[c] {
			t.matrix[c][i] = int64(math.Round(x * (1 << matrixBits)))
		}
	}
	for v, x := range t.linear[0] {
		t.gray[v] = encode(x << matrixBits)
	}
	return t
}

// encode takes linear light with linearBits+matrixBits behind the point.
func encode(x int64) uint8 {
	const shift = linearBits + matrixBits - encodeBits
	return encoded[min(max((x+1<<(shift-1))>>shift, 0), 1<<encodeBits)]
}

// RGBA converts pixels of four bytes, red, green, blue and alpha, in place.
// Alpha is left alone; with alpha below 255 the colours must not have been
// multiplied by it. A rest of less than four bytes is left alone.
func (t *Transform) RGBA(pix []uint8) {
	m := &t.matrix
	for ; len(pix) >= 4; pix = pix[4:] {
		// Colorants are below 2^15, so that an entry of the product with
		// fromXYZ is below 2^18 before its point, and each sum below 2^52.
		r, g, b := t.linear[0][pix[0]], t.linear[1][pix[1]], t.linear[2][pix[2]]
		pix[0] = encode(m[0][0]*r + m[0][1]*g + m[0][2]*b)
		pix[1] = encode(m[1][0]*r + m[1][1]*g + m[1][2]*b)
		pix[2] = encode(m[2][0]*r + m[2][1]*g + m[2][2]*b)
	}
}

// Gray converts pixels of one byte in place. It is for the transform of a
// gray profile or of [Gamma].
func (t *Transform) Gray(pix []uint8) {
	for i, v := range pix {
		pix[i] = t.gray[v]
	}
}

// IsSRGB reports whether p, whatever its name, describes sRGB: no colour of
// a grid of 18³, or gray value, moves by more than one of 255 levels.
func (p *Profile) IsSRGB() bool {
	t, err := p.ToSRGB()
	if err != nil {
		return false
	}
	if p.Space == SpaceGray {
		for v, w := range t.gray {
			if !near(uint8(v), w) {
				return false
			}
		}
		return true
	}
	for r := 0; r < 256; r += 15 {
		for g := 0; g < 256; g += 15 {
			for b := 0; b < 256; b += 15 {
				px := [4]uint8{uint8(r), uint8(g), uint8(b), 255}
				t.RGBA(px[:])
				if !near(px[0], uint8(r)) || !near(px[1], uint8(g)) || !near(px[2], uint8(b)) {
					return false
				}
			}
		}
	}
	return true
}

func near(a, b uint8) bool { return max(a, b)-min(a, b) <= 1 }
