package jpeg

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
)

func TestParseHeader(t *testing.T) {
	data := []byte(soi +
		seg(mAPP0, "JFIF\x00\x01\x02\x01\x00\x48\x00\x48\x00\x00") +
		seg(mAPP1, "Exif\x00\x00II*\x00") +
		seg(mAPP1, "Exif\x00\x00second") +
		seg(mAPP1, "http://ns.adobe.com/xap/1.0/\x00<x/>") +
		seg(mAPP1, "http://ns.adobe.com/xmp/extension/\x00more") +
		seg(mAPP2, "MPF\x00II*\x00") +
		seg(mAPP2, "ICC_PROFILE\x00\x01\x01profile") +
		seg(mAPP11, "JP\x00\x01jumb") +
		seg(mAPP13, "Photoshop 3.0\x008BIM") +
		seg(mAPP14, "Adobe\x00\x64\x00\x00\x00\x00\x01") +
		seg(0xE5, "what") +
		seg(mCOM, "hello") +
		dqt(75, 0) + dqt(75, 1) + seg(mDRI, "\x00\x04") +
		sof(mSOF0, 8, 300, 200, "\x01\x22\x00", "\x02\x11\x01", "\x03\x11\x01") +
		dht(0, 0) + dht(1, 0) +
		sos("\x01\x00", "\x02\x00", "\x03\x00") +
		// Stuffing, restarts and fill bytes do not end the scan.
		"\x01\xff\x00\x02\xff\xd0\x03\xff\xff\xd1\x04\xff\xff" + eoi)
	h := mustParse(t, data)
	if h.Width != 300 || h.Height != 200 || h.Precision != 8 || h.SOF != mSOF0 || len(h.Components) != 3 {
		t.Errorf("frame: %+v", h)
	}
	if !h.JFIF || h.Adobe != 1 || h.RestartInterval != 4 || h.Scans != 1 || h.EntropyBytes != 13 {
		t.Errorf("facts: JFIF %v, Adobe %d, restart %d, scans %d, %d bytes", h.JFIF, h.Adobe, h.RestartInterval, h.Scans, h.EntropyBytes)
	}
	if string(h.EXIF) != "II*\x00" || string(h.XMP) != "<x/>" || string(h.ICC) != "profile" {
		t.Errorf("metadata: %q %q %q", h.EXIF, h.XMP, h.ICC)
	}
	if !h.HasEOI || h.End != len(data) || h.Trailer != (Trailer{Offset: len(data)}) || len(h.Warnings) != 0 {
		t.Errorf("end: %v %d %+v %v", h.HasEOI, h.End, h.Trailer, h.Warnings)
	}
	var kinds []string
	at := 2
	for _, s := range h.Segments {
		kinds = append(kinds, s.Kind)
		if s.Offset != at || data[at] != 0xFF || data[at+1] != s.Marker {
			t.Errorf("%s: offset %d, want %d", s.Kind, s.Offset, at)
		}
		at += s.Length
	}
	want := "JFIF Exif Exif XMP ExtendedXMP MPF ICC JUMBF IPTC Adobe APP5 COM DQT DQT DRI SOF DHT DHT SOS"
	if got := strings.Join(kinds, " "); got != want {
		t.Errorf("segments\n%s, want\n%s", got, want)
	}
}

// TestEmbedded: pictures inside of segments are not the picture.
func TestEmbedded(t *testing.T) {
	thumbnail := grayFile("", "\x12")
	data := insert(encode(t, photo(40, 24), 90),
		seg(mAPP0, "JFXX\x00\x10"+thumbnail)+seg(mAPP1, "Exif\x00\x00"+thumbnail)+seg(mCOM, thumbnail))
	if h := mustParse(t, data); h.Width != 40 || h.Height != 24 || h.Scans != 1 || h.Quality.Value != 90 {
		t.Errorf("got %dx%d, %d scans, quality %d", h.Width, h.Height, h.Scans, h.Quality.Value)
	}
}

