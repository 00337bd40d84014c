package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/preflight-go/preflight/facegeom"
	"github.com/preflight-go/preflight/preflight"
)

// A reportWriter writes reports for people: a line for each, and a summary.
type reportWriter struct {
	w       io.Writer
	style   style
	verbose bool
	quiet   int // 1: only the summary; 2: not even that
	column  int // width of the paths
	start   time.Time

	verdicts map[preflight.Verdict]int
	codes    map[preflight.Code]int // of reject and warn: pictures that have it
	unread   int
}

func newReportWriter(w io.Writer, s style, verbose bool, quiet int) *reportWriter {
	return &reportWriter{
		w: w, style: s, verbose: verbose, quiet: quiet, start: time.Now(),
		verdicts: map[preflight.Verdict]int{}, codes: map[preflight.Code]int{},
	}
}

// layOut sets the column for paths like those of head.
func (t *reportWriter) layOut(head []input) { t.column = pathColumn(t.style, head) }

// pathColumn is how wide to make the paths of a table that has a verdict before
// them and a sentence behind.
func pathColumn(s style, head []input) int {
	// The column is as wide as the longest path, but leaves half of a line to the
	// reasons; a longer path has its reason on the next line.
	widest := 60
	if s.width > 0 {
		widest = max(16, (s.width-s.verdictWidth()-4)/2)
	}
	column := 0
	if len(head) == 0 {
		column = widest / 2 // they come later
	}
	for _, in := range head {
		if in.err == nil {
			column = max(column, min(columns(printable(in.path)), widest))
		}
	}
	return column
}

// report writes one report.
func (t *reportWriter) report(r *preflight.Report) error {
	t.verdicts[r.Verdict]++
	seen := map[preflight.Code]bool{}
	for _, is := range r.Issues {
		if is.Level != preflight.Info && !seen[is.Code] {
			seen[is.Code] = true
			t.codes[is.Code]++
		}
	}
	if t.quiet > 0 {
		return nil
	}
	var b strings.Builder
	if t.verbose {
		t.block(&b, r)
	} else {
		t.line(&b, r)
	}
	_, err := io.WriteString(t.w, b.String())
	return err
}

// line writes verdict, path and the worst reason.
func (t *reportWriter) line(b *strings.Builder, r *preflight.Report) {
	text, sgr := reason(r)
	t.style.row(b, t.style.verdict(r.Verdict), t.style.verdictWidth(), t.column, printable(r.Path), text, sgr)
}

// row writes a line of a mark, a path and a sentence. The sentence is broken
// below itself, and stands on a line of its own where the path is too long.
func (s style) row(b *strings.Builder, mark string, markWidth, column int, path, text, sgr string) {
	b.WriteString(mark + "  ")
	if text == "" {
		b.WriteString(path + "\n")
		return
	}
	b.WriteString(pad(path, column))
	indent := markWidth + 2 + column + 2
	if s.width > 0 && columns(path) > column {
		b.WriteString("\n" + strings.Repeat(" ", indent))
	} else {
		b.WriteString("  ")
	}
	for i, line := range wrap(text, s.room(indent)) {
		if i > 0 {
			b.WriteString("\n" + strings.Repeat(" ", indent))
		}
		b.WriteString(s.paint(sgr, line))
	}
	b.WriteString("\n")
}

// reason is what there is to say of a picture in one sentence, and its colour:
// the worst issue or, if there is none, its measures.
func reason(r *preflight.Report) (text, sgr string) {
	worst := byLevel(r.Issues)
	if len(worst) == 0 {
		return facts(r), dim
	}
	text = worst[0].Message
	sgr = ""
	more := 0
	for _, is := range worst[1:] {
		if is.Level != preflight.Info {
			more++
		}
	}
	if more > 0 {
		text += fmt.Sprintf(" (and %d more)", more)
	}
	if worst[0].Level == preflight.Info {
		sgr = dim
	}
	return printable(text), sgr
}

