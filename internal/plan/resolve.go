package plan

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/diorama-dev/diorama/internal/chart"
	"github.com/diorama-dev/diorama/internal/compose"
	"github.com/diorama-dev/diorama/internal/env"
	"github.com/diorama-dev/diorama/internal/gpu/pass"
	"github.com/diorama-dev/diorama/internal/manifest"
	"github.com/diorama-dev/diorama/profiles"
	"github.com/diorama-dev/diorama/stacks"
)

// Namespace is where a kind cluster's stacks live; the cluster is the
// environment's own.
const Namespace = "diorama"

// ClusterPrefix begins the name of every cluster that we make.
const ClusterPrefix = "diorama-"

// Input is what a plan is made of.
type Input struct {
	Environment string
	Profile     profiles.Profile
	Runtime     profiles.Runtime // as decided, never auto
	Catalogue   stacks.Catalogue
	// Credentials are by instance, then by name.
	Credentials map[string]map[string]string
	// Record is that of the environment; zero where there is none yet.
	Record env.Record
	Host   Host
	// Substitute maps an image reference to the one to use in its place.
	Substitute func(reference string) (string, error)
	// Program says what image a package of this module becomes. An error
	// leaves the stack that needs it out, with the reason.
	Program func(repository, pkg string) (ProgramImage, error)
	// AppImage names the image that a build of a user's service becomes.
	AppImage func(ctx context.Context, service string, build manifest.Build) (reference string, err error)
	Finders
	// Recreate makes the cluster anew: what the record says of it does not count.
	Recreate bool
	// Offline forbids everything that would dial out.
	Offline bool
	// RecreateData allows deleting volume claims where a change needs it.
	RecreateData bool
	// LoadApp loads a Compose file of the user's own; the variables lead it to
	// the environment's stacks.
	LoadApp func(ctx context.Context, app profiles.App, vars map[string]string) (compose.Project, error)
}

// Finders reach for what only one runtime needs.
type Finders struct {
	// Offer says how the embedded runtime would run a kind of server here. An
	// error leaves the stacks out that need it, with the reason.
	Offer func(kind string) (Offer, error)
	// Chart fetches a chart from a registry (oci://…), or finds it
	// where it was fetched before. Nil: there is no way to.
	Chart func(ctx context.Context, source string) (chart.Chart, error)
}

type resolver struct {
	in         Input
	all        []instance
	parameters map[string]map[string]string
	// programs are the images of packages of this module, by repository.
	programs map[string]program
	// offers are those of the embedded runtime, by instance.
	offers map[string]Offer
	apps   []app
	charts map[string]chart.Chart // from registries, by source
	ports  map[string]env.PortRecord
	// passed is which of the machine's GPUs nodes get.
	passed pass.Plan
	// named is true where the profile itself names what advertises them.
	named bool
	// ifAsked are warnings for whoever asks for GPUs.
	ifAsked []string
	plan    Plan
}

// Resolve makes the plan. Its errors name the place in the profile or stack,
// what is wrong, and the remedy.
func Resolve(ctx context.Context, in Input) (Plan, error) {
	r := &resolver{in: in, parameters: make(map[string]map[string]string), programs: make(map[string]program)}
	r.plan.Offline, r.plan.RecreateData = in.Offline, in.RecreateData
	r.plan.Logs = Logs{Bytes: in.Profile.Budget.Logs, Age: in.Profile.Budget.LogAge}
	if in.Recreate {
		r.in.Record.Cluster, r.in.Record.Stacks = env.ClusterRecord{}, nil
	}
	if err := r.resolvePassing(ctx); err != nil {
		return Plan{}, err
	}
	if r.embedded() {
		r.withoutMesh()
	}
	r.in.Profile = told(r.in.Profile, in.Catalogue)
	all, err := instances(r.in.Profile, in.Catalogue)
	if err != nil {
		return Plan{}, err
	}
	if !r.embedded() { // where there are no Pods there is no mesh
		join(all, r.in.Profile.Mesh)
	}
	r.plan.Identity = env.Identity{Environment: in.Environment, Profile: in.Profile.Name, Runtime: string(in.Runtime)}
	way := r.way()
	if r.all, err = order(way.keep(all)); err != nil {
		return Plan{}, err
	}
	for _, step := range way.steps {
		if err := step(ctx); err != nil {
			return Plan{}, err
		}
	}
	r.plan.Removed, r.plan.Present = r.removed(), r.in.Record.Stacks
	r.plan.RemovedLast = slices.DeleteFunc(slices.Clone(r.plan.Removed), func(name string) bool {
		if slices.Contains(r.in.Record.Meshes, name) { // under whatever name
			return false
		}
		stack, err := r.in.Catalogue.Lookup(name)
		return err != nil || stack.Category != stacks.Mesh
	})
	r.plan.Steps = way.graph(r.plan)
	return r.plan, nil
}

// way is how a plan for one runtime is made: which stacks it keeps, what is
// resolved in which order, and the graph of what is to be done.
type way struct {
	keep  func([]instance) []instance
	steps []func(context.Context) error
	graph func(Plan) []env.Step
}

