package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/preflight-go/preflight/normalize"
)

func TestLocalName(t *testing.T) {
	for path, want := range map[string]string{
		"a.jpg":         "a.jpg",
		"b/a.jpg":       "b/a.jpg",
		"./b//a.jpg":    "b/a.jpg",
		"b/../a.jpg":    "a.jpg",
		"../a.jpg":      "a.jpg",
		"../../b/a.jpg": "a.jpg",
		"/b/a.jpg":      "b/a.jpg",
		"//b/a.jpg":     "b/a.jpg",
		"..":            "",
		".":             "",
		"/":             "",
	} {
		if got := filepath.ToSlash(localName(filepath.FromSlash(path))); got != want {
			t.Errorf("localName(%q) = %q, want %q", path, got, want)
		}
	}
}

// Whatever a path is, its name must not leave the output folder.
func FuzzLocalName(f *testing.F) {
	for _, s := range []string{"a", "../a", "/a", "//", `..\a`, "a/../../b", "C:\\a", "con", "\x00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, path string) {
		if got := localName(path); got != "" && !filepath.IsLocal(got) {
			t.Errorf("localName(%q) = %q", path, got)
		}
	})
}

func TestInputNames(t *testing.T) {
	dir := put(t, map[string][]byte{"photos/a.jpg": {1}, "photos/b/c.png": {1}, "more/a.jpg": {1}, "out/x.jpg": {1}})
	t.Chdir(dir)
	if err := os.WriteFile("list", []byte("photos/a.jpg\r\nmore\n../"+filepath.Base(dir)+"/more/a.jpg\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		flags inputFlags
		want  string
	}{
		{inputFlags{paths: []string{"photos"}}, "a.jpg b/c.png"},
		{inputFlags{paths: []string{"photos/"}}, "a.jpg b/c.png"},
		{inputFlags{paths: []string{"photos", "more"}}, "photos/a.jpg photos/b/c.png more/a.jpg"},
		{inputFlags{paths: []string{"photos/a.jpg", "more"}}, "a.jpg more/a.jpg"},
		{inputFlags{filesFrom: "list"}, "photos/a.jpg more/a.jpg a.jpg"},
		{inputFlags{paths: []string{"."}, skip: "out"}, "more/a.jpg photos/a.jpg photos/b/c.png"},
		{inputFlags{paths: []string{"."}, skip: "nowhere"}, "more/a.jpg out/x.jpg photos/a.jpg photos/b/c.png"},
		{inputFlags{paths: []string{"-"}}, "stdin"},
	} {
		var got []string
		for in := range (&app{}).inputs(&c.flags) {
			if in.err != nil {
				t.Errorf("%+v: %s: %v", c.flags, in.path, in.err)
			}
			got = append(got, filepath.ToSlash(in.name))
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("%+v: %s, want %s", c.flags, s, c.want)
		}
	}
}

func TestNamed(t *testing.T) {
	for _, c := range []struct {
		name   string
		format normalize.Format
		want   string
	}{
		{"a.jpg", normalize.FormatJPEG, "a.jpg"},
		{"a.JPEG", normalize.FormatJPEG, "a.JPEG"},
		{"a.png", normalize.FormatJPEG, "a.jpg"},
		{"a.jpg", normalize.FormatPNG, "a.png"},
		{"a.PNG", normalize.FormatPNG, "a.PNG"},
		{"a", normalize.FormatJPEG, "a.jpg"},
		{"2024.05.01", normalize.FormatJPEG, "2024.05.01.jpg"},
		{"b.d/a", normalize.FormatPNG, "b.d/a.png"},
	} {
		if got := named(c.name, c.format); got != c.want {
			t.Errorf("named(%q, %s) = %q, want %q", c.name, c.format, got, c.want)
		}
	}
}

// An interrupt ends the program also while it waits for standard input, be it a
// list or a picture.
func TestInterruptedWhileReading(t *testing.T) {
	for _, args := range [][]string{{"check", "--files-from", "-"}, {"check", "-"}, {"normalize", "-", "-o", t.TempDir()}} {
		r, w := io.Pipe() // nobody writes
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(50*time.Millisecond, cancel)
		start := time.Now()
		var stdout, stderr bytes.Buffer
		if code := run(ctx, args, r, &stdout, &stderr, func(string) string { return "" }); code != exitInterrupted {
			t.Errorf("%v: exit code %d; %s", args, code, stderr.String())
		}
		if d := time.Since(start); d > time.Second {
			t.Errorf("%v: ended only after %v", args, d)
		}
		if stdout.Len() > 0 {
			t.Errorf("%v: wrote %q", args, stdout.String())
		}
		w.Close()
	}
}
