package doctor

import (
	"net/netip"

	"github.com/diorama-dev/diorama/internal/docker"
	"github.com/diorama-dev/diorama/internal/gpu"
	"github.com/diorama-dev/diorama/internal/gpu/pass"
)

// Facts are what is known of the host. The zero value of a number means that
// it is not known.
type Facts struct {
	Wanted Wanted
	// OS and Arch are this process's, in Go's words.
	OS, Arch string
	// Unusable is why Docker cannot be used; nil where it answers.
	Unusable error
	Docker   Machine
	Command  Command
	Inotify  Inotify
	// GPU is what passing the machine's GPUs into nodes depends on.
	GPU pass.Facts
	// Taken are those of the wanted ports that something listens on.
	Taken   []PortUse
	Network Network
	// Clusters are the kind clusters on Docker that have one of our names.
	Clusters []string
	// Contexts are the contexts of the user's kubeconfig that have one of our
	// names.
	Contexts []string
}

// Wanted is what the host is to carry.
type Wanted struct {
	Environment string // the one to be started; empty: none in particular
	// Known are the environments that we have a record of.
	Known []string
	// Kubernetes is the version of the node image that is used, after
	// substitution, such as "1.36" or "v1.36.4"; empty: not known.
	Kubernetes string
	Ports      []int // of 127.0.0.1
	// GPUs are those of the machine, and RequireGPUs is true where the profile
	// does not do without.
	GPUs        gpu.Inventory
	RequireGPUs bool
	Memory      int64 // bytes
	Disk        int64 // bytes
	// Anyhow is true where the profile runs without Docker as well, and Servers
	// are those that it then runs as.
	Anyhow  bool
	Servers []Server
}

// Server is how a stack runs without Docker.
type Server struct {
	Stack     string
	Version   string // empty: not known
	Imitation bool
	// Missing says why it cannot; empty: it can.
	Missing string
}

// Machine is the machine that Docker's containers run on: this one, or a
// virtual machine beside it.
type Machine struct {
	Endpoint docker.Endpoint
	Version  string // of the engine
	API      string
	System   string // for example "Docker Desktop" or "Debian GNU/Linux 12"
	Arch     string // in Go's words
	// Here is true where it is this machine, not a virtual one.
	Here          bool
	Memory        int64 // bytes in all
	MemoryFree    int64 // bytes; known only where Docker's machine is this one
	CPUs          int
	DiskFree      int64  // bytes free at Root; known only where Docker's machine is this one
	Root          string // where Docker keeps its data
	CgroupVersion string // "1" or "2"
	// GPU is what it says of itself that GPUs into nodes depend on.
	GPU pass.Engine
}

// Command is the docker command, which kind runs.
type Command struct {
	Path    string // empty: not found
	Version string
}

// Inotify are the kernel's bounds of one user's file watches. They are known
// only where Docker's machine is this one.
type Inotify struct {
	Instances int64
	Watches   int64
}

// PortUse is a port of 127.0.0.1 that is taken.
type PortUse struct {
	Port int
	// Process holds it, as far as that can be told.
	Process Process
	// Container is the name of the container whose port it is; empty where it
	// is no container's.
	Container string
	// Ours is true where the container is a node of an environment of ours.
	Ours bool
}

// Network is Docker's network named kind, which all kind clusters share.
type Network struct {
	Exists  bool
	Driver  string
	Subnets []netip.Prefix
	// Clashes are the host's own networks that the subnets overlap.
	Clashes []Clash
}

// Clash is a network of the host that has addresses of Docker's kind network.
type Clash struct {
	Interface string
	Prefix    netip.Prefix
}
