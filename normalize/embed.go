package normalize

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"hash/crc32"
)

const (
	iccSignature = "ICC_PROFILE\x00"
	// A marker segment has room for 65,533 bytes, less signature, number and
	// count (ICC.1:2010, B.4).
	iccChunk = 65533 - len(iccSignature) - 2
)

// appendProfile appends a colour profile in APP2 segments to a JPEG file; none
// if it is empty. The count is a byte: a profile that came in such segments,
// or in a PNG as internal/png reads it, fits.
func appendProfile(out, profile []byte) []byte {
	count := (len(profile) + iccChunk - 1) / iccChunk
	for i := range count {
		body := append([]byte(iccSignature), byte(i+1), byte(count))
		n := min(len(profile), iccChunk)
		out = segment(out, 0xE2, append(body, profile[:n]...))
		profile = profile[n:]
	}
	return out
}

// pngWithProfile returns a PNG file as image/png writes it, with a colour
// profile in an iCCP chunk behind IHDR; the file itself if the profile is
// empty.
func pngWithProfile(file, profile []byte) []byte {
	if len(profile) == 0 {
		return file
	}
	var chunk bytes.Buffer
	chunk.WriteString("iCCPprofile\x00\x00") // name, zlib
	z := zlib.NewWriter(&chunk)
	z.Write(profile) //nolint:errcheck // a bytes.Buffer takes everything
	z.Close()

	const head = 8 + 12 + 13 // signature and IHDR
	out := append([]byte(nil), file[:head]...)
	out = binary.BigEndian.AppendUint32(out, uint32(chunk.Len()-4))
	out = append(out, chunk.Bytes()...)
	out = binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(chunk.Bytes()))
	return append(out, file[head:]...)
}
