package normalize

import "fmt"

// A Format is a file format of a result.
type Format string

// The formats.
const (
	// FormatAuto leaves a file that needs no new pixels in its format and
	// makes everything else a JPEG.
	FormatAuto Format = ""
	// FormatJPEG makes everything a JPEG.
	FormatJPEG Format = "jpeg"
	// FormatPNG makes everything a PNG, without loss, where that stays within
	// Options.MaxBytes, and a JPEG where it does not.
	FormatPNG Format = "png"
)

// A Profile says what becomes of a colour profile.
type Profile string

// What becomes of a colour profile when pixels are encoded anew.
const (
	// ProfileConvert converts the pixels to sRGB and leaves the profile out.
	ProfileConvert Profile = ""
	// ProfileKeep leaves the pixels in the profile's colours and embeds it.
	ProfileKeep Profile = "keep"
)

// The defaults of [Options], which suit the Progeny API: it takes 480x480 to
// 4096x4096 px, recommends at most 1080 px of height, and at most 2 MB.
const (
	DefaultMaxHeight  = 1080
	DefaultMinSide    = 480
	DefaultMaxSide    = 4096
	DefaultMaxBytes   = 2_000_000
	DefaultMaxPixels  = 64 << 20
	DefaultQuality    = 90
	DefaultMinQuality = 70
)

// Options say what a result shall be. In each number zero means the default
// and, for the limits of size, a negative one means no limit.
type Options struct {
	// Format of the result.
	Format Format
	// MaxHeight of the upright picture in pixels.
	MaxHeight int
	// MaxSide is the most pixels of the longer side.
	MaxSide int
	// MinSide is how small MaxHeight may make the shorter side, in pixels:
	// a very tall picture stays higher than MaxHeight rather than become
	// narrower than this. Nothing is ever enlarged, and MaxSide goes first.
	MinSide int
	// MaxBytes of the result.
	MaxBytes int
	// MaxPixels bounds what is decoded: width times height of the original.
	// Each takes 1 to 8 bytes of memory while it is decoded, up to 15 in a
	// progressive JPEG.
	MaxPixels int64

	// Quality is the JPEG quality in the IJG's sense, 1 to 100.
	Quality int
	// MinQuality is how far Quality may be lowered to stay within MaxBytes.
	// It counts as Quality where it is above it.
	MinQuality int
	// FullChroma writes JPEGs as 4:4:4 instead of 4:2:0.
	FullChroma bool

	// Profile says what becomes of a colour profile.
	Profile Profile
}

// resolved returns o with its defaults filled in, or why it makes no sense.
// A limit of 0 in the answer is none.
func (o *Options) resolved() (Options, error) {
	var r Options
	if o != nil {
		r = *o
	}
	for _, v := range []struct {
		field *int
		value int
	}{
		{&r.MaxHeight, DefaultMaxHeight},
		{&r.MaxSide, DefaultMaxSide},
		{&r.MinSide, DefaultMinSide},
		{&r.MaxBytes, DefaultMaxBytes},
	} {
		if *v.field == 0 {
			*v.field = v.value
		}
		*v.field = max(*v.field, 0)
	}
	switch {
	case r.MaxPixels == 0:
		r.MaxPixels = DefaultMaxPixels
	case r.MaxPixels < 0:
		return r, fmt.Errorf("normalize: MaxPixels %d is negative", r.MaxPixels)
	}
	if r.Quality == 0 {
		r.Quality = DefaultQuality
	}
	if r.MinQuality == 0 {
		r.MinQuality = DefaultMinQuality
	}
	for _, q := range []int{r.Quality, r.MinQuality} {
		if q < 1 || q > 100 {
			return r, fmt.Errorf("normalize: JPEG quality %d is not in 1 to 100", q)
		}
	}
	r.MinQuality = min(r.MinQuality, r.Quality)
	switch r.Format {
	case FormatAuto, FormatJPEG, FormatPNG:
	default:
		return r, fmt.Errorf("normalize: unknown format %q", r.Format)
	}
	switch r.Profile {
	case ProfileConvert, ProfileKeep:
	default:
		return r, fmt.Errorf("normalize: unknown treatment of profiles %q", r.Profile)
	}
	return r, nil
}