// byLevel returns the issues with the worst first, otherwise in their order.
func byLevel(issues []preflight.Issue) []preflight.Issue {
	weight := map[preflight.Level]int{preflight.Reject: 2, preflight.Warn: 1}
	sorted := slices.Clone(issues)
	slices.SortStableFunc(sorted, func(a, b preflight.Issue) int { return weight[b.Level] - weight[a.Level] })
	return sorted
}

// facts sums up the measures of a picture that is as it should be.
func facts(r *preflight.Report) string {
	w, h := r.Image.Upright()
	s := fmt.Sprintf("%d x %d px", w, h)
	if len(r.Faces) > 0 {
		f := r.Faces[0]
		s += fmt.Sprintf(", face %.0f px, eyes %.0f px apart", f.Box.Width, f.IED)
	}
	return s
}

// block writes everything that is known of a picture.
func (t *reportWriter) block(b *strings.Builder, r *preflight.Report) {
	b.WriteString(t.style.verdict(r.Verdict) + "  " + t.style.paint(bold, printable(r.Path)) + "\n")
	indent := strings.Repeat(" ", t.style.verdictWidth()+2)
	row := func(label, text string) {
		for i, line := range wrap(text, t.style.room(len(indent)+10)) {
			if i > 0 {
				label = ""
			}
			fmt.Fprintf(b, "%s%s%s\n", indent, t.style.paint(dim, fmt.Sprintf("%-10s", label)), line)
		}
	}
	for _, f := range numbers(r) {
		row(f.label, f.text)
	}
	for _, is := range byLevel(r.Issues) {
		mark := t.style.mark(string(is.Level))
		below := indent + strings.Repeat(" ", t.style.verdictWidth()+2)
		note := ""
		if is.Fixable {
			note = t.style.paint(dim, " (fixable)")
		}
		fmt.Fprintf(b, "%s%s  %s%s\n", indent, mark, t.style.paint(bold, string(is.Code)), note)
		for _, line := range wrap(printable(is.Message), t.style.room(len(below))) {
			b.WriteString(below + line + "\n")
		}
		for _, line := range wrap(printable(is.Hint), t.style.room(len(below))) {
			b.WriteString(below + t.style.paint(dim, line) + "\n")
		}
	}
	b.WriteString("\n")
}

// A labelled is a line of numbers.
type labelled struct{ label, text string }

// numbers puts all measures of a report in words.
func numbers(r *preflight.Report) []labelled {
	im := &r.Image
	file := []string{strings.ToUpper(cmp.Or(im.Format, "unknown format"))}
	if j := im.JPEG; j != nil {
		if j.Quality > 0 {
			file = append(file, fmt.Sprintf("quality %d (fit %.2g, at least %d)", j.Quality, j.QualityFit, j.QualityLower))
		}
		file = append(file, j.Subsampling, j.ColorModel, j.Process, fmt.Sprintf("%d bits", j.Precision))
	}
	if p := im.PNG; p != nil {
		file = append(file, p.ColorType, fmt.Sprintf("%d bits", p.BitDepth))
		if p.Interlaced {
			file = append(file, "interlaced")
		}
		if p.Frames > 1 {
			file = append(file, plural(p.Frames, "frame"))
		}
	}
	size := grouped(im.Bytes) + " bytes"
	if im.BytesCut {
		size += " or more"
	}
	file = append(file, size)
	if t := im.Trailer; t != nil {
		file = append(file, plural(t.Bytes, "byte")+" behind the end")
	}
	file = slices.DeleteFunc(file, func(s string) bool { return s == "" })
	lines := []labelled{{"file", strings.Join(file, ", ")}}

	if im.Width > 0 {
		s := fmt.Sprintf("%d x %d px", im.Width, im.Height)
		if im.Orientation > 1 {
			w, h := im.Upright()
			s += fmt.Sprintf(" as stored, orientation %d, %d x %d px upright", im.Orientation, w, h)
		}
		if im.ICCProfile {
			s += ", colour profile"
		}
		if im.GPS {
			s += ", location"
		}
		lines = append(lines, labelled{"picture", s})
	}
	for i, f := range r.Faces {
		name := "face"
		if len(r.Faces) > 1 {
			name = fmt.Sprintf("face %d", i+1)
		}
		lines = append(lines,
			labelled{name, fmt.Sprintf("%.0f ± %.0f px at (%.0f, %.0f), score %.1f", f.Box.Width, f.BoxSigma, f.Box.X, f.Box.Y, f.Score)},
			labelled{"eyes", fmt.Sprintf("%.1f ± %.1f px apart, at (%.1f, %.1f) and (%.1f, %.1f), visible %.2f",
				f.IED, f.IEDSigma, f.LeftEye.X, f.LeftEye.Y, f.RightEye.X, f.RightEye.Y, f.EyesVisible)},
			labelled{"pose", pose(f)})
	}
	return append(lines,
		labelled{"profile", fmt.Sprintf("%s, stage %s", r.Profile, r.Stage)},
		labelled{"sha256", cmp.Or(r.SHA256, "not all was read")})
}

