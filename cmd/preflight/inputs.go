package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/preflight-go/preflight/preflight"
)

// extensions are the names by which a file in a folder is taken for an image:
// formats that are answered, be it with UNSUPPORTED_FORMAT, because somebody put
// them there as pictures.
var extensions = []string{
	".jpg", ".jpeg", ".jpe", ".jif", ".jfif", ".png", ".apng",
	".heic", ".heics", ".heif", ".heifs", ".hif", ".avif", ".webp", ".gif", ".bmp", ".dib",
	".tif", ".tiff", ".jxl", ".jp2", ".j2k", ".jpx", ".jpf",
}

// stdinPath stands for a picture on standard input.
const stdinPath = "-"

// An input is one picture to look at, or the reason why there is none.
type input struct {
	path string // to open, and as reports show it
	name string // below an output folder; with the extension of path
	err  error
}

var (
	errNoImages = errors.New("no images in this folder")
	errLink     = errors.New("symbolic link to a folder, not followed")
	errNothing  = errors.New("nothing to look at: name files or folders, or give a list with --files-from")
)

// inputFlags say what to look at.
type inputFlags struct {
	paths     []string
	filesFrom string
	null      bool
	jobs      int    // 0: one for each processor
	skip      string // folder that is not walked into: where output goes
}

// maxJobs bounds the memory for pictures in work.
const maxJobs = 256

func (f *inputFlags) add(flags *pflag.FlagSet, jobs int, help string) {
	flags.StringVar(&f.filesFrom, "files-from", "", "read paths from `FILE`, one a line; - is standard input")
	flags.BoolVarP(&f.null, "null", "0", false, "paths in --files-from end with a zero byte, as find -print0 writes them")
	flags.IntVarP(&f.jobs, "jobs", "j", jobs, help)
}

// validate tells what is wrong with the flags and arguments, and completes them.
func (f *inputFlags) validate(paths []string) error {
	f.paths = paths
	fromStdin := 0
	for _, p := range paths {
		if p == stdinPath {
			fromStdin++
		}
		if p == "" {
			return errors.New("a path is empty")
		}
	}
	if f.filesFrom == stdinPath {
		fromStdin++
	}
	switch {
	case fromStdin > 1:
		return errors.New("standard input (-) can only be read once")
	case f.null && f.filesFrom == "":
		return errors.New("-0 goes with --files-from")
	case f.jobs < 0:
		return fmt.Errorf("-j %d: must not be negative", f.jobs)
	case f.jobs > maxJobs:
		return fmt.Errorf("-j %d: at most %d", f.jobs, maxJobs)
	case len(paths) == 0 && f.filesFrom == "":
		return errNothing
	}
	if f.jobs == 0 {
		f.jobs = runtime.GOMAXPROCS(0)
	}
	return nil
}

// inputs yields the pictures in order. Nothing is kept: a list may be longer
// than memory.
func (a *app) inputs(f *inputFlags) iter.Seq[input] {
	skip, _ := os.Stat(f.skip) // "" and what is not there is nothing to skip
	if f.skip == "" {
		skip = nil
	}
	return func(yield func(input) bool) {
		for _, p := range f.paths {
			below := ""
			if len(f.paths) > 1 || f.filesFrom != "" {
				below = localName(filepath.Base(p))
			}
			if !expand(p, localName(filepath.Base(p)), below, skip, yield) {
				return
			}
		}
		if f.filesFrom == "" {
			return
		}
		for p, err := range a.list(f) {
			if err != nil {
				yield(input{path: f.filesFrom, err: err})
				return
			}
			if p == stdinPath {
				p = "." + string(filepath.Separator) + p // in a list it is a file's name
			}
			name := localName(p)
			if !expand(p, name, name, skip, yield) {
				return
			}
		}
	}
}

// maxPath is far more than any system allows a path.
const maxPath = 1 << 20

// list yields the paths of --files-from.
func (a *app) list(f *inputFlags) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		r := a.stdin
		if f.filesFrom != stdinPath {
			file, err := os.Open(f.filesFrom)
			if err != nil {
				yield("", err)
				return
			}
			defer file.Close()
			r = file
		}
		s := bufio.NewScanner(r)
		s.Buffer(nil, maxPath)
		if f.null {
			s.Split(scanNull)
		}
		for s.Scan() {
			if p := s.Text(); p != "" && !yield(p, nil) {
				return
			}
		}
		err := s.Err()
		if errors.Is(err, bufio.ErrTooLong) {
			err = fmt.Errorf("more than %s bytes without an end are no path", grouped(maxPath))
		}
		if err != nil {
			yield("", err)
		}
	}
}

