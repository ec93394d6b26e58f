package pass

import (
	"fmt"
	"slices"

	"github.com/diorama-dev/diorama/internal/gpu"
)

// Way is how the toolkit is told of the devices of a node.
type Way string

// The ways, the better first. They are never mixed: the toolkit takes a
// mixture for the older way.
const (
	CDI    Way = "cdi"    // by names of the CDI specification
	Mounts Way = "mounts" // by UUID, as a list of devices
)

// PresentLabel marks nodes that have a GPU: NVIDIA's device plugin is placed
// by it.
const PresentLabel = "nvidia.com/gpu.present"

// devicesRoot is where the toolkit looks for mounts that name devices.
const devicesRoot = "/var/run/nvidia-container-devices/"

// Plan is which device goes to which node, and how.
type Plan struct {
	Way   Way    `json:"way,omitempty"`
	Nodes []Node `json:"nodes,omitempty"`
	// MIG is the strategy of the device plugin: none, single or mixed
	// (https://github.com/NVIDIA/k8s-device-plugin#configuration-option-details).
	MIG string `json:"mig,omitempty"`
	// Notes are what a person should know.
	Notes []string `json:"notes,omitempty"`
}

// Node is a node that gets devices.
type Node struct {
	// Node is its index among the nodes, the control plane's being 0.
	Node int `json:"node"`
	// All is true where it gets all that the machine has.
	All     bool     `json:"all,omitempty"`
	Devices []Device `json:"devices"`
}

// Device is a device that a node gets.
type Device struct {
	UUID  string `json:"uuid"`
	Minor int    `json:"minor"` // of its file /dev/nvidiaN; -1: not known
	Model string `json:"model,omitempty"`
	// Parts are its MIG devices, which are passed on in its place.
	Parts []Part `json:"parts,omitempty"`
}

// Part is a MIG device.
type Part struct {
	UUID    string `json:"uuid"`
	Profile string `json:"profile,omitempty"`
}

// Mount is a mount of a node: its host path is nothing, its destination says
// something to the toolkit.
type Mount struct {
	Host      string
	Container string
}

// Names are the devices' names to the toolkit.
func (n Node) Names() []string {
	if n.All {
		return []string{"all"}
	}
	var names []string
	for _, d := range n.Devices {
		if len(d.Parts) == 0 {
			names = append(names, d.UUID)
		}
		for _, p := range d.Parts {
			names = append(names, p.UUID)
		}
	}
	return names
}

// Mounts are what the node is made with.
func (p Plan) Mounts(n Node) []Mount {
	var list []Mount
	for _, name := range n.Names() {
		switch p.Way {
		case CDI:
			name = "cdi/nvidia.com/gpu/" + name
		case Mounts:
		}
		list = append(list, Mount{Host: "/dev/null", Container: devicesRoot + name})
	}
	return list
}

// Of is what the node of the index gets; false: nothing.
func (p Plan) Of(node int) (Node, bool) {
	i := slices.IndexFunc(p.Nodes, func(n Node) bool { return n.Node == node })
	if i < 0 {
		return Node{}, false
	}
	return p.Nodes[i], true
}

// UUIDs are those of all devices that are passed on.
func (p Plan) UUIDs() []string {
	var list []string
	for _, n := range p.Nodes {
		for _, d := range n.Devices {
			list = append(list, d.UUID)
		}
	}
	return list
}

// Count is how many devices Pods of the node can ask for by [gpu.Resource].
func (n Node) Count(mig string) int {
	count := 0
	for _, d := range n.Devices {
		switch {
		case len(d.Parts) == 0:
			count++
		case mig == "single":
			count += len(d.Parts)
		}
	}
	return count
}

