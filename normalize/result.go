package normalize

// A Result is a normalized picture and what was done for it.
type Result struct {
	Data        []byte `json:"-"`            // the file
	Format      Format `json:"format"`       // FormatJPEG or FormatPNG
	ContentType string `json:"content_type"` // "image/jpeg" or "image/png"
	Width       int    `json:"width"`        // pixels
	Height      int    `json:"height"`       // pixels
	Bytes       int    `json:"bytes"`        // length of Data

	// Reencoded is false where the image data is that of the original, byte
	// for byte.
	Reencoded bool `json:"reencoded"`
	// Quality is that of a JPEG that was encoded anew, else 0.
	Quality int `json:"quality,omitempty"`

	// FromStored takes pixel coordinates of the original as it is stored to
	// those of the result, FromUpright those of the original turned upright.
	FromStored  Affine `json:"from_stored"`
	FromUpright Affine `json:"from_upright"`

	// Changes in the order in which they were made; empty, not nil, if the
	// file was as it should be.
	Changes []Change `json:"changes"`
}

// MapStored takes a point of the original, in pixels as it is stored, to the
// result.
func (r *Result) MapStored(p Point) Point { return r.FromStored.Apply(p) }

// MapUpright takes a point of the original, in pixels of the upright,
// full-size picture, to the result.
func (r *Result) MapUpright(p Point) Point { return r.FromUpright.Apply(p) }

// A Change is one thing that was done to a picture.
type Change struct {
	Kind ChangeKind `json:"kind"`
	Text string     `json:"text"`           // one sentence for people
	From string     `json:"from,omitempty"` // what was: "3024x4032", "orientation 6", "Display P3"
	To   string     `json:"to,omitempty"`   // what became of it: "810x1080", "sRGB"
	// Removed counts the bytes that were taken out as such; 0 where that has
	// no meaning.
	Removed int `json:"removed_bytes,omitempty"`
}

// A ChangeKind is a kind of [Change].
type ChangeKind string

// The kinds of [Change].
const (
	ChangeResized          ChangeKind = "resized"
	ChangeRotated          ChangeKind = "rotated"           // or mirrored: the EXIF orientation was applied
	ChangeProfileConverted ChangeKind = "profile_converted" // pixels brought to sRGB from a profile or a PNG's gAMA
	ChangeProfileKept      ChangeKind = "profile_kept"      // From names the profile
	ChangeProfileDropped   ChangeKind = "profile_dropped"   // damaged, of another colour space, or sRGB itself
	ChangeColourAssumed    ChangeKind = "colour_assumed"    // a statement about colour that is not understood was left out
	ChangeCMYKConverted    ChangeKind = "cmyk_converted"
	ChangeDepthReduced     ChangeKind = "depth_reduced" // from 16 to 8 bits
	ChangeFlattened        ChangeKind = "flattened"     // transparency was put on white
	ChangeAnimationRemoved ChangeKind = "animation_removed"
	ChangeReencoded        ChangeKind = "reencoded" // From and To name the formats
	ChangeQualityLowered   ChangeKind = "quality_lowered"
	ChangeMetadataRemoved  ChangeKind = "metadata_removed"
	ChangeTrailerRemoved   ChangeKind = "trailer_removed" // bytes behind the end of the picture
)
