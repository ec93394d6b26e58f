package cli

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/diorama-dev/diorama"
)

func newInit(s *streams) *cobra.Command {
	var o diorama.InitOptions
	c := &cobra.Command{
		Use: "init [COMPOSE-FILE]", GroupID: groupLearn, Args: args(0, 1),
		Short: "Write a profile for a Compose file",
		Long: `Reads a Compose file, recognises the services that are stacks, and writes a profile
with these stacks and the rest as an app. Files that are there are not overwritten.`,
		Example: `  diorama init
  diorama init deploy/compose.yaml --file platform.yaml --name platform`,
		RunE: func(c *cobra.Command, given []string) error {
			if len(given) > 0 {
				o.Compose = given[0]
			}
			made, err := diorama.Init(c.Context(), o)
			if err != nil {
				return err
			}
			return showInit(s, made)
		},
		ValidArgsFunction: func(_ *cobra.Command, given []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(given) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return []string{"yaml", "yml"}, cobra.ShellCompDirectiveFilterFileExt
		},
	}
	f := c.Flags()
	f.StringVarP(&o.Profile, "file", "f", "", "the profile to write (default: "+diorama.ProfileFile+")")
	_ = c.MarkFlagFilename("file", "yaml", "yml")
	f.StringVar(&o.Name, "name", "", "the profile's name (default: that of the Compose file's folder)")
	f.BoolVar(&o.Overwrite, "force", false, "write files anew that are there")
	return c
}

func showInit(s *streams, made diorama.Initialised) error {
	for _, note := range made.Notes {
		fmt.Fprintln(s.out, harmless(note))
	}
	written := []string{made.Profile}
	if made.Override != "" {
		written = append(written, made.Override)
	}
	for _, file := range written {
		fmt.Fprintln(s.out, "wrote "+harmless(short(file)))
	}
	next := "diorama up"
	if file := short(made.Profile); file != diorama.ProfileFile {
		next += " " + asPath(file)
	}
	_, err := fmt.Fprintln(s.out, "next: "+harmless(next))
	return err
}

// short is the path as seen from the working folder, where it lies below it.
func short(path string) string {
	folder, err := os.Getwd()
	if err != nil {
		return path
	}
	relative, err := filepath.Rel(folder, path)
	if err != nil || !filepath.IsLocal(relative) {
		return path
	}
	return relative
}

// asPath makes a file's name one that is not taken for a profile's.
func asPath(file string) string {
	if filepath.IsAbs(file) {
		return file
	}
	return "." + string(filepath.Separator) + file
}