func pose(f facegeom.Face) string {
	return fmt.Sprintf("roll %+.1f ± %.1f°, yaw %+.1f ± %.1f°, pitch %+.1f ± %.1f°",
		f.Roll, f.RollSigma, f.Yaw, f.YawSigma, f.Pitch, f.PitchSigma)
}

// reasonsShown is how many reasons a summary lists.
const reasonsShown = 8

// summary writes counts, time and the most frequent reasons.
func (t *reportWriter) summary() error {
	total := t.unread
	for _, n := range t.verdicts {
		total += n
	}
	if t.quiet > 1 || total == 0 {
		return nil
	}
	var b strings.Builder
	if t.quiet == 0 && !t.verbose {
		b.WriteString("\n")
	}
	var counts []string
	for _, v := range []struct {
		verdict preflight.Verdict
		sgr     string
	}{{preflight.VerdictPass, green}, {preflight.VerdictWarn, yellow}, {preflight.VerdictReject, red}} {
		if n := t.verdicts[v.verdict]; n > 0 {
			counts = append(counts, t.style.paint(v.sgr, grouped(n)+" "+string(v.verdict)))
		}
	}
	if t.unread > 0 {
		counts = append(counts, t.style.paint(red, grouped(t.unread)+" not read"))
	}
	fmt.Fprintf(&b, "%s in %s: %s\n", plural(total, "file"), duration(time.Since(t.start)), strings.Join(counts, ", "))

	var codes []preflight.Code
	width := 0
	for info := range preflight.Codes() {
		if t.codes[info.Code] > 0 {
			codes = append(codes, info.Code)
			width = max(width, len(info.Code))
		}
	}
	slices.SortStableFunc(codes, func(a, b preflight.Code) int { return t.codes[b] - t.codes[a] })
	rest := len(codes)
	codes = codes[:min(len(codes), reasonsShown)]
	for _, c := range codes {
		info, _ := preflight.Lookup(c)
		lead := fmt.Sprintf("%7s  %-*s  ", grouped(t.codes[c]), width, c)
		for i, line := range wrap(info.Meaning, t.style.room(len(lead))) {
			if i > 0 {
				lead = strings.Repeat(" ", len(lead))
			}
			b.WriteString(lead + t.style.paint(dim, line) + "\n")
		}
	}
	if rest -= len(codes); rest > 0 {
		fmt.Fprintf(&b, "         and %s\n", plural(rest, "other reason"))
	}
	if t.style.symbols && len(codes) > 0 {
		b.WriteString(t.style.paint(dim, "preflight explain CODE says more of a reason.") + "\n")
	}
	_, err := io.WriteString(t.w, b.String())
	return err
}
