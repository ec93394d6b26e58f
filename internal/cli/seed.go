package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/diorama-dev/diorama"
	"github.com/diorama-dev/diorama/internal/seed"
)

func newSeed(s *streams) *cobra.Command {
	var o diorama.SeedOptions
	var output string
	var strict bool
	c := &cobra.Command{
		Use: "seed [FILE]", GroupID: groupUse, Args: args(0, 1),
		Short: "Put the profile's seeds into what runs, or those of a file",
		Long: `Puts topics, queues, databases, users and files where they are not yet: those of
the profile's seeds as its files are now, or those of a file with such a list. What
is there is left as it is; where it differs from the seed, that is said. ` + "`up`" + ` does
the same as part of the start.`,
		Example: "  diorama seed\n  diorama seed ./more.yaml --strict -o json",
		RunE: func(c *cobra.Command, given []string) error {
			if err := validOutput(output); err != nil {
				return err
			}
			if len(given) > 0 {
				o.File = given[0]
			}
			return putSeeds(c.Context(), s, o, output, strict)
		},
		ValidArgsFunction: func(_ *cobra.Command, given []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(given) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return []string{"yaml", "yml"}, cobra.ShellCompDirectiveFilterFileExt
		},
	}
	nameFlag(c, &o.Name)
	outputFlag(c, &output)
	c.Flags().BoolVar(&strict, "strict", false, "fail where something is there and differs from the seed")
	return c
}

// seedReport is what `diorama seed -o json` prints.
type seedReport struct {
	Schema int            `json:"schema"`
	Seeds  []seed.Outcome `json:"seeds"`
}

func putSeeds(ctx context.Context, s *streams, o diorama.SeedOptions, output string, strict bool) error {
	o.Report = func(instance, detail string) { s.say("%s: %s", instance, harmless(detail)) }
	outcomes, err := diorama.Seed(ctx, o)
	if output == "json" {
		err = errors.Join(printJSON(s, seedReport{Schema: 1, Seeds: outcomes}), err)
	} else {
		seedText(s, outcomes)
	}
	if err != nil {
		return err
	}
	if len(outcomes) == 0 {
		s.say("the profile has no seeds")
	}
	different := 0
	for _, outcome := range outcomes {
		different += len(outcome.Differences)
	}
	if strict && different > 0 {
		return fmt.Errorf("what is there differs from the seeds in %s; alter it by hand, or the seeds", places(different))
	}
	return nil
}

func places(n int) string {
	if n == 1 {
		return "one place"
	}
	return fmt.Sprintf("%d places", n)
}

func seedText(s *streams, outcomes []seed.Outcome) {
	for _, outcome := range outcomes {
		for _, subject := range outcome.Created {
			fmt.Fprintf(s.out, "%s: %s created\n", outcome.Instance, harmless(subject))
		}
		for _, subject := range outcome.Unchanged {
			fmt.Fprintf(s.out, "%s: %s as it was\n", outcome.Instance, harmless(subject))
		}
		for _, difference := range outcome.Differences {
			fmt.Fprintf(s.out, "%s: %s\n", outcome.Instance, s.paint("33", harmless(difference.String())))
		}
	}
}
