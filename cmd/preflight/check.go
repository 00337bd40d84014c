package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/preflight-go/preflight/preflight"
)

// maxBytes is how much of a file is read; a longer one is too large whatever
// the profile says.
const maxBytes = 32 << 20

// A checked is the answer about one input.
type checked struct {
	report  *preflight.Report
	picture []byte // annotated; nil if that was not asked for
}

func (a *app) checkCommand() *cobra.Command {
	var (
		in        inputFlags
		profile   string
		asJSON    bool
		sorted    bool
		failOn    string
		annotate  string
		overwrite bool
		timing    bool
		verbose   bool
		quiet     int
		colour    colourMode
	)
	cmd := &cobra.Command{
		Use:   "check PATH...",
		Short: "Say of each picture whether it will do, and why not",
		Long: `Check looks at each picture and says whether it will do, and why not.

A PATH is a file, a folder, which is walked, or - for one picture from standard
input. Of a folder, files with the extension of an image format are taken, and
others that begin like a JPEG or a PNG; hidden files are left out, and symbolic
links to folders are not followed.`,
		Example: `  preflight check selfie.jpg
  preflight check --json -j 4 photos > reports.jsonl
  preflight check --annotate annotated photos
  find photos -name '*.jpg' -print0 | preflight check --files-from - -0`,
		RunE: func(cmd *cobra.Command, args []string) error {
			in.skip = annotate
			if err := in.validate(args); err != nil {
				return err
			}
			if failOn != "reject" && failOn != "warn" {
				return fmt.Errorf("--fail-on %q: must be reject or warn", failOn)
			}
			c, err := a.checker(profile, timing)
			if err != nil {
				return err
			}
			var out *outputFolder
			if annotate != "" {
				out = newOutputFolder(annotate, overwrite)
				if err := out.create(); err != nil {
					return fail(exitIO, err)
				}
			}
			t := newReportWriter(a.stdout, a.style(colour), verbose, quiet)
			work := batch[checked]{a: a, inputs: &in, sorted: sorted, begin: t.layOut, unread: func() { t.unread++ }}
			work.do = func(ctx context.Context, i input) (checked, error) {
				data, err := a.read(ctx, c, i.path)
				if err != nil {
					return checked{}, err
				}
				r, err := judge(ctx, c, i.path, data)
				if err != nil || out == nil {
					return checked{report: r}, err
				}
				picture, err := annotated(ctx, data, r)
				return checked{r, picture}, err
			}
			work.emit = func(ctx context.Context, i input, o checked) error {
				if o.report.Verdict == preflight.VerdictReject || failOn == "warn" && o.report.Verdict == preflight.VerdictWarn {
					a.fails(exitRejected)
				}
				if out != nil && ctx.Err() == nil {
					if path, err := out.write(annotatedName(i.name), i.path, o.picture); err != nil {
						a.complain(exitIO, path, err)
					}
				}
				if !asJSON {
					return t.report(o.report)
				}
				if quiet > 0 {
					return nil
				}
				return a.writeJSON(o.report)
			}
			if err := work.run(cmd.Context()); err != nil || asJSON {
				return writeError(err)
			}
			return writeError(t.summary())
		},
	}
	pathArgs(cmd)
	flags := cmd.Flags()
	flags.SortFlags = false
	in.add(flags, 0, "check up to `N` pictures at the same time; 0: one for each processor")
	flags.StringVarP(&profile, "profile", "p", "progeny", "limits to judge by: the `NAME` of a built-in profile or a YAML file")
	flags.StringVar(&failOn, "fail-on", "reject", "the verdict that makes the exit code 1: reject or warn")
	flags.BoolVar(&asJSON, "json", false, "write one JSON object a line for each picture, as it finishes")
	flags.BoolVar(&sorted, "sort", false, "write results in the order of the input")
	flags.BoolVar(&timing, "timing", false, "add elapsed_ms to the reports")
	flags.StringVar(&annotate, "annotate", "", "write a copy of each picture with face, eyes and verdict drawn on it to `DIR`")
	flags.BoolVar(&overwrite, "overwrite", false, "replace annotated copies that exist already")
	flags.BoolVarP(&verbose, "verbose", "v", false, "show every number, issue and hint")
	flags.CountVarP(&quiet, "quiet", "q", "show only the summary; twice: nothing")
	addColour(flags, &colour)
	return cmd
}

// checker returns a checker for the profile that is named.
func (a *app) checker(profile string, timing bool) (*preflight.Checker, error) {
	p, err := loadProfile(profile)
	if err != nil {
		return nil, fail(exitUsage, err)
	}
	c, err := preflight.New(&preflight.Options{Profile: p, MaxBytes: maxBytes, Timing: timing})
	if err != nil {
		return nil, fail(exitUsage, err)
	}
	return c, nil
}

// loadProfile returns a built-in profile or that of a file. What looks like the
// name of a file is one.
func loadProfile(name string) (*preflight.Profile, error) {
	if !strings.ContainsAny(name, `/\.`) {
		return preflight.Builtin(name)
	}
	return readProfile(name)
}

// profileText returns a profile as it is written.
func profileText(name string) ([]byte, error) {
	if !strings.ContainsAny(name, `/\.`) {
		return preflight.BuiltinYAML(name)
	}
	return readSmall(name)
}

// maxProfileFile is above what preflight.ParseProfile takes, so that it is the one
// to say that a file is too long.
const maxProfileFile = 1 << 20

// readSmall reads the beginning of a file of a few lines. A FIFO that nobody
// writes to would never answer, and a device never end.
func readSmall(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, &fs.PathError{Op: "read", Path: path, Err: preflight.ErrNotRegular}
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxProfileFile))
}

// readProfile reads a profile. Its error is "file:line: field: reason".
func readProfile(path string) (*preflight.Profile, error) {
	data, err := readSmall(path)
	if err != nil {
		return nil, err
	}
	p, err := preflight.ParseProfile(data)
	if pe := (*preflight.ProfileError)(nil); errors.As(err, &pe) {
		where := path
		if pe.Line > 0 {
			where += ":" + strconv.Itoa(pe.Line)
		}
		if pe.Field != "" {
			where += ": " + pe.Field
		}
		return nil, fmt.Errorf("%s: %s", where, pe.Reason)
	}
	return p, err
}

// judge measures data and judges it as the file called path.
func judge(ctx context.Context, c *preflight.Checker, path string, data []byte) (*preflight.Report, error) {
	m, err := c.Measure(ctx, data)
	if err != nil {
		return nil, err
	}
	m.Path = path
	return c.Profile().Judge(m), nil
}

// writeJSON writes v as one line.
func (a *app) writeJSON(v any) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return fail(exitIO, err)
	}
	_, err := a.stdout.Write(b.Bytes())
	return err
}

// writeError gives an error of writing to standard output its exit code, unless
// it has one.
func writeError(err error) error {
	if f := (*failure)(nil); err == nil || errors.As(err, &f) {
		return err
	}
	return fail(exitIO, err)
}
