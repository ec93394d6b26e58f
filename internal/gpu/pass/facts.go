// Package pass owns how the machine's GPUs get into nodes that are containers:
// what that depends on, what stands in its way, and which device goes to which
// node. All but the gathering of facts is pure.
//
// Nodes are made by kind, which hands no devices to Docker. NVIDIA's container
// toolkit, as Docker's default runtime, takes the names of devices from the
// destinations of mounts instead
// (https://github.com/NVIDIA/nvidia-container-toolkit, internal/config/image).
package pass

import (
	"slices"

	"github.com/diorama-dev/diorama/internal/gpu"
)

// Facts are what passing GPUs on depends on. The zero value is a machine
// without any.
type Facts struct {
	Inventory gpu.Inventory `json:"inventory,omitzero"`
	// Hardware is how many devices of NVIDIA's the PCI bus has that draw or
	// compute, with a driver or without.
	Hardware int `json:"hardware,omitempty"`
	// WSL is true on Windows' Linux, whose GPUs are Windows' own.
	WSL     bool    `json:"wsl,omitempty"`
	Engine  Engine  `json:"engine,omitzero"`
	Toolkit Toolkit `json:"toolkit,omitzero"`
}

// Engine is what Docker says of itself.
type Engine struct {
	// Here is true where its containers run on this machine, not in a virtual
	// one beside it.
	Here           bool     `json:"here,omitempty"`
	System         string   `json:"system,omitempty"`
	Rootless       bool     `json:"rootless,omitempty"`
	Runtimes       []string `json:"runtimes,omitempty"`
	DefaultRuntime string   `json:"defaultRuntime,omitempty"`
	CgroupVersion  string   `json:"cgroupVersion,omitempty"`
	CgroupDriver   string   `json:"cgroupDriver,omitempty"`
}

// Toolkit is NVIDIA's container toolkit.
type Toolkit struct {
	Installed bool `json:"installed,omitempty"`
	// Mounts is true where it takes devices from mounts
	// (accept-nvidia-visible-devices-as-volume-mounts).
	Mounts bool `json:"mounts,omitempty"`
	// CDI are the names of devices of the kind nvidia.com/gpu that have a CDI
	// specification; CDIDriver is the version of the driver that it was made
	// for, empty where it does not say.
	CDI       []string `json:"cdi,omitempty"`
	CDIDriver string   `json:"cdiDriver,omitempty"`
	// Symlinks is true where /dev/char leads to the devices.
	Symlinks bool `json:"symlinks,omitempty"`
}

// Any reports whether the machine has anything of NVIDIA's: where it has not,
// there is nothing to be said.
func (f Facts) Any() bool {
	return f.Hardware > 0 || len(f.Inventory.Devices) > 0 || f.Inventory.Driver != ""
}

// usable are the devices that work.
func (f Facts) usable() []gpu.Device {
	return slices.DeleteFunc(slices.Clone(f.Inventory.Devices), func(d gpu.Device) bool { return trouble(d) != "" })
}

// Why devices are left out that the driver has no error of.
const (
	noName    = "the driver does not say its UUID"
	undivided = "it is in MIG mode and not divided"
	noNames   = "the driver does not say the UUIDs of all its MIG devices"
)

// trouble says why a device cannot be passed on; empty: it can. What has no
// name cannot be named to the toolkit.
func trouble(d gpu.Device) string {
	switch {
	case d.Error != "":
		return d.Error
	case d.UUID == "":
		return noName
	case d.MIG.Enabled && len(d.MIG.Instances) == 0:
		return undivided
	case slices.ContainsFunc(d.MIG.Instances, func(p gpu.Partition) bool { return p.UUID == "" }):
		return noNames
	}
	return ""
}
