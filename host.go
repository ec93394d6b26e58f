package diorama

import (
	"context"
	"errors"
	"runtime"

	"github.com/diorama-dev/diorama/internal/docker"
	"github.com/diorama-dev/diorama/internal/doctor"
	"github.com/diorama-dev/diorama/internal/env"
	"github.com/diorama-dev/diorama/internal/keeper"
	"github.com/diorama-dev/diorama/internal/plan"
	"github.com/diorama-dev/diorama/internal/runtime/embedded"
	"github.com/diorama-dev/diorama/internal/runtime/kind"
	"github.com/diorama-dev/diorama/profiles"
)

// kindHost gathers what the plan must know of the machine. Ports that the
// environment's own cluster publishes do not count as taken; those of other
// environments do, also while these are stopped.
func kindHost(ctx context.Context, engine *docker.Engine, root, name string, wish profiles.GPUWish) (plan.Host, error) {
	machine, err := doctor.MachineOf(ctx, engine)
	if err != nil {
		return plan.Host{}, err
	}
	own, err := kind.Nodes(ctx, engine, plan.ClusterPrefix+name)
	if err != nil {
		return plan.Host{}, err
	}
	published := make(map[int]bool)
	for _, node := range own {
		for _, port := range node.Ports {
			published[port] = true
		}
	}
	ours := func(port int, _ doctor.Process) bool { return published[port] }
	reserved, err := reservedPorts(root, name)
	if err != nil {
		return plan.Host{}, err
	}
	return plan.Host{
		Memory: machine.Memory, Disk: machine.DiskFree, Arch: engine.Arch, Taken: taken(reserved, ours), GPU: gpuFacts(ctx, wish, machine.GPU),
	}, nil
}

// taken says who has a port: another environment, or a process that is not
// ours.
func taken(reserved map[int]string, ours func(port int, owner doctor.Process) bool) func(port int) (string, bool) {
	return func(port int) (string, bool) {
		if other, ok := reserved[port]; ok {
			return "the environment " + other, true
		}
		owner, taken := doctor.PortOwner(port)
		if !taken || ours(port, owner) {
			return "", false
		}
		return owner.String(), true
	}
}

func portOwner(port int) (string, bool) {
	owner, taken := doctor.PortOwner(port)
	return owner.String(), taken
}

// embeddedHost gathers the same for servers that run as processes. The ports
// that these listen on do not count as taken. It is asked when the port is
// looked at: a server may begin to listen at any time.
func embeddedHost(ctx context.Context, root, name string, record env.Record) (plan.Host, error) {
	reserved, err := reservedPorts(root, name)
	if err != nil {
		return plan.Host{}, err
	}
	folder := env.FolderOf(root, name)
	keeperPID, recorded := 0, make(map[int]bool)
	if hello, err := keeper.NewClient(folder).Hello(ctx); err == nil {
		keeperPID = hello.PID
		for _, port := range record.Ports {
			recorded[port.Host] = true
		}
	}
	ours := func(port int, owner doctor.Process) bool {
		return recorded[port] && embedded.Owns(folder, keeperPID, owner.PID)
	}
	return plan.Host{Memory: doctor.LocalMemory(), Arch: runtime.GOARCH, Taken: taken(reserved, ours)}, nil
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
		for _, port := range record.Ports {
			reserved[port.Host] = other
		}
	}
	return reserved, nil
}
