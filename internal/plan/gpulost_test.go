package plan_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/diorama-dev/diorama/internal/env"
	"github.com/diorama-dev/diorama/internal/gpu"
	"github.com/diorama-dev/diorama/internal/gpu/pass"
	"github.com/diorama-dev/diorama/internal/plan"
)

// partitioned is a machine with one GPU, which has MIG devices of those UUIDs.
func partitioned(uuids ...string) pass.Facts {
	f := machine(1)
	f.Inventory.Devices[0].MIG.Enabled = len(uuids) > 0
	for i, uuid := range uuids {
		f.Inventory.Devices[0].MIG.Instances = append(f.Inventory.Devices[0].MIG.Instances, gpu.Partition{UUID: uuid, Profile: "1g.18gb", GPUInstance: i + 1})
	}
	return f
}

// TestDividedAnew: MIG devices have other UUIDs whenever they are made.
func TestDividedAnew(t *testing.T) {
	for name, c := range map[string]struct {
		made, now pass.Facts
		warning   string
		all       bool // nothing is left
	}{
		"as it was":        {made: partitioned("MIG-a", "MIG-b"), now: partitioned("MIG-b", "MIG-a")},
		"whole as before":  {made: partitioned(), now: partitioned()},
		"one is gone":      {made: partitioned("MIG-a", "MIG-b"), now: partitioned("MIG-a"), warning: "GPU-0, which node 0 was made with, has been divided anew since: MIG-b gone; --recreate"},
		"one for another":  {made: partitioned("MIG-a", "MIG-b"), now: partitioned("MIG-a", "MIG-c"), warning: "MIG-b gone, 1 new"},
		"others":           {made: partitioned("MIG-a"), now: partitioned("MIG-c", "MIG-d"), warning: "MIG-a gone, 2 new", all: true},
		"whole now":        {made: partitioned("MIG-a"), now: partitioned(), warning: "it is whole now", all: true},
		"divided only now": {made: partitioned(), now: partitioned("MIG-a"), warning: "it was whole, and is in MIG mode now", all: true},
	} {
		t.Run(name, func(t *testing.T) {
			in := asking(t, "gpu: auto", "one=1")
			in.Host.GPU = c.made
			first := resolve(t, in)
			in.Host.GPU, in.Record.Ports = c.now, first.Ports
			in.Record.Cluster = env.ClusterRecord{Name: first.Cluster.Name, NodeImage: first.Cluster.Image, Nodes: 1, Complete: true, Ports: first.Cluster.Ports, GPU: first.Cluster.GPU.Record()}
			if text := said(resolve(t, in)); !strings.Contains(text, c.warning) || c.warning == "" && text != "" {
				t.Errorf("warnings %q, want %q", text, c.warning)
			}
			in.Profile.GPU.Wish = "require"
			_, err := plan.Resolve(t.Context(), in)
			if _, ok := errors.AsType[*plan.GPUError](err); ok != c.all {
				t.Errorf("required: %v", err)
			}
		})
	}
}
