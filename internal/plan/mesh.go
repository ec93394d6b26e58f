package plan

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/diorama-dev/diorama/profiles"
	"github.com/diorama-dev/diorama/stacks"
)

// meshParameter is the bool parameter by which a stack learns that it is in the
// mesh.
const meshParameter = "mesh"

// sidecarMemory is what a Pod's proxy takes, in bytes, beside the Pod's own: it
// was seen to be 30 MiB in a small mesh, and grows with it.
const sidecarMemory = 40 << 20

// meshes names the profile's instances of the category mesh.
func meshes(p profiles.Profile, c stacks.Catalogue) []string {
	var names []string
	for _, selection := range p.Stacks {
		if stack, err := c.Lookup(selection.Stack); err == nil && stack.Category == stacks.Mesh {
			names = append(names, selection.As)
		}
	}
	return names
}

// told is the profile in which each member of its mesh that asks for it has
// learned that it is one, unless the profile itself says otherwise. Without a
// mesh it is the profile as it was.
func told(p profiles.Profile, c stacks.Catalogue) profiles.Profile {
	if len(meshes(p, c)) == 0 {
		return p
	}
	p.Parameters = maps.Clone(p.Parameters)
	for _, selection := range p.Stacks {
		stack, err := c.Lookup(selection.Stack)
		if err != nil || !slices.Contains(p.Mesh, selection.As) || stack.Parameters[meshParameter].Type != stacks.BoolParameter {
			continue
		}
		values := maps.Clone(p.Parameters[selection.As])
		if _, said := values[meshParameter]; said {
			continue
		}
		if values == nil {
			values = make(map[string]any, 1)
		}
		values[meshParameter] = true
		if p.Parameters == nil {
			p.Parameters = make(map[string]map[string]any, 1)
		}
		p.Parameters[selection.As] = values
	}
	return p
}

// meshGroup is what the API groups of a mesh's rules end in.
const meshGroup = "istio.io"

// join has the members of the mesh require it: a Pod that comes before the
// mesh's webhook is ready gets no proxy. So do stacks that have rules for it: the
// cluster does not know their kinds before.
func join(all []instance, members []string) {
	mesh := meeting(all, stacks.Requirement{Category: stacks.Mesh})
	for i := range all {
		rules := all[i].stack.Uses(meshGroup, all[i].parameters)
		if all[i].stack.Category == stacks.Mesh || !rules && !slices.Contains(members, all[i].As) {
			continue
		}
		for _, name := range mesh {
			if !slices.Contains(all[i].requires, name) {
				all[i].requires = append(all[i].requires, name)
			}
		}
	}
}

// inMesh reports whether the Pods of the instance or app join a mesh. The mesh
// itself does not: its own Pods come before it is there.
func (r *resolver) inMesh(name string) bool {
	mesh := slices.ContainsFunc(r.all, func(i instance) bool { return i.stack.Category == stacks.Mesh && i.As != name })
	own := slices.ContainsFunc(r.all, func(i instance) bool { return i.stack.Category == stacks.Mesh && i.As == name })
	return mesh && !own && slices.Contains(r.in.Profile.Mesh, name)
}

// proxies is what the proxies of a member take beside its Pods, in bytes.
func (r *resolver) proxies(s Stack) int64 {
	if !r.inMesh(s.Name) {
		return 0
	}
	pods := 0
	for _, w := range s.Workloads {
		if w.Kind != kindJob {
			pods += w.Replicas
		}
	}
	return int64(pods) * sidecarMemory
}

// kindJob is what [manifest.Workload] calls what runs once.
const kindJob = "Job"

// withoutMesh is the profile for a runtime that has no Pods: nothing joins a
// mesh there, and a warning says so.
func (r *resolver) withoutMesh() {
	if names := meshes(r.in.Profile, r.in.Catalogue); len(names) > 0 && len(r.in.Profile.Mesh) > 0 {
		r.plan.Warnings = append(r.plan.Warnings, fmt.Sprintf("%s will be in no mesh: without Pods there is no place for its proxies",
			strings.Join(r.in.Profile.Mesh, ", ")))
	}
	r.in.Profile.Mesh = nil
}
