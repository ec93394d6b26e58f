package diorama

import (
	"context"
	"errors"

	"github.com/diorama-dev/diorama/internal/docker"
	"github.com/diorama-dev/diorama/internal/doctor"
	"github.com/diorama-dev/diorama/internal/env"
	"github.com/diorama-dev/diorama/internal/plan"
	"github.com/diorama-dev/diorama/internal/runtime/kind"
)

// host gathers what the plan must know of the machine. Ports that the
// environment's own cluster publishes do not count as taken; those of other
// environments do, also while these are stopped.
func host(ctx context.Context, engine *docker.Engine, root, name string) (plan.Host, error) {
	machine, err := doctor.MachineOf(ctx, engine)
	if err != nil {
		return plan.Host{}, err
	}
	own, err := kind.Nodes(ctx, engine, plan.ClusterPrefix+name)
	if err != nil {
		return plan.Host{}, err
	}
	ours := make(map[int]bool)
	for _, node := range own {
		for _, port := range node.Ports {
			ours[port] = true
		}
	}
	reserved, err := reservedPorts(root, name)
	if err != nil {
		return plan.Host{}, err
	}
	taken := func(port int) (string, bool) {
		if other, ok := reserved[port]; ok {
			return "the environment " + other, true
		}
		if ours[port] {
			return "", false
		}
		owner, taken := doctor.PortOwner(port)
		return owner.String(), taken
	}
	return plan.Host{Memory: machine.Memory, Disk: machine.DiskFree, Arch: engine.Arch, Taken: taken}, nil
}

// reservedPorts are the ports that other environments hold.
func reservedPorts(root, name string) (map[int]string, error) {
	others, err := env.List(root)
	if err != nil {
		return nil, err
	}
	reserved := make(map[int]string)
	for _, other := range others {
		if other == name {
			continue
		}
		record, err := env.FolderOf(root, other).ReadRecord()
		if _, damaged := errors.AsType[*env.DamagedError](err); damaged {
			continue // its own commands say so
		}
		if err != nil {
			return nil, err
		}
		for _, port := range record.Cluster.Ports {
			reserved[port.Host] = other
		}
	}
	return reserved, nil
}