func TestICC(t *testing.T) {
	chunk := func(i, n int, body string) string {
		return seg(mAPP2, "ICC_PROFILE\x00"+string([]byte{byte(i), byte(n)})+body)
	}
	tests := []struct {
		name, segments, want, warning string
	}{
		{"one", chunk(1, 1, "abc"), "abc", ""},
		{"in order", chunk(1, 2, "abc") + chunk(2, 2, "def"), "abcdef", ""},
		{"out of order", chunk(3, 3, "ghi") + chunk(1, 3, "abc") + chunk(2, 3, "def"), "abcdefghi", ""},
		{"missing", chunk(1, 3, "abc") + chunk(3, 3, "ghi"), "", "missing chunks"},
		{"twice", chunk(1, 2, "abc") + chunk(1, 2, "def"), "", "twice"},
		{"number 0", chunk(0, 1, "abc"), "", "number"},
		{"beyond", chunk(2, 1, "abc"), "", "number"},
		{"counts differ", chunk(1, 2, "abc") + chunk(2, 3, "def"), "", "number"},
		{"no number", seg(mAPP2, "ICC_PROFILE\x00\x01"), "", "without a number"},
	}
	for _, tt := range tests {
		h := mustParse(t, []byte(grayFile(tt.segments, "\x00")))
		if string(h.ICC) != tt.want || (h.ICC == nil) != (tt.want == "") {
			t.Errorf("%s: %q, want %q", tt.name, h.ICC, tt.want)
		}
		if tt.warning == "" && len(h.Warnings) > 0 || tt.warning != "" && (len(h.Warnings) != 1 || !strings.Contains(h.Warnings[0].Reason, tt.warning)) {
			t.Errorf("%s: warnings %v, want %q", tt.name, h.Warnings, tt.warning)
		}
	}
}

func TestTrailer(t *testing.T) {
	image := grayFile("", "\x00")
	mpf := grayFile(seg(mAPP2, "MPF\x00"), "\x00")
	motion := grayFile(seg(mAPP1, sigXMP+"<GCamera:MicroVideo>"), "\x00")
	video := "\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom"
	tests := []struct {
		image, trailer, kind string
		known                bool
	}{
		{image, "", "", false},
		{image, "\x00\x00\xff\xff\r\n", "padding", true},
		{image, "junk", "", false},
		{mpf, image, "mpf", true},
		{mpf, "\x00\x00" + image, "mpf", true},
		{image, image, "jpeg", false},
		{motion, image + video, "motion-photo", true},
		{image, video, "motion-photo", true},
		{image, "MotionPhoto_Data" + video, "motion-photo", true},
		{image, "\x00\x00\x30\x0a\x10\x00\x00\x00MotionPhoto_Data" + video + "SEFH\x6b\x00\x00\x00\x10\x00\x00\x00\x00\x00SEFT", "samsung", true},
		{image, "data CANON OPTIONAL DATA\x00" + strings.Repeat("v", 44), "canon", true},
		{image, "data\x00AXS!12345678", "afcp", true},
		{image, "PK\x03\x04 an archive", "zip", false},
		// A camera's signature does not make an archive harmless.
		{image, "PK\x03\x04 an archive\x00\x00SEFT", "zip", false},
		{mpf, image + "PK\x05\x06" + strings.Repeat("\x00", 18), "zip", false},
		{image, "%PDF-1.4", "pdf", false},
		{image, "<script>alert(1)</script>", "html", false},
	}
	for _, tt := range tests {
		h := mustParse(t, []byte(tt.image+tt.trailer))
		want := Trailer{Offset: len(tt.image), Length: len(tt.trailer), Kind: tt.kind, Known: tt.known}
		if h.Trailer != want || h.End != len(tt.image) || !h.HasEOI {
			t.Errorf("%q: %+v, want %+v", tt.trailer, h.Trailer, want)
		}
	}
}

// TestMissingEOI: the next picture ends the image as well.
func TestMissingEOI(t *testing.T) {
	whole := grayFile("", "\x00")
	image := strings.TrimSuffix(whole, eoi)
	h := mustParse(t, []byte(image))
	if h.HasEOI || h.End != len(image) || len(h.Warnings) != 0 {
		t.Errorf("got EOI %v, end %d, warnings %v", h.HasEOI, h.End, h.Warnings)
	}
	h = mustParse(t, []byte(image+whole))
	if h.HasEOI || h.End != len(image) || h.Trailer.Kind != "jpeg" {
		t.Errorf("got EOI %v, end %d, trailer %+v", h.HasEOI, h.End, h.Trailer)
	}
}

