package plan

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/diorama-dev/diorama/internal/env"
	"github.com/diorama-dev/diorama/internal/gpu/pass"
	"github.com/diorama-dev/diorama/profiles"
)

// realStack is NVIDIA's device plugin, which advertises the devices of nodes.
const realStack = "gpu-nvidia"

// GPUError says that GPUs are required and cannot be had: the host lacks
// something.
type GPUError struct {
	Obstacles []pass.Obstacle
	// Err is what went wrong on the way of GPUs into nodes; nil: nothing was
	// tried, because of the obstacles.
	Err error
}

// Unwrap is what went wrong.
func (e *GPUError) Unwrap() error { return e.Err }

// Required is the error of passing GPUs on, as a [GPUError] where the profile
// requires them.
func (g GPUs) Required(err error) error {
	if err == nil || g.Wish != profiles.GPURequire {
		return err
	}
	return &GPUError{Err: err}
}

// Error has each obstacle and its remedy.
func (e *GPUError) Error() string {
	var lines []string
	if e.Err != nil {
		lines = append(lines, e.Err.Error())
	}
	for _, o := range e.Obstacles {
		lines = append(lines, o.Found+"; "+o.Remedy)
	}
	if len(lines) == 1 {
		return "gpu: require: " + lines[0]
	}
	return "gpu: require:\n  " + strings.Join(lines, "\n  ")
}

// passing decides which of the machine's GPUs the cluster's nodes get. Nodes
// that are there already have what they were made with.
func (r *resolver) passing() (pass.Plan, error) {
	wish := r.in.Profile.GPU.Wish
	if wish != profiles.GPUAuto && wish != profiles.GPURequire {
		return pass.Plan{}, nil
	}
	if named, err := simulatedIn(r.in.Profile); named != nil || err != nil {
		return pass.Plan{}, err
	}
	if r.in.Runtime != profiles.RuntimeKind {
		if wish == profiles.GPURequire {
			return pass.Plan{}, &GPUError{Obstacles: []pass.Obstacle{{
				ID: "runtime", Found: fmt.Sprintf("the runtime %s has no nodes that GPUs could be given to", r.in.Runtime), Remedy: "choose --runtime kind",
			}}}
		}
		return pass.Plan{}, nil
	}
	if r.in.Record.Cluster.Complete {
		return r.recorded(wish)
	}
	p, obstacles := pass.Make(r.in.Host.GPU, max(1, r.in.Profile.Cluster.Nodes))
	if len(obstacles) > 0 {
		if wish == profiles.GPURequire {
			return pass.Plan{}, &GPUError{Obstacles: obstacles}
		}
		if r.in.Host.GPU.Any() {
			r.warn("the machine's GPUs stay out of the cluster: %s; %s", obstacles[0].Found, obstacles[0].Remedy)
			if more := len(obstacles) - 1; more > 0 {
				r.warn("%s in the way of GPUs; see: diorama doctor", cmp.Or(map[bool]string{true: "1 more thing is"}[more == 1], strconv.Itoa(more)+" more things are"))
			}
		}
		return pass.Plan{}, nil
	}
	r.ifAsked = append(r.ifAsked, p.Notes...)
	return p, nil
}

func (r *resolver) warn(format string, args ...any) {
	r.plan.Warnings = append(r.plan.Warnings, fmt.Sprintf(format, args...))
}

// recorded is what the nodes that are there were made with, held against what
// the machine has now: only a new cluster can have other devices.
func (r *resolver) recorded(wish profiles.GPUWish) (pass.Plan, error) {
	made, facts := passingOf(r.in.Record.Cluster.GPU), r.in.Host.GPU
	now, obstacles := pass.Make(facts, r.in.Record.Cluster.Nodes)
	if len(made.Nodes) == 0 {
		switch {
		case wish == profiles.GPURequire && len(obstacles) > 0:
			return pass.Plan{}, &GPUError{Obstacles: obstacles}
		case wish == profiles.GPURequire:
			return pass.Plan{}, &RecreateError{What: "nodes with", Is: "no GPUs", Wanted: "the machine's"}
		case len(obstacles) == 0:
			r.ifAsked = append(r.ifAsked, "the cluster was made without the machine's GPUs; --recreate gives them to it (this deletes its data)")
		}
		return pass.Plan{}, nil
	}
	gone := r.lost(made, facts.Inventory)
	renumber(made, facts.Inventory)
	if len(gone) == len(made.UUIDs()) && wish == profiles.GPURequire {
		return pass.Plan{}, &GPUError{Obstacles: append(obstacles, pass.Obstacle{
			ID: "driver", Found: "all GPUs that the cluster was made with are gone", Remedy: "make it anew with --recreate where the machine has others",
		})}
	}
	for _, uuid := range now.UUIDs() {
		if !slices.Contains(made.UUIDs(), uuid) {
			r.warn("the machine has the GPU %s, and the cluster was made without it; --recreate gives it to a node (this deletes its data)", uuid)
		}
	}
	return made, nil
}

