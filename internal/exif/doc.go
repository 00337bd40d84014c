// Package exif reads the few EXIF facts that a check of a photo reports: which
// way is up, what made it, whether it says where. It walks IFD0, the Exif and
// the GPS IFD, and looks whether IFD1 has a thumbnail; everything else, maker
// notes above all, is left alone.
//
// EXIF blocks come from strangers and are often damaged by editors. The walk
// is therefore our own: every offset is checked, every IFD is visited once and
// up to MaxEntries entries, and only the tags that are reported are read. Each
// of their entries is known to lie within the block and to be short before
// goexif's tiff package decodes its value. One bad tag does not lose the
// others.
package exif
