package cli

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"text/tabwriter"

	"github.com/docker/go-units"
	"github.com/spf13/cobra"

	"github.com/diorama-dev/diorama"
	"github.com/diorama-dev/diorama/profiles"
	"github.com/diorama-dev/diorama/stacks"
)

// profileEntry is a profile of the list.
type profileEntry struct {
	Name   string   `json:"name"`
	Title  string   `json:"title"`
	Stacks []string `json:"stacks"`
	Source string   `json:"source"`
	// Error says why it cannot be used.
	Error string `json:"error,omitempty"`
}

func newProfiles(s *streams) *cobra.Command {
	var output string
	c := &cobra.Command{
		Use: "profiles", GroupID: groupLearn, Args: args(0, 0),
		Short:   "List the profiles that there are, built-in ones and your own",
		Example: "  diorama profiles\n  diorama profiles -o json",
		RunE: func(*cobra.Command, []string) error {
			if err := validOutput(output); err != nil {
				return err
			}
			entries, err := profileEntries()
			if err != nil {
				return err
			}
			if output == "json" {
				return printJSON(s, struct {
					Schema   int            `json:"schema"`
					Profiles []profileEntry `json:"profiles"`
				}{1, entries})
			}
			t := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
			for _, entry := range entries {
				if entry.Error != "" {
					fmt.Fprintf(t, "%s\tcannot be used: %s\n", entry.Name, harmless(entry.Error))
					continue
				}
				fmt.Fprintf(t, "%s\t%s\t%s\n", entry.Name, harmless(entry.Title), joined(entry.Stacks))
			}
			return t.Flush()
		},
	}
	outputFlag(c, &output)
	return c
}

func profileEntries() ([]profileEntry, error) {
	folder, err := os.Getwd()
	if err != nil {
		return nil, fmt.Errorf("find the working folder: %w", err)
	}
	catalogue, err := diorama.Catalogue(folder)
	if err != nil {
		return nil, &exitError{ExitUsage, err}
	}
	library := diorama.Profiles(folder)
	entries := []profileEntry{}
	for _, name := range library.Names() {
		entries = append(entries, profileEntryOf(library, catalogue, name))
	}
	return entries, nil
}

// profileEntryOf loads a profile by its name or file.
func profileEntryOf(library profiles.Library, catalogue stacks.Catalogue, name string) profileEntry {
	entry := profileEntry{Name: name, Stacks: []string{}}
	profile, err := library.Load(profiles.Request{Name: name, Catalogue: catalogue})
	if err != nil {
		entry.Error = err.Error()
	}
	entry.Title, entry.Source = profile.Title, profile.Source
	for _, selection := range profile.Stacks {
		entry.Stacks = append(entry.Stacks, selection.As)
	}
	return entry
}

// stackEntry is a stack of the list.
type stackEntry struct {
	Name       string                    `json:"name"`
	Title      string                    `json:"title"`
	Category   stacks.Category           `json:"category"`
	Summary    string                    `json:"summary"`
	Website    string                    `json:"website,omitempty"`
	License    string                    `json:"license,omitempty"`
	Requires   []string                  `json:"requires"`
	Parameters map[string]parameterEntry `json:"parameters"`
	Endpoints  map[string]int            `json:"endpoints"` // preferred host ports
	Memory     int64                     `json:"memory"`    // bytes
}

type parameterEntry struct {
	Type        stacks.ParameterType `json:"type"`
	Default     any                  `json:"default,omitempty"`
	Values      []string             `json:"values,omitempty"`
	Description string               `json:"description"`
}

func stackEntryOf(stack stacks.Stack) stackEntry {
	e := stackEntry{
		Name: stack.Name, Title: stack.Title, Category: stack.Category, Summary: stack.Summary, Website: stack.Website,
		License: stack.License, Requires: []string{}, Parameters: map[string]parameterEntry{}, Endpoints: map[string]int{},
		Memory: stack.Footprint.Memory,
	}
	for _, requirement := range stack.Requires {
		e.Requires = append(e.Requires, requirement.Stack+string(requirement.Category))
	}
	for name, p := range stack.Parameters {
		e.Parameters[name] = parameterEntry{Type: p.Type, Default: p.Default, Values: p.Values, Description: p.Description}
	}
	for name, endpoint := range stack.Endpoints {
		e.Endpoints[name] = endpoint.HostPort
	}
	return e
}

func newStacks(s *streams) *cobra.Command {
	var output string
	c := &cobra.Command{
		Use: "stacks [STACK]", GroupID: groupLearn, Args: args(0, 1),
		Short:             "List the stacks that there are, or show one with its parameters",
		Example:           "  diorama stacks\n  diorama stacks kafka",
		ValidArgsFunction: completeStacks,
		RunE: func(_ *cobra.Command, given []string) error {
			if err := validOutput(output); err != nil {
				return err
			}
			return listStacks(s, given, output)
		},
	}
	outputFlag(c, &output)
	return c
}

func listStacks(s *streams, given []string, output string) error {
	folder, err := os.Getwd()
	if err != nil {
		return fmt.Errorf("find the working folder: %w", err)
	}
	catalogue, err := diorama.Catalogue(folder)
	if err != nil {
		return &exitError{ExitUsage, err}
	}
	all := catalogue.All()
	if len(given) > 0 {
		stack, err := catalogue.Lookup(given[0])
		if err != nil {
			return &exitError{ExitUsage, err}
		}
		all = []stacks.Stack{stack}
	}
	entries := make([]stackEntry, 0, len(all))
	for _, stack := range all {
		entries = append(entries, stackEntryOf(stack))
	}
	switch {
	case output == "json":
		return printJSON(s, struct {
			Schema int          `json:"schema"`
			Stacks []stackEntry `json:"stacks"`
		}{1, entries})
	case len(given) > 0:
		return showStack(s, entries[0])
	}
	t := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
	for _, stack := range entries {
		fmt.Fprintf(t, "%s\t%s\t%s\n", stack.Name, stack.Category, harmless(stack.Summary))
	}
	return t.Flush()
}

func showStack(s *streams, stack stackEntry) error {
	fmt.Fprintf(s.out, "%s: %s\n%s  (%s)\n", harmless(stack.Title), harmless(stack.Summary), harmless(stack.Website), harmless(stack.License))
	if len(stack.Requires) > 0 {
		fmt.Fprintf(s.out, "Requires: %s\n", joined(stack.Requires))
	}
	fmt.Fprintf(s.out, "Memory: about %s\n", units.BytesSize(float64(stack.Memory)))
	t := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
	if len(stack.Endpoints) > 0 {
		fmt.Fprintln(t, "\nEndpoints, on 127.0.0.1 where the port is free:")
	}
	for _, name := range slices.Sorted(maps.Keys(stack.Endpoints)) {
		fmt.Fprintf(t, "  %s/%s\t%d\n", stack.Name, name, stack.Endpoints[name])
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if len(stack.Parameters) > 0 {
		fmt.Fprintf(t, "\nParameters, set with --set %s.NAME=VALUE:\n", stack.Name)
	}
	for _, name := range slices.Sorted(maps.Keys(stack.Parameters)) {
		p := stack.Parameters[name]
		fmt.Fprintf(t, "  %s\t%s\t%v\t%s\n", name, p.Type, p.Default, harmless(p.Description))
	}
	return t.Flush()
}