// TestErrors: what is wrong, and where. at is the text before the offset.
func TestErrors(t *testing.T) {
	frame := sof(mSOF0, 8, 16, 16, gray1)
	huff := dht(0, 0) + dht(1, 0)
	tests := []struct {
		name, before, after string
		reason              string
		truncated           bool
	}{
		{"empty", "", "", "no SOI", false},
		{"not a JPEG", "", "GIF89a", "no SOI", false},
		{"SOI alone", soi, "", "ends before the image data", true},
		{"no scan", soi + tables() + frame, eoi, "ends before any image data", false},
		{"cut before the scan", soi + tables() + frame, "", "ends before the image data", true},
		{"second SOI", soi + tables(), soi + eoi, "second SOI", false},
		{"unknown marker", soi, "\xff\x02\x00\x02", "unknown marker 0xFF02", false},
		{"reserved marker", soi, "\xff\xc8\x00\x02", "unknown marker 0xFFC8", false},
		{"marker in the data", soi + tables() + frame + sos(sel1) + "\x01\x02", "\xff\x35\x03", "marker 0xFF35 in the image data", false},
		{"length 1", soi, "\xff\xe3\x00\x01", "APP3 segment with a length of 1", false},
		{"cut in a length", soi, "\xff\xdb\x00", "in the length of a DQT", true},
		{"cut in a segment", soi, "\xff\xe1\x00\x20Exif\x00\x00", "APP1 segment of 32 bytes with only 8 left", true},
		{"cut in a table", soi, dqt(75, 0)[:30], "DQT segment of 67 bytes with only 28 left", true},

		{"quantization table number", soi, seg(mDQT, table(0, 4, ijg(50, 255))), "quantization table number 4", false},
		{"quantization table precision", soi, seg(mDQT, table(2, 0, ijg(50, 255))), "precision 2", false},
		{"short DQT", soi, seg(mDQT, "\x01\x02"), "too short for quantization table 1", false},
		{"quantization table missing", soi + sof(mSOF0, 8, 16, 16, "\x01\x11\x02") + tables(), sos(sel1), "quantization table 2 is missing", false},

		{"Huffman class", soi, dht(2, 0), "class 2", false},
		{"Huffman number", soi, dht(0, 4), "number 4", false},
		{"short DHT", soi, seg(mDHT, "\x00\x01"), "DHT segment too short", false},
		{"empty Huffman table", soi, seg(mDHT, "\x10"+strings.Repeat("\x00", 16)), "AC Huffman table 0 is empty", false},
		{"overfull Huffman table", soi, seg(mDHT, "\x01\x03"+strings.Repeat("\x00", 15)+"abc"), "DC Huffman table 1 has more codes", false},
		{"overfull at two bits", soi, seg(mDHT, "\x01\x01\x03"+strings.Repeat("\x00", 14)+"abcd"), "DC Huffman table 1 has more codes", false},
		{"too many codes", soi, seg(mDHT, "\x01"+strings.Repeat("\x00", 14)+"\xff\xff"+strings.Repeat("a", 510)), "more than 256 codes", false},
		{"values missing", soi, seg(mDHT, "\x01\x01\x01"+strings.Repeat("\x00", 14)+"a"), "DC Huffman table 1 is longer", false},
		{"DC table missing", soi + dqt(50, 0) + frame + dht(1, 0), sos(sel1), "DC Huffman table 0 is missing", false},
		{"AC table missing", soi + dqt(50, 0) + frame + dht(0, 1), sos("\x01\x11"), "AC Huffman table 1 is missing", false},
		{"Huffman table number in the scan", soi + tables() + frame, sos("\x01\x40"), "Huffman tables number 4 and 0", false},

		{"short SOF", soi, seg(mSOF0, "\x08\x00\x10\x00\x10"), "frame header of 7 bytes", false},
		{"SOF with a wrong count", soi, seg(mSOF0, "\x08\x00\x10\x00\x10\x02\x01\x11\x00"), "frame header of 11 bytes", false},
		{"no components", soi, sof(mSOF0, 8, 16, 16), "without components", false},
		{"no width", soi, sof(mSOF0, 8, 0, 16, gray1), "width of 0", false},
		{"DNL", soi, sof(mSOF0, 8, 16, 0, gray1), "DNL", false},
		{"sampling factor 0", soi, sof(mSOF0, 8, 16, 16, "\x01\x01\x00"), "component 1 with sampling factors 0x1", false},
		{"sampling factor 5", soi, sof(mSOF0, 8, 16, 16, gray1, "\x02\x15\x00"), "component 2 with sampling factors 1x5", false},
		{"selector 4", soi, sof(mSOF0, 8, 16, 16, "\x01\x11\x04"), "component 1 with quantization table number 4", false},
		{"identifier twice", soi, sof(mSOF0, 8, 16, 16, gray1, gray1), "two components with the identifier 1", false},
		{"second SOF", soi + frame, frame, "second frame header", false},
		{"DRI length", soi, seg(mDRI, "\x00"), "DRI segment of 3 bytes", false},

		{"no SOF", soi + tables(), sos(sel1), "no frame header", false},
		{"short SOS", soi + tables() + frame, seg(mSOS, "\x01\x01\x00"), "scan header of 5 bytes", false},
		{"component not in the frame", soi + tables() + frame, sos("\x07\x00"), "component 7", false},
		{"component twice", soi + tables() + frame, sos(sel1, sel1), "component 1 twice", false},
		{"five components", soi + tables() + frame, sos(sel1, sel1, sel1, sel1, sel1), "5 components", false},
		{"eleven blocks", soi + tables() + sof(mSOF0, 8, 16, 16, "\x01\x42\x00", "\x02\x31\x00"), sos("\x01\x00", "\x02\x00"), "11 blocks", false},
		{"spectral selection backwards", soi + tables() + sof(mSOF2, 8, 16, 16, gray1), scan(5, 2, 0, sel1), "coefficients 5 to 2", false},
		{"coefficient 64", soi + tables() + sof(mSOF2, 8, 16, 16, gray1), scan(1, 64, 0, sel1), "coefficients 1 to 64", false},
		{"DC with AC", soi + tables() + sof(mSOF2, 8, 16, 16, gray1), scan(0, 5, 0, sel1), "coefficients 0 to 5", false},
		{"refining two bits", soi + tables() + sof(mSOF2, 8, 16, 16, gray1), scan(0, 0, 0x31, sel1), "refines bit 1 after bit 3", false},
		{"cut before the AC scan", soi + tables() + sof(mSOF2, 8, 16, 16, gray1) + scan(0, 0, 0, sel1) + "\x00\x00", "", "before the last scan of component 1", true},
		{"cut before the refinement", soi + tables() + sof(mSOF2, 8, 16, 16, gray1) + scan(0, 0, 1, sel1) + "\x00\x00" + scan(1, 63, 0, sel1) + "\x00", "", "before the last scan of component 1", true},
		{"cut before a component", soi + tables() + sof(mSOF0, 8, 16, 16, gray1, "\x02\x11\x00") + sos(sel1) + "\x00\x00", "", "before component 2", true},
		{"arithmetic needs no Huffman tables, but this", soi + huff + sof(mSOF9, 8, 16, 16, gray1), sos(sel1), "quantization table 0 is missing", false},
	}
	for _, tt := range tests {
		h, err := ParseHeader([]byte(tt.before + tt.after))
		var fe *FormatError
		if !errors.As(err, &fe) {
			t.Errorf("%s: error %v, want a FormatError", tt.name, err)
			continue
		}
		if h == nil {
			t.Errorf("%s: no header", tt.name)
		}
		if fe.Offset != len(tt.before) || fe.Truncated != tt.truncated || fe.Bomb || !strings.Contains(fe.Reason, tt.reason) {
			t.Errorf("%s: %+v, want offset %d, truncated %v, %q", tt.name, *fe, len(tt.before), tt.truncated, tt.reason)
		}
		if want := fmt.Sprintf("jpeg: %s, at byte %d", fe.Reason, fe.Offset); err.Error() != want {
			t.Errorf("%s: %q, want %q", tt.name, err, want)
		}
	}
}

