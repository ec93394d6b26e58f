package watch

import (
	"cmp"
	"slices"

	"github.com/diorama-dev/diorama/internal/gpu"
)

// State folds what was seen into a state. Before is the last one: it tells which
// devices were there that are not any more.
func State(s Seen, before gpu.State) gpu.State {
	f := fold{seen: s, before: before, slots: make(map[string]*gpu.Slot)}
	f.driver()
	for _, n := range s.Nodes {
		f.node(n)
	}
	f.missed()
	f.divided()
	f.holders()
	f.read()
	out := gpu.State{
		Time: s.Time, Driver: s.Driver.Inventory.Driver, CUDA: s.Driver.Inventory.CUDA, Sharing: s.Sharing,
		Simulated: f.simulated, Absence: s.Driver.Inventory.Absence, Slots: []gpu.Slot{}, Waiting: f.waiting(),
	}
	for _, slot := range f.slots {
		out.Slots = append(out.Slots, *slot)
	}
	gpu.Sort(out.Slots)
	switch {
	case len(out.Slots) > 0:
		out.Absence = ""
	case out.Absence == "":
		out.Absence = "no node of the environment advertises GPUs"
	}
	if len(out.Slots) == 0 {
		out.Remedies = []string{"--set gpu.simulate=2xA100 advertises some that schedule and do not compute"}
	}
	return out
}

// holders joins the kubelets' notes with the Pods that there are.
func (f *fold) holders() {
	for _, n := range f.seen.Nodes {
		for _, given := range n.Checkpoint.Given {
			i := slices.IndexFunc(f.seen.Pods, func(p Pod) bool { return p.UID == given.PodUID && p.Node == n.Name })
			if i < 0 || !gpu.IsResource(given.Resource) {
				continue // it has ended, and the kubelet has not looked since
			}
			pod := f.seen.Pods[i]
			for _, uuid := range physical(given.IDs) {
				if slot, ok := f.slots[uuid]; ok {
					slot.Holders = append(slot.Holders, gpu.Holder{
						Stack: pod.Stack, Service: pod.Service, Pod: pod.Name, Container: given.Container,
					})
				}
			}
		}
	}
	for uuid, slot := range f.slots {
		f.processes(slot, f.seen.Driver.Processes[uuid])
		slices.SortStableFunc(slot.Holders, func(a, b gpu.Holder) int {
			return cmp.Or(cmp.Compare(a.Pod, b.Pod), cmp.Compare(a.Container, b.Container))
		})
		pods := make(map[string]bool) // one may have several containers
		for _, h := range slot.Holders {
			if h.Pod != "" {
				pods[h.Pod] = true
			}
		}
		switch {
		case slot.Phase == gpu.Lost:
		case len(pods) > 1:
			slot.Phase = gpu.Shared
		case len(pods) == 1 || slot.Phase == gpu.Free && len(slot.Holders) > 0:
			slot.Phase = gpu.Held
		}
	}
}

// processes gives each process to the Pod that it belongs to; the others are
// holders of their own, which nobody has given the device.
func (f *fold) processes(slot *gpu.Slot, all []gpu.Process) {
	var stray []gpu.Process
	for _, process := range all {
		uid := f.seen.Driver.PodOf[process.PID]
		i := slices.IndexFunc(f.seen.Pods, func(p Pod) bool { return uid != "" && p.UID == uid })
		if i < 0 {
			stray = append(stray, process)
			continue
		}
		pod := f.seen.Pods[i]
		at := slices.IndexFunc(slot.Holders, func(h gpu.Holder) bool { return h.Pod == pod.Name })
		if at < 0 {
			slot.Holders = append(slot.Holders, gpu.Holder{Stack: pod.Stack, Service: pod.Service, Pod: pod.Name})
			at = len(slot.Holders) - 1
		}
		slot.Holders[at].Processes = append(slot.Holders[at].Processes, process)
	}
	if len(stray) > 0 {
		slot.Holders = append(slot.Holders, gpu.Holder{Processes: stray})
	}
}

// read puts the readings in.
func (f *fold) read() {
	for uuid, slot := range f.slots {
		if reading, ok := f.seen.Driver.Readings[uuid]; ok {
			slot.Reading = reading
		}
	}
}

// waiting are the Pods that ask for devices and have no node.
func (f *fold) waiting() []gpu.Waiting {
	var list []gpu.Waiting
	for _, pod := range f.seen.Pods {
		if pod.Asked > 0 && pod.Node == "" {
			list = append(list, gpu.Waiting{Pod: pod.Name, Asked: pod.Asked, Why: pod.Why})
		}
	}
	slices.SortFunc(list, func(a, b gpu.Waiting) int { return cmp.Compare(a.Pod, b.Pod) })
	return list
}
