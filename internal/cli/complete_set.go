package cli

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/diorama-dev/diorama"
	"github.com/diorama-dev/diorama/profiles"
	"github.com/diorama-dev/diorama/stacks"
)

// completeSet offers what --set can set: the parameters of the stacks of the
// profile that is named, each with what it does, and then its values.
func completeSet(_ *cobra.Command, given []string, typed string) ([]string, cobra.ShellCompDirective) {
	parameters, err := settable(given)
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	if key, _, valued := strings.Cut(typed, "="); valued {
		return valuesOf(key, parameters[key]), cobra.ShellCompDirectiveNoFileComp
	}
	offers := []string{
		offer("cluster.nodes=", "how many nodes the cluster has"),
		offer("budget.memory=", "how much memory it may need, such as 6Gi"),
		offer("budget.logs=", "how much disk log lines may take, such as 1Gi"),
		offer("budget.logAge=", "how long log lines are kept, such as 7d"),
	}
	for _, key := range slices.Sorted(maps.Keys(parameters)) {
		p := parameters[key]
		about := p.Description
		if p.Default != nil && p.Type != stacks.MapParameter {
			about += fmt.Sprintf(" (%v)", p.Default)
		}
		offers = append(offers, offer(key+"=", about))
	}
	return offers, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
}

// valuesOf are the values that are known of a parameter, the default's marked.
func valuesOf(key string, p stacks.Parameter) []string {
	values := p.Values
	if p.Type == stacks.BoolParameter {
		values = []string{"true", "false"}
	}
	usual := fmt.Sprint(p.Default)
	if len(values) == 0 && p.Default != nil && p.Type != stacks.MapParameter {
		values = []string{usual}
	}
	var offers []string
	for _, value := range values {
		about := ""
		if value == usual {
			about = "the default"
		}
		offers = append(offers, offer(key+"="+value, about))
	}
	return offers
}

// settable are the parameters by "instance.parameter": those of the profile
// that is named or found by itself; where it cannot be read, those of all
// stacks.
func settable(given []string) (map[string]stacks.Parameter, error) {
	folder, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	name := diorama.DefaultProfile
	if len(given) > 0 {
		name = given[0]
	} else if home, file := nearestFile(); file != "" {
		folder, name = home, file
	}
	catalogue, err := diorama.Catalogue(folder)
	if err != nil {
		return nil, err
	}
	all := make(map[string]stacks.Parameter)
	add := func(instance string, stack stacks.Stack) {
		for parameter, p := range stack.Parameters {
			all[instance+"."+parameter] = p
		}
	}
	profile, err := diorama.Profiles(folder).Load(profiles.Request{Name: name, Catalogue: catalogue})
	if err != nil {
		for _, stack := range catalogue.All() {
			add(stack.Name, stack)
		}
		return all, nil
	}
	for _, selection := range profile.Stacks {
		if stack, err := catalogue.Lookup(selection.Stack); err == nil {
			add(selection.As, stack)
		}
	}
	return all, nil
}