// TestWarnings: damage that decoders forgive.
func TestWarnings(t *testing.T) {
	frame := sof(mSOF0, 8, 16, 16, gray1)
	var zero QuantTable
	tests := []struct{ name, before, after, reason string }{
		{"bytes between segments", soi, "junk\xff\x00" + tables() + frame + sos(sel1) + "\x00" + eoi, "6 bytes between"},
		{"a restart marker between segments", soi, "\xff\xd3" + tables() + frame + sos(sel1) + "\x00" + eoi, "2 bytes between"},
		{"DNL", soi + tables() + frame + sos(sel1) + "\x00", seg(mDNL, "\x00\x10") + eoi, "DNL"},
		{"zero in a quantization table", soi, seg(mDQT, table(0, 0, &zero)) + dht(0, 0) + dht(1, 0) + frame + sos(sel1) + "\x00" + eoi, "has a zero"},
		{"code of all ones", soi, seg(mDHT, "\x00\x02"+strings.Repeat("\x00", 15)+"ab") + dqt(50, 0) + dht(1, 0) + frame + sos(sel1) + "\x00" + eoi, "all ones"},
		{"component without a scan", soi + tables() + sof(mSOF0, 8, 16, 16, gray1, "\x02\x11\x00") + sos(sel1) + "\x00", eoi, "no image data for component 2"},
	}
	for _, tt := range tests {
		h := mustParse(t, []byte(tt.before+tt.after))
		if len(h.Warnings) != 1 || h.Warnings[0].Offset != len(tt.before) || !strings.Contains(h.Warnings[0].Reason, tt.reason) {
			t.Errorf("%s: %v, want %q at %d", tt.name, h.Warnings, tt.reason, len(tt.before))
		}
	}
	// A missing EOI is told by HasEOI.
	if h := mustParse(t, []byte(soi+tables()+frame+sos(sel1)+"\x00")); len(h.Warnings) != 0 || h.HasEOI {
		t.Errorf("no EOI: %v, HasEOI %v", h.Warnings, h.HasEOI)
	}
	// Fill bytes are as they should be.
	if h := mustParse(t, []byte(soi+"\xff\xff"+tables()+"\xff"+frame+sos(sel1)+"\x00\xff"+eoi)); len(h.Warnings) != 0 {
		t.Errorf("fill bytes: %v", h.Warnings)
	}
}

