// Package gpu owns the vocabulary of the machine's GPUs: what there is, what
// each does at an instant, and which Pod holds which. Everything here is a
// value; packages below ask the driver, the nodes and the kubelet.
package gpu

import "time"

// Resource is what Pods ask for to be given a device of their own; shared ones
// may carry SharedResource (k8s-device-plugin's renameByDefault).
const (
	Resource       = "nvidia.com/gpu"
	SharedResource = "nvidia.com/gpu.shared"
)

// Inventory is what the machine has, as the driver says it. A machine without
// a driver has an Inventory with an Absence and no devices.
type Inventory struct {
	Driver  string   `json:"driver,omitempty"` // version, such as 580.65.06
	CUDA    string   `json:"cuda,omitempty"`   // newest version that the driver supports, such as 13.0
	Devices []Device `json:"devices"`
	// Absence says in a sentence why there are no devices; empty where there are.
	Absence string `json:"absence,omitempty"`
	// Simulated is true where the devices are only advertised.
	Simulated bool `json:"simulated,omitempty"`
}

// Device is a GPU.
type Device struct {
	Index int `json:"index"` // NVML's; not the number of its device file
	// Minor is the number of /dev/nvidiaN; -1: the driver does not say.
	Minor  int    `json:"minor"`
	UUID   string `json:"uuid"`
	Model  string `json:"model"`
	Memory int64  `json:"memory"` // bytes
	MIG    MIG    `json:"mig,omitzero"`
	// Error is what the driver answered where it cannot be asked or is lost.
	Error string `json:"error,omitempty"`
}

// MIG is how a device is divided.
type MIG struct {
	Enabled   bool        `json:"enabled"`
	Instances []Partition `json:"instances,omitempty"`
}

// Partition is a MIG device.
type Partition struct {
	UUID            string `json:"uuid"`
	Profile         string `json:"profile"` // such as 1g.10gb
	GPUInstance     int    `json:"gpuInstance"`
	ComputeInstance int    `json:"computeInstance"`
	Memory          int64  `json:"memory"` // bytes
}

// Reading is what a device does at an instant; nil: not known. Simulated
// devices do nothing, and nothing is made up for them.
type Reading struct {
	Utilisation *int   `json:"utilisation"` // per cent of time in which a kernel ran
	MemoryUsed  *int64 `json:"memoryUsed"`  // bytes
	Temperature *int   `json:"temperature"` // °C
	Power       *int   `json:"power"`       // milliwatts
}

// Process is what uses a device.
type Process struct {
	PID    int    `json:"pid"` // in the host's PID namespace
	Name   string `json:"name,omitempty"`
	Memory *int64 `json:"memory"` // bytes
}

// Holder is a container that was given a device, or a process that uses one
// without having been given it.
type Holder struct {
	Stack     string    `json:"stack,omitempty"`
	Service   string    `json:"service,omitempty"`
	Pod       string    `json:"pod,omitempty"`
	Container string    `json:"container,omitempty"`
	Processes []Process `json:"processes,omitempty"`
}

// Phase is what is to be said of a device in a word.
type Phase string

// The phases.
const (
	Free   Phase = "free"
	Held   Phase = "held"   // by one Pod
	Shared Phase = "shared" // by several Pods that take turns
	Lost   Phase = "lost"   // the driver or the node does not know it any more
	Apart  Phase = "apart"  // no node of the environment has it
)

// Slot is a device as the environment has it.
type Slot struct {
	Device
	Node    string   `json:"node,omitempty"`
	Phase   Phase    `json:"phase"`
	Reading Reading  `json:"reading"`
	Holders []Holder `json:"holders,omitempty"`
	// Why explains a device that is lost, or of which the driver does not tell
	// now: what was seen, and what to do.
	Why    string   `json:"why,omitempty"`
	Advice []string `json:"advice,omitempty"`
}

// Interval is how often devices are read while somebody looks.
const Interval = 2 * time.Second

// Waiting is a Pod that asks for devices and has none yet.
type Waiting struct {
	Pod   string `json:"pod"`
	Asked int64  `json:"asked"`
	Why   string `json:"why,omitempty"`
}

// State is what is known of an environment's GPUs at an instant.
type State struct {
	Time      time.Time `json:"time"`
	Driver    string    `json:"driver,omitempty"`
	CUDA      string    `json:"cuda,omitempty"`
	Simulated bool      `json:"simulated"`
	// Sharing is among how many Pods each device is shared; 0 and 1: not.
	Sharing int       `json:"sharing,omitempty"`
	Slots   []Slot    `json:"devices"`
	Waiting []Waiting `json:"waiting,omitempty"`
	// Absence says in a sentence why there are none; Remedies what to do.
	Absence  string   `json:"absence,omitempty"`
	Remedies []string `json:"remedies,omitempty"`
}

// Count is how many devices are in a phase.
func (s State) Count(phase Phase) int {
	n := 0
	for _, slot := range s.Slots {
		if slot.Phase == phase {
			n++
		}
	}
	return n
}