// withReal has NVIDIA's device plugin come first, with what the passing says.
func withReal(p profiles.Profile, passing pass.Plan) profiles.Profile {
	selection := profiles.Selection{Stack: realStack, As: realStack}
	rest := slices.Clone(p.Stacks)
	if i := slices.IndexFunc(rest, func(s profiles.Selection) bool { return s.Stack == realStack }); i >= 0 {
		selection = rest[i]
		rest = slices.Delete(rest, i, i+1)
	}
	p.Stacks = append([]profiles.Selection{selection}, rest...)
	parameters := map[string]any{"mig": cmp.Or(passing.MIG, "none")}
	if p.GPU.Share > 1 {
		parameters["share"], parameters["sharing"] = p.GPU.Share, "time"
	}
	maps.Copy(parameters, p.Parameters[selection.As])
	p.Parameters = maps.Clone(p.Parameters)
	if p.Parameters == nil {
		p.Parameters = make(map[string]map[string]any)
	}
	p.Parameters[selection.As] = parameters
	return p
}

// pass takes in what the nodes get, each device shared as the stack says.
func (g *GPUs) pass(passing pass.Plan, parameters map[string]string) error {
	g.Passing, g.Nodes = passing, len(passing.Nodes)
	for _, node := range passing.Nodes {
		g.PerNode = max(g.PerNode, node.Count(passing.MIG))
	}
	if parameters["sharing"] != "time" {
		return nil
	}
	// The plugin ends where a device is shared among fewer than two
	// (k8s-device-plugin, api/config/v1/replicas.go).
	return g.takeShare(realStack, 2, parameters)
}

// Record is what is remembered of the devices that nodes are made with.
func (g GPUs) Record() env.GPURecord {
	record := env.GPURecord{Way: string(g.Passing.Way), MIG: g.Passing.MIG}
	for _, n := range g.Passing.Nodes {
		node := env.NodeGPUs{Node: n.Node, All: n.All}
		for _, d := range n.Devices {
			device := env.DeviceGPU{UUID: d.UUID, Minor: d.Minor, Model: d.Model}
			for _, p := range d.Parts {
				device.Parts = append(device.Parts, p.UUID)
			}
			node.Devices = append(node.Devices, device)
		}
		record.Nodes = append(record.Nodes, node)
	}
	return record
}

// passingOf is the plan that a record remembers.
func passingOf(record env.GPURecord) pass.Plan {
	p := pass.Plan{Way: pass.Way(record.Way), MIG: record.MIG}
	for _, n := range record.Nodes {
		node := pass.Node{Node: n.Node, All: n.All}
		for _, d := range n.Devices {
			device := pass.Device{UUID: d.UUID, Minor: d.Minor, Model: d.Model}
			for _, uuid := range d.Parts {
				device.Parts = append(device.Parts, pass.Part{UUID: uuid})
			}
			node.Devices = append(node.Devices, device)
		}
		p.Nodes = append(p.Nodes, node)
	}
	return p
}

// resolvePassing decides on the machine's GPUs before the stacks are known:
// what advertises them is one.
func (r *resolver) resolvePassing(context.Context) error {
	passing, err := r.passing()
	if err != nil {
		return err
	}
	r.passed = passing
	r.named = realIn(r.in.Profile) != nil
	r.in.Profile, err = withGPUs(r.in.Profile, passing)
	return err
}
