package plan_test

import (
	"errors"
	"slices"
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

// TestNumbersOfDeviceFiles change with the slots: the files that a node keeps
// are those that its devices have now.
func TestNumbersOfDeviceFiles(t *testing.T) {
	numbered := func(minors ...int) pass.Facts {
		f := machine(len(minors))
		for i, minor := range minors {
			f.Inventory.Devices[i].Minor = minor
		}
		return f
	}
	dead := numbered(0, 1)
	dead.Inventory.Devices = dead.Inventory.Devices[1:]
	dead.Inventory.Devices[0].Minor = 0
	lost := numbered(0, 1)
	lost.Inventory.Devices[0] = gpu.Device{Index: 0, Minor: -1, Error: "GPU is lost"}
	absent := pass.Facts{Inventory: gpu.Inventory{Absence: "the driver is gone"}}
	for name, c := range map[string]struct {
		now  pass.Facts
		want []int
	}{
		"as they were":       {numbered(0, 1), []int{0, 1}},
		"exchanged":          {numbered(1, 0), []int{1, 0}},
		"one in front":       {numbered(1, 2, 0), []int{1, 2}},
		"one died at boot":   {dead, []int{-1, 0}},
		"one is lost since":  {lost, []int{0, 1}},
		"no driver":          {absent, []int{0, 1}},
		"nobody was asked":   {pass.Facts{}, []int{0, 1}},
		"no number is known": {numbered(-1, -1), []int{0, 1}},
	} {
		t.Run(name, func(t *testing.T) {
			in := asking(t, "gpu: auto\ncluster: {nodes: 3}", "one=1")
			in.Host.GPU = numbered(0, 1)
			first := resolve(t, in)
			in.Host.GPU, in.Record.Ports = c.now, first.Ports
			in.Record.Cluster = env.ClusterRecord{Name: first.Cluster.Name, NodeImage: first.Cluster.Image, Nodes: 3, Complete: true, Ports: first.Cluster.Ports, GPU: first.Cluster.GPU.Record()}
			var got []int
			for _, node := range resolve(t, in).Cluster.GPU.Passing.Nodes {
				for _, d := range node.Devices {
					got = append(got, d.Minor)
				}
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("files %v, want %v", got, c.want)
			}
		})
	}
}
