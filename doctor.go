package diorama

import (
	"cmp"
	"context"

	"github.com/diorama-dev/diorama/internal/doctor"
	"github.com/diorama-dev/diorama/internal/env"
	"github.com/diorama-dev/diorama/internal/image"
	"github.com/diorama-dev/diorama/profiles"
)

// Doctor checks whether the host can carry the environment that the options
// ask for. That something is amiss is in the checks, not in the error.
func Doctor(ctx context.Context, o Options) ([]doctor.Check, error) {
	w, err := loadProfile(o)
	if err != nil {
		return nil, err
	}
	substitution, err := substitution(o)
	if err != nil {
		return nil, usage(err)
	}
	node, err := substitution.Apply(w.outline.Image)
	if err != nil {
		return nil, usage(err)
	}
	known, err := Environments()
	if err != nil {
		return nil, err
	}
	wanted := doctor.Wanted{
		Environment: cmp.Or(o.Name, w.profile.Name), Known: known, Ports: w.outline.Ports, Memory: w.outline.Memory,
	}
	if wish := w.profile.GPU.Wish; wantsOwnGPUs(wish) {
		wanted.GPUs, wanted.RequireGPUs = gpuInventory(ctx), wish == profiles.GPURequire
	}
	switch profiles.Runtime(cmp.Or(o.Runtime, string(w.profile.Runtime))) {
	case "", profiles.RuntimeAuto, profiles.RuntimeEmbedded:
		wanted.Anyhow, wanted.Servers = true, serversOf(ctx, o, w)
	case profiles.RuntimeKind, profiles.RuntimeCluster, profiles.RuntimeContainers:
	}
	if parsed, err := image.Parse(node); err == nil {
		wanted.Kubernetes = parsed.Tag
	}
	return doctor.Examine(doctor.Collect(ctx, wanted)), nil
}

// serversOf says how the profile's stacks would run without Docker.
func serversOf(ctx context.Context, o Options, w wanted) []doctor.Server {
	host := serverHost(o.Offline)
	var list []doctor.Server
	for _, selection := range w.profile.Stacks {
		stack, err := w.catalogue.Lookup(selection.Stack)
		if err != nil {
			continue // loading has said so
		}
		s := doctor.Server{Stack: selection.As, Missing: "it runs in containers"}
		if stack.Embedded != "" {
			offer, err := host.Offer(ctx, stack.Embedded)
			s.Version, s.Imitation, s.Missing = offer.Version, offer.Form == env.FormImitation, ""
			if err != nil {
				s.Missing = err.Error()
			}
		}
		list = append(list, s)
	}
	return list
}
