package format

import (
	"bytes"
	"encoding/binary"
	"strings"
)

// A Format is what a file is by its bytes.
type Format struct {
	Name          string // lower-case id such as "jpeg", "heic"; "" if not known
	Title         string // for people: "HEIC (Apple/HEVC photo)"; "unknown format" if not known
	Hint          string // what to do about it, in one or two sentences; "" for JPEG and PNG
	Width, Height int    // px as stored; 0 if not known
	Animated      bool   // more than one picture; told for GIF, WebP and AVIF only
}

// Detect names the format of data. It may be called by many goroutines.
func Detect(data []byte) Format {
	f := Describe(sniff(data))
	switch f.Name {
	case "gif":
		f.Width, f.Height, f.Animated = gifSize(data)
	case "webp":
		f.Width, f.Height, f.Animated = webpSize(data)
	case "bmp":
		f.Width, f.Height = bmpSize(data)
	case "tiff":
		d := readTIFF(data)
		f.Width, f.Height = d.width, d.height
	case "avif":
		f.Animated = len(data) >= 12 && string(data[8:12]) == "avis"
	}
	return f
}

// Describe returns what there is to say about the format of that name: Title and
// Hint. A name that Detect never gives is described as an unknown format.
func Describe(name string) Format {
	t, ok := titles[name]
	if !ok {
		t = titles[""]
	}
	return Format{Name: name, Title: t.title, Hint: t.hint}
}

const (
	saveAsJPEG = "Save or export it as JPEG."
	rawHint    = "Develop it in the camera maker's program and export it as JPEG, or take the JPEG that the camera stored beside it."
	videoHint  = "Take a still photo instead, or save one frame as JPEG."
	notAnImage = "This is not an image. Choose the photo itself."
	archive    = "Unpack it and choose the photo inside."
)

var titles = map[string]struct{ title, hint string }{
	"":       {"unknown format", "Open it in a photo program and save it as JPEG."},
	"jpeg":   {"JPEG", ""},
	"png":    {"PNG", ""},
	"gif":    {"GIF", "Take a photo, or save the picture as PNG or JPEG."},
	"webp":   {"WebP", saveAsJPEG},
	"bmp":    {"BMP (Windows bitmap)", "Save it as PNG or JPEG."},
	"tiff":   {"TIFF", saveAsJPEG},
	"heic":   {"HEIC (Apple/HEVC photo)", "Save it as JPEG. On an iPhone: Settings › Camera › Formats › Most Compatible."},
	"heif":   {"HEIF photo", "Save it as JPEG. On an iPhone: Settings › Camera › Formats › Most Compatible."},
	"avif":   {"AVIF", saveAsJPEG},
	"jxl":    {"JPEG XL", saveAsJPEG},
	"jxr":    {"JPEG XR", saveAsJPEG},
	"jp2":    {"JPEG 2000", saveAsJPEG},
	"j2k":    {"JPEG 2000 codestream", saveAsJPEG},
	"psd":    {"Photoshop document", "Export it as JPEG."},
	"ico":    {"icon (ICO)", "Take a photo; an icon is far too small."},
	"pnm":    {"PNM (portable anymap)", "Save it as PNG or JPEG."},
	"tga":    {"Targa", "Save it as PNG or JPEG."},
	"dng":    {"DNG (raw photo)", rawHint},
	"cr2":    {"CR2 (Canon raw photo)", rawHint},
	"cr3":    {"CR3 (Canon raw photo)", rawHint},
	"nef":    {"NEF (Nikon raw photo)", rawHint},
	"arw":    {"ARW (Sony raw photo)", rawHint},
	"pef":    {"PEF (Pentax raw photo)", rawHint},
	"raf":    {"RAF (Fujifilm raw photo)", rawHint},
	"orf":    {"ORF (Olympus raw photo)", rawHint},
	"rw2":    {"RW2 (Panasonic raw photo)", rawHint},
	"mp4":    {"MP4 video", videoHint},
	"mov":    {"QuickTime video", videoHint},
	"webm":   {"WebM video", videoHint},
	"mkv":    {"Matroska video", videoHint},
	"avi":    {"AVI video", videoHint},
	"pdf":    {"PDF document", "Export the page as JPEG, or take a photo."},
	"svg":    {"SVG drawing", "Take a photo; a drawing cannot be used."},
	"html":   {"HTML page", "This is a web page, perhaps an error page saved in place of the photo. Download the photo again."},
	"base64": {"image as base64 text", "Decode the text first: the image itself is needed, not its data URL."},
	"zip":    {"ZIP archive", archive},
	"gzip":   {"gzip archive", archive},
	"rar":    {"RAR archive", archive},
	"7z":     {"7-Zip archive", archive},
	"exe":    {"Windows program", notAnImage},
	"elf":    {"Linux program", notAnImage},
	"empty":  {"empty file", "Choose the file again; perhaps the transfer broke off."},
	"zeros":  {"file of zeros", "Copy the file again; its contents were lost."},
}

