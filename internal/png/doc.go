// Package png reads what a PNG file says of itself: one pass over its chunks,
// no pixels. It also removes metadata without touching the image data, and
// decodes.
//
// ParseHeader checks what a decoder will need: the chunks' CRCs, their order
// and the header's values (W3C PNG, third edition). Damage outside of the
// image data, such as a wrong CRC of an ancillary chunk or a missing IEND, is
// a Warning, as it is for libpng and for people; image/png refuses such files,
// so Decode gives it the file as Strip leaves it.
//
// # Bounds
//
// At most MaxChunks chunks are kept; compressed text and profiles are inflated
// up to MaxICC and MaxXMP bytes; Header.MinBytes says how long the image data
// must be at the very least, so that a picture that cannot be there is known
// before anything is allocated for it.
//
// # Offsets
//
// Offsets count bytes from the start of the data given.
package png
