package main

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
)

func TestPrintable(t *testing.T) {
	for in, want := range map[string]string{
		"a b.jpg":             "a b.jpg",
		"naïve 写真 😀.jpg":      "naïve 写真 😀.jpg",
		"a\nb":                `a\nb`,
		"\x1b[31mred":         `\x1b[31mred`,
		"\xff\xfe":            `\xff\xfe`,
		"a\u202egpj.exe":      `a\u202egpj.exe`, // right-to-left override
		"\u0085\u2028":        `\u0085\u2028`,
		"back\\slash \"quote": "back\\slash \"quote",
		"":                    "",
	} {
		if got := printable(in); got != want {
			t.Errorf("printable(%q) = %q, want %q", in, got, want)
		}
	}
}

func FuzzPrintable(f *testing.F) {
	f.Add("a\u2000b") // a space that is graphic, but not printed as it is
	f.Add("a\x00b\xf0\x28\u200b")
	f.Fuzz(func(t *testing.T, s string) {
		got := printable(s)
		if i := strings.IndexFunc(got, func(r rune) bool { return !unicode.IsPrint(r) }); i >= 0 {
			t.Errorf("printable(%q) = %q", s, got)
		}
	})
}

func TestWrap(t *testing.T) {
	for _, c := range []struct {
		text  string
		width int
		want  []string
	}{
		{"one two three", 0, []string{"one two three"}},
		{"one two three", 13, []string{"one two three"}},
		{"one two three", 12, []string{"one two", "three"}},
		{"one two three", 3, []string{"one", "two", "three"}},
		{"写真 写真", 5, []string{"写真", "写真"}}, // four columns each
		{"", 5, []string{""}},
	} {
		if got := wrap(c.text, c.width); !slices.Equal(got, c.want) {
			t.Errorf("wrap(%q, %d) = %q, want %q", c.text, c.width, got, c.want)
		}
	}
}

func TestComplaint(t *testing.T) {
	missing := &fs.PathError{Op: "open", Path: "a/b.jpg", Err: fs.ErrNotExist}
	for _, c := range []struct {
		path string
		err  error
		want string
	}{
		{"a/b.jpg", missing, "preflight: a/b.jpg: file does not exist"},
		{"a/b.jpg", fmt.Errorf("list: %w", missing), "preflight: a/b.jpg: list: file does not exist"},
		{"", missing, "preflight: open a/b.jpg: file does not exist"},
		{"a\nb", errors.New("two\nlines"), `preflight: a\nb: two\nlines`},
	} {
		if got := complaint(c.path, c.err); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}

func TestNumbers(t *testing.T) {
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567", -1000: "-1,000", -999: "-999"} {
		if got := grouped(n); got != want {
			t.Errorf("grouped(%d) = %s", n, got)
		}
	}
	for d, want := range map[time.Duration]string{
		430 * time.Millisecond: "0.43 s", 12 * time.Second: "12.0 s", 3*time.Minute + 7*time.Second: "3 min 07 s",
	} {
		if got := duration(d); got != want {
			t.Errorf("duration(%v) = %s", d, got)
		}
	}
}

// Every verdict and level is told apart without colour.
func TestMarks(t *testing.T) {
	seen := map[string]bool{}
	for _, word := range []string{"pass", "warn", "reject", "info"} {
		m := style{symbols: true}.mark(word)
		symbol, _, _ := strings.Cut(m, " ")
		if seen[symbol] {
			t.Errorf("%s has the symbol of another", word)
		}
		seen[symbol] = true
		if columns(m) != (style{symbols: true}).verdictWidth() {
			t.Errorf("%q is not %d columns wide", m, style{symbols: true}.verdictWidth())
		}
		if strings.Contains(m, "\x1b") {
			t.Errorf("%q is coloured", m)
		}
	}
}

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"abc", "", 3}, {"", "abc", 3}, {"kitten", "sitting", 3}, {"flaw", "lawn", 2}, {"same", "same", 0}} {
		if got := distance(c.a, c.b); got != c.want {
			t.Errorf("distance(%q, %q) = %d, want %d", c.a, c.b, got, c.want)
		}
	}
}
