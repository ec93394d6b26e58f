// Package profiles owns profiles: what one is, the built-in ones, and loading,
// merging and validating those of users.
package profiles

import (
	"time"

	"github.com/diorama-dev/diorama/internal/seed"
)

// Profile says what an environment is to be: which stacks with which
// parameters, on which runtime.
type Profile struct {
	Name    string
	Title   string
	Runtime Runtime
	Cluster Cluster
	GPU     GPU
	Budget  Budget
	Stacks  []Selection
	// Parameters are by stack instance, then by parameter; they count only
	// where the stack is there.
	Parameters map[string]map[string]any
	// Ports are host ports by "instance/endpoint".
	Ports map[string]int
	// Mesh names the stack instances and apps whose Pods join the mesh; it
	// counts only where a stack of the category mesh is there.
	Mesh []string
	// Credentials are fixed ones, by stack instance, then by name.
	Credentials map[string]map[string]string
	Apps        []App
	// Seeds are what is put into the stacks once they are ready, one set for
	// an instance; the passwords in them are fixed credentials.
	Seeds []seed.Set
	// Source is the file it was read from, for messages.
	Source string
}

// Runtime is where stacks run.
type Runtime string

// The runtimes.
const (
	RuntimeAuto       Runtime = "auto"
	RuntimeKind       Runtime = "kind"
	RuntimeCluster    Runtime = "cluster"
	RuntimeContainers Runtime = "containers"
	RuntimeEmbedded   Runtime = "embedded"
)

// GPU is what a profile wants of the machine's GPUs.
type GPU struct {
	Wish GPUWish
	// Simulate is the shape of the devices that the wish simulate advertises:
	// a number of devices of a model, such as 2xA100.
	Simulate string
	// Share is how many Pods take turns on each device; 0 and 1: a device is
	// one Pod's alone.
	Share int
}

// GPUWish is whether there are to be GPUs, and which.
type GPUWish string

// The wishes for GPUs.
const (
	GPUAuto     GPUWish = "auto"     // the machine's, where it has some
	GPURequire  GPUWish = "require"  // the machine's, or it fails
	GPUSimulate GPUWish = "simulate" // advertised, but not there
	GPUOff      GPUWish = "off"
)

// Cluster is the shape of a cluster that we make.
type Cluster struct {
	Nodes      int    // 1 is a control plane that also works
	Kubernetes string // major.minor
}

// Budget bounds what the environment may use.
type Budget struct {
	Memory int64 // bytes; 0: no bound
	// Logs and LogAge bound the log lines that are kept, by bytes on disk and by
	// age; 0: the default. The oldest go first.
	Logs   int64
	LogAge time.Duration
}

// Selection is a stack that the profile names, and the name of its instance.
type Selection struct {
	Stack string
	As    string // the stack's name where the profile gives none
	// Position is where the profile names it, as file:line:column.
	Position string
}

// App is a Compose file of the user's own that joins the environment.
type App struct {
	Name string // by default the name of the folder
	// Files are absolute paths of Compose files, later ones merged over earlier.
	Files    []string
	Position string
}