// signatures are tried in order. Damaged JPEG and PNG files are named too: the
// one who parses them can say what is wrong.
var signatures = []struct {
	offset int
	magic  string
	name   string
}{
	{0, "\xff\xd8\xff", "jpeg"},
	{0, "\x89PNG\r\n\x1a\n", "png"},
	{1, "PNG", "png"},   // its first byte lost its top bit, or its line ends were converted
	{12, "IHDR", "png"}, // another byte of the signature is damaged
	{0, "GIF87a", "gif"},
	{0, "GIF89a", "gif"},
	{0, "\xff\x4f\xff\x51", "j2k"}, // SOC, SIZ (T.800, A.4)
	{0, "\x00\x00\x00\x0cjP  \r\n\x87\n", "jp2"},
	{0, "\x00\x00\x00\x0cJXL \r\n\x87\n", "jxl"},
	{0, "\xff\x0a", "jxl"},
	{0, "II\xbc\x01", "jxr"},
	{0, "IIRO", "orf"},
	{0, "IIRS", "orf"},
	{0, "MMOR", "orf"},
	{0, "IIU\x00", "rw2"},
	{0, "FUJIFILMCCD-RAW", "raf"},
	{0, "8BPS", "psd"},
	{0, "%PDF-", "pdf"},
	{0, "PK\x03\x04", "zip"},
	{0, "PK\x05\x06", "zip"},
	{0, "\x1f\x8b\x08", "gzip"},
	{0, "Rar!\x1a\x07", "rar"},
	{0, "7z\xbc\xaf\x27\x1c", "7z"},
	{0, "\x7fELF", "elf"},
	{0, "\xff\xd8", "jpeg"}, // a JPEG whose next byte is damaged
	{0, "data:image/", "base64"},
	{0, "/9j/4", "base64"},       // FF D8 FF E.
	{0, "iVBORw0KGgo", "base64"}, // the PNG signature
}

func sniff(data []byte) string {
	if len(data) == 0 {
		return "empty"
	}
	for _, s := range signatures {
		if len(data) >= s.offset+len(s.magic) && string(data[s.offset:s.offset+len(s.magic)]) == s.magic {
			return s.name
		}
	}
	for _, f := range []func([]byte) string{riff, isobmff, matroska, tiffName, bmpName, ico, pnm, markup} {
		if name := f(data); name != "" {
			return name
		}
	}
	switch {
	case bytes.HasSuffix(data, []byte("TRUEVISION-XFILE.\x00")):
		return "tga"
	case len(data) > 64 && string(data[:2]) == "MZ":
		return "exe"
	case bytes.Contains(data[:min(len(data), 1024)], []byte("%PDF-")): // readers search there
		return "pdf"
	case allZero(data):
		return "zeros"
	}
	return ""
}

func allZero(data []byte) bool {
	for _, c := range data {
		if c != 0 {
			return false
		}
	}
	return true
}

func riff(data []byte) string {
	if len(data) < 12 || string(data[:4]) != "RIFF" {
		return ""
	}
	switch string(data[8:12]) {
	case "WEBP":
		return "webp"
	case "AVI ":
		return "avi"
	}
	return ""
}

// maxBrands bounds the compatible brands that isobmff looks at. Files have up
// to about ten.
const maxBrands = 64

// isobmff names an ISO base media file by its brands (ISO/IEC 14496-12, 4.3).
func isobmff(data []byte) string {
	if len(data) < 12 {
		return ""
	}
	size := binary.BigEndian.Uint32(data)
	switch string(data[4:8]) {
	case "ftyp":
	case "moov", "mdat", "wide": // QuickTime before it had ftyp
		if size >= 8 || size == 1 {
			return "mov"
		}
		return ""
	default:
		return ""
	}
	if name := brand(string(data[8:12])); name != "" && name != "heif" {
		return name
	}
	// A structural brand such as mif1: the codec is among the others.
	heif := brand(string(data[8:12])) == "heif"
	end := min(uint64(size), uint64(len(data)), 16+4*maxBrands)
	for i := uint64(16); i+4 <= end; i += 4 {
		switch name := brand(string(data[i : i+4])); name {
		case "heic", "avif", "cr3":
			return name
		case "heif":
			heif = true
		}
	}
	if heif {
		return "heif"
	}
	return "mp4"
}

