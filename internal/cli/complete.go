package cli

import (
	"os"
	"slices"

	"github.com/spf13/cobra"

	"github.com/diorama-dev/diorama"
)

func completeProfiles(_ *cobra.Command, given []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(given) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	folder, err := os.Getwd()
	if err != nil {
		return nil, cobra.ShellCompDirectiveDefault
	}
	return diorama.Profiles(folder).Names(), cobra.ShellCompDirectiveDefault
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
	return catalogue.Names(), cobra.ShellCompDirectiveNoFileComp
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
