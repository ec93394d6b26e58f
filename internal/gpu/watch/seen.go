package watch

import (
	"time"

	"github.com/diorama-dev/diorama/internal/gpu"
)

// Seen is what nodes, the cluster and the driver answered.
type Seen struct {
	Time  time.Time
	Nodes []Node
	Pods  []Pod
	// Driver is what the machine's driver says; zero where the environment's
	// devices are simulated.
	Driver Driver
	// Planned is true where the plan has something that advertises devices.
	Planned bool
	// Sharing is among how many Pods the plan shares each device.
	Sharing int
}

// Node is a node of the environment.
type Node struct {
	Name string
	// Counted is how many devices the node says it can give, by resource.
	Counted map[string]int64
	// Simulated are those that the plan wants advertised there, though they
	// are not there.
	Simulated  []gpu.Device
	Checkpoint Checkpoint
	// Error is why the node could not be asked; empty where it could.
	Error string
}

// Pod is a Pod that has not ended.
type Pod struct {
	UID, Name, Node string
	Stack, Service  string
	Asked           int64
	// Why is why it has no node yet, where it has none.
	Why string
}

// Driver is what a driver said of the machine.
type Driver struct {
	Inventory gpu.Inventory
	Readings  map[string]gpu.Reading
	Processes map[string][]gpu.Process
	// Errors are what the driver answered for devices that cannot be asked.
	Errors map[string]string
	// Error is why readings could not be had of any.
	Error string
	// PodOf is the UID of the Pod that a process belongs to, by PID.
	PodOf map[int]string
}