func brand(b string) string {
	switch b {
	case "heic", "heix", "heim", "heis", "hevc", "hevx", "hevm", "hevs":
		return "heic"
	case "avif", "avis":
		return "avif"
	case "mif1", "mif2", "msf1", "miaf":
		return "heif"
	case "crx ":
		return "cr3"
	case "qt  ":
		return "mov"
	case "isom", "iso2", "iso4", "iso5", "iso6", "mp41", "mp42", "avc1", "M4V ", "M4A ", "3gp4", "3gp5", "3gp6":
		return "mp4"
	}
	return ""
}

func matroska(data []byte) string {
	if !bytes.HasPrefix(data, []byte("\x1a\x45\xdf\xa3")) {
		return ""
	}
	if bytes.Contains(data[:min(len(data), 64)], []byte("webm")) {
		return "webm"
	}
	return "mkv"
}

func tiffName(data []byte) string {
	if len(data) < 8 {
		return ""
	}
	switch string(data[:4]) {
	case "II+\x00", "MM\x00+": // BigTIFF
		return "tiff"
	case "II*\x00", "MM\x00*":
	default:
		return ""
	}
	if len(data) >= 10 && string(data[8:10]) == "CR" {
		return "cr2"
	}
	d := readTIFF(data)
	switch {
	case d.dng:
		return "dng"
	case !d.subIFDs: // a developed picture keeps its Make, but has no raw data beside it
		return "tiff"
	case strings.HasPrefix(d.maker, "NIKON"):
		return "nef"
	case strings.HasPrefix(d.maker, "SONY"):
		return "arw"
	case strings.HasPrefix(d.maker, "PENTAX"):
		return "pef"
	}
	return "tiff"
}

// bmpName wants a header length that exists, because two letters are little.
func bmpName(data []byte) string {
	if len(data) < 18 || string(data[:2]) != "BM" {
		return ""
	}
	switch binary.LittleEndian.Uint32(data[14:]) {
	case 12, 16, 40, 52, 56, 64, 108, 124:
		return "bmp"
	}
	return ""
}

func ico(data []byte) string {
	if len(data) < 22 || string(data[:4]) != "\x00\x00\x01\x00" || data[4] == 0 && data[5] == 0 || data[9] != 0 {
		return ""
	}
	return "ico"
}

func pnm(data []byte) string {
	if len(data) < 3 || data[0] != 'P' || data[1] < '1' || data[1] > '7' {
		return ""
	}
	switch data[2] {
	case ' ', '\t', '\r', '\n':
		return "pnm"
	}
	return ""
}

// maxMarkup bounds the search for the root element of a document.
const maxMarkup = 4096

// markup names SVG and HTML. It passes over a byte order mark, white space,
// the XML declaration, comments and a document type, all in the first
// maxMarkup bytes.
func markup(data []byte) string {
	s := bytes.ToLower(data[:min(len(data), maxMarkup)])
	s = bytes.TrimPrefix(s, []byte("\xef\xbb\xbf"))
	for {
		s = bytes.TrimLeft(s, " \t\r\n")
		end := ""
		switch {
		case bytes.HasPrefix(s, []byte("<!doctype html")):
			return "html"
		case bytes.HasPrefix(s, []byte("<!--")):
			end = "-->"
		case bytes.HasPrefix(s, []byte("<?php")):
			return "html"
		case bytes.HasPrefix(s, []byte("<?")):
			end = "?>"
		case bytes.HasPrefix(s, []byte("<!doctype svg")):
			return "svg"
		case bytes.HasPrefix(s, []byte("<!")):
			end = ">"
		default:
			for _, e := range elements {
				if bytes.HasPrefix(s, []byte(e.tag)) {
					return e.name
				}
			}
			return ""
		}
		_, rest, ok := bytes.Cut(s, []byte(end))
		if !ok {
			return ""
		}
		s = rest
	}
}

var elements = []struct{ tag, name string }{
	{"<svg", "svg"},
	{"<html", "html"},
	{"<head", "html"},
	{"<body", "html"},
	{"<script", "html"},
	{"<title", "html"},
	{"<iframe", "html"},
}
