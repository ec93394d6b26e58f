package diorama

import (
	"context"
	"time"

	"github.com/diorama-dev/diorama/internal/gpu"
	"github.com/diorama-dev/diorama/internal/gpu/nvml"
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
// is apart, with what it does.
func MachineGPUs(ctx context.Context) gpu.State {
	driver := nvml.New()
	defer driver.Close()
	inventory := driver.Inventory(ctx)
	state := gpu.State{
		Time: time.Now(), Driver: inventory.Driver, CUDA: inventory.CUDA, Absence: inventory.Absence, Slots: []gpu.Slot{},
	}
	if len(inventory.Devices) == 0 {
		state.Remedies = []string{"diorama up PROFILE --set gpu.simulate=2xA100 advertises some that schedule and do not compute"}
		return state
	}
	sample, err := driver.Read(ctx)
	for _, d := range inventory.Devices {
		slot := gpu.Slot{Device: d, Phase: gpu.Apart, Reading: sample.Readings[d.UUID]}
		if processes := sample.Processes[d.UUID]; len(processes) > 0 {
			slot.Holders = []gpu.Holder{{Processes: processes}}
		}
		switch {
		case d.Error != "":
			slot.Phase, slot.Why = gpu.Lost, "the driver answers for it with: "+d.Error
		case sample.Errors[d.UUID] != "":
			slot.Phase, slot.Why = gpu.Lost, "the driver answers for it with: "+sample.Errors[d.UUID]
		case err != nil:
			slot.Why = err.Error()
		}
		state.Slots = append(state.Slots, slot)
	}
	return state
}

// gpuInventory is what the machine's driver says once.
func gpuInventory(ctx context.Context) gpu.Inventory {
	driver := nvml.New()
	defer driver.Close()
	return driver.Inventory(ctx)
}
