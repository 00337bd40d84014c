package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
)

// Exit codes; the highest that applies wins.
const (
	exitOK          = 0
	exitRejected    = 1
	exitUsage       = 2
	exitIO          = 3
	exitAuth        = 4
	exitInterrupted = 130
	exitPipe        = 141 // 128 + SIGPIPE, as shells know it
)

// An app is one run of the program.
type app struct {
	stdin  io.Reader
	stdout io.Writer
	stderr io.Writer
	getenv func(string) string
	code   int // highest so far
}

// run is the program; it returns the exit code.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer, getenv func(string) string) int {
	a := &app{stdin: stdin, stdout: stdout, stderr: stderr, getenv: getenv}
	root := a.rootCommand()
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	cmd, err := root.ExecuteContextC(ctx)

	var f *failure
	switch {
	case ctx.Err() != nil:
		fmt.Fprintln(stderr, "preflight: interrupted")
		return exitInterrupted
	case err == nil:
	case errors.Is(err, syscall.EPIPE):
		return exitPipe
	case errors.As(err, &f):
		a.complain(f.code, "", f.err)
	default: // what cobra says of flags and arguments
		a.complain(exitUsage, "", err)
		fmt.Fprintf(stderr, "Run '%s --help' for usage.\n", cmd.CommandPath())
	}
	return a.code
}

// A failure ends the program with an exit code; other errors of commands are
// those of usage.
type failure struct {
	code int
	err  error
}

func (f *failure) Error() string { return f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

func fail(code int, err error) error { return &failure{code, err} }

// fails raises the exit code to at least code.
func (a *app) fails(code int) { a.code = max(a.code, code) }

// complain writes "preflight: path: reason" and raises the exit code.
func (a *app) complain(code int, path string, err error) {
	a.fails(code)
	fmt.Fprintln(a.stderr, complaint(path, err))
}

func complaint(path string, err error) string {
	// The operating system's errors repeat the path.
	reason := err.Error()
	if pe := (*fs.PathError)(nil); errors.As(err, &pe) && path != "" {
		reason = strings.Replace(reason, pe.Error(), pe.Err.Error(), 1)
	}
	if path != "" {
		reason = path + ": " + reason
	}
	return "preflight: " + printable(reason)
}

func (a *app) rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "preflight",
		Short: "Checks before upload whether a selfie will do for a biometric API",
		Long: `Preflight checks before upload whether a selfie will do for a biometric API,
says why not, makes pictures fit, and sends them.

Exit codes: 0 all passed (warnings allowed), 1 a picture was rejected, 2 usage,
3 a file could not be read or written or the network failed, 4 authentication,
130 interrupted. Where several apply it is the highest.`,
		Args:          cobra.ArbitraryArgs,
		RunE:          group,
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	width := 80
	if columns, tty := terminal(a.stdout); tty {
		width = min(columns, 110)
	}
	root.SetUsageTemplate(strings.NewReplacer(
		// Commands that only have subcommands are run to say so; that is no usage.
		"{{if .Runnable}}", "{{if and .Runnable (not .HasAvailableSubCommands)}}",
		".FlagUsages", fmt.Sprintf(".FlagUsagesWrapped %d", width),
	).Replace(root.UsageTemplate()))
	root.AddCommand(
		a.checkCommand(),
		a.normalizeCommand(),
		a.submitCommand(),
		a.explainCommand(),
		a.profileCommand(),
		a.versionCommand(),
		a.manCommand(),
	)
	return root
}

// group is what a command does that only has subcommands: without arguments it
// shows help, and anything else is a subcommand that does not exist.
func group(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return cmd.Help()
	}
	err := fmt.Errorf("unknown command %q for %q", args[0], cmd.CommandPath())
	if cmd.SuggestionsMinimumDistance == 0 {
		cmd.SuggestionsMinimumDistance = 2
	}
	if s := cmd.SuggestionsFor(args[0]); len(s) > 0 {
		err = fmt.Errorf("%w; did you mean %s?", err, strings.Join(s, " or "))
	}
	return err
}
