package main

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/rivo/uniseg"
	"github.com/spf13/pflag"
	"golang.org/x/term"

	"github.com/preflight-go/preflight/preflight"
)

// A style is how text is shown to a person.
type style struct {
	colour  bool
	symbols bool // ✓ ! ✗ before the verdicts
	width   int  // columns; 0: lines are never broken
}

// A colourMode is the value of --color.
type colourMode string

func (m *colourMode) String() string { return string(*m) }
func (m *colourMode) Type() string   { return "auto|always|never" }
func (m *colourMode) Set(s string) error {
	switch s {
	case "auto", "always", "never":
		*m = colourMode(s)
		return nil
	}
	return fmt.Errorf("must be auto, always or never")
}

func addColour(flags *pflag.FlagSet, m *colourMode) {
	*m = "auto"
	flags.Var(m, "color", "colour the output; auto: on a terminal, unless NO_COLOR is set")
}

// style returns how to write to standard output. A terminal gets colours and
// broken lines, a file or pipe gets neither.
func (a *app) style(m colourMode) style {
	columns, tty := terminal(a.stdout)
	s := style{colour: tty && a.getenv("NO_COLOR") == "" && a.getenv("TERM") != "dumb", symbols: tty, width: columns}
	switch m {
	case "always":
		s.colour, s.symbols = true, true
	case "never":
		s.colour = false
	}
	return s
}

// terminal reports whether w is a terminal, and how many columns it has.
func terminal(w io.Writer) (columns int, ok bool) {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return 0, false
	}
	columns, _, err := term.GetSize(int(f.Fd()))
	if err != nil || columns < 20 {
		columns = 80
	}
	return columns, true
}

// SGR parameters (ECMA-48, 8.3.117).
const (
	bold   = "1"
	dim    = "2"
	red    = "1;31"
	green  = "32"
	yellow = "33"
	blue   = "34"
)

func (s style) paint(sgr, text string) string {
	if !s.colour || sgr == "" || text == "" {
		return text
	}
	return "\x1b[" + sgr + "m" + text + "\x1b[0m"
}

// verdictWidth is the number of columns of a verdict.
func (s style) verdictWidth() int {
	if s.symbols {
		return len("✗ reject") - len("✗") + 1
	}
	return len("reject")
}

// verdict returns the word for v, told apart by symbol and colour too.
func (s style) verdict(v preflight.Verdict) string {
	return s.mark(string(v))
}

// mark is verdict for levels as well, which share its words.
func (s style) mark(word string) string { return s.sign(word, fmt.Sprintf("%-6s", word)) }

// outcomeWidth is the number of columns of an outcome.
func (s style) outcomeWidth() int { return s.verdictWidth() - len("reject") + len("accepted") }

// outcome returns the word for what became of a picture, with the sign of a
// verdict.
func (s style) outcome(verdict string, o outcome) string {
	return s.sign(verdict, fmt.Sprintf("%-8s", o))
}

// sign returns text with the symbol and in the colour of a verdict or level.
func (s style) sign(word, text string) string {
	symbol, sgr := "i", blue
	switch word {
	case "pass":
		symbol, sgr = "✓", green
	case "warn":
		symbol, sgr = "!", yellow
	case "reject":
		symbol, sgr = "✗", red
	}
	if s.symbols {
		text = symbol + " " + text
	}
	return s.paint(sgr, text)
}

// printable returns s with everything that a terminal would not print as it is
// escaped as in Go strings: line breaks, control and invisible characters.
func printable(s string) string {
	odd := func(r rune) bool { return r == unicode.ReplacementChar || !unicode.IsPrint(r) }
	if !strings.ContainsFunc(s, odd) {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		if odd(r) {
			quoted := strconv.Quote(s[:size])
			b.WriteString(quoted[1 : len(quoted)-1])
		} else {
			b.WriteString(s[:size])
		}
		s = s[size:]
	}
	return b.String()
}

// columns is how wide a terminal shows s.
func columns(s string) int { return uniseg.StringWidth(s) }

// pad returns s with spaces up to n columns.
func pad(s string, n int) string { return s + strings.Repeat(" ", max(n-columns(s), 0)) }

// wrap breaks text between words into lines of at most width columns; a longer
// word gets a line of its own. A width of 0 or less breaks nothing.
func wrap(text string, width int) []string {
	if width <= 0 || columns(text) <= width {
		return []string{text}
	}
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		switch {
		case line == "":
			line = word
		case columns(line)+1+columns(word) <= width:
			line += " " + word
		default:
			lines = append(lines, line)
			line = word
		}
	}
	return append(lines, line)
}

// room is the width for a text that is indented; 0: as much as it likes.
func (s style) room(indent int) int {
	if s.width == 0 {
		return 0
	}
	return max(s.width-indent, 20)
}

// grouped writes n with commas between the thousands.
func grouped[T int | int64](n T) string {
	s := strconv.FormatInt(int64(n), 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// plural returns "1 file", "2 files".
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return grouped(n) + " " + noun + "s"
}

// duration writes d as people read a time.
func duration(d time.Duration) string {
	switch s := d.Seconds(); {
	case s < 10:
		return fmt.Sprintf("%.2f s", s)
	case s < 60:
		return fmt.Sprintf("%.1f s", s)
	}
	return fmt.Sprintf("%d min %02d s", int(d.Minutes()), int(d.Seconds())%60)
}
