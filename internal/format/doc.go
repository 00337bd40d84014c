// Package format names a file's format by its bytes, never by its name, so
// that a person can be told what was really uploaded and how to convert it.
//
// Detect looks at the first bytes. Where these do not suffice it looks a
// little further, always with a bound: at the brands of an ISO base media file
// (HEIC, AVIF, CR3, MP4 …), at the first directory of a TIFF (DNG, NEF, ARW
// …), past the prolog of an XML document (SVG), along the blocks of a GIF (one
// picture or many). Nothing is decoded and nothing is allocated in proportion
// to what the file declares.
//
// A name says what the file claims to be, not that it can be opened.
package format
