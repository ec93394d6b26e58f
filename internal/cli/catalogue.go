package cli

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/diorama-dev/diorama"
	"github.com/diorama-dev/diorama/profiles"
)

func newProfiles(s *streams) *cobra.Command {
	return &cobra.Command{
		Use: "profiles", GroupID: groupLearn, Args: args(0, 0),
		Short: "List the profiles that there are, built-in ones and your own",
		RunE: func(*cobra.Command, []string) error {
			folder, err := os.Getwd()
			if err != nil {
				return err
			}
			catalogue, err := diorama.Catalogue(folder)
			if err != nil {
				return err
			}
			library := diorama.Profiles(folder)
			t := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
			for _, name := range library.Names() {
				profile, err := library.Load(profiles.Request{Name: name, Catalogue: catalogue})
				if err != nil {
					fmt.Fprintf(t, "%s\t%s\n", name, harmless(err.Error()))
					continue
				}
				var stacks []string
				for _, selection := range profile.Stacks {
					stacks = append(stacks, selection.As)
				}
				fmt.Fprintf(t, "%s\t%s\t%s\n", name, harmless(profile.Title), joined(stacks))
			}
			return t.Flush()
		},
	}
}

func newStacks(s *streams) *cobra.Command {
	var output string
	c := &cobra.Command{
		Use: "stacks [STACK]", GroupID: groupLearn, Args: args(0, 1),
		Short:             "List the stacks that there are, or show one with its parameters",
		Example:           "  diorama stacks\n  diorama stacks kafka",
		ValidArgsFunction: completeStacks,
		RunE: func(_ *cobra.Command, given []string) error {
			folder, err := os.Getwd()
			if err != nil {
				return err
			}
			catalogue, err := diorama.Catalogue(folder)
			if err != nil {
				return err
			}
			if output == "json" {
				return json.NewEncoder(s.out).Encode(catalogue.All())
			}
			t := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
			if len(given) == 0 {
				for _, stack := range catalogue.All() {
					fmt.Fprintf(t, "%s\t%s\t%s\n", stack.Name, stack.Category, harmless(stack.Summary))
				}
				return t.Flush()
			}
			stack, err := catalogue.Lookup(given[0])
			if err != nil {
				return &exitError{ExitUsage, err}
			}
			fmt.Fprintf(s.out, "%s: %s\n%s  (%s)\n\nParameters, set with --set %s.NAME=VALUE:\n",
				stack.Title, harmless(stack.Summary), stack.Website, stack.License, stack.Name)
			for _, name := range slices.Sorted(maps.Keys(stack.Parameters)) {
				p := stack.Parameters[name]
				fmt.Fprintf(t, "  %s\t%s\t%v\t%s\n", name, p.Type, p.Default, harmless(p.Description))
			}
			return t.Flush()
		},
	}
	outputFlag(c, &output)
	return c
}