func (r *resolver) way() way {
	if r.embedded() {
		return r.onServers()
	}
	return r.onKind()
}

func (r *resolver) onKind() way {
	r.plan.Namespace = Namespace
	return way{keep: r.resolvePrograms, graph: steps, steps: []func(context.Context) error{
		r.resolveParameters, r.surveyApps, r.resolveCluster, r.fetchCharts, r.resolveStacks, r.resolveApps, r.resolveGPUs,
		r.resolveConflicts, r.resolveImages, r.resolveSeeds, r.resolveMemory, r.resolveDisk,
	}}
}

func (r *resolver) onServers() way {
	r.in.Credentials = placeholders(r.in.Credentials)
	return way{keep: r.resolveOffers, graph: serverSteps, steps: []func(context.Context) error{
		r.resolveParameters, r.resolvePorts, r.resolveServers, r.resolveProgramApps, r.resolveSeeds, r.resolveServerMemory,
	}}
}

func (r *resolver) resolveParameters(context.Context) error {
	for _, i := range r.all {
		r.parameters[i.As] = i.parameters
	}
	return nil
}

func (r *resolver) resolveStacks(ctx context.Context) error {
	for _, i := range r.all {
		project, objects, left, err := r.workload(ctx, i)
		if err != nil {
			return fmt.Errorf("load stack %s: %w", i.As, err)
		}
		releases, skipped, err := r.releases(i)
		if err != nil {
			return fmt.Errorf("load stack %s: %w", i.As, err)
		}
		rendered, err := r.render(i.As, i.stack.Category, project, manifest.Input{
			Objects: objects, Releases: releases, Probes: i.stack.Probes, HostPorts: r.hostPorts(i), Rename: i.rename, Image: r.image,
		})
		if err != nil {
			return err
		}
		rendered.Stack, rendered.Title = i.Stack, i.stack.Title
		rendered.Losses = append(rendered.Losses, skipped...)
		rendered.Requires, rendered.IgnoreDrift = i.requires, i.stack.IgnoreDrift
		rendered.Leaves = i.stack.Leaves
		rendered.Memory = max(0, i.stack.Footprint.Memory-left) + r.proxies(rendered)
		rendered.Console = Console{Shell: i.stack.Shell, Queues: i.stack.Queues, Logs: i.stack.Logs}
		r.plan.Stacks = append(r.plan.Stacks, rendered)
		r.plan.Endpoints = append(r.plan.Endpoints, r.endpoints(i)...)
	}
	return nil
}

// workload is what the instance runs: its Compose file, without the services
// that its parameters leave out, and its manifests; one of the two may be
// empty. Left is the memory that the services that are left out would have
// reserved, in bytes: the stack's footprint counts them.
func (r *resolver) workload(ctx context.Context, i instance) (project compose.Project, objects []stacks.Object, left int64, err error) {
	variables := r.variables(i)
	if objects, err = i.stack.Objects(i.As, variables); err != nil || !i.stack.Composed() {
		return project, objects, 0, err
	}
	if project, err = compose.LoadStack(ctx, i.stack.Folder.FS, i.As, variables); err != nil {
		return project, nil, 0, err
	}
	for name := range i.stack.Optional {
		service, there := project.Model.Services[name]
		if !there || !i.stack.LeavesOut(name, r.parameters[i.As]) {
			continue
		}
		if d := service.Deploy; d != nil && d.Resources.Reservations != nil {
			left += int64(d.Resources.Reservations.MemoryBytes)
		}
		delete(project.Model.Services, name)
	}
	return project, objects, left, nil
}

func (r *resolver) render(name string, category stacks.Category, project compose.Project, in manifest.Input) (Stack, error) {
	in.Environment, in.Namespace, in.Stack = r.in.Environment, Namespace, name
	in.Project, in.Secrets, in.Mesh = project, r.secrets(), r.inMesh(name)
	result, err := manifest.Render(in)
	if err != nil {
		return Stack{}, err
	}
	if err := revise(result, string(category)); err != nil {
		return Stack{}, fmt.Errorf("render stack %s: %w", name, err)
	}
	return Stack{
		Name: name, Category: string(category), Waves: result.Waves, Workloads: result.Workloads, Images: result.Images, Losses: result.Losses,
	}, nil
}

func (r *resolver) hostPorts(i instance) []manifest.HostPort {
	var list []manifest.HostPort
	for _, name := range slices.Sorted(maps.Keys(i.stack.Endpoints)) {
		e := i.stack.Endpoints[name]
		list = append(list, manifest.HostPort{
			Service: e.Service, Name: name, Port: e.Port, NodePort: r.ports[i.As+"/"+name].Node,
		})
	}
	return list
}

// removed are the stacks that the environment still has and the profile does
// not name any more.
func (r *resolver) removed() []string {
	var gone []string
	for _, name := range r.in.Record.Stacks {
		if _, there := r.plan.Stack(name); !there {
			gone = append(gone, name)
		}
	}
	return gone
}
