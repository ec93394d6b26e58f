package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/diorama-dev/diorama"
	"github.com/diorama-dev/diorama/internal/keeper"
	"github.com/diorama-dev/diorama/internal/mesh"
	"github.com/diorama-dev/diorama/internal/report"
)

func newMesh(s *streams) *cobra.Command {
	var name, output string
	var watch bool
	c := &cobra.Command{
		Use: "mesh", GroupID: groupLook, Args: args(0, 0),
		Short: "Show the mesh: routes, weights set and seen, mutual TLS, what is wrong",
		Long: `Shows how the mesh routes requests, beside what callers' proxies really did in the
last minutes; mutual TLS by workload; endpoints that are ejected; proxies that are
behind; and what is wrong with the rules, with Istio's own codes where it has one.
The first look for a while takes a few seconds: proxies only count.`,
		Example: `  diorama mesh
  diorama mesh --watch
  diorama mesh weight recommender v1=80 v2=20
  diorama mesh header recommender user-agent=Android v2 --match contains
  diorama mesh delay recommender 3s --share 5
  diorama mesh undo --all
  diorama mesh -o json | jq '.services[].routes[].destinations[] | {name, weight, seen}'`,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := validOutput(output); err != nil {
				return err
			}
			session, err := session(c.Context(), name)
			if err != nil {
				return err
			}
			if watch {
				return watchMesh(c.Context(), s, session, output)
			}
			state, err := session.Mesh().State(c.Context())
			if err != nil {
				return err
			}
			return showMesh(s, state, output)
		},
	}
	nameFlag(c, &name)
	outputFlag(c, &output)
	c.Flags().BoolVarP(&watch, "watch", "w", false, "go on with every change")
	for _, add := range []func(*streams) *cobra.Command{
		newMeshWeight, newMeshHeader, newMeshDelay, newMeshAbort, newMeshTLS, newMeshUndo,
	} {
		c.AddCommand(add(s))
	}
	return c
}

func showMesh(s *streams, state mesh.State, output string) error {
	if output == "text" {
		return report.Mesh(s.out, state, s.at(time.Now()))
	}
	data, err := report.MeshJSON(state)
	if err != nil {
		return err
	}
	_, err = s.out.Write(data)
	return err
}

// watchMesh shows every newer state: text at the place of the one before where
// a person looks, else one below the other.
func watchMesh(ctx context.Context, s *streams, session *diorama.Session, output string) error {
	var failed error
	err := session.WatchMesh(ctx, func(state mesh.State) bool {
		if s.interactive && output == "text" {
			fmt.Fprint(s.out, "\x1b[H\x1b[2J")
		}
		failed = showMesh(s, state, output)
		return failed == nil
	})
	if failed != nil {
		return failed
	}
	return err
}

// meshEdit makes a command that changes the mesh.
type meshEdit struct {
	use, short, long, example string
	least, most               int
	// edit reads the arguments. It may look at the mesh.
	edit func(ctx context.Context, client keeper.MeshClient, given []string) (mesh.Edit, error)
	// offer completes the next argument.
	offer func(state mesh.State, given []string) []string
}

func (m meshEdit) command(s *streams) *cobra.Command {
	var name string
	var dry bool
	c := &cobra.Command{
		Use: m.use, Short: m.short, Long: m.long, Example: m.example, Args: args(m.least, m.most),
		RunE: func(c *cobra.Command, given []string) error {
			session, err := session(c.Context(), name)
			if err != nil {
				return err
			}
			client := session.Mesh()
			edit, err := m.edit(c.Context(), client, given)
			if err != nil {
				return err
			}
			return applyMesh(c.Context(), s, client, edit, dry)
		},
		ValidArgsFunction: func(c *cobra.Command, given []string, _ string) ([]string, cobra.ShellCompDirective) {
			return completeMesh(c, name, func(state mesh.State) []string { return m.offer(state, given) })
		},
	}
	nameFlag(c, &name)
	c.Flags().BoolVar(&dry, "dry-run", false, "only print the YAML that would be applied; the cluster checks it")
	return c
}

// applyMesh does an edit, or shows what it would apply.
func applyMesh(ctx context.Context, s *streams, client keeper.MeshClient, edit mesh.Edit, dry bool) error {
	draft, err := client.Draft(ctx, edit)
	if err != nil {
		return err
	}
	sayDoors(s, draft)
	if dry {
		_, err := fmt.Fprint(s.out, harmless(draft.YAML))
		return err
	}
	edit.Base = draft.Base // what is said is what is done
	if err := client.Apply(ctx, edit); err != nil {
		return err
	}
	s.say("done: %s; `diorama mesh undo` takes it back", harmless(draft.Summary))
	return nil
}

// sayDoors says, of an edit of mutual TLS, which endpoints would refuse.
func sayDoors(s *streams, draft mesh.Draft) {
	if draft.Edit.Kind != mesh.EditTLS {
		return
	}
	refuse, answer := mesh.Parted(draft.Doors)
	switch {
	case len(draft.Doors) == 0:
	case len(refuse) == 0:
		s.say("every endpoint of the environment answers this machine then")
	default:
		s.say("these endpoints refuse this machine then, as it has no proxy: %s", harmless(strings.Join(refuse, ", ")))
		if len(answer) > 0 {
			s.say("these answer it: %s", harmless(strings.Join(answer, ", ")))
		}
	}
}

// completeMesh offers words of the mesh as it is; a shell waits for them, so
// that they come at once or not at all.
func completeMesh(c *cobra.Command, environment string, words func(mesh.State) []string) ([]string, cobra.ShellCompDirective) {
	name, err := diorama.Only(environment)
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	ctx, cancel := context.WithTimeout(c.Context(), 3*time.Second)
	defer cancel()
	state, err := diorama.MeshState(ctx, name)
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return words(state), cobra.ShellCompDirectiveNoFileComp
}

// meshServices are the names of the services that can be changed.
func meshServices(state mesh.State) []string {
	var names []string
	for _, v := range state.Services {
		names = append(names, v.Name)
	}
	return names
}

// meshDestinations are those of a service's routes.
func meshDestinations(state mesh.State, service string) []string {
	var names []string
	for _, v := range state.Services {
		if v.Name != service {
			continue
		}
		for _, r := range v.Routes {
			for _, d := range r.Destinations {
				names = append(names, d.Name)
			}
		}
	}
	return names
}