// scanNull is a bufio.SplitFunc for text that ends with zero bytes.
func scanNull(data []byte, atEOF bool) (advance int, token []byte, err error) {
	if i := bytes.IndexByte(data, 0); i >= 0 {
		return i + 1, data[:i], nil
	}
	if atEOF && len(data) > 0 {
		return len(data), data, nil
	}
	return 0, nil, nil
}

// expand yields the file p as name or, if p is a folder, the images in it as
// names below the folder called below. It returns false when yield does.
func expand(p, name, below string, skip fs.FileInfo, yield func(input) bool) bool {
	if p == stdinPath {
		return yield(input{path: stdinPath, name: "stdin"})
	}
	info, err := os.Stat(p)
	if err != nil {
		return yield(input{path: p, err: err})
	}
	if !info.IsDir() {
		return yield(input{path: p, name: name}) // what is no regular file is found out on reading
	}
	found, stopped := 0, false
	send := func(in input) error {
		found++
		if stopped = !yield(in); stopped {
			return fs.SkipAll
		}
		return nil
	}
	root := p
	if link, err := os.Lstat(p); err == nil && link.Mode()&fs.ModeSymlink != 0 {
		root += string(filepath.Separator) // WalkDir does not follow a link, not even its root
	}
	_ = filepath.WalkDir(root, func(q string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return send(input{path: q, err: err}) // a folder that cannot be read; the walk goes on behind it
		case q == root:
			return nil
		case strings.HasPrefix(d.Name(), "."):
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		case d.IsDir():
			if info, err := d.Info(); err == nil && skip != nil && os.SameFile(info, skip) {
				return fs.SkipDir
			}
			return nil
		case d.Type()&fs.ModeSymlink != 0:
			if info, err := os.Stat(q); err == nil && info.IsDir() {
				stopped = !yield(input{path: q, err: errLink})
				if stopped {
					return fs.SkipAll
				}
				return nil
			}
		}
		if !imageLike(q, d) {
			return nil
		}
		rel, err := filepath.Rel(root, q)
		if err != nil {
			return send(input{path: q, err: err})
		}
		return send(input{path: q, name: filepath.Join(below, rel)})
	})
	if found == 0 && !stopped {
		return yield(input{path: p, err: errNoImages})
	}
	return !stopped
}

// imageLike reports whether a file in a folder is to be taken: for its
// extension, or because it begins as JPEG or PNG files do.
func imageLike(path string, d fs.DirEntry) bool {
	if slices.Contains(extensions, strings.ToLower(filepath.Ext(path))) {
		return true
	}
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
		return false
	}
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	start := make([]byte, 8)
	n, _ := io.ReadFull(f, start)
	return bytes.HasPrefix(start[:n], []byte("\xff\xd8\xff")) || bytes.HasPrefix(start[:n], []byte("\x89PNG\r\n\x1a\n"))
}

// localName makes of any path one that stays below an output folder: a relative
// path as it is, an absolute one without its root, and only the last element of
// one that leaves the folder.
func localName(p string) string {
	p = filepath.Clean(p)
	if filepath.IsAbs(p) {
		p = strings.TrimLeft(p[len(filepath.VolumeName(p)):], string(filepath.Separator)) // Clean left only these
	}
	if filepath.IsLocal(p) && p != "." {
		return p
	}
	if base := filepath.Base(p); filepath.IsLocal(base) && base != "." {
		return base
	}
	return "" // "/", "." and "..": a folder without a name of its own
}

// complainInput says why an input could not be looked at.
func (a *app) complainInput(path string, err error) {
	code := exitIO
	switch {
	case errors.Is(err, errNoImages):
		code = exitUsage
	case errors.Is(err, errLink):
		code = exitOK // a note
	case errors.Is(err, preflight.ErrNotRegular):
		err = fmt.Errorf("%w; to read a picture from a pipe, use -", err)
	}
	a.complain(code, path, err)
}

// read returns the bytes of an input as far as the checker looks at them.
func (a *app) read(ctx context.Context, c *preflight.Checker, path string) ([]byte, error) {
	if path == stdinPath {
		return io.ReadAll(io.LimitReader(a.stdin, maxBytes+1))
	}
	return c.ReadFile(ctx, path)
}

// pathArgs accepts any number of arguments and completes file names.
func pathArgs(cmd *cobra.Command) {
	cmd.Args = cobra.ArbitraryArgs
	cmd.ValidArgsFunction = func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return nil, cobra.ShellCompDirectiveDefault
	}
}
