package main

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/jpeg"
	"image/png"
	"io"
)

// must is for encoders that write to memory: they fail by a mistake of ours only.
func must(err error) {
	if err != nil {
		panic(err)
	}
}

func encoded(encode func(w io.Writer) error) []byte {
	var b bytes.Buffer
	must(encode(&b))
	return b.Bytes()
}

func encodeJPEG(m image.Image, quality int) []byte {
	return encoded(func(w io.Writer) error { return jpeg.Encode(w, m, &jpeg.Options{Quality: quality}) })
}

func encodePNG(m image.Image) []byte {
	return encoded(func(w io.Writer) error {
		return (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(w, m)
	})
}

// insert puts segments behind SOI.
func insert(file []byte, segments ...[]byte) []byte {
	return bytes.Join([][]byte{file[:2], bytes.Join(segments, nil), file[2:]}, nil)
}

// without returns a JPEG that lacks a segment.
func without(file []byte, marker byte) []byte {
	return bytes.Replace(file, segment(file, marker), nil, 1)
}

// patched returns a copy of file with b at offset.
func patched(file []byte, offset int, b ...byte) []byte {
	file = bytes.Clone(file)
	copy(file[offset:], b)
	return file
}

// exifSegment is an APP1 segment with an orientation, 0 for none, and, if gps is
// set, a position: 0° N, 0° E. (TIFF 6.0, section 2; Exif 2.32, 4.6.)
func exifSegment(orientation int, gps bool) []byte {
	short := func(tag, v int) []byte {
		b := binary.BigEndian.AppendUint16(nil, uint16(tag))
		b = append(b, 0, 3, 0, 0, 0, 1)
		return append(binary.BigEndian.AppendUint16(b, uint16(v)), 0, 0)
	}
	entry := func(tag, kind uint16, count, v uint32) []byte {
		b := binary.BigEndian.AppendUint16(nil, tag)
		b = binary.BigEndian.AppendUint16(b, kind)
		b = binary.BigEndian.AppendUint32(b, count)
		return binary.BigEndian.AppendUint32(b, v)
	}
	var entries [][]byte
	if orientation > 0 {
		entries = append(entries, short(0x0112, orientation))
	}
	const gpsIFD = 8 + 2 + 12 + 4 // the only entry of IFD 0 comes before it
	if gps {
		entries = append(entries, entry(0x8825, 4, 1, gpsIFD))
	}
	ifd := func(entries ...[]byte) []byte {
		b := append([]byte{0, byte(len(entries))}, bytes.Join(entries, nil)...)
		return append(b, 0, 0, 0, 0) // no next IFD
	}
	tiff := append([]byte("MM\x00\x2a\x00\x00\x00\x08"), ifd(entries...)...)
	if gps {
		const values = gpsIFD + 2 + 4*12 + 4
		tiff = append(tiff, ifd(
			entry(1, 2, 2, 'N'<<24), entry(2, 5, 3, values),
			entry(3, 2, 2, 'E'<<24), entry(4, 5, 3, values))...)
		tiff = append(tiff, bytes.Repeat([]byte{0, 0, 0, 0, 0, 0, 0, 1}, 3)...) // 0/1 three times
	}
	return seg(0xE1, "Exif\x00\x00"+string(tiff))
}

// xmpSegment is an APP1 segment whose XMP packet has a position.
func xmpSegment() []byte {
	return seg(0xE1, "http://ns.adobe.com/xap/1.0/\x00"+
		`<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">`+
		`<rdf:Description rdf:about="" xmlns:exif="http://ns.adobe.com/exif/1.0/" exif:GPSLatitude="0,0.0N" exif:GPSLongitude="0,0.0E"/>`+
		`</rdf:RDF></x:xmpmeta>`)
}

// box is a box of ISO base media, of which HEIC and MP4 files consist.
func box(kind, body string) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(8+len(body)))
	return append(append(b, kind...), body...)
}

// pngHeader is the length of a PNG's signature and IHDR chunk.
const pngHeader = 8 + 12 + 13

// chunk is a PNG chunk.
func chunk(kind string, body []byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(body)))
	b = append(append(b, kind...), body...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[4:]))
}

// chunks puts PNG chunks behind IHDR.
func chunks(file []byte, chunks ...[]byte) []byte {
	return bytes.Join([][]byte{file[:pngHeader], bytes.Join(chunks, nil), file[pngHeader:]}, nil)
}

// animated is a PNG of 8-bit gray that shows a small black square after a while
// (PNG, third edition, 11.3.6).
func animated(file []byte, w, h int) []byte {
	const side = 16
	control := func(sequence, w, h int) []byte {
		var b []byte
		for _, v := range []int{sequence, w, h, 0, 0} {
			b = binary.BigEndian.AppendUint32(b, uint32(v))
		}
		return chunk("fcTL", append(b, 0, 1, 0, 1, 0, 0)) // one second
	}
	pixels := encoded(func(w io.Writer) error {
		z := zlib.NewWriter(w)
		if _, err := z.Write(make([]byte, side*(1+side))); err != nil {
			return err
		}
		return z.Close()
	})
	const end = 12 // length of IEND
	n := len(file) - end
	return bytes.Join([][]byte{
		chunks(file[:n], chunk("acTL", []byte{0, 0, 0, 2, 0, 0, 0, 0}), control(0, w, h)),
		control(1, side, side),
		chunk("fdAT", append([]byte{0, 0, 0, 2}, pixels...)),
		file[n:],
	}, nil)
}
