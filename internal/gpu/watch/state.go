package watch

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/diorama-dev/diorama/internal/gpu"
)

// State folds what was seen into a state. Before is the last one: it tells which
// devices were there that are not any more.
func State(s Seen, before gpu.State) gpu.State {
	f := fold{seen: s, slots: make(map[string]*gpu.Slot)}
	for _, d := range s.Driver.Inventory.Devices {
		f.add(d, "", gpu.Apart)
	}
	for _, n := range s.Nodes {
		f.node(n)
	}
	f.missed(before)
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

// fold is a state in the making.
type fold struct {
	seen      Seen
	slots     map[string]*gpu.Slot // by UUID
	simulated bool
}

func (f *fold) add(d gpu.Device, node string, phase gpu.Phase) *gpu.Slot {
	slot, known := f.slots[d.UUID]
	if !known {
		slot = &gpu.Slot{Device: d}
		f.slots[d.UUID] = slot
	}
	slot.Node, slot.Phase = node, phase
	if text := cmp.Or(slot.Error, f.seen.Driver.Errors[d.UUID]); text != "" {
		f.lose(slot, "the driver answers for it with: "+text, driverAdvice(text)...)
	}
	return slot
}

func (f *fold) lose(slot *gpu.Slot, why string, advice ...string) {
	slot.Phase, slot.Why, slot.Advice = gpu.Lost, why, advice
}

// node takes in the devices that a node advertises, and those that it should.
func (f *fold) node(n Node) {
	advertised := make(map[string]bool)
	if n.Counted == nil && n.Error == "" {
		return // not seen by the cluster yet
	}
	var counted int64
	for _, resource := range gpu.Resources() {
		counted += n.Counted[resource]
		for _, id := range n.Checkpoint.Registered[resource] {
			advertised[gpu.PhysicalUUID(id)] = true
		}
	}
	for _, d := range n.Simulated {
		f.simulated = true
		slot := f.add(d, n.Name, gpu.Free)
		switch {
		case n.Error != "":
			f.lose(slot, fmt.Sprintf("node %s cannot be asked: %s", n.Name, n.Error), "diorama start")
		case !advertised[d.UUID] || counted == 0:
			f.unadvertised(slot, n, true)
		}
		delete(advertised, d.UUID)
	}
	if counted == 0 && !f.seen.Planned {
		return // the kubelet notes for long what a plugin that was removed has advertised
	}
	for i, uuid := range slices.Sorted(maps.Keys(advertised)) {
		d := gpu.Device{Index: i, Minor: -1, UUID: uuid}
		known, inDriver := f.slots[uuid]
		if inDriver {
			d = known.Device
		}
		slot := f.add(d, n.Name, gpu.Free)
		switch {
		case counted == 0:
			f.unadvertised(slot, n, false)
		case !inDriver && len(f.seen.Driver.Inventory.Devices) > 0:
			f.lose(slot, "node "+n.Name+" advertises it, and the driver does not know it any more",
				"look for Xid in the kernel's log: `dmesg | grep -i xid`", "restart the environment: `diorama stop`, `diorama start`")
		}
	}
}

// unadvertised explains a device that its node does not give any more.
func (f *fold) unadvertised(slot *gpu.Slot, n Node, simulated bool) {
	what := "NVIDIA's device plugin"
	if simulated {
		what = "the plugin gpu-simulated"
	}
	f.lose(slot, fmt.Sprintf("node %s does not advertise it: %s does not run there, or the kubelet has called the device unhealthy", n.Name, what),
		"see how the plugin is: `diorama status`", "start the plugin anew: r on its service in `diorama ui`")
}

// missed keeps devices that were there and are not seen anywhere now.
func (f *fold) missed(before gpu.State) {
	for _, old := range before.Slots {
		if _, there := f.slots[old.UUID]; there || before.Simulated {
			continue // what is simulated went with the plan
		}
		old.Holders, old.Reading = nil, gpu.Reading{}
		why := "neither the driver nor a node knows it any more"
		if f.seen.Driver.Error != "" {
			why += "; the driver says: " + f.seen.Driver.Error
		}
		f.lose(&old, why, driverAdvice(f.seen.Driver.Error)...)
		f.slots[old.UUID] = &old
	}
}

// holders joins the kubelets' notes with the Pods that there are.
func (f *fold) holders() {
	for _, n := range f.seen.Nodes {
		for _, given := range n.Checkpoint.Given {
			i := slices.IndexFunc(f.seen.Pods, func(p Pod) bool { return p.UID == given.PodUID && p.Node == n.Name })
			if i < 0 || !slices.Contains(gpu.Resources(), given.Resource) {
				continue // it has ended, and the kubelet has not looked since
			}
			pod := f.seen.Pods[i]
			var uuids []string
			for _, id := range given.IDs {
				uuids = append(uuids, gpu.PhysicalUUID(id))
			}
			for _, uuid := range slices.Compact(uuids) {
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
		pods := 0
		for _, h := range slot.Holders {
			if h.Pod != "" {
				pods++
			}
		}
		switch {
		case slot.Phase == gpu.Lost:
		case pods > 1:
			slot.Phase = gpu.Shared
		case pods == 1 || slot.Phase == gpu.Free && len(slot.Holders) > 0:
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
