package kind

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/diorama-dev/diorama/internal/engine"
	"github.com/diorama-dev/diorama/internal/env"
	"github.com/diorama-dev/diorama/internal/image"
	"github.com/diorama-dev/diorama/internal/kube"
	"github.com/diorama-dev/diorama/internal/manifest"
	"github.com/diorama-dev/diorama/internal/plan"
)

// fetch has an image in Docker's cache.
func (r *Runtime) fetch(ctx context.Context, reference string, report engine.Report) (engine.Outcome, error) {
	i := slices.IndexFunc(r.current().Images, func(i plan.Image) bool { return i.Reference == reference })
	if i < 0 {
		return engine.Outcome{}, fmt.Errorf("the plan has no image %s", reference)
	}
	wanted := r.current().Images[i]
	progress := func(p env.Progress) { report("", p) }
	var outcome image.Outcome
	var err error
	switch {
	case wanted.Build == nil:
		_, outcome, err = r.images.Fetch(ctx, reference, r.options.Engine.Platform(), progress)
	case wanted.Build.Package != "":
		report("building it", env.Progress{})
		_, outcome, err = r.images.BuildGo(ctx, image.Program{
			Package: wanted.Build.Package, Reference: reference, Platform: r.options.Engine.Platform(), Cache: r.options.Cache,
			Prebuilt: wanted.Build.Binary,
		})
	default:
		report("building it", env.Progress{})
		build := AppBuild(r.current().Environment, wanted.Build.Service, r.options.Engine.Platform(), *wanted.Build.App)
		_, outcome, err = r.images.BuildApp(ctx, build, func(line string) { report(line, env.Progress{}) })
	}
	if err != nil {
		return engine.Outcome{}, err
	}
	return engine.Outcome{Unchanged: outcome == image.Unchanged, Detail: string(outcome)}, nil
}

// load has an image in every node.
func (r *Runtime) load(ctx context.Context, reference string, report engine.Report) (engine.Outcome, error) {
	nodes, err := Nodes(ctx, r.options.Engine, r.current().Cluster.Name)
	if err != nil {
		return engine.Outcome{}, err
	}
	names := make([]string, len(nodes))
	for i, node := range nodes {
		names[i] = node.Name
	}
	outcome, err := r.images.Load(ctx, names, []string{reference}, func(p env.Progress) { report("", p) })
	if err != nil {
		return engine.Outcome{}, err
	}
	return engine.Outcome{Unchanged: outcome == image.Unchanged, Detail: string(outcome)}, nil
}

func (r *Runtime) stack(name string) (plan.Plan, plan.Stack, *kube.Client, error) {
	p := r.current()
	stack, ok := p.Stack(name)
	if !ok {
		return p, stack, nil, fmt.Errorf("the plan has no stack %s", name)
	}
	client, err := r.Client()
	return p, stack, client, err
}

// apply has the stack's objects in the cluster, wave by wave, and those that
// the stack no longer has out of it.
func (r *Runtime) apply(ctx context.Context, name string, report engine.Report) (engine.Outcome, error) {
	p, stack, client, err := r.stack(name)
	if err != nil {
		return engine.Outcome{}, err
	}
	if err := takenByMesh(ctx, client, stack); err != nil {
		return engine.Outcome{}, err
	}
	if err := r.holds(stack); err != nil {
		return engine.Outcome{}, err
	}
	options := kube.ApplyOptions{
		Scope:       kube.Scope{Environment: p.Environment, Stack: name, Namespace: p.Namespace},
		IgnoreDrift: stack.IgnoreDrift, RecreateData: p.RecreateData,
	}
	for _, l := range stack.Leaves {
		options.Leaves = append(options.Leaves, kube.Leftover(l))
	}
	var changes kube.ChangeSet
	for i, wave := range stack.Waves {
		report(fmt.Sprintf("applying %s", count(len(wave), "object")), env.Progress{})
		made, err := client.Apply(ctx, wave, options)
		changes = append(changes, made...)
		if err != nil {
			return engine.Outcome{}, err
		}
		r.observer.awaitNews(ctx, made)
		if i == len(stack.Waves)-1 {
			break
		}
		if err := r.observer.wait(ctx, name, services(stack, i), func(state string) { report(state, env.Progress{}) }); err != nil {
			return engine.Outcome{}, err
		}
	}
	pruned, err := client.Prune(ctx, options.Scope, stack.Objects())
	if err != nil {
		return engine.Outcome{}, err
	}
	return outcome(append(changes, pruned...)), nil
}

