package format

import (
	"bytes"
	"encoding/binary"
)

// Appended names what follows the end of an image: "" for nothing and for what
// it does not know, "padding" for zeros, 0xFF and line ends, else a name as
// Detect gives it. It also finds what other programs would open although it
// does not stand at the start: a ZIP archive by its end record, a PDF header
// and HTML or PHP in the first 1024 bytes.
func Appended(tail []byte) string {
	padding := 0
	for padding < len(tail) && isPadding(tail[padding]) {
		padding++
	}
	switch {
	case len(tail) == 0:
		return ""
	case padding == len(tail):
		return "padding"
	case hasZIPEnd(tail):
		return "zip"
	}
	head := bytes.ToLower(tail[:min(len(tail), 1024)])
	if bytes.Contains(head, []byte("%pdf-")) {
		return "pdf"
	}
	for _, tag := range []string{"<html", "<script", "<!doctype html", "<?php", "<svg"} {
		if bytes.Contains(head, []byte(tag)) {
			return "html"
		}
	}
	if name := sniff(tail); name != "" {
		return name
	}
	if padding > 0 && tail[padding-1] == 0xFF && tail[padding] == 0xD8 {
		padding-- // the first byte of a JPEG is no padding
	}
	return sniff(tail[padding:])
}

func isPadding(c byte) bool {
	return c == 0 || c == 0xFF || c == '\r' || c == '\n'
}

// hasZIPEnd reports whether b ends with the record by which a ZIP archive is
// opened (APPNOTE.TXT, 4.3.16): "PK\5\6", the numbers of two disks, both 0, 14
// bytes more and a comment up to 65535 bytes long. Archives may start
// anywhere, so programs search for it from the end.
func hasZIPEnd(b []byte) bool {
	b = b[max(0, len(b)-(22+65535)):]
	for {
		i := bytes.Index(b, []byte("PK\x05\x06"))
		if i < 0 || len(b)-i < 22 {
			return false
		}
		if binary.LittleEndian.Uint32(b[i+4:]) == 0 {
			return true
		}
		b = b[i+4:]
	}
}