func TestSupported(t *testing.T) {
	huff := dqt(50, 0) + dht(0, 0) + dht(1, 0)
	adobe := seg(mAPP14, "Adobe\x00\x64\x00\x00\x00\x00\x00")
	c := func(id, hv int) string { return string([]byte{byte(id), byte(hv), 0}) }
	tests := []struct{ data, reason string }{
		{sof(mSOF0, 8, 16, 16, gray1), ""},
		{sof(mSOF2, 8, 16, 16, gray1), ""},
		{sof(mSOF3, 8, 16, 16, gray1), "lossless"},
		{sof(mSOF9, 8, 16, 16, gray1), "arithmetic"},
		{sof(0xC5, 8, 16, 16, gray1), "hierarchical"},
		{sof(0xCD, 8, 16, 16, gray1), "hierarchical arithmetic"},
		{sof(mDHP, 8, 16, 16, gray1), "hierarchical"},
		{sof(mSOF55, 8, 16, 16, gray1), "JPEG-LS"},
		{sof(mSOF1, 12, 16, 16, gray1), "12-bit"},
		{sof(mSOF0, 8, 16, 16, c(1, 0x11), c(2, 0x11)), "2 components"},
		{sof(mSOF0, 8, 16, 16, c(1, 0x31), c(2, 0x11), c(3, 0x11)), "subsampling 3x1,1x1,1x1"},
		{sof(mSOF0, 8, 16, 16, c(1, 0x22), c(2, 0x21), c(3, 0x11)), "subsampling 2x2,2x1,1x1"},
		{sof(mSOF0, 8, 16, 16, c(1, 0x11), c(2, 0x11), c(3, 0x11), c(4, 0x11)), "without an Adobe segment"},
		{adobe + sof(mSOF0, 8, 16, 16, c(1, 0x11), c(2, 0x11), c(3, 0x11), c(4, 0x11)), ""},
		{adobe + sof(mSOF0, 8, 16, 16, c(1, 0x22), c(2, 0x11), c(3, 0x11), c(4, 0x11)), "subsampling 2x2,1x1,1x1,1x1"},
		{sof(mSOF0, 8, 16, 16, c(1, 0x11), c(2, 0x11), c(3, 0x11), c(4, 0x11), c(5, 0x11)), "5 components"},
	}
	for _, tt := range tests {
		// The scans come too late for an error to hide the frame.
		h, _ := ParseHeader([]byte(soi + huff + tt.data))
		reason, ok := h.Supported()
		if ok != (tt.reason == "") || !strings.Contains(reason, tt.reason) {
			t.Errorf("%s %s: %q %v, want %q", h.Process(), h.Subsampling(), reason, ok, tt.reason)
		}
	}
	if reason, ok := (&Header{}).Supported(); ok || reason == "" {
		t.Errorf("no header: %q %v", reason, ok)
	}
}

