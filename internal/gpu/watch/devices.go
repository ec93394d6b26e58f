package watch

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/diorama-dev/diorama/internal/gpu"
)

// fold is a state in the making.
type fold struct {
	seen      Seen
	before    gpu.State
	slots     map[string]*gpu.Slot // by what keyOf says
	simulated bool
}

// keyOf is what a device is known by. One that is lost may have no UUID any
// more; then only its place among the driver's tells it from another.
func keyOf(d gpu.Device) string {
	if d.UUID != "" {
		return d.UUID
	}
	return "GPU " + strconv.Itoa(d.Index)
}

func (f *fold) add(d gpu.Device, node string, phase gpu.Phase) *gpu.Slot {
	slot, known := f.slots[keyOf(d)]
	if !known {
		slot = &gpu.Slot{Device: d}
		f.slots[keyOf(d)] = slot
	}
	slot.Node, slot.Phase = node, phase
	switch text := cmp.Or(slot.Error, f.seen.Driver.Errors[d.UUID]); {
	case text != "":
		f.lose(slot, "the driver answers for it with: "+text, driverAdvice(text)...)
	case f.seen.Driver.Error != "":
		// It may be well: only nobody knows.
		slot.Why = "what it does is not known; the driver says: " + f.seen.Driver.Error
	}
	return slot
}

func (f *fold) lose(slot *gpu.Slot, why string, advice ...string) {
	slot.Phase, slot.Why, slot.Advice = gpu.Lost, why, advice
}

// driver takes in the devices that the driver knows, and the parts of those
// that are divided: nodes advertise the one or the other.
func (f *fold) driver() {
	for _, d := range f.seen.Driver.Inventory.Devices {
		f.add(d, "", gpu.Apart)
		for _, p := range d.MIG.Instances {
			if p.UUID != "" {
				f.add(f.part(d, p), "", gpu.Apart)
			}
		}
	}
}

// part is a MIG device as a device of its own, with the model's name as
// NVIDIA's plugin has it in its labels. It is lost with what it is a part of.
func (f *fold) part(d gpu.Device, p gpu.Partition) gpu.Device {
	return gpu.Device{
		Index: d.Index, Minor: d.Minor, UUID: p.UUID, Model: d.Model + " MIG " + p.Profile, Memory: p.Memory,
		Error: cmp.Or(d.Error, f.seen.Driver.Errors[d.UUID]),
	}
}

// divided has each device that is divided stand for itself where a node
// advertises it whole, and else as its parts.
func (f *fold) divided() {
	for _, d := range f.seen.Driver.Inventory.Devices {
		self, named := f.slots[keyOf(d)]
		whole := named && self.Node != ""
		parts := 0
		for _, p := range d.MIG.Instances {
			slot, named := f.slots[p.UUID]
			switch {
			case !named:
			case whole && slot.Node == "":
				delete(f.slots, p.UUID)
			default:
				parts++
			}
		}
		if parts > 0 && !whole {
			delete(f.slots, keyOf(d))
		}
	}
}

// node takes in the devices that a node advertises, and those that it should.
func (f *fold) node(n Node) {
	if n.Counted == nil && n.Error == "" {
		return // not seen by the cluster yet
	}
	if n.Error != "" && len(n.Simulated) == 0 {
		f.unasked(n)
		return
	}
	// How many of its resource the node says it can give, by device.
	advertised := make(map[string]int64)
	for resource, ids := range n.Checkpoint.Registered {
		if !gpu.IsResource(resource) {
			continue
		}
		for _, uuid := range physical(ids) {
			advertised[uuid] += n.Counted[resource]
		}
	}
	for _, d := range n.Simulated {
		f.simulated = true
		slot := f.add(d, n.Name, gpu.Free)
		switch {
		case n.Error != "":
			f.lose(slot, fmt.Sprintf("node %s cannot be asked: %s", n.Name, n.Error), "diorama start")
		case advertised[d.UUID] == 0:
			f.unadvertised(slot, n, true)
		}
		delete(advertised, d.UUID)
	}
	for i, uuid := range slices.Sorted(maps.Keys(advertised)) {
		if advertised[uuid] == 0 && !f.seen.Planned {
			continue // the kubelet notes for long what a plugin that was removed has advertised
		}
		d, inDriver := f.known(uuid, i)
		slot := f.add(d, n.Name, gpu.Free)
		switch {
		case advertised[uuid] == 0:
			f.unadvertised(slot, n, false)
		case !inDriver && len(f.seen.Driver.Inventory.Devices) > 0:
			f.unknown(slot, n)
		}
	}
}

// unasked keeps the devices that a node had which cannot be asked now, and the
// Pods that hold them, as long as those are there.
func (f *fold) unasked(n Node) {
	for _, old := range f.before.Slots {
		if old.Node != n.Name || old.UUID == "" || f.before.Simulated {
			continue
		}
		d, inDriver := f.known(old.UUID, old.Index)
		slot := f.add(d, n.Name, gpu.Free)
		for _, h := range old.Holders {
			if slices.ContainsFunc(f.seen.Pods, func(p Pod) bool { return p.Name == h.Pod && p.Node == n.Name }) {
				h.Processes = nil // the driver tells of them
				slot.Holders = append(slot.Holders, h)
			}
		}
		switch {
		case slot.Phase == gpu.Lost:
		case !inDriver && len(f.seen.Driver.Inventory.Devices) > 0:
			f.unknown(slot, n)
		default:
			slot.Why = fmt.Sprintf("who has it is not known: node %s cannot be asked: %s", n.Name, n.Error)
		}
	}
}

// unknown explains a device that a node gives and the driver does not know.
func (f *fold) unknown(slot *gpu.Slot, n Node) {
	f.lose(slot, "node "+n.Name+" advertises it, and the driver does not know it any more",
		"look for Xid in the kernel's log: `dmesg | grep -i xid`", "restart the environment: `diorama stop`, `diorama start`")
}

// physical are the devices that IDs stand for, each once.
func physical(ids []string) []string {
	var uuids []string
	for _, id := range ids {
		uuids = append(uuids, gpu.PhysicalUUID(id))
	}
	slices.Sort(uuids)
	return slices.Compact(uuids)
}

// known is what is known of a device that a node advertises: by the driver, or
// else from before; failing both it has only a place among the node's.
func (f *fold) known(uuid string, place int) (d gpu.Device, inDriver bool) {
	if slot, ok := f.slots[uuid]; ok {
		return slot.Device, true
	}
	for _, old := range f.before.Slots {
		if old.UUID == uuid {
			old.Error = "" // that was then
			return old.Device, false
		}
	}
	return gpu.Device{Index: place, Minor: -1, UUID: uuid}, false
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

// missed keeps devices that were there and are not seen anywhere now. One
// without a UUID is not kept: nobody could say that it is back.
func (f *fold) missed() {
	for _, old := range f.before.Slots {
		if _, there := f.slots[keyOf(old.Device)]; there || f.before.Simulated || f.simulated || old.UUID == "" {
			continue // what is simulated went with the plan, or came with it
		}
		if old.Node != "" && !f.seen.Planned {
			continue // its node went on giving it for a moment, to nobody
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
