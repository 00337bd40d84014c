package main

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"

	"github.com/preflight-go/preflight/preflight"
)

// A build is what the binary knows of its making.
type build struct {
	version  string
	revision string    // of the version control system; "" if not known
	modified bool      // the tree was changed since
	date     time.Time // of the revision; zero if not known
}

func readBuild() build {
	b := build{version: "(devel)"}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	b.version = cmp.Or(info.Main.Version, b.version)
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.revision = s.Value
		case "vcs.modified":
			b.modified = s.Value == "true"
		case "vcs.time":
			b.date, _ = time.Parse(time.RFC3339, s.Value)
		}
	}
	return b
}

func (a *app) versionCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Say which version this is",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			b := readBuild()
			if asJSON {
				return writeError(a.writeJSON(struct {
					Version  string `json:"version"`
					Revision string `json:"revision,omitempty"`
					Modified bool   `json:"modified,omitempty"`
					Go       string `json:"go"`
					Platform string `json:"platform"`
					Profile  string `json:"profile"`
				}{b.version, b.revision, b.modified, runtime.Version(), runtime.GOOS + "/" + runtime.GOARCH, preflight.Default().String()}))
			}
			_, err := fmt.Fprintf(a.stdout, "preflight %s (%s, %s/%s; profile %s)\n",
				b.version, runtime.Version(), runtime.GOOS, runtime.GOARCH, preflight.Default())
			return writeError(err)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "write a JSON object")
	return cmd
}

func (a *app) manCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "man DIR",
		Short: "Write manual pages to a folder",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := os.MkdirAll(args[0], 0o777); err != nil {
				return fail(exitIO, err)
			}
			// Never now: the same source makes the same pages.
			date := readBuild().date
			if date.IsZero() {
				date = time.Unix(0, 0)
			}
			date = date.UTC()
			root := cmd.Root()
			root.DisableAutoGenTag = true
			header := &doc.GenManHeader{Section: "1", Date: &date, Source: "preflight", Manual: "Preflight"}
			if err := doc.GenManTree(root, header, filepath.Clean(args[0])); err != nil {
				return fail(exitIO, err)
			}
			return nil
		},
	}
}
