package diorama

import (
	"context"
	"time"

	"github.com/diorama-dev/diorama/internal/gpu"
	"github.com/diorama-dev/diorama/internal/gpu/nvml"
	"github.com/diorama-dev/diorama/internal/gpu/watch"
)

// GPUs asks what is known now of the environment's GPUs.
func (s *Session) GPUs(ctx context.Context) (gpu.State, error) { return s.client.GPUs(ctx) }

// WatchGPUs calls see with the state of the environment's GPUs every
// [gpu.Interval], until ctx ends or see returns false. A keeper that goes away
// is started again.
func (s *Session) WatchGPUs(ctx context.Context, see func(gpu.State) bool) error {
	return s.reconnecting(ctx, func() error { return s.client.WatchGPUs(ctx, see) })
}

// MachineGPUs are the machine's own GPUs, where no environment has them: each
// is apart, with what it does, and one that is divided is its MIG devices.
func MachineGPUs(ctx context.Context) gpu.State {
	driver := nvml.New()
	defer driver.Close()
	return machineGPUs(ctx, driver)
}

// gpuDriver is who knows of the machine's GPUs.
type gpuDriver interface {
	Inventory(ctx context.Context) gpu.Inventory
	Read(ctx context.Context) (nvml.Sample, error)
}

func machineGPUs(ctx context.Context, driver gpuDriver) gpu.State {
	seen := watch.Seen{Time: time.Now(), Driver: watch.Driver{Inventory: driver.Inventory(ctx)}}
	if len(seen.Driver.Inventory.Devices) == 0 {
		state := watch.State(seen, gpu.State{})
		state.Remedies = []string{"diorama up PROFILE --set gpu.simulate=2xA100 advertises some that schedule and do not compute"}
		return state
	}
	sample, err := driver.Read(ctx)
	seen.Driver.Readings, seen.Driver.Processes, seen.Driver.Errors = sample.Readings, sample.Processes, sample.Errors
	if err != nil {
		seen.Driver.Error = err.Error()
	}
	return watch.State(seen, gpu.State{})
}

// gpuInventory is what the machine's driver says once.
func gpuInventory(ctx context.Context) gpu.Inventory {
	driver := nvml.New()
	defer driver.Close()
	return driver.Inventory(ctx)
}
