package cli

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/diorama-dev/diorama/internal/keeper"
	"github.com/diorama-dev/diorama/internal/mesh"
)

// routeFlag chooses a route by its number, counted from 1; 0 is the one for all
// that is left.
func routeFlag(c *cobra.Command, route *int) {
	c.Flags().IntVar(route, "route", 0, "the number of the route, from 1 (default: the one without a match)")
}

func newMeshWeight(s *streams) *cobra.Command {
	var number int
	c := meshEdit{
		use: "weight SERVICE VERSION=PERCENT...", short: "Set the shares of a service's versions",
		long: `Sets how many of the requests each version of a service gets; together they are
100 per cent, and a version that is not named gets none. Versions are the subsets
of the service's DestinationRule.`,
		example: "  diorama mesh weight recommender v1=80 v2=20\n  diorama mesh weight recommender v1=50 v2=50 --dry-run",
		least:   2, most: -1,
		edit: func(_ context.Context, _ keeper.MeshClient, given []string) (mesh.Edit, error) {
			weights, err := parseWeights(given[1:])
			return mesh.Edit{Kind: mesh.EditWeights, Service: given[0], Route: number - 1, Weights: weights}, err
		},
		offer: func(state mesh.State, given []string) []string {
			if len(given) == 0 {
				return meshServices(state)
			}
			var words []string
			for _, name := range meshDestinations(state, given[0]) {
				words = append(words, name+"=")
			}
			return words
		},
	}.command(s)
	routeFlag(c, &number)
	return c
}

func parseWeights(given []string) (map[string]int, error) {
	weights := make(map[string]int)
	for _, word := range given {
		name, value, ok := strings.Cut(word, "=")
		weight, err := strconv.Atoi(strings.TrimSuffix(value, "%"))
		if !ok || name == "" || err != nil {
			return nil, &exitError{ExitUsage, fmt.Errorf("%q is no weight: expected VERSION=PERCENT, such as v1=80", word)}
		}
		if _, twice := weights[name]; twice {
			return nil, &exitError{ExitUsage, fmt.Errorf("the weight of %s is given twice: remove one", name)}
		}
		weights[name] = weight
	}
	return weights, nil
}

func newMeshHeader(s *streams) *cobra.Command {
	var match string
	var remove bool
	c := meshEdit{
		use: "header SERVICE NAME=VALUE [VERSION]", short: "Send requests with a header to a version",
		long: `Puts a route in front of the others, for requests that have the header; one that
is there for the same condition is replaced. With --remove it goes.`,
		example: `  diorama mesh header recommender user-agent=Android v2 --match contains
  diorama mesh header recommender x-tester=yes v2
  diorama mesh header recommender x-tester=yes --remove`,
		least: 2, most: 3,
		edit: func(_ context.Context, _ keeper.MeshClient, given []string) (mesh.Edit, error) {
			name, value, ok := strings.Cut(given[1], "=")
			switch {
			case !ok:
				return mesh.Edit{}, &exitError{ExitUsage, fmt.Errorf("%q is no header: expected NAME=VALUE, such as user-agent=Android", given[1])}
			case remove == (len(given) == 3):
				return mesh.Edit{}, &exitError{ExitUsage, fmt.Errorf("say either the version that gets the requests, or --remove")}
			}
			e := mesh.Edit{Kind: mesh.EditHeader, Service: given[0], Header: mesh.Header{Name: name, Value: value, Match: match}}
			if !remove {
				e.To = given[2]
			}
			return e, nil
		},
		offer: func(state mesh.State, given []string) []string {
			switch len(given) {
			case 0:
				return meshServices(state)
			case 2:
				return meshDestinations(state, given[0])
			}
			return nil
		},
	}.command(s)
	c.Flags().StringVar(&match, "match", "exact", "how the value is compared: exact, prefix or contains")
	c.Flags().BoolVar(&remove, "remove", false, "take the route for the header away")
	_ = c.RegisterFlagCompletionFunc("match", cobra.FixedCompletions([]string{"exact", "prefix", "contains"}, cobra.ShellCompDirectiveNoFileComp))
	return c
}

// faultCommand is a command for one of the two faults that a route can have; the
// other stays as it is.
type faultCommand struct {
	use, short, long, example string
	// read reads what a fault is to be, with a share of the requests.
	read func(given string, share float64) (func(*mesh.Fault), error)
}

func (f faultCommand) command(s *streams) *cobra.Command {
	var number int
	var share float64
	c := meshEdit{
		use: f.use, short: f.short, long: f.long, example: f.example, least: 2, most: 2,
		edit: func(ctx context.Context, client keeper.MeshClient, given []string) (mesh.Edit, error) {
			e := mesh.Edit{Kind: mesh.EditFault, Service: given[0], Route: number - 1}
			change, err := f.read(given[1], share)
			if err != nil {
				return e, &exitError{ExitUsage, err}
			}
			state, err := client.State(ctx)
			if err != nil {
				return e, err
			}
			shown := routeOf(state, given[0], number)
			e.Fault, e.Shown = shown.Fault, &shown
			change(&e.Fault)
			return e, nil
		},
		offer: offerServices,
	}.command(s)
	routeFlag(c, &number)
	c.Flags().Float64Var(&share, "share", 100, "per cent of the requests")
	return c
}

