package plan

import (
	"maps"
	"slices"

	"github.com/diorama-dev/diorama/internal/gpu/pass"
	"github.com/diorama-dev/diorama/profiles"
	"github.com/diorama-dev/diorama/stacks"
)

// Outline is what can be said of a profile before anything is known of the
// host.
type Outline struct {
	// Image is the node image, before substitution.
	Image string
	// Memory is about what it needs, in bytes; the apps of users not counted.
	Memory int64
	// Ports are the host ports that its endpoints prefer, sorted.
	Ports []int
}

// Check validates a profile whatever the host is like: what its stacks require
// is there, none waits for itself, and there is a node image. Its errors are
// the user's to mend.
func Check(p profiles.Profile, c stacks.Catalogue) (Outline, error) {
	p, err := withGPUs(p, pass.Plan{})
	if err != nil {
		return Outline{}, err
	}
	p = told(p, c)
	all, err := instances(p, c)
	if err != nil {
		return Outline{}, err
	}
	join(all, p.Mesh)
	if all, err = order(all); err != nil {
		return Outline{}, err
	}
	image, err := nodeImage(p.Cluster.Kubernetes)
	if err != nil {
		return Outline{}, err
	}
	o := Outline{Image: image, Memory: clusterMemory + int64(max(p.Cluster.Nodes, 1)-1)*nodeMemory}
	ports := make(map[int]bool)
	for _, i := range all {
		o.Memory += i.stack.Footprint.Memory
	}
	for _, w := range wishes(all, p) {
		ports[w.preferred] = true
	}
	o.Ports = slices.Sorted(maps.Keys(ports))
	return o, nil
}
