package tuitest

import (
	"context"
	"time"

	"github.com/diorama-dev/diorama/internal/gpu"
)

// GPUs are two L40S, one of them held, a divided A100, and one that is lost, in
// six readings, the newest last; a Pod waits for two more.
func GPUs() []gpu.State {
	used := []int{12, 31, 66, 90, 96, 92}
	out := make([]gpu.State, len(used))
	for i, u := range used {
		out[i] = gpu.State{
			Time: Noon().Add(time.Duration(i-len(used)+1)*gpu.Interval - 400*time.Millisecond), Driver: "580.65.06", CUDA: "13.0",
			Slots: []gpu.Slot{
				l40s(0, "GPU-4d9c5a6e-0000-4c1e-9f57-2b8f3f1d0001", reading(u, 31.2, 71, 288400)),
				l40s(1, "GPU-4d9c5a6e-0000-4c1e-9f57-2b8f3f1d0002", reading(0, 0.4, 38, 34100)),
				divided(u),
				lost(),
			},
			Waiting: []gpu.Waiting{{Pod: "trainer-1", Asked: 2, Why: "it asks for 2 GPUs on one node, and 1 is free"}},
		}
		out[i].Slots[0].Phase = gpu.Held
		out[i].Slots[0].Holders = []gpu.Holder{{
			Stack: "training", Service: "trainer", Pod: "trainer-0", Container: "train",
			Processes: []gpu.Process{{PID: 48211, Name: "python", Memory: gibi(30.9)}},
		}}
	}
	return out
}

func gibi(n float64) *int64 { return new(int64(n * (1 << 30))) }

func reading(used int, memory float64, heat, power int) gpu.Reading {
	return gpu.Reading{Utilisation: &used, MemoryUsed: gibi(memory), Temperature: &heat, Power: &power}
}

func l40s(index int, uuid string, r gpu.Reading) gpu.Slot {
	return gpu.Slot{
		Device: gpu.Device{Index: index, Minor: index, UUID: uuid, Model: "NVIDIA L40S 48GB", Memory: *gibi(45)},
		Node:   "diorama-worker", Phase: gpu.Free, Reading: r,
	}
}

func divided(used int) gpu.Slot {
	part := func(i int, profile string, memory float64) gpu.Partition {
		return gpu.Partition{UUID: "MIG-91b1c2f0-" + padded(i), Profile: profile, GPUInstance: i, Memory: *gibi(memory)}
	}
	return gpu.Slot{
		Device: gpu.Device{
			Index: 2, Minor: 2, UUID: "GPU-91b1c2f0-0000-4c1e-9f57-2b8f3f1d0003", Model: "NVIDIA A100 80GB PCIe", Memory: *gibi(80),
			MIG: gpu.MIG{Enabled: true, Instances: []gpu.Partition{part(7, "1g.10gb", 9.5), part(8, "3g.40gb", 39.3)}},
		},
		Node: "diorama-worker", Phase: gpu.Shared, Reading: reading(used/2, 12.5, 86, 141000),
		Holders: []gpu.Holder{
			{Stack: "demo", Service: "model", Pod: "model-推理-0", Processes: []gpu.Process{{PID: 5012, Name: "serve"}}},
			{Stack: "demo", Service: "model", Pod: "model-推理-1", Processes: []gpu.Process{{PID: 5013, Name: "serve", Memory: gibi(6)}, {PID: 5014}}},
		},
	}
}

func lost() gpu.Slot {
	return gpu.Slot{
		Device: gpu.Device{Index: 3, Minor: -1, UUID: "GPU-77aa0000-0000-4c1e-9f57-2b8f3f1d0004", Model: "NVIDIA L40S 48GB", Memory: *gibi(45), Error: "GPU is lost"},
		Node:   "diorama-worker", Phase: gpu.Lost,
		Why:    "the driver has lost it since 11:58: it answers “GPU is lost” (Xid 79, it has fallen off the bus)",
		Advice: []string{"restart the machine; where it comes again, the card or its power is at fault", "nvidia-smi -q -d PAGE_RETIREMENT says more"},
	}
}

// SimulatedGPUs are two devices that are only advertised, one of them held.
func SimulatedGPUs() gpu.State {
	s := gpu.State{Time: Noon().Add(-time.Second), Simulated: true}
	for i := range 2 {
		s.Slots = append(s.Slots, gpu.Slot{
			Device: gpu.Device{Index: i, Minor: i, UUID: "GPU-51a0-" + padded(i), Model: "NVIDIA A100", Memory: *gibi(80)},
			Node:   "diorama-control-plane", Phase: gpu.Free,
		})
	}
	s.Slots[0].Phase, s.Slots[0].Holders = gpu.Held, []gpu.Holder{{Stack: "demo", Service: "model", Pod: "model-0", Container: "model"}}
	s.Waiting = []gpu.Waiting{{Pod: "model-1", Asked: 2, Why: "it asks for 2 GPUs, and 1 of 2 is free"}}
	return s
}

// NoGPUs is a machine without any.
func NoGPUs() gpu.State {
	return gpu.State{
		Time: Noon(), Absence: "this machine has no NVIDIA driver: no libnvidia-ml.so.1 was found",
		Remedies: []string{"install the driver of your distribution, then `nvidia-smi` must show the cards", "diorama up --set gpu.simulate=2xA100 advertises devices that schedule and do not compute"},
	}
}

// Devices tells how the GPUs of an environment are.
type Devices struct {
	States chan gpu.State // sent to whoever watches; nil: nothing comes
}

// Watch sends the states.
func (d *Devices) Watch(context.Context) <-chan gpu.State { return d.States }