// holds remembers that the cluster may hold objects of the stack, before it
// does.
func (r *Runtime) holds(stack plan.Stack) error {
	return r.amend(func(record *env.Record) {
		if stack.Category == categoryMesh {
			record.GainMesh(stack.Name)
		} else {
			record.Gain(stack.Name)
		}
	})
}

// amend changes the record of the environment.
func (r *Runtime) amend(change func(*env.Record)) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.options.Folder.Amend(change)
}

// wait returns once all of the stack's services are ready.
func (r *Runtime) wait(ctx context.Context, name string, report engine.Report) (engine.Outcome, error) {
	p, stack, _, err := r.stack(name)
	if err != nil {
		return engine.Outcome{}, err
	}
	var waited atomic.Bool
	tell := func(state string) {
		waited.Store(true)
		report(state, env.Progress{})
	}
	if err := r.observer.wait(ctx, name, services(stack, len(stack.Waves)-1), tell); err != nil {
		return engine.Outcome{}, err
	}
	own := slices.DeleteFunc(slices.Clone(p.Endpoints), func(e plan.Endpoint) bool { return e.Stack != name })
	if err := reach(ctx, own, tell); err != nil {
		return engine.Outcome{}, err
	}
	return engine.Outcome{Unchanged: !waited.Load(), Detail: "ready"}, nil
}

// remove deletes what the stack has in the cluster, but its data.
func (r *Runtime) remove(ctx context.Context, name string, report engine.Report) (engine.Outcome, error) {
	p := r.current()
	client, err := r.Client()
	if err != nil {
		return engine.Outcome{}, err
	}
	report("deleting its objects", env.Progress{})
	var staying kube.Staying
	for _, stack := range p.Stacks {
		staying.Objects = append(staying.Objects, stack.Objects()...)
		for _, l := range stack.Leaves {
			staying.Leaves = append(staying.Leaves, kube.Leftover(l))
		}
	}
	changes, err := client.Delete(ctx, kube.Scope{Environment: p.Environment, Stack: name, Namespace: p.Namespace}, staying)
	if err != nil {
		return engine.Outcome{}, err
	}
	err = r.amend(func(record *env.Record) { record.Lose(name) })
	if err != nil {
		return engine.Outcome{}, err
	}
	return outcome(changes), nil
}

// services are those that the waves up to and with that of the index make,
// each with the revision that its workload must have.
func services(stack plan.Stack, wave int) map[string]string {
	revisions := make(map[string]string)
	for _, objects := range stack.Waves[:wave+1] {
		for _, object := range objects {
			i := slices.IndexFunc(stack.Workloads, func(w manifest.Workload) bool {
				return w.Kind == object.GetKind() && w.Name == object.GetName()
			})
			if i >= 0 {
				revisions[stack.Workloads[i].Service] = object.GetAnnotations()[plan.Revision]
			}
		}
	}
	return revisions
}

// outcome sums changes up: "2 created, 1 configured".
func outcome(changes kube.ChangeSet) engine.Outcome {
	counts := make(map[kube.Action]int)
	for _, change := range changes {
		counts[change.Action]++
	}
	var parts []string
	for _, action := range []kube.Action{kube.ActionCreated, kube.ActionConfigured, kube.ActionRecreated, kube.ActionDeleted} {
		if n := counts[action]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, action))
		}
	}
	unchanged := len(parts) == 0
	for _, change := range changes {
		if change.Why != "" {
			parts = append(parts, fmt.Sprintf("%s stays: %s", change.ObjectID, change.Why))
		}
	}
	return engine.Outcome{Unchanged: unchanged, Detail: strings.Join(parts, ", ")}
}

// AppBuild is the build of a user's service as the image package has it.
// Arguments without a value are taken from our environment, as with docker
// compose.
func AppBuild(environment, service, platform string, build manifest.Build) image.Build {
	args := make(map[string]string, len(build.Args))
	for name, value := range build.Args {
		if value != nil {
			args[name] = *value
		} else if inherited, ok := os.LookupEnv(name); ok {
			args[name] = inherited
		}
	}
	return image.Build{
		Environment: environment, Service: service, Context: build.Context, Dockerfile: build.Dockerfile,
		Inline: build.Inline, Args: args, Target: build.Target, Platform: platform, Network: build.Network,
	}
}
