package normalize

import (
	"bytes"
	"context"
	"fmt"
	"image"
	stdpng "image/png"
	"strings"

	"github.com/disintegration/imaging"

	"github.com/preflight-go/preflight/internal/icc"
)

// maxDimension is the most pixels of a side: what a JPEG can have. A PNG can
// have more, and the weights of a resize grow with the side.
const maxDimension = 65535

// Image normalizes a JPEG or PNG file. Nil options are the defaults.
//
// Its errors are an [*Error] for bytes that are no picture or too large a one,
// a [*TooLargeError], the context's own, and a plain error for options that
// make no sense. The context is looked at between the steps and while the file
// is decoded. Data is not changed, and the result does not alias it.
func Image(ctx context.Context, data []byte, opt *Options) (*Result, error) {
	o, err := opt.resolved()
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s, err := read(data)
	if err != nil {
		return nil, err
	}
	if n := int64(s.size.w) * int64(s.size.h); n > o.MaxPixels || max(s.size.w, s.size.h) > maxDimension {
		return nil, &Error{
			Kind: KindTooManyPixels, Format: string(s.format), Offset: -1,
			Reason: fmt.Sprintf("%dx%d px are more than can be worked on (at most %s px, %s on a side)", s.size.w, s.size.h, number(o.MaxPixels), number(maxDimension)),
		}
	}
	m, err := s.decode(ctx)
	if err != nil {
		return nil, err
	}
	j := newJob(s, &o)
	j.flatten = s.transparent && !opaque(m)
	if j.complies() {
		if r := j.untouched(); o.MaxBytes == 0 || r.Bytes <= o.MaxBytes {
			return r, nil
		}
	}
	return j.reencoded(ctx, m)
}

// A job is one picture on its way.
type job struct {
	*source
	o       *Options
	upright size   // full size
	target  size   // upright
	limit   string // what made target smaller, as size.fit has it
	flatten bool
}

func newJob(s *source, o *Options) *job {
	j := &job{source: s, o: o, upright: s.size}
	if s.orientation.swaps() {
		j.upright = s.size.swapped()
	}
	j.target, j.limit = j.upright.fit(o)
	return j
}

// complies reports whether the pixels can stay as they are.
func (j *job) complies() bool {
	return j.orientation == 1 && j.target == j.upright && !j.flatten && j.depth <= 8 && j.cmyk == "" &&
		(j.o.Format == FormatAuto || j.o.Format == j.format)
}

// untouched returns the file without its metadata.
func (j *job) untouched() *Result {
	plan := j.planColour(j.o.Profile, false)
	r := j.result(plan.changes)
	j.noteRemoved(r)
	r.setData(j.format, j.strip(plan.embed != nil))
	return r
}

// reencoded returns a new file of the pixels m.
func (j *job) reencoded(ctx context.Context, m image.Image) (*Result, error) {
	var changes []Change
	note := func(kind ChangeKind, from, to, text string) {
		changes = append(changes, Change{Kind: kind, From: from, To: to, Text: text})
	}

	// Scaled before it is turned: there are fewer pixels to turn then.
	stored := j.target
	if j.orientation.swaps() {
		stored = stored.swapped()
	}
	pix := imaging.Resize(m, stored.w, stored.h, imaging.Lanczos) // copies where the size stays
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if j.target != j.upright {
		note(ChangeResized, j.upright.String(), j.target.String(),
			fmt.Sprintf("Scaled from %v to %v px, because %s.", j.upright, j.target, j.whyResized()))
	}
	if j.orientation != 1 {
		pix = j.orientation.apply(pix)
		note(ChangeRotated, fmt.Sprintf("orientation %d", j.orientation), "upright",
			fmt.Sprintf("Made upright: %v, as the file's orientation %d says.", j.orientation, j.orientation))
	}

	if j.depth > 8 {
		note(ChangeDepthReduced, fmt.Sprintf("%d bits", j.depth), "8 bits",
			fmt.Sprintf("Reduced from %d to 8 bits per colour.", j.depth))
	}
	if j.cmyk != "" {
		note(ChangeCMYKConverted, j.cmyk, "sRGB", fmt.Sprintf("Converted from %s to RGB by plain arithmetic.", j.cmyk))
	}
	plan := j.planColour(j.o.Profile, true)
	changes = append(changes, plan.changes...)
	if plan.transform != nil {
		plan.transform.RGBA(pix.Pix)
	}
	if j.flatten {
		flatten(pix)
		note(ChangeFlattened, "transparent", "white", "Put transparent parts on white.")
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}

	r := j.result(changes)
	if err := j.encode(ctx, r, pix, plan.embed); err != nil {
		return nil, err
	}
	j.noteRemoved(r)
	return r, nil
}

