package cli

import (
	"os"

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
