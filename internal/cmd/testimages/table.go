package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"image"
	"image/gif"
	"io"
	"strings"

	"golang.org/x/image/tiff"

	"github.com/preflight-go/preflight/internal/icc/icctest"
	"github.com/preflight-go/preflight/normalize"
)

// A file is one test picture and its row in the README.
type file struct {
	name     string
	data     []byte
	what     string
	expected string // verdict, then codes in the order of reports
	origin   string // see the README's introduction
}

// The size of most pictures, px.
const (
	width  = 480
	height = 640
)

// files returns all test pictures.
func files(sample image.Image) []file {
	var all []file
	add := func(name string, data []byte, what, expected, origin string) {
		all = append(all, file{name, data, what, expected, origin})
	}
	selfie := func(w, h int, p pose) *image.RGBA { return portrait(sample, w, h, p) }
	const quality = 90

	good := seated(height, 1.3, 240)
	pass := selfie(width, height, good)
	passJPEG := encodeJPEG(pass, quality)
	grayPNG := encodePNG(gray(coarse(pass)))
	plain := encodePNG(coarse(landscape(width, height)))

	// Files that pass.
	add("pass.jpg", passJPEG, "a good selfie", "pass", "sample")
	add("pass.png", encodePNG(coarse(pass)), "the same as PNG, in fewer colours", "pass", "sample")
	add("pass_progressive.jpg", progressive(pass, quality, false), "the same as progressive JPEG", "pass", "sample")
	add("pass_444.jpg", fullChroma(pass), "the same without chroma subsampling", "pass", "sample")
	add("pass_gray.jpg", encodeJPEG(gray(pass), quality), "the same in gray", "pass", "sample")
	add("pass_display_p3.jpg", insert(passJPEG, seg(0xE2, "ICC_PROFILE\x00\x01\x01"+
		string(icctest.RGB("Display P3", icctest.DisplayP3, icctest.SRGBCurve)))),
		"the same with a Display P3 profile, which makes its colours stronger", "pass", "sample")
	add("pass_tall.jpg", encodeJPEG(selfie(720, 1280, seated(1280, 2, 360)), quality),
		"higher than recommended", "pass HEIGHT_ABOVE_RECOMMENDED", "sample")
	add("pass_gps_exif.jpg", insert(passJPEG, exifSegment(0, true)), "a position in EXIF", "pass GPS_PRESENT", "sample")
	add("pass_gps_xmp.jpg", insert(passJPEG, xmpSegment()), "a position in XMP", "pass GPS_PRESENT", "sample")
	add("pass_motion_photo.jpg", append(bytes.Clone(passJPEG), append(box("ftyp", "mp42\x00\x00\x00\x00mp42"), box("free", "")...)...),
		"a phone's video, here an empty one, behind the picture", "pass TRAILING_DATA", "sample")
	add("pass_bystander.jpg", encodeJPEG(beside(pass, selfie(width/2, height, seated(height, 0.5, 120))), quality),
		"a small face in the background", "pass", "sample")
	for o := 1; o <= 8; o++ {
		add(fmt.Sprintf("orientation_%d.jpg", o), insert(encodeJPEG(stored(pass, o), quality), exifSegment(o, false)),
			fmt.Sprintf("`pass.jpg`, stored with the EXIF orientation %d", o), "pass", "sample")
	}

	// Files that are warned about.
	add("warn_trailing_data.jpg", append(bytes.Clone(passJPEG), "something else"...), "unknown bytes behind the picture", "warn TRAILING_DATA", "sample")
	add("warn_no_end_marker.jpg", passJPEG[:len(passJPEG)-2], "nothing but the end marker is missing", "warn TRUNCATED", "sample")
	add("warn_wrong_checksum.png", chunks(grayPNG, patched(chunk("tEXt", []byte("Comment\x00damaged")), 8, 'X')),
		"the checksum of a comment is wrong", "warn CORRUPT_CHUNK", "sample")
	add("warn_16_bit.png", encodePNG(deep(gray(coarse(pass)))), "16 bits a sample", "warn UNUSUAL_COLOUR", "sample")
	add("warn_palette.png", encodePNG(paletted(gray(pass))), "a palette", "warn UNUSUAL_COLOUR", "sample")
	add("warn_cmyk.jpg", progressive(pass, quality, true), "colours for print", "warn UNUSUAL_COLOUR", "sample")
	add("warn_wrong_extension.png", passJPEG, "a JPEG called .png", "warn EXTENSION_MISMATCH", "sample")
	add("warn_face_too_close.jpg", encodeJPEG(selfie(width, height, seated(height, 1.65, 240)), quality),
		"the face fills the picture", "warn FACE_TOO_CLOSE", "sample")
	add("warn_face_close_to_border.jpg", encodeJPEG(selfie(width, height, seated(height, 1, 142)), quality),
		"the face is at the left edge", "warn FACE_CLOSE_TO_BORDER", "sample")
	add("warn_eyes_hidden.jpg", encodeJPEG(sunglasses(selfie(width, height, good), good), quality),
		"sunglasses, painted on", "warn EYES_HIDDEN", "sample")

	// Files that no decoder can make a picture of, or that none should.
	add("reject_empty.jpg", nil, "no bytes", "reject FILE_EMPTY", "drawn")
	unsupported := func(name string, data []byte, what string) {
		add(name, data, what, "reject UNSUPPORTED_FORMAT", "drawn")
	}
	unsupported("reject_heic.heic", box("ftyp", "heic\x00\x00\x00\x00mif1heic"), "the first bytes of a HEIC file")
	unsupported("reject_webp.webp", webp(width, height), "the header of a WebP file")
	unsupported("reject_gif.gif", encoded(func(w io.Writer) error { return gif.Encode(w, paletted(gray(landscape(width, height))), nil) }), "a GIF")
	unsupported("reject_bmp.bmp", bmp(width, height), "the header of a BMP file")
	unsupported("reject_tiff.tif", encoded(func(w io.Writer) error {
		return tiff.Encode(w, paletted(gray(landscape(width, height))), &tiff.Options{Compression: tiff.Deflate})
	}), "a TIFF")
	add("reject_pdf.jpg", []byte("%PDF-1.7\n%%EOF\n"), "an empty PDF that is called .jpg", "reject UNSUPPORTED_FORMAT, EXTENSION_MISMATCH", "drawn")
	add("reject_error_page.jpg", []byte("<!DOCTYPE html>\n<html><title>404 Not Found</title></html>\n"),
		"a server's error page, saved as a picture", "reject UNSUPPORTED_FORMAT, EXTENSION_MISMATCH", "drawn")
	frame := bytes.Index(passJPEG, []byte{0xFF, 0xC0})
	unsupported("reject_arithmetic.jpg", patched(encodeJPEG(landscape(width, height), quality), frame+1, 0xC9),
		"a JPEG whose header says arithmetic coding")
	small := encodeJPEG(landscape(16, 16), quality)
	add("reject_bomb.jpg", patched(small, frame+5, 0xEA, 0x60, 0xEA, 0x60),
		"a JPEG that declares 60,000 x 60,000 px", "reject DECOMPRESSION_BOMB, IMAGE_TOO_LARGE, HEIGHT_ABOVE_RECOMMENDED", "drawn")
	add("reject_bomb.png", bytes.Join([][]byte{
		plain[:8], chunk("IHDR", []byte{0, 0, 0xEA, 0x60, 0, 0, 0xEA, 0x60, 8, 2, 0, 0, 0}), plain[pngHeader:],
	}, nil), "a PNG that declares 60,000 x 60,000 px", "reject DECOMPRESSION_BOMB, IMAGE_TOO_LARGE, HEIGHT_ABOVE_RECOMMENDED", "drawn")
	add("reject_truncated.jpg", passJPEG[:len(passJPEG)/2], "the first half of a JPEG", "reject TRUNCATED", "sample")
	add("reject_truncated.png", plain[:len(plain)/2], "the first half of a PNG", "reject TRUNCATED", "drawn")
	add("reject_no_huffman_tables.jpg", without(passJPEG, 0xC4), "a JPEG without its Huffman tables", "reject FAILED_TO_READ_IMAGE", "sample")
	add("reject_damaged.png", patched(plain, len(plain)/2, []byte("damaged")...), "a PNG with some wrong bytes in its data",
		"reject FAILED_TO_READ_IMAGE", "drawn")
	add("reject_animated.png", animated(grayPNG, width, height), "an animation of two frames", "reject ANIMATED", "sample")

	// Pictures of the wrong size or compression.
	add("reject_image_too_small.jpg", encodeJPEG(selfie(320, 400, seated(400, 0.92, 160)), quality),
		"320 x 400 px", "reject IMAGE_TOO_SMALL, EYE_DISTANCE_TOO_SMALL", "sample")
	add("reject_image_too_large.jpg", encodeJPEG(selfie(4200, 500, seated(500, 1, 2100)), 75),
		"4200 px wide", "reject IMAGE_TOO_LARGE", "sample")
	add("reject_low_quality.jpg", encodeJPEG(pass, 40), "JPEG quality 40", "reject JPEG_QUALITY_TOO_LOW", "sample")

	// Pictures whose face will not do.
	add("reject_no_face.jpg", encodeJPEG(landscape(width, height), quality), "a landscape", "reject FACE_NOT_FOUND", "drawn")
	add("reject_two_faces.jpg", encodeJPEG(beside(pass, pass), quality), "the selfie twice, side by side", "reject TOO_MANY_FACES", "sample")
	add("reject_face_too_small.jpg", encodeJPEG(selfie(width, height, seated(height, 0.7, 240)), quality),
		"a face of 185 px", "reject FACE_TOO_SMALL, EYE_DISTANCE_TOO_SMALL", "sample")
	add("reject_eye_distance.jpg", encodeJPEG(selfie(width, height, seated(height, 0.92, 240)), quality),
		"a face that is large enough, its eyes 83 px apart", "reject EYE_DISTANCE_TOO_SMALL", "sample")
	add("reject_cropped.jpg", encodeJPEG(selfie(width, height, seated(height, 1.25, 90)), quality),
		"the left edge cuts through the face", "reject FACE_CROPPED", "sample")
	add("reject_tilted.jpg", encodeJPEG(selfie(width, height, pose{scale: 1.25, x: 240, y: 330, roll: 50}), quality),
		"the head is tilted by 50°", "reject FACE_ANGLE_TOO_LARGE", "sample")
	return all
}

// fullChroma is m as a baseline JPEG without subsampling, which image/jpeg
// cannot write.
func fullChroma(m image.Image) []byte {
	r, err := normalize.Image(context.Background(), encodePNG(m), &normalize.Options{Format: normalize.FormatJPEG, FullChroma: true})
	must(err)
	return r.Data
}

// webp is the header of a lossless WebP file (RFC 9649, 2.6 and 3.4).
func webp(w, h int) []byte {
	b := []byte("\x2f")
	b = binary.LittleEndian.AppendUint32(b, uint32(w-1)|uint32(h-1)<<14)
	b = append([]byte("WEBPVP8L\x05\x00\x00\x00"), append(b, 0)...)
	return append(binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(len(b))), b...)
}

// bmp is the header of a BMP file of 24 bits a pixel (BITMAPFILEHEADER and
// BITMAPINFOHEADER).
func bmp(w, h int) []byte {
	const header = 14 + 40
	b := binary.LittleEndian.AppendUint32([]byte("BM"), uint32(header+3*w*h))
	for _, v := range []int{0, header, 40, w, h, 1 | 24<<16} {
		b = binary.LittleEndian.AppendUint32(b, uint32(v))
	}
	return append(b, strings.Repeat("\x00", header-len(b))...)
}