// TestHierarchical: the size is known, and no error is made up.
func TestHierarchical(t *testing.T) {
	for _, marker := range []byte{mDHP, mSOF55} {
		h := mustParse(t, []byte(soi+sof(marker, 8, 640, 480, gray1)+"\xff\x7f whatever"))
		if h.Width != 640 || h.Height != 480 {
			t.Errorf("0x%X: %dx%d", marker, h.Width, h.Height)
		}
	}
}

func TestBombs(t *testing.T) {
	frame := sof(mSOF2, 8, 4096, 4096, gray1)
	tests := []struct {
		name, data string
		bomb       bool
	}{
		{"most segments", soi + strings.Repeat(seg(mCOM, ""), MaxSegments-5) + tables() + sof(mSOF0, 8, 16, 16, gray1) + sos(sel1) + "\x00" + eoi, false},
		{"one more", soi + strings.Repeat(seg(mCOM, ""), MaxSegments-4) + tables() + sof(mSOF0, 8, 16, 16, gray1) + sos(sel1) + "\x00" + eoi, true},
		{"most scans", soi + tables() + sof(mSOF2, 8, 16, 16, gray1) + scan(0, 0, 0, sel1) + "\x00" + strings.Repeat(scan(1, 63, 0, sel1)+"\x00", MaxScans-1) + eoi, false},
		{"one scan more", soi + tables() + sof(mSOF2, 8, 16, 16, gray1) + scan(0, 0, 0, sel1) + "\x00" + strings.Repeat(scan(1, 63, 0, sel1)+"\x00", MaxScans) + eoi, true},
		// 512 × 512 blocks: a DC scan of one bit per block takes 32 KiB. Those
		// and the free blocks pay for 24 scans in all.
		{"10 flat scans", soi + tables() + frame + scan(0, 0, 0, sel1) + strings.Repeat("\x00", 32<<10) + strings.Repeat(scan(1, 63, 0, sel1), 9) + eoi, false},
		{"24 scans", soi + tables() + frame + scan(0, 0, 0, sel1) + strings.Repeat("\x00", 32<<10) + strings.Repeat(scan(1, 63, 0, sel1), 23) + eoi, false},
		{"25 scans", soi + tables() + frame + scan(0, 0, 0, sel1) + strings.Repeat("\x00", 32<<10) + strings.Repeat(scan(1, 63, 0, sel1), 24) + eoi, true},
	}
	for _, tt := range tests {
		_, err := ParseHeader([]byte(tt.data))
		var fe *FormatError
		if bomb := errors.As(err, &fe) && fe.Bomb; bomb != tt.bomb || err != nil && !bomb {
			t.Errorf("%s: %v, want bomb %v", tt.name, err, tt.bomb)
		}
	}
}

