package normalize

import (
	"encoding/binary"
	"image"
	"image/color"
	"math"

	"github.com/preflight-go/preflight/internal/jpeg"
)

// This is a baseline JPEG encoder (ITU-T T.81). image/jpeg has one, but it
// writes 4:2:0 only, takes no colour profile, and transforms the picture anew
// for each quality that is tried.

// coefficients are a picture after the discrete cosine transform: all that
// does not depend on the quality.
type coefficients struct {
	w, h       int
	components []component
}

// A component has whole MCUs of blocks, row by row.
type component struct {
	h, v   int     // sampling factors
	stride int     // blocks in a row
	blocks []block // DCT coefficients times 8
}

// A block is 8x8 values, row by row.
type block [64]int16

// transformGray takes a picture of one component.
func transformGray(m *image.Gray) *coefficients {
	w, h := m.Rect.Dx(), m.Rect.Dy()
	plane := newPlane(w, h, 8, 8)
	for y := range h {
		copy(plane.row(y), m.Pix[y*m.Stride:][:w])
	}
	plane.extend(w, h)
	return &coefficients{w, h, []component{plane.component(1, 1)}}
}

// transformRGB takes an opaque colour picture, as 4:4:4 if full, else 4:2:0.
func transformRGB(m *image.NRGBA, full bool) *coefficients {
	w, h := m.Rect.Dx(), m.Rect.Dy()
	f := 2 // sampling factor of Y; those of Cb and Cr are 1
	if full {
		f = 1
	}
	planes := [3]plane{newPlane(w, h, 8*f, 8*f), newPlane(w, h, 8*f, 8*f), newPlane(w, h, 8*f, 8*f)}
	for y := range h {
		row := m.Pix[y*m.Stride:][:4*w]
		r0, r1, r2 := planes[0].row(y), planes[1].row(y), planes[2].row(y)
		for x := range w {
			r0[x], r1[x], r2[x] = color.RGBToYCbCr(row[4*x], row[4*x+1], row[4*x+2])
		}
	}
	c := &coefficients{w, h, make([]component, 3)}
	for i := range planes {
		planes[i].extend(w, h)
		if i == 0 {
			c.components[i] = planes[i].component(f, f)
			continue
		}
		if !full {
			planes[i] = planes[i].halved()
		}
		c.components[i] = planes[i].component(1, 1)
	}
	return c
}

// A plane is one value per pixel, its sides multiples of 8.
type plane struct {
	w, h int
	pix  []uint8
}

// newPlane makes a plane for w x h pixels, of whole units of uw x uh.
func newPlane(w, h, uw, uh int) plane {
	w, h = (w+uw-1)/uw*uw, (h+uh-1)/uh*uh
	return plane{w, h, make([]uint8, w*h)}
}

func (p plane) row(y int) []uint8 { return p.pix[y*p.w:][:p.w] }

// extend repeats the last column and row of w x h pixels to the plane's edge,
// so that the rest of the outermost blocks costs few bits.
func (p plane) extend(w, h int) {
	for y := range h {
		row := p.row(y)
		for x := w; x < p.w; x++ {
			row[x] = row[w-1]
		}
	}
	for y := h; y < p.h; y++ {
		copy(p.row(y), p.row(h-1))
	}
}

// halved averages squares of four pixels.
func (p plane) halved() plane {
	q := newPlane(p.w/2, p.h/2, 8, 8)
	for y := range q.h {
		a, b, out := p.row(2*y), p.row(2*y+1), q.row(y)
		for x := range out {
			out[x] = uint8((int(a[2*x]) + int(a[2*x+1]) + int(b[2*x]) + int(b[2*x+1]) + 2) >> 2)
		}
	}
	return q
}

