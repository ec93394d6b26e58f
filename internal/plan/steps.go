package plan

import (
	"slices"

	"github.com/diorama-dev/diorama/internal/env"
)

// steps makes the graph. Images are fetched beside the making of the nodes, and
// loaded while Kubernetes comes up on them;
// a stack is applied once its images are in the nodes and what it requires is
// ready and has its seeds; stacks that left go as soon as there is a cluster, since others may
// want what they hold, but a mesh only once all others that were there with it
// are ready without it, or gone.
func steps(p Plan) []env.Step {
	var list []env.Step
	add := func(kind env.StepKind, subject string, needs ...string) string {
		id := stepID(kind, subject)
		list = append(list, env.Step{ID: id, Kind: kind, Subject: subject, Needs: slices.Compact(needs)})
		return id
	}
	nodes := stepID(env.StepNodes, p.Cluster.Name)
	cluster := stepID(env.StepCluster, p.Cluster.Name)
	for _, image := range p.Images {
		fetched := add(env.StepFetch, image.Reference)
		if image.Node {
			add(env.StepNodes, p.Cluster.Name, fetched)
			add(env.StepCluster, p.Cluster.Name, nodes)
			continue
		}
		add(env.StepLoad, image.Reference, nodes, fetched)
	}
	for _, name := range p.Removed {
		needs := []string{cluster}
		if slices.Contains(p.RemovedLast, name) {
			for _, stack := range p.Stacks {
				if slices.Contains(p.Present, stack.Name) { // a new one never ran by it, and may wait for what it holds
					needs = append(needs, stepID(env.StepWait, stack.Name))
				}
			}
			for _, other := range p.Removed {
				if !slices.Contains(p.RemovedLast, other) {
					needs = append(needs, stepID(env.StepRemove, other))
				}
			}
		}
		add(env.StepRemove, name, needs...)
	}
	for _, stack := range p.Stacks {
		needs := []string{cluster}
		for _, image := range stack.Images {
			needs = append(needs, stepID(env.StepLoad, image))
		}
		for _, required := range stack.Requires {
			needs = append(needs, p.done(required))
		}
		applied := add(env.StepApply, stack.Name, needs...)
		waited := add(env.StepWait, stack.Name, applied)
		if stack.Seed != nil {
			add(env.StepSeed, stack.Name, waited)
		}
	}
	return list
}

func stepID(kind env.StepKind, subject string) string { return string(kind) + "/" + subject }
