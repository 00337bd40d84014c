package jpeg

import "encoding/binary"

// Strip returns the picture without its metadata: SOI; JFIF without its
// thumbnail, if there was one; Adobe's segment, which decides about colours;
// the ICC profile if keepICC and it is whole; all tables, frames, scans and
// entropy-coded data byte for byte; EOI. All else is gone, also what follows
// the image. h must be ParseHeader's of the same data, without an error.
//
// The result always ends with EOI, also if the data did not: decoders need one
// and h.HasEOI has told the caller. Stripping a truncated file hides where it
// broke off, so Decode first.
func Strip(data []byte, h *Header, keepICC bool) []byte {
	out := make([]byte, 0, h.End+2)
	out = append(out, 0xFF, mSOI)
	jfif := false
	for i, s := range h.Segments {
		body := data[s.Offset+4 : s.Offset+s.Length]
		switch {
		case s.Kind == "JFIF":
			if !jfif {
				out = appendJFIF(out, body)
				jfif = true
			}
		case s.Kind == "Adobe":
			if len(body) >= 12 {
				out = append(out, 0xFF, mAPP14, 0, 14)
				out = append(out, body[:12]...)
			}
		case s.Kind == "ICC":
			if keepICC && h.ICC != nil {
				out = append(out, data[s.Offset:s.Offset+s.Length]...)
			}
		case s.Marker >= mAPP0 && s.Marker <= mAPP15, s.Marker == mCOM:
		case s.Marker == mSOS:
			out = append(out, data[s.Offset:h.scanEnd(i)]...)
		default:
			out = append(out, data[s.Offset:s.Offset+s.Length]...)
		}
	}
	return append(out, 0xFF, mEOI)
}

// scanEnd is the offset behind the entropy-coded data of the SOS segment i.
func (h *Header) scanEnd(i int) int {
	switch {
	case i+1 < len(h.Segments):
		return h.Segments[i+1].Offset
	case h.HasEOI:
		return h.End - 2
	}
	return h.End
}

// appendJFIF appends an APP0 with the version and density of body and without
// its thumbnail.
func appendJFIF(out, body []byte) []byte {
	out = append(out, 0xFF, mAPP0)
	out = binary.BigEndian.AppendUint16(out, 16)
	if len(body) < 12 {
		return append(out, "JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"...)
	}
	out = append(out, body[:12]...)
	return append(out, 0, 0)
}
