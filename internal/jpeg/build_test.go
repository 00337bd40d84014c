package jpeg

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"image/jpeg"
	"math/rand/v2"
	"strings"
	"testing"
)

// The tests write files by hand: a concatenation of these parts.

const (
	soi = "\xff\xd8"
	eoi = "\xff\xd9"
)

func seg(marker byte, body string) string {
	b := binary.BigEndian.AppendUint16([]byte{0xFF, marker}, uint16(len(body)+2))
	return string(b) + body
}

// table is the body of a DQT for one table: 8 bits per entry for pq = 0.
func table(pq, tq int, t *QuantTable) string {
	b := []byte{byte(pq<<4 | tq)}
	for _, n := range Zigzag {
		if pq == 0 {
			b = append(b, byte(t[n]))
		} else {
			b = binary.BigEndian.AppendUint16(b, t[n])
		}
	}
	return string(b)
}

// ijg is the standard luma table of a quality, written down anew after
// jpeg_quality_scaling and jpeg_add_quant_table.
func ijg(quality, limit int) *QuantTable {
	base := [64]int{
		16, 11, 10, 16, 24, 40, 51, 61,
		12, 12, 14, 19, 26, 58, 60, 55,
		14, 13, 16, 24, 40, 57, 69, 56,
		14, 17, 22, 29, 51, 87, 80, 62,
		18, 22, 37, 56, 68, 109, 103, 77,
		24, 35, 55, 64, 81, 104, 113, 92,
		49, 64, 78, 87, 103, 121, 120, 101,
		72, 92, 95, 98, 112, 100, 103, 99,
	}
	scale := 5000 / quality
	if quality >= 50 {
		scale = 200 - quality*2
	}
	var t QuantTable
	for i, b := range base {
		v := (b*scale + 50) / 100
		if v <= 0 {
			v = 1
		}
		if v > limit {
			v = limit
		}
		t[i] = uint16(v)
	}
	return &t
}

func dqt(quality, tq int) string { return seg(mDQT, table(0, tq, ijg(quality, 255))) }

// sof is a frame header; each component is "id, H<<4|V, Tq".
func sof(marker byte, precision, width, height int, components ...string) string {
	b := []byte{byte(precision), byte(height >> 8), byte(height), byte(width >> 8), byte(width), byte(len(components))}
	return seg(marker, string(b)+strings.Join(components, ""))
}

// dht is a DHT for one table with two codes of one and two bits.
func dht(class, number int) string {
	return seg(mDHT, string([]byte{byte(class<<4 | number), 1, 1})+strings.Repeat("\x00", 14)+"\x00\x01")
}

// tables are a luma table of quality 80 and all Huffman tables 0.
func tables() string { return dqt(80, 0) + dht(0, 0) + dht(1, 0) }

// sos is a scan of all coefficients; each component is "id, tables".
func sos(components ...string) string {
	return scan(0, 63, 0, components...)
}

func scan(ss, se, ahal int, components ...string) string {
	return seg(mSOS, string([]byte{byte(len(components))})+strings.Join(components, "")+string([]byte{byte(ss), byte(se), byte(ahal)}))
}

const (
	gray1 = "\x01\x11\x00" // component 1, 1x1, quantization table 0
	sel1  = "\x01\x00"     // component 1, Huffman tables 0
)

// grayFile is a small, complete header with some bytes for pixels.
func grayFile(before, data string) string {
	return soi + before + tables() + sof(mSOF0, 8, 16, 16, gray1) + sos(sel1) + data + eoi
}

// photo is a picture of noise over a gradient.
func photo(w, h int) *image.RGBA {
	r := rand.New(rand.NewPCG(1, 2))
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			m.SetRGBA(x, y, color.RGBA{uint8(x*3 + r.IntN(20)), uint8(y*3 + r.IntN(20)), uint8(x + y), 255})
		}
	}
	return m
}

func encode(t testing.TB, m image.Image, quality int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: quality}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// insert puts segments behind SOI.
func insert(file []byte, segments string) []byte {
	return []byte(string(file[:2]) + segments + string(file[2:]))
}

func mustParse(t testing.TB, data []byte) *Header {
	t.Helper()
	h, err := ParseHeader(data)
	if err != nil {
		t.Fatal(err)
	}
	return h
}
