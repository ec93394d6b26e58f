package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/diorama-dev/diorama/profiles"
)

// countAskers says which services ask for devices, and for how many.
func (r *resolver) countAskers(g *GPUs) {
	for _, stack := range r.plan.Stacks {
		for _, w := range stack.Workloads {
			if w.GPUs > 0 {
				g.Askers = append(g.Askers, Asker{Stack: stack.Name, Service: w.Service, GPUs: w.GPUs, Pods: max(1, w.Replicas)})
				g.Asked += w.GPUs
			}
		}
	}
}

// leaveUnasked takes the machine's GPUs out of the plan where they would only
// have been taken along: nodes with GPUs need an image that is built with the
// network, which is no price for what nobody asks for. Who is to be told what
// of passing them on is known now, too.
func (r *resolver) leaveUnasked(g *GPUs) {
	wanted := g.Asked > 0 || r.named || g.Wish == profiles.GPURequire || slices.ContainsFunc(r.plan.Stacks, mentionsGPUs)
	if wanted || r.in.Record.Cluster.Complete && len(r.passed.Nodes) > 0 {
		r.plan.Warnings = append(r.plan.Warnings, r.ifAsked...)
		return
	}
	if len(r.passed.Nodes) == 0 {
		return
	}
	g.Unasked = len(r.passed.UUIDs())
	r.passed.Nodes = nil
	r.all = slices.DeleteFunc(r.all, func(i instance) bool { return i.Stack == realStack })
	r.plan.Stacks = slices.DeleteFunc(r.plan.Stacks, func(s Stack) bool { return s.Stack == realStack })
	for i, stack := range r.plan.Stacks {
		r.plan.Stacks[i].Requires = slices.DeleteFunc(slices.Clone(stack.Requires), func(name string) bool { return name == realStack })
	}
}

// mentionsGPUs reports whether an object of the stack has to do with NVIDIA's
// devices in a way that is not counted: MIG devices by profile, or Pods that
// are made by an operator.
func mentionsGPUs(s Stack) bool {
	if s.Stack == realStack {
		return false
	}
	for _, object := range s.Objects() {
		if mentionsNVIDIA(object.Object) {
			return true
		}
	}
	return false
}

func mentionsNVIDIA(object any) bool {
	return anyField(object, func(key string, value any) bool {
		return strings.HasPrefix(key, "nvidia.com/") && fmt.Sprint(value) != "0" || key == "runtimeClassName" && value == "nvidia"
	})
}

// anyField reports whether a field of an object is such, at whatever depth.
func anyField(object any, such func(key string, value any) bool) bool {
	switch v := object.(type) {
	case []any:
		return slices.ContainsFunc(v, func(item any) bool { return anyField(item, such) })
	case map[string]any:
		for key, value := range v {
			if such(key, value) || anyField(value, such) {
				return true
			}
		}
	}
	return false
}
