package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/preflight-go/preflight/normalize"
	"github.com/preflight-go/preflight/preflight"
)

// normalizeFlags say what a normalized picture shall be. What they leave open
// comes from the profile.
type normalizeFlags struct {
	maxHeight int
	quality   int
	chroma    string
	format    string
	icc       string
}

func (f *normalizeFlags) add(flags *pflag.FlagSet) {
	flags.IntVar(&f.maxHeight, "max-height", 0, "scale down to at most `PX` high (default: the profile's, 1080)")
	flags.IntVar(&f.quality, "quality", normalize.DefaultQuality, "JPEG quality, 1 to 100; lowered as far as the profile allows to save bytes")
	flags.StringVar(&f.chroma, "chroma", "420", "JPEG colour resolution: 420 (half) or 444 (full)")
	flags.StringVar(&f.format, "format", "auto", "auto (keep what need not be encoded anew, else JPEG), jpeg or png")
	flags.StringVar(&f.icc, "icc", "convert", "a colour profile in the picture: convert (to sRGB) or keep")
}

func (f *normalizeFlags) validate() error {
	for _, c := range []struct {
		flag, value string
		allowed     []string
	}{
		{"chroma", f.chroma, []string{"420", "444"}},
		{"format", f.format, []string{"auto", "jpeg", "png"}},
		{"icc", f.icc, []string{"convert", "keep"}},
	} {
		if !slices.Contains(c.allowed, c.value) {
			return fmt.Errorf("--%s %q: must be %s", c.flag, c.value, strings.Join(c.allowed, " or "))
		}
	}
	if f.quality < 1 || f.quality > 100 {
		return fmt.Errorf("--quality %d: must be 1 to 100", f.quality)
	}
	if f.maxHeight < 0 {
		return fmt.Errorf("--max-height %d: must not be negative", f.maxHeight)
	}
	return nil
}

// options are those of normalize for a receiver with profile p.
func (f *normalizeFlags) options(p *preflight.Profile) *normalize.Options {
	orNone := func(limit float64) int {
		if limit == 0 {
			return -1
		}
		return int(limit)
	}
	o := &normalize.Options{
		Format:     normalize.Format(f.format),
		MaxHeight:  cmp.Or(f.maxHeight, orNone(p.File.Height.Max)),
		MaxSide:    orNone(p.File.Side.Max),
		MinSide:    orNone(p.File.Side.Min),
		MaxBytes:   orNone(cmp.Or(p.File.Bytes.Sure, p.File.Bytes.Max)),
		Quality:    f.quality,
		MinQuality: int(math.Ceil(p.File.JPEGQuality.Min)),
		FullChroma: f.chroma == "444",
		Profile:    normalize.Profile(f.icc),
	}
	if f.format == "auto" {
		o.Format = normalize.FormatAuto
		if len(p.File.Formats) > 0 && !slices.Contains(p.File.Formats, "png") {
			o.Format = normalize.FormatJPEG
		}
	}
	if f.icc == "convert" {
		o.Profile = normalize.ProfileConvert
	}
	return o
}

// A normalized is a picture made fit.
type normalized struct {
	*normalize.Result
	before *preflight.Measurements
	// kept is the height below which the face would have lost the pixels that
	// it needs, where that was higher than the height asked for; else 0.
	kept int
	// uncured are the rejections of the original that no copy can undo, although
	// it may not show them: what a low JPEG quality lost is lost.
	uncured []preflight.Issue
}

// fit normalizes data, which has the measurements m, for the profile p. It is
// scaled down less than asked for where its face would otherwise fall below the
// profile's limits.
func (f *normalizeFlags) fit(ctx context.Context, p *preflight.Profile, m *preflight.Measurements, data []byte) (n normalized, err error) {
	o := f.options(p)
	height, kept := heightFor(p, m, o.MaxHeight)
	o.MaxHeight = height
	n.before = m
	for _, is := range p.Judge(m).Issues {
		if is.Level == preflight.Reject && !is.Fixable {
			n.uncured = append(n.uncured, is)
		}
	}
	if kept {
		n.kept = height
	}
	if n.Result, err = normalize.Image(ctx, data, o); err == nil && n.Height < n.kept {
		n.kept = 0 // the limit of a side came first
	}
	return n, err
}

