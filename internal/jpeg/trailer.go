package jpeg

import (
	"bytes"

	"github.com/preflight-go/preflight/internal/format"
)

// A Trailer is what follows the end of the image. Decoders do not look at it.
type Trailer struct {
	Offset, Length int

	// Kind is "padding", "mpf" (the further pictures of a Multi-Picture file,
	// also a gain map), "motion-photo" (a short video), "samsung" and other
	// makers' and editors' names, or a format as package format names it
	// ("zip", "pdf", "html", "jpeg" …). "": nothing, or not known.
	Kind  string
	Known bool // a trailer that cameras and photo programs write, harmless
}

// ends are the last bytes of trailers that cameras and photo programs write,
// as ExifTool tells them apart (Image::ExifTool::IdentifyTrailer). skip is how
// many bytes follow the signature.
var ends = []struct {
	signature string
	skip      int
	kind      string
}{
	{"\x00\x00SEFT", 0, "samsung"},
	{"\x00\x00QDIOBS", 0, "samsung"},
	{"CANON OPTIONAL DATA\x00", 44, "canon"}, // 64 bytes before the end
	{"/NIKON APP", 0, "nikon"},
	{"8db42d694ccc418790edff439fe026bf", 0, "insta360"},
	{"cbipcbbl", 0, "photo-mechanic"},
	{"\xa1\xb2\xc3\xd4", 0, "fotostation"},
	{"AXS!", 8, "afcp"},
	{"AXS*", 8, "afcp"},
}

// opened are formats that another program would open or run, wherever a
// camera's signature may stand as well.
var opened = map[string]bool{
	"zip": true, "pdf": true, "html": true, "svg": true, "exe": true, "elf": true, "rar": true, "7z": true, "gzip": true,
}

func findTrailer(data []byte, h *Header) Trailer {
	t := Trailer{Offset: h.End, Length: len(data) - h.End}
	b := data[h.End:]
	if len(b) == 0 {
		return t
	}
	t.Kind = format.Appended(b)
	if opened[t.Kind] {
		return t
	}
	if t.Kind == "padding" {
		t.Known = true
		return t
	}
	for _, e := range ends {
		if bytes.HasSuffix(b[:max(0, len(b)-e.skip)], []byte(e.signature)) {
			t.Kind, t.Known = e.kind, true
			return t
		}
	}
	switch {
	case t.Kind == "mp4", t.Kind == "mov", bytes.Contains(b[:min(len(b), 4096)], []byte("MotionPhoto_Data")):
		t.Kind, t.Known = "motion-photo", true
	case t.Kind == "jpeg" && h.has("MPF"):
		t.Kind, t.Known = "mpf", true
	case t.Kind == "jpeg" && motionPhoto(h.XMP):
		t.Kind, t.Known = "motion-photo", true // the gain map, then the video
	}
	return t
}

// motionPhoto reports whether an XMP packet announces files behind the picture
// (Android's Motion Photo format 1.0 and its forerunner, Ultra HDR).
func motionPhoto(xmp []byte) bool {
	for _, name := range []string{"Container:Directory", "Camera:MotionPhoto", "GCamera:MicroVideo"} {
		if bytes.Contains(xmp, []byte(name)) {
			return true
		}
	}
	return false
}

func (h *Header) has(kind string) bool {
	for _, s := range h.Segments {
		if s.Kind == kind {
			return true
		}
	}
	return false
}