// component transforms the plane.
func (p plane) component(h, v int) component {
	c := component{h: h, v: v, stride: p.w / 8, blocks: make([]block, p.w/8*(p.h/8))}
	for i := range c.blocks {
		x, y := 8*(i%c.stride), 8*(i/c.stride)
		b := &c.blocks[i]
		for r := range 8 {
			for k, v := range p.row(y + r)[x:][:8] {
				b[8*r+k] = int16(v) - 128
			}
		}
		fdct(b)
	}
	return c
}

const cosBits = 12

// cosines[u][x] is C(u)/2 · cos((2x+1)uπ/16) of T.81, A.3.3, times 2^cosBits,
// for the first half of x: the second has the same values, with the opposite
// sign where u is odd.
var cosines = func() (t [8][4]int32) {
	for u := range t {
		for x := range t[u] {
			v := math.Cos(float64((2*x+1)*u)*math.Pi/16) / 2
			if u == 0 {
				v /= math.Sqrt2
			}
			t[u][x] = int32(math.Round(v * (1 << cosBits)))
		}
	}
	return t
}()

// fdct transforms b, values of -128…127, in place into coefficients times 8.
// It is the definition, rows first, with sums and differences of the two
// halves. Between the passes there are four bits behind the point.
func fdct(b *block) {
	var t [64]int32
	for y := range 8 {
		in := b[8*y:][:8]
		var v [8]int32
		for i := range v {
			v[i] = int32(in[i])
		}
		// |v| ≤ 2^7, so that |out| < 2^7·8·2^(cosBits-1) = 2^21.
		for u, s := range dct8(&v) {
			t[8*y+u] = (s + 1<<(cosBits-5)) >> (cosBits - 4)
		}
	}
	for x := range 8 {
		var v [8]int32
		for i := range v {
			v[i] = t[8*i+x]
		}
		// |v| < 2^13 from above, and |out| < 2^27.
		for u, s := range dct8(&v) {
			b[8*u+x] = int16((s + 1<<cosBits) >> (cosBits + 1))
		}
	}
}

func dct8(v *[8]int32) (out [8]int32) {
	s0, s1, s2, s3 := v[0]+v[7], v[1]+v[6], v[2]+v[5], v[3]+v[4]
	d0, d1, d2, d3 := v[0]-v[7], v[1]-v[6], v[2]-v[5], v[3]-v[4]
	for u := 0; u < 8; u += 2 {
		c, d := &cosines[u], &cosines[u+1]
		out[u] = c[0]*s0 + c[1]*s1 + c[2]*s2 + c[3]*s3
		out[u+1] = d[0]*d0 + d[1]*d1 + d[2]*d2 + d[3]*d3
	}
	return out
}

// A huffman table as a DHT segment has it: how many codes of each length from
// 1 to 16 there are, and what they stand for.
type huffman struct {
	counts [16]uint8
	values string
}