// heightFor returns the height to scale a picture down to: asked (-1: any) or,
// if its face would lose too many pixels then, just as much more as it needs. A
// face that is too small already keeps nothing.
func heightFor(p *preflight.Profile, m *preflight.Measurements, asked int) (height int, kept bool) {
	_, full := m.Image.Upright()
	if asked < 0 || full <= asked {
		return asked, false
	}
	r := p.Judge(m)
	for _, c := range []preflight.Code{preflight.FaceTooSmall, preflight.EyeDistanceTooSmall} {
		if is := r.Issue(c); is != nil && !is.Unsure {
			return asked, false
		}
	}
	least := int(math.Ceil(float64(full) * p.SmallestScale(m)))
	return max(asked, least), least > asked
}

// sentences are the changes in words.
func (n *normalized) sentences() []string {
	var s []string
	for _, c := range n.Changes {
		s = append(s, c.Text)
	}
	if n.kept > 0 {
		s = append(s, fmt.Sprintf("Kept %s px high, because the face would be too small with less.", grouped(n.Height)))
	}
	for _, is := range n.uncured {
		s = append(s, fmt.Sprintf("Not cured: %s. %s", is.Code, is.Message))
	}
	return s
}

// unfit tells errors that are the picture's fault from others.
func unfit(err error) bool {
	var e *normalize.Error
	var large *normalize.TooLargeError
	return errors.As(err, &e) || errors.As(err, &large)
}

// unfitReason is such an error as a sentence.
func unfitReason(err error) string {
	e := (*normalize.Error)(nil)
	if !errors.As(err, &e) {
		return strings.TrimPrefix(err.Error(), "normalize: ")
	}
	s := e.Reason
	if e.Offset >= 0 {
		s += " at byte " + grouped(e.Offset)
	}
	if e.Hint != "" {
		s += ". " + e.Hint
	}
	return s
}

// A normalizedLine is what --json says of a picture.
type normalizedLine struct {
	Path       string `json:"path"`
	Output     string `json:"output,omitempty"`
	KeptHeight int    `json:"kept_height,omitempty"` // see normalized.kept
	*normalize.Result
	Uncured []preflight.Issue `json:"uncured,omitempty"` // see normalized.uncured
	Error   string            `json:"error,omitempty"`
}

