package kind

import (
	"context"
	"slices"

	"github.com/diorama-dev/diorama/internal/docker"
	"github.com/diorama-dev/diorama/internal/env"
	"github.com/diorama-dev/diorama/internal/kube"
	"github.com/diorama-dev/diorama/internal/plan"
)

// Differences asks a running cluster, by dry runs, what the plan would change
// in the stacks that are there. There are none of a cluster that does not run.
func Differences(ctx context.Context, engine *docker.Engine, folder env.Folder, p plan.Plan) ([]plan.Difference, error) {
	nodes, err := Nodes(ctx, engine, p.Cluster.Name)
	if err != nil || len(p.Present) == 0 || !slices.ContainsFunc(nodes, func(n Node) bool { return n.Running }) {
		return nil, err
	}
	client, err := kube.Connect(folder.Kubeconfig())
	if err != nil {
		return nil, err
	}
	if err := client.Ready(ctx); err != nil {
		return nil, err
	}
	var all []plan.Difference
	for _, stack := range p.Stacks {
		if !slices.Contains(p.Present, stack.Name) {
			continue
		}
		found, err := client.Diff(ctx, stack.Objects(), kube.ApplyOptions{
			Scope:       kube.Scope{Environment: p.Environment, Stack: stack.Name, Namespace: p.Namespace},
			IgnoreDrift: stack.IgnoreDrift, RecreateData: p.RecreateData,
		})
		if err != nil {
			return all, err
		}
		for _, d := range found {
			all = append(all, difference(stack.Name, d))
		}
	}
	return all, nil
}

func difference(stack string, d kube.Difference) plan.Difference {
	result := plan.Difference{Stack: stack, Kind: d.Kind, Name: d.Name, Action: string(d.Action), LosesData: d.LosesData}
	for _, field := range d.Fields {
		result.Fields = append(result.Fields, field.Path)
	}
	return result
}
