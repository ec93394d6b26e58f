// Package plan owns the plan: a profile, the stacks that it names, facts about
// the host and credentials, resolved and validated into a value that says what
// will be done. Nothing here touches a cluster or the host.
package plan

import (
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/diorama-dev/diorama/internal/env"
	"github.com/diorama-dev/diorama/internal/gpu/pass"
	"github.com/diorama-dev/diorama/internal/manifest"
	"github.com/diorama-dev/diorama/internal/seed"
	"github.com/diorama-dev/diorama/stacks"
)

// Plan is all that an engine needs to bring an environment about.
type Plan struct {
	env.Identity
	Cluster Cluster `json:"cluster"`
	// Stacks are in an order that honours what they require.
	Stacks []Stack `json:"stacks"`
	Standing
	Images []Image `json:"images"`
	// Ports are the host ports of all endpoints by "stack/endpoint".
	Ports     map[string]env.PortRecord `json:"ports"`
	Endpoints []Endpoint                `json:"endpoints"`
	Steps     []env.Step                `json:"steps"`
	Memory    Memory                    `json:"memory"`
	Logs      Logs                      `json:"logs,omitzero"`
	Consent
	// Differences are what an apply would change in the running environment,
	// where somebody has asked it.
	Differences []Difference `json:"differences,omitempty"`
	// Warnings are what a person should know before the start.
	Warnings []string `json:"warnings,omitempty"`
	// Placement says why it runs where it runs, and what cannot.
	Placement Placement `json:"placement,omitzero"`
}

// Standing is what of stacks the environment has already.
type Standing struct {
	// Present are all of them.
	Present []string `json:"present,omitempty"`
	// Removed are those that the profile no longer names.
	Removed []string `json:"removed,omitempty"`
	// RemovedLast are those of Removed that others may still run by: they go
	// once all that stays is ready without them.
	RemovedLast []string `json:"removedLast,omitempty"`
}

// Consent is what may be done to bring the plan about.
type Consent struct {
	// Offline forbids everything that would dial out.
	Offline bool `json:"offline,omitempty"`
	// RecreateData allows deleting volume claims, with what is in them, where a
	// change needs it.
	RecreateData bool `json:"recreateData,omitempty"`
}

// Logs bounds the log lines that are kept; zero stands for the default.
type Logs struct {
	Bytes int64         `json:"bytes,omitempty"` // on disk
	Age   time.Duration `json:"age,omitempty"`
}

// Cluster is the cluster that the plan wants.
type Cluster struct {
	Name string `json:"name"`
	// Image is the node image, after substitution.
	Image string `json:"image"`
	Nodes int    `json:"nodes"`
	// Ports are published at creation, the spare pool among them.
	Ports []env.PortRecord `json:"ports"`
	// GPU is empty where there are no GPUs and nobody asks for some.
	GPU GPUs `json:"gpu,omitzero"`
}

// Stack is an instance of a stack, rendered.
type Stack struct {
	Name     string   `json:"name"` // the instance's
	Stack    string   `json:"stack"`
	Title    string   `json:"title"`
	Category string   `json:"category"`
	Requires []string `json:"requires,omitempty"` // instances
	// Waves are applied one after the other, each once the one before is well.
	Waves [][]*unstructured.Unstructured `json:"waves"`
	// Servers are what the embedded runtime runs in the place of objects.
	Servers []Server `json:"servers,omitempty"`
	// Workloads are the services that the objects or servers make.
	Workloads []manifest.Workload `json:"workloads"`
	Images    []string            `json:"images"`
	Losses    []manifest.Loss     `json:"losses,omitempty"`
	// IgnoreDrift are JSON pointers to what the system itself rewrites.
	IgnoreDrift []string `json:"ignoreDrift,omitempty"`
	// Leaves are what its programs make in the cluster, and goes with it.
	Leaves []stacks.Leftover `json:"leaves,omitempty"`
	Memory int64             `json:"memory"` // bytes
	Console
	// Seed is what is put there once it is ready; nil: nothing.
	Seed *seed.Set `json:"seed,omitempty"`
}

// Console is how an instance is looked into once it runs.
type Console struct {
	Shell  []string `json:"shell,omitempty"`
	Client []string `json:"client,omitempty"`
	// Queues names the system whose queues are sampled; empty: it has none.
	Queues string `json:"queues,omitempty"`
	// Logs names the system that answers queries for log lines at the endpoint
	// http; empty: it has none.
	Logs string `json:"logs,omitempty"`
}

// Objects returns the objects of all waves.
func (s Stack) Objects() []*unstructured.Unstructured {
	var all []*unstructured.Unstructured
	for _, wave := range s.Waves {
		all = append(all, wave...)
	}
	return all
}

// Namespaces are those that the plan's services live in, the environment's first.
func (p Plan) Namespaces() []string {
	list := []string{p.Namespace}
	for _, s := range p.Stacks {
		for _, w := range s.Workloads {
			if w.Namespace != "" && !slices.Contains(list, w.Namespace) {
				list = append(list, w.Namespace)
			}
		}
	}
	return list
}

// Stack returns the instance of that name.
func (p Plan) Stack(name string) (Stack, bool) {
	for _, s := range p.Stacks {
		if s.Name == name {
			return s, true
		}
	}
	return Stack{}, false
}

// GivesGPUs reports whether a stack of the plan advertises GPUs.
func (p Plan) GivesGPUs() bool {
	return slices.ContainsFunc(p.Stacks, func(s Stack) bool { return s.Category == string(stacks.GPU) })
}

// Difference is a change that an apply would make to an object.
type Difference struct {
	Stack  string `json:"stack"`
	Kind   string `json:"kind"`
	Name   string `json:"name"`
	Action string `json:"action"`
	// Fields are JSON pointers to what changes.
	Fields []string `json:"fields,omitempty"`
	// LosesData is true where it needs --recreate-data.
	LosesData bool `json:"losesData,omitempty"`
}

// Image is an image that Pods or nodes run.
type Image struct {
	// Reference is what is fetched and what Pods name.
	Reference string `json:"reference"`
	// Requested is the reference before substitution, where it differs.
	Requested string `json:"requested,omitempty"`
	// Build says how to make it where no registry has it.
	Build *Build `json:"build,omitempty"`
	// Node is true for the image that nodes run; it is not loaded into them.
	Node bool `json:"node,omitempty"`
}

// Build is an image that is made here: from Package or from App.
type Build struct {
	// Package is the main package of this module that becomes the image.
	Package string `json:"package,omitempty"`
	// Binary is the package's program, where it need not be compiled.
	Binary string `json:"binary,omitempty"`
	// App is a build of a user's Compose service, Service.
	App     *manifest.Build `json:"app,omitempty"`
	Service string          `json:"service,omitempty"`
}

// Memory is what the plan needs against what there is, in bytes.
type Memory struct {
	Needed    int64 `json:"needed"`
	Available int64 `json:"available"` // of Docker's machine; 0: not known
	Budget    int64 `json:"budget"`    // 0: no bound
}

// Host is what the plan must know of the machine.
type Host struct {
	Memory int64 // bytes that Docker's machine has; 0: not known
	Disk   int64 // bytes free where Docker keeps images; 0: not known
	Arch   string
	GPU    pass.Facts // empty: not asked
	// Taken says which process holds a port of 127.0.0.1; false: it is free.
	Taken func(port int) (owner string, taken bool)
}
