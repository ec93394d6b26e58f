package gpu

import (
	"github.com/diorama-dev/diorama/internal/gpu"
	"github.com/diorama-dev/diorama/tui/layout"
)

// harmless returns the state with every text made safe for a terminal.
func harmless(s gpu.State) gpu.State {
	s.Driver, s.CUDA, s.Absence = layout.Safe(s.Driver), layout.Safe(s.CUDA), layout.Safe(s.Absence)
	s.Remedies = layout.Each(s.Remedies, layout.Safe)
	s.Waiting = layout.Each(s.Waiting, func(w gpu.Waiting) gpu.Waiting {
		w.Pod, w.Why = layout.Safe(w.Pod), layout.Safe(w.Why)
		return w
	})
	s.Slots = layout.Each(s.Slots, harmlessSlot)
	return s
}

func harmlessSlot(s gpu.Slot) gpu.Slot {
	s.UUID, s.Model, s.Error = layout.Safe(s.UUID), layout.Safe(s.Model), layout.Safe(s.Error)
	s.Node, s.Why, s.Phase = layout.Safe(s.Node), layout.Safe(s.Why), gpu.Phase(layout.Safe(string(s.Phase)))
	s.Advice = layout.Each(s.Advice, layout.Safe)
	s.MIG.Instances = layout.Each(s.MIG.Instances, func(p gpu.Partition) gpu.Partition {
		p.UUID, p.Profile = layout.Safe(p.UUID), layout.Safe(p.Profile)
		return p
	})
	s.Holders = layout.Each(s.Holders, func(h gpu.Holder) gpu.Holder {
		h.Stack, h.Service = layout.Safe(h.Stack), layout.Safe(h.Service)
		h.Pod, h.Container = layout.Safe(h.Pod), layout.Safe(h.Container)
		h.Processes = layout.Each(h.Processes, func(p gpu.Process) gpu.Process {
			p.Name = layout.Safe(p.Name)
			return p
		})
		return h
	})
	return s
}
