package cli

import (
	"os"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/diorama-dev/diorama"
	"github.com/diorama-dev/diorama/internal/terminal"
)

// completeProfiles offers profiles by name; files are the shell's to offer.
func completeProfiles(_ *cobra.Command, given []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(given) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	entries, err := profileEntries()
	if err != nil {
		return nil, cobra.ShellCompDirectiveDefault
	}
	var offers []string
	for _, e := range entries {
		offers = append(offers, offer(e.Name, e.Title))
	}
	return offers, cobra.ShellCompDirectiveDefault
}

// offer is a word to complete to, and what it is. A shell shows both on one
// line, so what people write is made harmless.
func offer(word, about string) string {
	return cobra.CompletionWithDesc(word, terminal.Harmless(about))
}

func completeEnvironments(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	names, err := diorama.Environments()
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

func completeStacks(_ *cobra.Command, given []string, _ string) ([]string, cobra.ShellCompDirective) {
	folder, err := os.Getwd()
	if err != nil || len(given) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	catalogue, err := diorama.Catalogue(folder)
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	var offers []string
	for _, stack := range catalogue.All() {
		offers = append(offers, offer(stack.Name, stack.Summary))
	}
	return offers, cobra.ShellCompDirectiveNoFileComp
}

// completeOf offers names of the environment that the command is about, from
// its records alone, without those that are given already. At most so many
// arguments are taken; below zero: any number.
func completeOf(environment *string, most int, list func(environment string) ([]string, error)) cobra.CompletionFunc {
	return func(_ *cobra.Command, given []string, _ string) ([]string, cobra.ShellCompDirective) {
		if most >= 0 && len(given) >= most {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		name, err := diorama.Only(*environment)
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		names, err := list(name)
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return slices.DeleteFunc(names, func(n string) bool { return slices.Contains(given, n) }), cobra.ShellCompDirectiveNoFileComp
	}
}

// noFiles keeps shells from offering files where a command takes no argument,
// or a flag no file.
func noFiles(c *cobra.Command) {
	if c.ValidArgsFunction == nil && len(c.ValidArgs) == 0 && c.Args != nil && c.Args(c, []string{"x"}) != nil {
		c.ValidArgsFunction = cobra.NoFileCompletions
	}
	c.LocalFlags().VisitAll(func(f *pflag.Flag) {
		_, offered := c.GetFlagCompletionFunc(f.Name)
		if f.Value.Type() != "bool" && !offered && f.Annotations[cobra.BashCompFilenameExt] == nil {
			_ = c.RegisterFlagCompletionFunc(f.Name, cobra.NoFileCompletions)
		}
	})
	for _, sub := range c.Commands() {
		noFiles(sub)
	}
}
