package png

import (
	"encoding/binary"
	"hash/crc32"
)

// Strip returns the picture without its metadata: IHDR, PLTE, the image data,
// IEND, and of the ancillary chunks those that say how the pixels look (tRNS,
// gAMA, cHRM, sRGB, sBIT, and iCCP if keepICC and the profile is whole), byte
// for byte. Text, EXIF, the frames of an animation, whatever has a wrong CRC
// or stands where it must not, and what follows the image are gone. A missing
// or damaged IEND is replaced. h must be ParseHeader's of the same data,
// without an error.
func Strip(data []byte, h *Header, keepICC bool) []byte {
	out := make([]byte, 0, h.End+12)
	out = append(out, signature...)
	for _, c := range h.Chunks {
		if c.ignored {
			continue
		}
		switch c.Type {
		case "IHDR", "PLTE", "IDAT", "tRNS", "gAMA", "cHRM", "sRGB", "sBIT":
		case "iCCP":
			if !keepICC || h.ICC == nil {
				continue
			}
		default:
			continue
		}
		out = append(out, data[c.Offset:c.Offset+12+c.Length]...)
	}
	out = append(out, 0, 0, 0, 0, 'I', 'E', 'N', 'D')
	return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE([]byte("IEND")))
}
