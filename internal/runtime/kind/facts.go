package kind

import (
	"context"
	"fmt"

	"github.com/diorama-dev/diorama/internal/docker"
)

// Machine is what Docker's machine has.
type Machine struct {
	Memory int64 // bytes
	CPUs   int
	// Root is where Docker keeps its data; on another file system than ours
	// where Docker runs in a virtual machine.
	Root string
}

// MachineOf asks the engine about its machine.
func MachineOf(ctx context.Context, engine *docker.Engine) (Machine, error) {
	info, err := engine.Client.Info(ctx)
	if err != nil {
		return Machine{}, fmt.Errorf("ask Docker about its machine: %w", err)
	}
	return Machine{Memory: info.MemTotal, CPUs: info.NCPU, Root: info.DockerRootDir}, nil
}