// huffmans are the tables of T.81, K.3: DC and AC of luma, DC and AC of chroma.
var huffmans = [4]huffman{
	{[16]uint8{0, 1, 5, 1, 1, 1, 1, 1, 1}, "\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b"},
	{
		[16]uint8{0, 2, 1, 3, 3, 2, 4, 3, 5, 5, 4, 4, 0, 0, 1, 125},
		"\x01\x02\x03\x00\x04\x11\x05\x12\x21\x31\x41\x06\x13\x51\x61\x07" +
			"\x22\x71\x14\x32\x81\x91\xa1\x08\x23\x42\xb1\xc1\x15\x52\xd1\xf0" +
			"\x24\x33\x62\x72\x82\x09\x0a\x16\x17\x18\x19\x1a\x25\x26\x27\x28" +
			"\x29\x2a\x34\x35\x36\x37\x38\x39\x3a\x43\x44\x45\x46\x47\x48\x49" +
			"\x4a\x53\x54\x55\x56\x57\x58\x59\x5a\x63\x64\x65\x66\x67\x68\x69" +
			"\x6a\x73\x74\x75\x76\x77\x78\x79\x7a\x83\x84\x85\x86\x87\x88\x89" +
			"\x8a\x92\x93\x94\x95\x96\x97\x98\x99\x9a\xa2\xa3\xa4\xa5\xa6\xa7" +
			"\xa8\xa9\xaa\xb2\xb3\xb4\xb5\xb6\xb7\xb8\xb9\xba\xc2\xc3\xc4\xc5" +
			"\xc6\xc7\xc8\xc9\xca\xd2\xd3\xd4\xd5\xd6\xd7\xd8\xd9\xda\xe1\xe2" +
			"\xe3\xe4\xe5\xe6\xe7\xe8\xe9\xea\xf1\xf2\xf3\xf4\xf5\xf6\xf7\xf8" +
			"\xf9\xfa",
	},
	{[16]uint8{0, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1}, "\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b"},
	{
		[16]uint8{0, 2, 1, 2, 4, 4, 3, 4, 7, 5, 4, 4, 0, 1, 2, 119},
		"\x00\x01\x02\x03\x11\x04\x05\x21\x31\x06\x12\x41\x51\x07\x61\x71" +
			"\x13\x22\x32\x81\x08\x14\x42\x91\xa1\xb1\xc1\x09\x23\x33\x52\xf0" +
			"\x15\x62\x72\xd1\x0a\x16\x24\x34\xe1\x25\xf1\x17\x18\x19\x1a\x26" +
			"\x27\x28\x29\x2a\x35\x36\x37\x38\x39\x3a\x43\x44\x45\x46\x47\x48" +
			"\x49\x4a\x53\x54\x55\x56\x57\x58\x59\x5a\x63\x64\x65\x66\x67\x68" +
			"\x69\x6a\x73\x74\x75\x76\x77\x78\x79\x7a\x82\x83\x84\x85\x86\x87" +
			"\x88\x89\x8a\x92\x93\x94\x95\x96\x97\x98\x99\x9a\xa2\xa3\xa4\xa5" +
			"\xa6\xa7\xa8\xa9\xaa\xb2\xb3\xb4\xb5\xb6\xb7\xb8\xb9\xba\xc2\xc3" +
			"\xc4\xc5\xc6\xc7\xc8\xc9\xca\xd2\xd3\xd4\xd5\xd6\xd7\xd8\xd9\xda" +
			"\xe2\xe3\xe4\xe5\xe6\xe7\xe8\xe9\xea\xf2\xf3\xf4\xf5\xf6\xf7\xf8" +
			"\xf9\xfa",
	},
}

// A code is a Huffman code: its bits, right-aligned, and their number.
type code struct {
	bits   uint32
	length int
}

// codes holds the code of each value of each of huffmans (T.81, C.2).
var codes = func() (t [4][256]code) {
	for i, h := range huffmans {
		next, k := uint32(0), 0
		for length, n := range h.counts {
			for range n {
				t[i][h.values[k]] = code{next, length + 1}
				next++
				k++
			}
			next <<= 1
		}
	}
	return t
}()

