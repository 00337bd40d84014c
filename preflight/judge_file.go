package preflight

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/preflight-go/preflight/internal/format"
	"github.com/preflight-go/preflight/internal/jpeg"
)

// file judges the file and its pixels, without the face.
func (j *judge) file() {
	im, lim := &j.m.Image, &j.p.File
	if im.Bytes == 0 {
		zero, one := 0.0, 1.0
		j.raise(Issue{Code: FileEmpty, Message: "The file is empty.", Measured: &zero, Limit: &one, Unit: "bytes"})
		return
	}
	j.bytes()
	j.format()
	j.damage()

	if im.Width > 0 && im.Height > 0 {
		w, h := float64(im.Width), float64(im.Height)
		size := fmt.Sprintf("The picture is %s x %s px", grouped(int64(im.Width)), grouped(int64(im.Height)))
		j.limit(Limit{Min: lim.Side.Min}, min(w, h), 0, Issue{Code: ImageTooSmall, Unit: "px"}, func(_ standing, _, bound string) string {
			return fmt.Sprintf("%s; both sides need at least %s px.", size, bound)
		})
		j.limit(Limit{Max: lim.Side.Max}, max(w, h), 0, Issue{Code: ImageTooLarge, Unit: "px", stays: j.rejectedAt(lim.Side.Max / max(w, h))}, func(_ standing, _, bound string) string {
			return fmt.Sprintf("%s; at most %s px are allowed on either side.", size, bound)
		})
		_, upright := im.Upright()
		// A picture is left higher than recommended where its face needs that.
		needed := j.p.SmallestScale(j.m)
		is := Issue{Code: HeightAboveRecommended, Unit: "px", stays: needed < 1 && needed > lim.Height.Max/float64(upright)}
		j.limit(lim.Height, float64(upright), 0, is, func(_ standing, v, bound string) string {
			return fmt.Sprintf("The picture is %s px high; at most %s px are recommended.", v, bound)
		})
	}
	if im.PNG != nil && im.PNG.Frames > 1 {
		j.limit(lim.Frames, float64(im.PNG.Frames), 0, Issue{Code: Animated, Unit: "frames"}, func(_ standing, v, _ string) string {
			return fmt.Sprintf("The PNG is an animation of %s frames.", v)
		})
	}
	j.quality()
	j.colour()
	if im.GPS {
		j.raise(Issue{Code: GPSPresent, Message: "The file tells where the picture was taken."})
	}
	if t := im.Trailer; t != nil {
		n := float64(t.Bytes)
		is := Issue{
			Code: TrailingData, Measured: &n, Unit: "bytes",
			Message: fmt.Sprintf("%s bytes follow the end of the image.", number(n, 0)),
		}
		if t.Kind != "" {
			is.Message = fmt.Sprintf("%s bytes follow the end of the image (%s).", number(n, 0), t.Kind)
		}
		if t.Known {
			is.Level = Info
		}
		j.raise(is)
	}
}

// rejectedAt reports whether scaling the picture down by f would make a picture
// or a face that is large enough too small.
func (j *judge) rejectedAt(f float64) bool {
	falls := func(l Limit, v, sigma float64) bool {
		s, after := l.compare(v, sigma), l.compare(f*v, f*sigma)
		return after.raised && !after.unsure && (!s.raised || s.unsure)
	}
	side := float64(min(j.m.Image.Width, j.m.Image.Height))
	if falls(Limit{Min: j.p.File.Side.Min}, side, 0.5) { // 0.5: rounding to whole pixels
		return true
	}
	if len(j.m.Faces) == 0 {
		return false
	}
	face := &j.m.Faces[0]
	return falls(j.p.Face.Size, face.Box.Width, face.BoxSigma) || falls(j.p.Face.IED, face.IED, face.IEDSigma)
}

func (j *judge) bytes() {
	im := &j.m.Image
	is := Issue{Code: FileTooLarge, Unit: "bytes"}
	if im.BytesCut {
		n := float64(im.Bytes)
		is.Measured = &n
		is.Message = fmt.Sprintf("The file has %s bytes or more; it was not read further.", grouped(im.Bytes))
		j.raise(is)
		return
	}
	j.limit(j.p.File.Bytes, float64(im.Bytes), 0, is, func(_ standing, v, bound string) string {
		return fmt.Sprintf("The file has %s bytes; at most %s are allowed.", v, bound)
	})
}

// extensions are the names that files of a format go by.
var extensions = map[string][]string{
	"jpeg": {".jpg", ".jpeg", ".jpe", ".jfif", ".jif"},
	"png":  {".png", ".apng"},
}

