package main

import (
	"encoding/binary"
	"image"
	"image/color"
	"math"
	"math/bits"
)

// progressive writes a progressive JPEG without subsampling, which image/jpeg
// cannot: a scan with the DC coefficients but their last bit, one with that
// bit, and two scans of AC coefficients for each component (T.81, G.1). Every
// component has the luma tables of image/jpeg. With cmyk there are four
// components, inverted as Adobe's programs do, and the black one is empty.
func progressive(m image.Image, quality int, cmyk bool) []byte {
	luma := encodeJPEG(image.NewGray(image.Rect(0, 0, 8, 8)), quality)
	quant, huffman := segment(luma, 0xDB), segment(luma, 0xC4)
	planes := components(m, cmyk)
	w, h := m.Bounds().Dx(), m.Bounds().Dy()

	file := []byte{0xFF, 0xD8}
	if cmyk {
		file = append(file, seg(0xEE, "Adobe\x00\x64\x00\x00\x00\x00\x00")...) // no colour transform
	}
	file = append(file, quant...)
	frame := []byte{8, byte(h >> 8), byte(h), byte(w >> 8), byte(w), byte(len(planes))}
	for i := range planes {
		frame = append(frame, byte(i+1), 0x11, 0)
	}
	file = append(file, seg(0xC2, string(frame))...)
	file = append(file, huffman...)

	dc, ac := codes(huffman, 0x00), codes(huffman, 0x10)
	var blocks [][][64]int
	for _, p := range planes {
		blocks = append(blocks, transformed(p, w, h, quant[5:][:64]))
	}
	scan := func(first, last, high, low int, comps ...int) []byte {
		b := []byte{byte(len(comps))}
		for _, c := range comps {
			b = append(b, byte(c+1), 0x00)
		}
		return seg(0xDA, string(append(b, byte(first), byte(last), byte(high<<4|low))))
	}
	all := []int{0, 1, 2, 3}[:len(planes)]

	var e entropy
	before := make([]int, len(planes))
	for i := range blocks[0] {
		for c := range planes {
			v := blocks[c][i][0] >> 1
			e.value(dc, 0, v-before[c])
			before[c] = v
		}
	}
	file = append(append(file, scan(0, 0, 0, 1, all...)...), e.done()...)
	for i := range blocks[0] {
		for c := range planes {
			e.bits(blocks[c][i][0]&1, 1)
		}
	}
	file = append(append(file, scan(0, 0, 1, 0, all...)...), e.done()...)
	for c := range planes {
		for _, band := range [][2]int{{1, 5}, {6, 63}} {
			for _, b := range blocks[c] {
				e.band(ac, b[band[0]:band[1]+1])
			}
			file = append(append(file, scan(band[0], band[1], 0, 0, c)...), e.done()...)
		}
	}
	return append(file, 0xFF, 0xD9)
}

// components splits a picture into Y, Cb and Cr or into inverted C, M, Y and K.
func components(m image.Image, cmyk bool) [][]uint8 {
	b := m.Bounds()
	planes := make([][]uint8, 3, 4)
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			c := color.RGBAModel.Convert(m.At(x, y)).(color.RGBA)
			v := [3]uint8{c.R, c.G, c.B}
			if !cmyk {
				v[0], v[1], v[2] = color.RGBToYCbCr(c.R, c.G, c.B)
			}
			for i := range v {
				planes[i] = append(planes[i], v[i])
			}
		}
	}
	if cmyk {
		black := make([]uint8, len(planes[0]))
		for i := range black {
			black[i] = 255
		}
		planes = append(planes, black)
	}
	return planes
}

// zigzag holds the place in a block of each coefficient in file order (T.81,
// figure A.6): up and down the diagonals.
var zigzag = func() (z [64]int) {
	i := 0
	for d := range 15 {
		for k := max(0, d-7); k <= min(d, 7); k++ {
			row, column := d-k, k
			if d%2 == 1 {
				row, column = k, d-k
			}
			z[i] = row*8 + column
			i++
		}
	}
	return z
}()