// encode returns the picture as a file of the given quality, 1 to 100, with a
// colour profile unless that is nil.
func (c *coefficients) encode(quality int, profile []byte) []byte {
	gray := len(c.components) == 1
	tables := 2
	if gray {
		tables = 1
	}

	out := make([]byte, 0, c.w*c.h/4+len(profile)+4096)
	out = append(out, 0xFF, 0xD8)
	out = segment(out, 0xE0, []byte("JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00")) // version 1.1, square pixels
	out = appendProfile(out, profile)

	var quant [2]jpeg.QuantTable
	quant[0], quant[1] = jpeg.Standard(quality)
	for i := range tables {
		dqt := []byte{byte(i)}
		for _, k := range jpeg.Zigzag {
			dqt = append(dqt, byte(quant[i][k]))
		}
		out = segment(out, 0xDB, dqt)
	}

	sof := []byte{8}
	sof = binary.BigEndian.AppendUint16(sof, uint16(c.h))
	sof = binary.BigEndian.AppendUint16(sof, uint16(c.w))
	sof = append(sof, byte(len(c.components)))
	sos := []byte{byte(len(c.components))}
	for i, p := range c.components {
		table := byte(min(i, 1))
		sof = append(sof, byte(i+1), byte(p.h<<4|p.v), table)
		sos = append(sos, byte(i+1), table<<4|table)
	}
	out = segment(out, 0xC0, sof)
	for i := range 2 * tables {
		h := &huffmans[i]
		dht := append([]byte{byte(i&1<<4 | i>>1)}, h.counts[:]...)
		out = segment(out, 0xC4, append(dht, h.values...))
	}
	out = segment(out, 0xDA, append(sos, 0, 63, 0))

	w := bitWriter{out: out}
	var previous [4]int32 // DC of each component's last block
	first := &c.components[0]
	columns, rows := first.stride/first.h, len(first.blocks)/first.stride/first.v
	for y := range rows {
		for x := range columns {
			for i := range c.components {
				p := &c.components[i]
				table := min(i, 1)
				for v := range p.v {
					for h := range p.h {
						b := &p.blocks[(y*p.v+v)*p.stride+x*p.h+h]
						previous[i] = w.block(b, &quant[table], &codes[2*table], &codes[2*table+1], previous[i])
					}
				}
			}
		}
	}
	w.flush()
	return append(w.out, 0xFF, 0xD9)
}

// segment appends a marker segment, whose body is below 65,534 bytes.
func segment(out []byte, marker byte, body []byte) []byte {
	out = append(out, 0xFF, marker)
	out = binary.BigEndian.AppendUint16(out, uint16(2+len(body)))
	return append(out, body...)
}

// A bitWriter appends entropy-coded data.
type bitWriter struct {
	out  []byte
	bits uint64 // those not written yet, right-aligned
	n    int    // how many; below 8 between calls
}

func (w *bitWriter) emit(bits uint32, n int) {
	w.bits = w.bits<<n | uint64(bits)
	for w.n += n; w.n >= 8; w.n -= 8 {
		b := byte(w.bits >> (w.n - 8))
		w.out = append(w.out, b)
		if b == 0xFF {
			w.out = append(w.out, 0) // T.81, B.1.1.5: not a marker
		}
	}
}

// flush fills the last byte with ones.
func (w *bitWriter) flush() {
	if w.n > 0 {
		w.emit(1<<(8-w.n)-1, 8-w.n)
	}
}

// number emits the code of a run of zeros followed by v, and v's own bits
// (T.81, F.1.2.1 and F.1.2.2).
func (w *bitWriter) number(t *[256]code, run int, v int32) {
	size, bits := 0, uint32(v)
	magnitude := v
	if v < 0 {
		magnitude, bits = -v, uint32(v-1)
	}
	for ; magnitude > 0; magnitude >>= 1 {
		size++
	}
	c := t[run<<4|size]
	w.emit(c.bits<<size|bits&(1<<size-1), c.length+size)
}

// block emits a block and returns its DC.
func (w *bitWriter) block(b *block, quant *jpeg.QuantTable, dcCodes, acCodes *[256]code, previous int32) int32 {
	dc := divide(int32(b[0]), 8*int32(quant[0]))
	w.number(dcCodes, 0, dc-previous)
	run := 0
	for _, k := range jpeg.Zigzag[1:] {
		a, half := int32(b[k]), 4*int32(quant[k])
		if -half < a && a < half { // rounds to 0, as most do: no need to divide
			run++
			continue
		}
		v := divide(a, 2*half)
		for ; run > 15; run -= 16 {
			c := acCodes[0xF0]
			w.emit(c.bits, c.length)
		}
		w.number(acCodes, run, v)
		run = 0
	}
	if run > 0 {
		c := acCodes[0]
		w.emit(c.bits, c.length)
	}
	return dc
}

// divide rounds a/b to the nearest integer, halves away from zero.
func divide(a, b int32) int32 {
	if a < 0 {
		return -((-a + b/2) / b)
	}
	return (a + b/2) / b
}