// Make decides which device goes to which of so many nodes. Where something is
// in the way the plan is empty and the obstacles say what.
//
// A cluster of one node works on its control plane; of more, on its workers
// alone. Each worker gets its part of the devices, in the driver's order.
func Make(f Facts, nodes int) (Plan, []Obstacle) {
	if obstacles := Obstacles(f); len(obstacles) > 0 {
		return Plan{}, obstacles
	}
	p := Plan{}
	devices := f.usable()
	for _, d := range f.Inventory.Devices {
		if !slices.ContainsFunc(devices, func(u gpu.Device) bool { return u.Index == d.Index }) {
			p.Notes = append(p.Notes, unusable([]gpu.Device{d}).Found+": it is left out")
		}
	}
	whole := len(devices) == len(f.Inventory.Devices)
	p.Nodes = divide(devices, nodes, whole)
	p.MIG = strategy(devices)
	p.Way = Mounts
	if current(f) && slices.IndexFunc(p.Nodes, func(n Node) bool { return !specified(n, f.Toolkit.CDI) }) < 0 {
		p.Way = CDI
	}
	p.Notes = append(p.Notes, notes(f, p)...)
	return p, nil
}

// divide gives the devices to the nodes that work.
func divide(devices []gpu.Device, nodes int, whole bool) []Node {
	first, workers := 1, nodes-1
	if nodes <= 1 {
		first, workers = 0, 1
	}
	unknown := slices.ContainsFunc(devices, func(d gpu.Device) bool { return d.Minor < 0 })
	if unknown {
		workers = 1 // whose file is whose cannot be told, so nothing can be kept apart
	}
	var list []Node
	for i := range workers {
		part := devices[i*len(devices)/workers : (i+1)*len(devices)/workers]
		if len(part) == 0 {
			continue
		}
		n := Node{Node: first + i, All: len(part) == len(devices) && (whole || unknown)}
		for _, d := range part {
			n.Devices = append(n.Devices, deviceOf(d))
		}
		list = append(list, n)
	}
	return list
}

func deviceOf(d gpu.Device) Device {
	device := Device{UUID: d.UUID, Minor: d.Minor, Model: d.Model}
	for _, p := range d.MIG.Instances {
		device.Parts = append(device.Parts, Part{UUID: p.UUID, Profile: p.Profile})
	}
	return device
}

// strategy is how the device plugin is to name MIG devices: as GPUs where all
// are alike, else each by its profile.
func strategy(devices []gpu.Device) string {
	profiles, divided := make(map[string]bool), 0
	for _, d := range devices {
		if d.MIG.Enabled {
			divided++
		}
		for _, p := range d.MIG.Instances {
			profiles[p.Profile] = true
		}
	}
	switch {
	case divided == 0:
		return "none"
	case divided == len(devices) && len(profiles) == 1:
		return "single"
	default:
		return "mixed"
	}
}

// current reports whether the CDI specification is of the driver that runs:
// one of another version names files that are gone.
func current(f Facts) bool {
	return len(f.Toolkit.CDI) > 0 && (f.Toolkit.CDIDriver == "" || f.Inventory.Driver == "" || f.Toolkit.CDIDriver == f.Inventory.Driver)
}

func specified(n Node, names []string) bool {
	return !slices.ContainsFunc(n.Names(), func(name string) bool { return !slices.Contains(names, name) })
}

// notes are what may surprise.
func notes(f Facts, p Plan) []string {
	var list []string
	if !current(f) && len(f.Toolkit.CDI) > 0 {
		list = append(list, fmt.Sprintf("the CDI specification is of driver %s, the driver is %s, so it is not used; renew it with: %s",
			f.Toolkit.CDIDriver, f.Inventory.Driver, renewCDI))
	}
	if f.Engine.Rootless {
		list = append(list, "GPUs in nodes of a rootless Docker are not known to work: nobody has reported that they do")
	}
	if p.MIG == "mixed" {
		list = append(list, "MIG devices are of several kinds: Pods ask for them by profile, such as nvidia.com/mig-1g.10gb")
	}
	if p.MIG != "none" && len(p.Nodes) > 1 {
		list = append(list, "nodes are privileged and can reach MIG devices that were given to others")
	}
	return list
}