// transformed returns the quantized coefficients of all blocks in file order. At
// the right and the lower edge the last samples are repeated.
func transformed(plane []uint8, w, h int, quant []byte) [][64]int {
	var basis [8][8]float64 // T.81, A.3.3
	for u := range 8 {
		for x := range 8 {
			basis[u][x] = math.Cos(float64(2*x+1)*float64(u)*math.Pi/16) / 2
			if u == 0 {
				basis[u][x] = math.Sqrt2 / 4
			}
		}
	}
	var blocks [][64]int
	for y0 := 0; y0 < h; y0 += 8 {
		for x0 := 0; x0 < w; x0 += 8 {
			var rows, out [64]float64
			for y := range 8 {
				for x := range 8 {
					v := float64(plane[min(y0+y, h-1)*w+min(x0+x, w-1)]) - 128
					for u := range 8 {
						rows[y*8+u] += float64(basis[u][x] * v)
					}
				}
			}
			for y := range 8 {
				for v := range 8 {
					for u := range 8 {
						out[v*8+u] += float64(basis[v][y] * rows[y*8+u])
					}
				}
			}
			var b [64]int
			for i, n := range zigzag {
				b[i] = int(math.Round(out[n] / float64(quant[i])))
			}
			blocks = append(blocks, b)
		}
	}
	return blocks
}

// A code is a Huffman code, right-aligned.
type code struct{ bits, length int }

// codes reads one table from a DHT segment (T.81, C.2).
func codes(dht []byte, id byte) (table [256]code) {
	for b := dht[4:]; ; {
		next := 0
		var values []byte
		for _, n := range b[1:17] {
			next += int(n)
		}
		values, next = b[17:][:next], 17+next
		if b[0] != id {
			b = b[next:]
			continue
		}
		c := 0
		for length := 1; length <= 16; length++ {
			for range b[length] {
				table[values[0]] = code{c, length}
				values = values[1:]
				c++
			}
			c <<= 1
		}
		return table
	}
}

// entropy collects the entropy-coded data of one scan.
type entropy struct {
	out    []byte
	buffer uint64
	n      int // bits in buffer
}

func (e *entropy) bits(v, n int) {
	e.buffer, e.n = e.buffer<<n|uint64(v), e.n+n
	for ; e.n >= 8; e.n -= 8 {
		b := byte(e.buffer >> (e.n - 8))
		e.out = append(e.out, b)
		if b == 0xFF {
			e.out = append(e.out, 0)
		}
	}
}

// value writes run zeros and v (T.81, F.1.2).
func (e *entropy) value(table [256]code, run, v int) {
	size := bits.Len(uint(max(v, -v)))
	c := table[run<<4|size]
	e.bits(c.bits, c.length)
	if v < 0 {
		v += 1<<size - 1
	}
	e.bits(v, size)
}

// band writes the AC coefficients of one block and band.
func (e *entropy) band(table [256]code, coefficients []int) {
	run := 0
	for _, v := range coefficients {
		if v == 0 {
			run++
			continue
		}
		for ; run > 15; run -= 16 {
			e.bits(table[0xF0].bits, table[0xF0].length)
		}
		e.value(table, run, v)
		run = 0
	}
	if run > 0 {
		e.bits(table[0].bits, table[0].length) // end of block
	}
}

// done pads to a whole byte with ones and returns the scan.
func (e *entropy) done() []byte {
	if e.n > 0 {
		e.bits(1<<(8-e.n)-1, 8-e.n)
	}
	out := e.out
	*e = entropy{}
	return out
}

// seg is a JPEG segment.
func seg(marker byte, body string) []byte {
	b := binary.BigEndian.AppendUint16([]byte{0xFF, marker}, uint16(len(body)+2))
	return append(b, body...)
}

// segment returns the first segment of file with that marker, or nil.
func segment(file []byte, marker byte) []byte {
	for b := file[2:]; b[1] != 0xDA; {
		n := 2 + int(binary.BigEndian.Uint16(b[2:]))
		if b[1] == marker {
			return b[:n]
		}
		b = b[n:]
	}
	return nil
}
