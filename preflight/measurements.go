package preflight

import "github.com/preflight-go/preflight/facegeom"

// Measurements are the facts about one image: plain data without an opinion,
// to be stored and judged as often as one likes. What could not be measured is
// absent, never zero.
type Measurements struct {
	Path      string          `json:"path,omitempty"`   // a name, as the caller knows it; never opened
	SHA256    string          `json:"sha256,omitempty"` // of all bytes, hexadecimal; absent if not all were read
	Stage     Stage           `json:"stage"`
	Image     Image           `json:"image"`
	Faces     []facegeom.Face `json:"faces,omitzero"` // by falling size; not nil from StagePixels on
	ElapsedMS float64         `json:"elapsed_ms,omitempty"`
}

// A Stage says how far measuring got.
type Stage string

// The stages, in order.
const (
	StageBytes  Stage = "bytes"  // only the number of bytes and the format are known
	StageHeader Stage = "header" // the header was read; pixels were not, or could not be, decoded
	StagePixels Stage = "pixels" // all was measured
)

// An Image holds the facts of the file.
type Image struct {
	Format      string   `json:"format,omitempty"`      // "jpeg", "png", "heic", …; absent if not known
	Bytes       int64    `json:"bytes"`                 // length of the file
	BytesCut    bool     `json:"bytes_cut,omitempty"`   // reading stopped at Options.MaxBytes: there are more
	Width       int      `json:"width,omitempty"`       // as stored, px
	Height      int      `json:"height,omitempty"`      // as stored, px
	Orientation int      `json:"orientation,omitempty"` // EXIF, 1..8; absent: no valid tag, upright as stored
	ICCProfile  bool     `json:"icc_profile,omitempty"`
	GPS         bool     `json:"gps,omitempty"` // EXIF or XMP has a position
	JPEG        *JPEG    `json:"jpeg,omitempty"`
	PNG         *PNG     `json:"png,omitempty"`
	Damage      *Damage  `json:"damage,omitempty"`   // why pixels could not be decoded
	Trailer     *Trailer `json:"trailer,omitempty"`  // bytes behind the end of the image
	Forgiven    []Damage `json:"forgiven,omitempty"` // damage that decoders forgive; the first few
}

// Upright returns width and height after the EXIF orientation is applied: the
// frame of all face coordinates.
func (im *Image) Upright() (width, height int) {
	if im.Orientation >= 5 && im.Orientation <= 8 {
		return im.Height, im.Width
	}
	return im.Width, im.Height
}

// JPEG holds the facts of a JPEG's header.
type JPEG struct {
	Quality      int     `json:"quality,omitempty"`       // nearest IJG quality 1..100 of the luma table; absent if there is none
	QualityFit   float64 `json:"quality_fit"`             // root mean square distance to that table; 0: exactly it
	QualityLower int     `json:"quality_lower,omitempty"` // certain bounds of the IJG quality,
	QualityUpper int     `json:"quality_upper,omitempty"` // for tables that fit none well
	Subsampling  string  `json:"subsampling,omitempty"`   // "4:2:0", …
	ColorModel   string  `json:"color_model,omitempty"`   // "gray", "ycbcr", "rgb", "cmyk", "ycck"
	Process      string  `json:"process,omitempty"`       // "baseline", "progressive", …
	Progressive  bool    `json:"progressive"`
	Precision    int     `json:"precision,omitempty"` // bits per sample
}

// PNG holds the facts of a PNG's header.
type PNG struct {
	BitDepth   int    `json:"bit_depth"`
	ColorType  string `json:"color_type"` // "gray", "rgb", "indexed", "gray+alpha", "rgba"
	Interlaced bool   `json:"interlaced,omitempty"`
	Alpha      bool   `json:"alpha,omitempty"`  // alpha channel or transparent colours
	Frames     int    `json:"frames,omitempty"` // of an animated PNG; absent for a still picture
}

// Damage says where and why bytes are not as they should be.
type Damage struct {
	Kind   DamageKind `json:"kind"`
	Offset int        `json:"offset"` // byte, from 0
	Reason string     `json:"reason"`
}

// A DamageKind says what damage means.
type DamageKind string

// The kinds of damage.
const (
	DamageTruncated   DamageKind = "truncated"   // data ends early
	DamageCorrupt     DamageKind = "corrupt"     // cannot be decoded
	DamageBomb        DamageKind = "bomb"        // not decoded, because it would cost too much
	DamageUnsupported DamageKind = "unsupported" // a variant of the format that is hardly ever read
	DamageForgiven    DamageKind = "forgiven"    // decoders read it all the same
)

// A Trailer is what follows the end of the image in the file.
type Trailer struct {
	Offset int    `json:"offset"`
	Bytes  int    `json:"bytes"`
	Kind   string `json:"kind,omitempty"`  // what it is, if known
	Known  bool   `json:"known,omitempty"` // a camera's own, harmless
}
