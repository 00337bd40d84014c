package main

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
)

// An outputFolder is where a command writes files, each under a temporary name
// first, so that no reader and no interrupt ever meets half a file. It is for
// one goroutine.
type outputFolder struct {
	root      string
	overwrite bool
	written   map[string]string // by this run: output and the input that it is of
}

var errExists = errors.New("exists already; --overwrite replaces it")

func newOutputFolder(root string, overwrite bool) *outputFolder {
	return &outputFolder{root: root, overwrite: overwrite, written: map[string]string{}}
}

// create makes the folder, so that a name that cannot be one is told at once.
func (o *outputFolder) create() error {
	return os.MkdirAll(o.root, 0o777)
}

// write writes data as the file name below the folder and returns its path; of
// is the input. Two inputs of one run never share an output.
func (o *outputFolder) write(name, of string, data []byte) (path string, err error) {
	path = filepath.Join(o.root, name)
	if other, ok := o.written[path]; ok {
		return path, fmt.Errorf("was just written for %s", other)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return path, err
	}
	if err := writeFile(path, data, o.overwrite); err != nil {
		return path, err
	}
	o.written[path] = of
	return path, nil
}

// writeFile writes data under a temporary name beside path and renames it. Where
// path exists it is replaced or, without overwrite, the error is errExists.
func writeFile(path string, data []byte, overwrite bool) (err error) {
	if !overwrite {
		// Most often this saves the writing; the end of the function makes sure.
		if _, err := os.Lstat(path); err == nil {
			return errExists
		}
	}
	tmp := filepath.Join(filepath.Dir(path), fmt.Sprintf(".preflight-%016x.tmp", rand.Uint64()))
	f, err := os.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = f.Close()
			_ = os.Remove(tmp)
		}
	}()
	if _, err := f.Write(data); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if overwrite {
		return os.Rename(tmp, path)
	}
	// A link never replaces a file that came into being meanwhile, as renaming does.
	err = os.Link(tmp, path)
	switch {
	case err == nil:
		return os.Remove(tmp)
	case errors.Is(err, fs.ErrExist):
		return errExists
	}
	// A file system without links: claim the name, then rename over the claim.
	claim, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if errors.Is(err, fs.ErrExist) {
		return errExists
	}
	if err != nil {
		return err
	}
	_ = claim.Close()
	return os.Rename(tmp, path)
}
