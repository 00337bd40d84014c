// Package jpeg reads what a JPEG file says of itself: one pass over the bytes,
// no pixels. It also removes metadata without touching the image data, and
// decodes.
//
// ParseHeader walks the marker segments of ITU-T T.81, Annex B. It skips
// entropy-coded data with bytes.IndexByte, so its time is that of reading the
// file once, and it keeps nothing but the places of the segments. It is as
// forgiving as the decoders people use: what image/jpeg reads is not refused,
// except for a file that image/jpeg can only fill with gray (a quantization
// table that never came), one whose Huffman codes contradict themselves, and
// one without pixels (a width of 0). What a
// decoder would stumble over later (a table missing when a scan needs it, a
// component nobody declared) is told at once, with its offset.
//
// # Bounds
//
// Bytes from the network can do no more harm than their length: at most
// MaxSegments segments are kept, at most MaxScans scans are walked, the ICC
// profile is at most as long as the file, and Header.MinBytes says how much
// data the declared picture needs at the very least, so that a picture that
// cannot be there is known before anything is allocated for it.
//
// # Offsets
//
// Offsets count bytes from the start of the data given. Slices of a Header
// alias that data.
package jpeg