func (a *app) normalizeCommand() *cobra.Command {
	var (
		in        inputFlags
		how       normalizeFlags
		output    string
		overwrite bool
		profile   string
		asJSON    bool
		quiet     int
		colour    colourMode
	)
	cmd := &cobra.Command{
		Use:   "normalize PATH... -o DIR",
		Short: "Make pictures fit: upright, not too high, small, without metadata",
		Long: `Normalize writes a copy of each picture to DIR that suits the receiver: upright,
scaled down to the recommended height, in sRGB, within the allowed bytes, and
without metadata such as the location. A JPEG that is fine already keeps its
image data byte for byte. Nothing is enlarged or enhanced.

A colour profile is converted when pixels are written anew; a JPEG that keeps its
image data keeps its profile too. What makes the receiver reject a picture and no
copy can cure is said, such as a low JPEG quality.

A picture is scaled down less than asked for where its face or the distance of
its eyes would otherwise fall below the profile's limits.

Copies of files that are named go to DIR/NAME, those of a folder keep their
place below it; with several PATHs, the folder's name comes in front. Existing
files, the pictures themselves among them, are only replaced with --overwrite.`,
		Example: `  preflight normalize photos -o ready
  preflight normalize selfie.png -o ready --format jpeg --quality 95`,
		RunE: func(cmd *cobra.Command, args []string) error {
			in.skip = output
			if err := errors.Join(in.validate(args), how.validate()); err != nil {
				return err
			}
			if output == "" {
				return errors.New("-o DIR is needed")
			}
			c, err := a.checker(profile, false)
			if err != nil {
				return err
			}
			out := newOutputFolder(output, overwrite)
			if err := out.create(); err != nil {
				return fail(exitIO, err)
			}
			s := a.style(colour)
			type done struct {
				normalized
				err error // the picture's fault
			}
			// In the order of the input, so that of two pictures that want the same
			// name it is always the first that gets it.
			work := batch[done]{a: a, inputs: &in, sorted: true}
			work.do = func(ctx context.Context, i input) (done, error) {
				data, err := a.read(ctx, c, i.path)
				if err != nil {
					return done{}, err
				}
				m, err := c.Measure(ctx, data)
				if err != nil {
					return done{}, err
				}
				n, err := how.fit(ctx, c.Profile(), m, data)
				if unfit(err) {
					return done{n, err}, nil
				}
				return done{n, nil}, err
			}
			work.emit = func(ctx context.Context, i input, d done) error {
				line := normalizedLine{Path: i.path, Result: d.Result, KeptHeight: d.kept, Uncured: d.uncured}
				switch {
				case ctx.Err() != nil:
					return nil
				case d.err != nil:
					a.complain(exitRejected, i.path, errors.New(unfitReason(d.err)))
					line.Error = unfitReason(d.err)
				default:
					path, err := out.write(named(i.name, d.Format), i.path, d.Data)
					if err != nil {
						a.complain(exitIO, i.path, fmt.Errorf("%s: %w", path, err))
						line.Error = fmt.Sprintf("%s: %v", path, err)
						break
					}
					line.Output = path
				}
				switch {
				case quiet > 0:
					return nil
				case asJSON:
					return a.writeJSON(line)
				case line.Error != "":
					return nil
				}
				return a.writeNormalized(s, line, &d.normalized)
			}
			return writeError(work.run(cmd.Context()))
		},
	}
	pathArgs(cmd)
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVarP(&output, "output", "o", "", "write copies to the folder `DIR`")
	flags.BoolVar(&overwrite, "overwrite", false, "replace files that exist already")
	how.add(flags)
	flags.StringVarP(&profile, "profile", "p", "progeny", "the receiver's limits: the `NAME` of a built-in profile or a YAML file")
	in.add(flags, 0, "work on up to `N` pictures at the same time; 0: one for each processor")
	flags.BoolVar(&asJSON, "json", false, "write one JSON object a line for each picture")
	flags.CountVarP(&quiet, "quiet", "q", "write only what went wrong")
	addColour(flags, &colour)
	return cmd
}

// writeNormalized says in words what was done.
func (a *app) writeNormalized(s style, line normalizedLine, n *normalized) error {
	var b strings.Builder
	w, h := n.before.Image.Upright()
	fmt.Fprintf(&b, "%s -> %s\n", s.paint(bold, printable(line.Path)), s.paint(bold, printable(line.Output)))
	size := fmt.Sprintf("%d x %d px, %s bytes -> %d x %d px, %s bytes", w, h, grouped(n.before.Image.Bytes), n.Width, n.Height, grouped(n.Bytes))
	b.WriteString("    " + s.paint(dim, size) + "\n")
	for _, text := range n.sentences() {
		for i, part := range wrap(printable(text), s.room(6)) {
			lead := "    - "
			if i > 0 {
				lead = "      "
			}
			b.WriteString(lead + part + "\n")
		}
	}
	_, err := a.stdout.Write([]byte(b.String()))
	return err
}

// named is name with an extension that is right for the format.
func named(name string, f normalize.Format) string {
	ext := filepath.Ext(name)
	switch lower := strings.ToLower(ext); {
	case f == normalize.FormatPNG && lower == ".png",
		f == normalize.FormatJPEG && (lower == ".jpg" || lower == ".jpeg"):
		return name
	case !slices.Contains(extensions, lower):
		ext = "" // a dot in a name without an extension
	}
	if f == normalize.FormatPNG {
		return strings.TrimSuffix(name, ext) + ".png"
	}
	return strings.TrimSuffix(name, ext) + ".jpg"
}
