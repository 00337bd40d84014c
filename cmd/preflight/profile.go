package main

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/spf13/cobra"

	"github.com/preflight-go/preflight/preflight"
)

func (a *app) profileCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "profile",
		Short: "List, show and validate profiles: the limits to judge by",
		Args:  cobra.ArbitraryArgs,
		RunE:  group,
	}
	cmd.AddCommand(a.profileList(), a.profileShow(), a.profileValidate())
	return cmd
}

func (a *app) profileList() *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the built-in profiles",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			for _, name := range preflight.Builtins() {
				p, err := preflight.Builtin(name)
				if err != nil {
					return fail(exitUsage, err)
				}
				if _, err := fmt.Fprintf(a.stdout, "%-16s %s\n", p, p.Title); err != nil {
					return writeError(err)
				}
			}
			return nil
		},
	}
}

func (a *app) profileShow() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "show NAME",
		Short: "Show a built-in profile, with its comments, to copy and change",
		Args:  cobra.ExactArgs(1),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return preflight.Builtins(), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			p, err := loadProfile(args[0])
			if err != nil {
				return fail(exitUsage, err)
			}
			if asJSON {
				return writeError(a.writeJSON(p))
			}
			text, err := profileText(args[0])
			if err != nil {
				return fail(exitUsage, err)
			}
			_, err = a.stdout.Write(text)
			return writeError(err)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "write the parsed profile as JSON")
	return cmd
}

func (a *app) profileValidate() *cobra.Command {
	return &cobra.Command{
		Use:   "validate FILE...",
		Short: "Say whether files are valid profiles, and where they are not",
		Args:  cobra.MinimumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			for _, path := range args {
				p, err := readProfile(path)
				if pe := (*fs.PathError)(nil); errors.As(err, &pe) {
					a.complain(exitIO, path, err)
					continue
				}
				if err != nil {
					a.complain(exitUsage, "", err)
					continue
				}
				if _, err := fmt.Fprintf(a.stdout, "%s: ok, %s\n", printable(path), p); err != nil {
					return writeError(err)
				}
			}
			return nil
		},
	}
}
