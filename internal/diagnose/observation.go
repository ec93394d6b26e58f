package diagnose

import (
	"time"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
)

// The labels by which objects belong to an environment. They stand on every
// object that we apply; workloads carry the service's name too.
const (
	LabelEnvironment = "diorama.dev/environment"
	LabelStack       = "diorama.dev/stack"
	LabelService     = "diorama.dev/service"
	// LabelCategory is the stack's category; it only makes wording better.
	LabelCategory = "diorama.dev/category"
)

// Observation is all that was seen of a cluster at an instant: a value, never
// changed once it was handed out.
type Observation struct {
	Time         time.Time                      `json:"time"`
	API          API                            `json:"api"`
	Pods         []corev1.Pod                   `json:"pods,omitempty"`
	Deployments  []appsv1.Deployment            `json:"deployments,omitempty"`
	StatefulSets []appsv1.StatefulSet           `json:"statefulSets,omitempty"`
	DaemonSets   []appsv1.DaemonSet             `json:"daemonSets,omitempty"`
	Jobs         []batchv1.Job                  `json:"jobs,omitempty"`
	Claims       []corev1.PersistentVolumeClaim `json:"claims,omitempty"`
	Nodes        []corev1.Node                  `json:"nodes,omitempty"`
	Events       []corev1.Event                 `json:"events,omitempty"`
	// Moves are the nodes that came back with another address while watched.
	Moves []Move `json:"moves,omitempty"`
	// Lines are the last log lines of containers that ended badly.
	Lines []ContainerLines `json:"lines,omitempty"`
	// Refusals are the endpoints at which a mesh refuses whoever comes from outside.
	Refusals []Refusal `json:"refusals,omitempty"`
	// Usage is by Pod; Pods of unknown usage are absent.
	Usage []PodUsage `json:"usage,omitempty"`
}

// API is how the cluster's API answers.
type API struct {
	// Address is the server's URL.
	Address string `json:"address,omitempty"`
	// Error is why the API cannot be reached; empty while it can. Everything
	// else in the observation is then the last that was known.
	Error string `json:"error,omitempty"`
	// Since is when it stopped answering.
	Since time.Time `json:"since,omitzero"`
}

// Move is a node's change of address.
type Move struct {
	Node string    `json:"node"`
	From string    `json:"from"`
	To   string    `json:"to"`
	Time time.Time `json:"time"` // when it was noticed
}

// PodKey names a Pod.
type PodKey struct {
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
}

// ContainerLines are the last log lines of a container, oldest first.
type ContainerLines struct {
	Pod       PodKey   `json:"pod"`
	Container string   `json:"container"`
	Lines     []string `json:"lines"`
}

// PodUsage is what a Pod's containers use together.
type PodUsage struct {
	Pod    PodKey `json:"pod"`
	CPU    *int64 `json:"cpu,omitempty"`    // thousandths of a core
	Memory *int64 `json:"memory,omitempty"` // bytes, the working set
}