func TestMinBytes(t *testing.T) {
	tests := []struct {
		frame string
		want  int64
	}{
		{sof(mSOF0, 8, 16, 16, gray1), 1},                                                       // 4 blocks × 2 bits
		{sof(mSOF0, 8, 17, 16, gray1), 2},                                                       // 6 blocks × 2 bits
		{sof(mSOF1, 8, 640, 480, "\x01\x22\x00", "\x02\x11\x00", "\x03\x11\x00"), 1800},         // 4800 + 2 × 1200 blocks
		{sof(mSOF2, 8, 640, 480, "\x01\x22\x00", "\x02\x11\x00", "\x03\x11\x00"), 900},          // the same × 1 bit
		{sof(mSOF0, 8, 60000, 60000, "\x01\x22\x00", "\x02\x11\x00", "\x03\x11\x00"), 21093750}, // 7500² + 2 × 3750² blocks
		{sof(mSOF0, 8, 65535, 65535, "\x01\x11\x00", "\x02\x11\x00", "\x03\x11\x00"), 50331648}, // 3 × 8192² blocks
		{sof(mSOF3, 8, 16, 16, gray1), 32},                                                      // 256 samples × 1 bit
		{sof(mSOF9, 8, 16, 16, gray1), 0},
	}
	for _, tt := range tests {
		h, _ := ParseHeader([]byte(soi + tt.frame))
		if got := h.MinBytes(); got != tt.want {
			t.Errorf("%s %dx%d %s: %d, want %d", h.Process(), h.Width, h.Height, h.Subsampling(), got, tt.want)
		}
	}
	// The bound is no more than what the simplest pictures take.
	for _, size := range []int{8, 16, 17, 200} {
		data := encode(t, photo(size, size), 1)
		if h := mustParse(t, data); h.EntropyBytes < h.MinBytes() {
			t.Errorf("%d px: %d bytes, %d are said to be needed", size, h.EntropyBytes, h.MinBytes())
		}
	}
}

// TestCorruptedHeader: changing any byte before the scan leaves ParseHeader in
// bounds, and it never gives other segments than those that are there.
func TestCorruptedHeader(t *testing.T) {
	data := insert(encode(t, photo(16, 16), 75), seg(mAPP1, sigExif+"II*\x00"))
	for i := range 400 {
		for _, c := range []byte{0x00, 0x01, 0x7F, 0xD8, 0xD9, 0xDA, 0xFF} {
			b := bytes.Clone(data)
			b[i] = c
			h, _ := ParseHeader(b)
			checkHeader(t, b, h)
		}
	}
}

// checkHeader checks that all offsets lie in the data and fit each other.
func checkHeader(t *testing.T, data []byte, h *Header) {
	t.Helper()
	at := 2
	for _, s := range h.Segments {
		if s.Offset < at || s.Length < 4 || s.Offset+s.Length > len(data) {
			t.Fatalf("segment %+v behind %d of %d bytes", s, at, len(data))
		}
		if data[s.Offset] != 0xFF || data[s.Offset+1] != s.Marker || s.Kind == "" {
			t.Fatalf("segment %+v is not there", s)
		}
		at = s.Offset + s.Length
	}
	if h.End < at && len(data) >= 2 || h.End > len(data) {
		t.Fatalf("end %d, segments up to %d of %d bytes", h.End, at, len(data))
	}
	if h.Trailer != (Trailer{}) && (h.Trailer.Offset != h.End || h.Trailer.Offset+h.Trailer.Length != len(data)) {
		t.Fatalf("trailer %+v, end %d of %d bytes", h.Trailer, h.End, len(data))
	}
	for _, w := range h.Warnings {
		if w.Offset < 0 || w.Offset > len(data) || w.Reason == "" {
			t.Fatalf("warning %+v", w)
		}
	}
	if h.EntropyBytes < 0 || h.EntropyBytes > int64(len(data)) {
		t.Fatalf("%d bytes of %d", h.EntropyBytes, len(data))
	}
}

func TestParseHeaderAllocations(t *testing.T) {
	data := encode(t, photo(64, 64), 75)
	if n := testing.AllocsPerRun(100, func() { mustParse(t, data) }); n > 2 {
		t.Errorf("%v allocations, want 2: the Header and its Segments", n)
	}
}

func TestParseHeaderTwice(t *testing.T) {
	data := insert(encode(t, photo(64, 64), 75), seg(mAPP1, sigExif+"II*\x00"))
	if a, b := mustParse(t, data), mustParse(t, data); !reflect.DeepEqual(a, b) {
		t.Errorf("%+v, then %+v", a, b)
	}
}

func BenchmarkParseHeader(b *testing.B) {
	for _, size := range []int{64, 1024, 4096} {
		data := encode(b, photo(size, size), 90)
		b.Run(fmt.Sprintf("%dpx", size), func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := ParseHeader(data); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