// routeOf is a route of a service as it is; of one that is not there the edit
// says so.
func routeOf(state mesh.State, service string, number int) mesh.Shown {
	for _, v := range state.Services {
		if v.Name != service {
			continue
		}
		for i, r := range v.Routes {
			if i == number-1 || number == 0 && len(r.Match) == 0 {
				return mesh.Shown{Match: r.Match, Fault: r.Fault}
			}
		}
	}
	return mesh.Shown{}
}

func newMeshDelay(s *streams) *cobra.Command {
	return faultCommand{
		use: "delay SERVICE DURATION", short: "Delay requests to a service, or stop doing so",
		long:    "Lets callers' proxies hold requests back for a while. A duration of 0 takes it away.",
		example: "  diorama mesh delay recommender 3s\n  diorama mesh delay recommender 500ms --share 5\n  diorama mesh delay recommender 0",
		read: func(given string, share float64) (func(*mesh.Fault), error) {
			delay, err := time.ParseDuration(given)
			if err != nil {
				return nil, fmt.Errorf("%q is no duration: expected such as 3s or 500ms", given)
			}
			if delay == 0 {
				share = 0
			}
			return func(f *mesh.Fault) { f.Delay, f.DelayShare = delay, share }, nil
		},
	}.command(s)
}

func newMeshAbort(s *streams) *cobra.Command {
	return faultCommand{
		use: "abort SERVICE STATUS", short: "Answer requests with an error, or stop doing so",
		long:    "Lets callers' proxies answer in the service's place. A status of 0 takes it away.",
		example: "  diorama mesh abort recommender 503 --share 10\n  diorama mesh abort recommender 0",
		read: func(given string, share float64) (func(*mesh.Fault), error) {
			status, err := strconv.Atoi(given)
			if err != nil {
				return nil, fmt.Errorf("%q is no status of HTTP: expected such as 503", given)
			}
			if status == 0 {
				share = 0
			}
			return func(f *mesh.Fault) { f.Abort, f.AbortShare = status, share }, nil
		},
	}.command(s)
}

func offerServices(state mesh.State, given []string) []string {
	if len(given) == 0 {
		return meshServices(state)
	}
	return nil
}

func newMeshTLS(s *streams) *cobra.Command {
	modes := []string{string(mesh.Strict), string(mesh.Permissive)}
	return meshEdit{
		use: "mtls strict|permissive [WORKLOAD]", short: "Switch mutual TLS of a workload, or of all",
		long: `Strict refuses connections from programs that have no proxy, those of this machine
among them: which endpoints would refuse is said first, with --dry-run too.
Permissive takes them. Without a workload it is switched for all of the environment.`,
		example: "  diorama mesh mtls strict recommender\n  diorama mesh mtls permissive",
		least:   1, most: 2,
		edit: func(_ context.Context, _ keeper.MeshClient, given []string) (mesh.Edit, error) {
			e := mesh.Edit{Kind: mesh.EditTLS, TLS: mesh.TLSMode(given[0])}
			if e.TLS != mesh.Strict && e.TLS != mesh.Permissive {
				return e, &exitError{ExitUsage, fmt.Errorf("mutual TLS cannot be %q: expected strict or permissive", given[0])}
			}
			if len(given) == 2 {
				e.Service = given[1]
			}
			return e, nil
		},
		offer: func(state mesh.State, given []string) []string {
			switch len(given) {
			case 0:
				return modes
			case 1:
				var names []string
				for _, w := range state.Workloads {
					if w.TLS != mesh.Outside {
						names = append(names, w.Name)
					}
				}
				return names
			}
			return nil
		},
	}.command(s)
}

func newMeshUndo(s *streams) *cobra.Command {
	var name string
	var all, dry bool
	c := &cobra.Command{
		Use: "undo", Short: "Take back the last change that was made to the mesh from here, or all", Args: args(0, 0),
		Long: `Takes back what the change had set, and leaves what somebody else has changed since.
Where that is the very same field, nothing is taken back.`,
		Example: "  diorama mesh undo\n  diorama mesh undo --all",
		RunE: func(c *cobra.Command, _ []string) error {
			session, err := session(c.Context(), name)
			if err != nil {
				return err
			}
			if dry {
				return wouldUndo(c.Context(), s, session.Mesh(), all)
			}
			undone, err := session.Mesh().Undo(c.Context(), mesh.Undo{All: all})
			for _, change := range undone {
				s.say("undone: %s", harmless(change.Summary))
			}
			return err
		},
	}
	nameFlag(c, &name)
	c.Flags().BoolVar(&all, "all", false, "all changes that were made from here")
	c.Flags().BoolVar(&dry, "dry-run", false, "only say what would be taken back")
	return c
}

func wouldUndo(ctx context.Context, s *streams, client keeper.MeshClient, all bool) error {
	state, err := client.State(ctx)
	if err != nil {
		return err
	}
	changes := state.Changes
	if !all {
		changes = changes[max(len(changes)-1, 0):]
	}
	for _, c := range slices.Backward(changes) {
		if c.Stuck != "" {
			return fmt.Errorf("nothing would be taken back: %s", harmless(c.Stuck))
		}
	}
	for _, c := range slices.Backward(changes) {
		fmt.Fprintln(s.out, harmless(c.Summary))
	}
	return nil
}
