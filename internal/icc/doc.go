// Package icc reads ICC colour profiles, as far as photos need it, and turns
// 8-bit pixels of the profile's colour space into sRGB.
//
// Understood are RGB profiles that describe a colour by three tone curves and
// a matrix (Display P3, Adobe RGB, ProPhoto, sRGB itself, most cameras and
// screens) and gray profiles with one tone curve. Profiles that need lookup
// tables of several dimensions (A2B0), and those of printers (CMYK), are read
// but not converted: [Profile.ToSRGB] says so with an [UnsupportedError].
//
// The conversion is the relative colorimetric one: white stays white, and
// colours outside sRGB are clipped channel by channel. Curves and matrix are
// those of ICC.1:2010 (profile version 4.3), sections 7, 9, 10 and F.3.
//
// Profiles come from files of unknown origin. No length in them is trusted,
// nothing is allocated by what they declare, and every tag is looked at once.
package icc
