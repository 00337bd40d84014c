package format

import (
	"bytes"
	"encoding/binary"
	"math"

	"golang.org/x/image/webp"
)

// maxHead is how much of a file x/image/webp may read for its size.
const maxHead = 64 << 10

// bmpSize reads the size, which x/image/bmp gives only for the kinds that it
// decodes. The oldest header has 16-bit numbers; a negative height means that
// the rows go down.
func bmpSize(data []byte) (width, height int) {
	if len(data) < 26 {
		return 0, 0
	}
	if binary.LittleEndian.Uint32(data[14:]) == 12 {
		return int(binary.LittleEndian.Uint16(data[18:])), int(binary.LittleEndian.Uint16(data[20:]))
	}
	width = int(int32(binary.LittleEndian.Uint32(data[18:])))
	height = int(int32(binary.LittleEndian.Uint32(data[22:])))
	return max(width, 0), max(height, -height, 0)
}

// webpSize takes the canvas of an extended file from its VP8X chunk, which
// also says whether it is animated (x/image does not read those), and else
// asks x/image.
func webpSize(data []byte) (width, height int, animated bool) {
	if len(data) >= 30 && string(data[12:16]) == "VP8X" {
		w := int(data[24]) | int(data[25])<<8 | int(data[26])<<16
		h := int(data[27]) | int(data[28])<<8 | int(data[29])<<16
		return w + 1, h + 1, data[20]&0x02 != 0
	}
	c, err := webp.DecodeConfig(bytes.NewReader(data[:min(len(data), maxHead)]))
	if err != nil {
		return 0, 0, false
	}
	return c.Width, c.Height, false
}

// gifSize reads the logical screen's size and walks the blocks up to the second
// picture (GIF89a, 18 to 27).
func gifSize(data []byte) (width, height int, animated bool) {
	if len(data) < 13 {
		return 0, 0, false
	}
	width = int(binary.LittleEndian.Uint16(data[6:]))
	height = int(binary.LittleEndian.Uint16(data[8:]))
	pos := 13 + colorTable(data[10])
	pictures := 0
	for pos < len(data) {
		switch data[pos] {
		case 0x21: // extension: label, then sub-blocks
			pos += 2
		case 0x2C: // picture: place, size, flags, then the code size and sub-blocks
			if pictures++; pictures > 1 {
				return width, height, true
			}
			if pos+10 > len(data) {
				return width, height, false
			}
			pos += 10 + colorTable(data[pos+9]) + 1
		default: // trailer, or damage
			return width, height, false
		}
		for pos < len(data) && data[pos] != 0 {
			pos += 1 + int(data[pos])
		}
		pos++
	}
	return width, height, false
}

// colorTable is the length in bytes of the colour table that flags announce.
func colorTable(flags byte) int {
	if flags&0x80 == 0 {
		return 0
	}
	return 3 << (flags&7 + 1)
}

// A tiffDir is what the first directory of a TIFF says.
type tiffDir struct {
	width, height int
	maker         string
	dng, subIFDs  bool
}

// maxEntries bounds the entries of a TIFF directory that are looked at, and
// maxMaker the length of the maker's name in bytes.
const (
	maxEntries = 512
	maxMaker   = 64
)

// readTIFF reads the few entries of the first directory that tell raw photos
// apart, and the size. It does not use x/image/tiff, which refuses a file that
// it could not decode. BigTIFF has no size here.
func readTIFF(data []byte) tiffDir {
	var d tiffDir
	if len(data) < 8 || data[2] != '*' && data[3] != '*' {
		return d
	}
	var order binary.ByteOrder = binary.LittleEndian
	if data[0] == 'M' {
		order = binary.BigEndian
	}
	at := uint64(order.Uint32(data[4:]))
	if at+2 > uint64(len(data)) {
		return d
	}
	n := min(int(order.Uint16(data[at:])), maxEntries)
	for e := data[at+2:]; n > 0 && len(e) >= 12; n, e = n-1, e[12:] {
		value := int(min(order.Uint32(e[8:]), math.MaxInt32))
		if order.Uint16(e[2:]) == 3 { // SHORT
			value = int(order.Uint16(e[8:]))
		}
		switch order.Uint16(e) {
		case 0x0100: // ImageWidth
			d.width = value
		case 0x0101: // ImageLength
			d.height = value
		case 0x010F: // Make
			count, from := uint64(order.Uint32(e[4:])), uint64(order.Uint32(e[8:]))
			if count > 4 && from < uint64(len(data)) {
				d.maker = string(data[from:min(from+min(count, maxMaker), uint64(len(data)))])
			}
		case 0x014A: // SubIFDs
			d.subIFDs = true
		case 0xC612: // DNGVersion
			d.dng = true
		}
	}
	return d
}