// encode writes pix, with a colour profile unless that is nil, into r.
func (j *job) encode(ctx context.Context, r *Result, pix *image.NRGBA, profile []byte) error {
	r.Reencoded = true
	fits := func(file []byte) bool { return j.o.MaxBytes == 0 || len(file) <= j.o.MaxBytes }
	var gray *image.Gray
	if j.space == icc.SpaceGray {
		gray = grayFromRGB(pix)
	}

	aside := ""
	if j.o.Format == FormatPNG {
		var m image.Image = pix
		if gray != nil {
			m = gray
		}
		var buf bytes.Buffer
		if err := stdpng.Encode(&buf, m); err != nil {
			return fmt.Errorf("normalize: %w", err)
		}
		if file := pngWithProfile(buf.Bytes(), profile); fits(file) {
			r.Changes = append(r.Changes, Change{
				Kind: ChangeReencoded, From: string(j.format), To: string(FormatPNG),
				Text: fmt.Sprintf("Encoded anew as PNG, without loss, from %s.", j.format.title()),
			})
			r.setData(FormatPNG, file)
			return nil
		}
		aside = fmt.Sprintf("; as PNG it would take %s bytes, more than %s", number(buf.Len()), number(j.o.MaxBytes))
	}

	var c *coefficients
	if gray != nil {
		c = transformGray(gray)
	} else {
		c = transformRGB(pix, j.o.FullChroma)
	}
	quality := j.o.Quality
	file := c.encode(quality, profile)
	if !fits(file) {
		// The best quality that fits lies in [low, high). Sizes grow with the
		// quality but for some bytes, which no limit turns on.
		low, high := j.o.MinQuality, quality
		smallest := file
		if low < high {
			smallest = c.encode(low, profile)
		}
		if !fits(smallest) {
			return &TooLargeError{Bytes: len(smallest), MaxBytes: j.o.MaxBytes, Quality: low, Width: r.Width, Height: r.Height}
		}
		file, quality = smallest, low
		for high-low > 1 {
			if err := ctx.Err(); err != nil {
				return err
			}
			mid := (low + high) / 2
			if f := c.encode(mid, profile); fits(f) {
				file, quality, low = f, mid, mid
			} else {
				high = mid
			}
		}
	}
	r.Changes = append(r.Changes, Change{
		Kind: ChangeReencoded, From: string(j.format), To: string(FormatJPEG),
		Text: fmt.Sprintf("Encoded anew as JPEG of quality %d, from %s%s.", quality, j.format.title(), aside),
	})
	if quality < j.o.Quality {
		r.Changes = append(r.Changes, Change{
			Kind: ChangeQualityLowered, From: fmt.Sprint(j.o.Quality), To: fmt.Sprint(quality),
			Text: fmt.Sprintf("Lowered the JPEG quality from %d to %d to stay within %s bytes.", j.o.Quality, quality, number(j.o.MaxBytes)),
		})
	}
	r.Quality = quality
	r.setData(FormatJPEG, file)
	return nil
}

// result returns a Result of the right size, still without data.
func (j *job) result(changes []Change) *Result {
	up := Affine{1, 0, 0, 0, 1, 0}.scaled(float64(j.target.w)/float64(j.upright.w), float64(j.target.h)/float64(j.upright.h))
	return &Result{
		Width:       j.target.w,
		Height:      j.target.h,
		FromStored:  j.orientation.upright(float64(j.size.w), float64(j.size.h)).scaled(up[0], up[4]),
		FromUpright: up,
		Changes:     append([]Change{}, changes...),
	}
}

func (r *Result) setData(f Format, file []byte) {
	r.Format, r.ContentType = f, "image/"+string(f)
	r.Data, r.Bytes = file, len(file)
}

// noteRemoved adds the changes for what neither way of writing keeps.
func (j *job) noteRemoved(r *Result) {
	if j.frames > 1 {
		r.Changes = append(r.Changes, Change{
			Kind: ChangeAnimationRemoved, From: fmt.Sprint(j.frames, " frames"), To: "1 frame",
			Text: fmt.Sprintf("Kept the still picture of an animation of %d frames.", j.frames),
		})
	}
	if j.metadataBytes > 0 {
		what := strings.Join(j.metadata[:min(len(j.metadata), 8)], ", ")
		text := fmt.Sprintf("Removed %s bytes of metadata (%s)", number(j.metadataBytes), what)
		if j.located {
			text += ", with the place where the photo was taken"
		}
		r.Changes = append(r.Changes, Change{Kind: ChangeMetadataRemoved, From: what, Removed: j.metadataBytes, Text: text + "."})
	}
	if j.trailerBytes > 0 {
		kind := ""
		if j.trailer != "" {
			kind = " (" + j.trailer + ")"
		}
		r.Changes = append(r.Changes, Change{
			Kind: ChangeTrailerRemoved, From: j.trailer, Removed: j.trailerBytes,
			Text: fmt.Sprintf("Removed %s bytes behind the end of the picture%s.", number(j.trailerBytes), kind),
		})
	}
}

func (j *job) whyResized() string {
	switch j.limit {
	case limitHeight:
		return fmt.Sprintf("at most %d px of height are recommended", j.o.MaxHeight)
	case limitShortSide:
		return fmt.Sprintf("at most %d px of height are recommended, and at least %d px of each side", j.o.MaxHeight, j.o.MinSide)
	}
	return fmt.Sprintf("a side may have at most %d px", j.o.MaxSide)
}

func (f Format) title() string { return strings.ToUpper(string(f)) }