func (j *judge) format() {
	im := &j.m.Image
	if allowed := j.p.File.Formats; len(allowed) > 0 && !slices.Contains(allowed, im.Format) {
		f := format.Describe(im.Format)
		is := Issue{Code: UnsupportedFormat, Hint: f.Hint}
		names := strings.ToUpper(allowed[0])
		for _, a := range allowed[1:] {
			names += " or " + strings.ToUpper(a)
		}
		if im.Format == "" {
			is.Message = "The file is of no image format that we know; it must be " + names + "."
		} else {
			is.Message = fmt.Sprintf("The file is of another format: %s. It must be %s.", f.Title, names)
		}
		j.raise(is)
	}
	ext := strings.ToLower(filepath.Ext(j.m.Path))
	for name, exts := range extensions {
		if slices.Contains(exts, ext) && im.Format != "" && im.Format != name {
			j.raise(Issue{
				Code:    ExtensionMismatch,
				Message: fmt.Sprintf("The name ends in %s, but the file is of another format: %s.", ext, format.Describe(im.Format).Title),
			})
		}
	}
}

func (j *judge) damage() {
	if d := j.m.Image.Damage; d != nil {
		title := format.Describe(j.m.Image.Format).Title
		at := ""
		if d.Offset > 0 {
			at = " at byte " + grouped(int64(d.Offset))
		}
		switch d.Kind {
		case DamageBomb:
			j.raise(Issue{Code: DecompressionBomb, Message: fmt.Sprintf("The file was not decoded: %s.", d.Reason)})
		case DamageTruncated:
			j.raise(Issue{Code: Truncated, Message: fmt.Sprintf("The image data ends early%s: %s.", at, d.Reason)})
		case DamageUnsupported:
			j.raise(Issue{Code: UnsupportedFormat, Hint: "Save the picture as an ordinary JPEG: baseline or progressive, 8 bits a sample.", Message: fmt.Sprintf("The file is a %s, but of a kind that many programs do not read: %s.", title, d.Reason)})
		default:
			j.raise(Issue{Code: FailedToReadImage, Message: fmt.Sprintf("The image cannot be decoded: %s%s.", d.Reason, at)})
		}
	}
	for _, d := range j.m.Image.Forgiven {
		is := Issue{Code: CorruptChunk, stays: j.m.Image.Format == "jpeg", Message: fmt.Sprintf("The file is damaged at byte %s, which decoders forgive: %s.", grouped(int64(d.Offset)), d.Reason)}
		if d.Kind == DamageTruncated {
			is = Issue{
				Code: Truncated, Level: Warn, goes: true, Message: fmt.Sprintf("All pixels are there, but %s.", d.Reason),
				Hint: "Let preflight normalize it, or save it anew.",
			}
		}
		j.raise(is)
	}
}

// quality judges the JPEG quality. A table that is close to a standard one is
// taken at its number, others reject only when no standard table of sufficient
// quality is as coarse as they are; the nearest table raises no more than a doubt.
func (j *judge) quality() {
	jp := j.m.Image.JPEG
	if jp == nil || jp.Quality == 0 {
		return
	}
	lim, is := j.p.File.JPEGQuality, Issue{Code: JPEGQualityTooLow}
	q := jpeg.Quality{Value: jp.Quality, Fit: jp.QualityFit, Lower: jp.QualityLower, Upper: jp.QualityUpper}
	switch {
	case q.Good():
		j.limit(lim, float64(q.Value), 0, is, func(_ standing, v, bound string) string {
			return fmt.Sprintf("The JPEG quality is %s; at least %s is needed.", v, bound)
		})
	case q.Upper > 0 && lim.compare(float64(q.Upper), 0).raised: // 0: no bound
		j.limit(lim, float64(q.Upper), 0, is, func(_ standing, v, bound string) string {
			return fmt.Sprintf("The JPEG quality is at most %s; at least %s is needed.", v, bound)
		})
	default:
		is.Unsure = true
		j.limit(lim, float64(q.Value), 0, is, func(_ standing, v, bound string) string {
			return fmt.Sprintf("The JPEG quality is about %s, between %d and %d, by tables that are the encoder's own; at least %s is needed.",
				v, q.Lower, q.Upper, bound)
		})
	}
}

func (j *judge) colour() {
	say := func(what string, stays bool) {
		j.raise(Issue{Code: UnusualColour, stays: stays, Message: "The picture is stored as " + what + ", which some receivers misread."})
	}
	if jp := j.m.Image.JPEG; jp != nil && (jp.ColorModel == "cmyk" || jp.ColorModel == "ycck") {
		say(strings.ToUpper(jp.ColorModel)+", colours for print", false)
	}
	if pn := j.m.Image.PNG; pn != nil {
		switch {
		case pn.ColorType == "indexed":
			say("a palette of at most 256 colours", true)
		case pn.BitDepth == 16:
			say("16 bits per sample", false)
		}
	}
}
