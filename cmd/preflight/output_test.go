package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

func TestOutputFolder(t *testing.T) {
	dir := t.TempDir()
	write := func(o *outputFolder, name, of, data string) error {
		_, err := o.write(filepath.FromSlash(name), of, []byte(data))
		return err
	}
	holds := func(name, want string) {
		t.Helper()
		got, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
		if err != nil || string(got) != want {
			t.Errorf("%s holds %q (%v), want %q", name, got, err, want)
		}
	}
	o := newOutputFolder(dir, false)
	if err := write(o, "a/b.jpg", "1", "one"); err != nil {
		t.Fatal(err)
	}
	if err := write(o, "a/b.jpg", "2", "two"); err == nil {
		t.Error("two inputs shared an output")
	}
	if err := write(newOutputFolder(dir, false), "a/b.jpg", "3", "three"); !errors.Is(err, errExists) {
		t.Errorf("an existing file: %v", err)
	}
	holds("a/b.jpg", "one")

	o = newOutputFolder(dir, true)
	if err := write(o, "a/b.jpg", "4", "four"); err != nil {
		t.Error(err)
	}
	if err := write(o, "a/b.jpg", "5", "five"); err == nil {
		t.Error("with overwrite, two inputs shared an output")
	}
	holds("a/b.jpg", "four")

	// A folder is in the way: nothing is left behind.
	if err := os.Mkdir(filepath.Join(dir, "c.jpg"), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := write(o, "c.jpg", "6", "six"); err == nil {
		t.Error("replaced a folder")
	}
	if err := write(o, "a/b.jpg/d.jpg", "7", "seven"); err == nil {
		t.Error("wrote below a file")
	}
	var files []string
	_ = filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			files = append(files, p)
		}
		return err
	})
	if len(files) != 1 {
		t.Errorf("there are %v", files)
	}
}
