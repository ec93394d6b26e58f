// Package manifest owns rendering: a loaded Compose project becomes Kubernetes
// objects, and what cannot be carried over becomes a list of losses with the
// places they come from. It is pure: the same input gives the same objects,
// nothing is read and nothing is reached.
//
// Choices that the Compose specification leaves open:
//
//   - A named volume is a PersistentVolumeClaim of its own, not a template of
//     the StatefulSet: services share volumes in Compose, a claim outlives every
//     change of the workload's kind, size or name, and it can be kept when the
//     stack is pruned. It is called STACK.VOLUME; since neither may contain a
//     dot, two stacks never meet in one claim.
//   - A StatefulSet's Service is headless and publishes Pods that are not ready,
//     so that members find each other and themselves, on every port, as in
//     Compose. Other services have a cluster address with the ports that they
//     declare or that the project mentions, or none and then every port.
//   - A named volume begins empty: unlike Docker, a cluster does not copy into it
//     what the image has at that path.
//   - A failing healthcheck never restarts a container, as in Compose: it
//     becomes a startup and a readiness probe, no liveness probe.
//   - A service that says nothing of restarts is taken for a server; a one-shot
//     says restart: "no", or another service waits for its completion.
//   - Limits are not reservations: where only a limit is given, the request is
//     small, or a laptop could not hold what it can well run.
package manifest

import (
	"errors"
	"fmt"
	"slices"

	"github.com/compose-spec/compose-go/v2/types"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/diorama-dev/diorama/internal/compose"
	"github.com/diorama-dev/diorama/stacks"
)

// Labels on every object. The first three are Kubernetes' recommended ones.
const (
	LabelName        = "app.kubernetes.io/name"
	LabelPartOf      = "app.kubernetes.io/part-of"
	LabelManagedBy   = "app.kubernetes.io/managed-by"
	LabelEnvironment = "diorama.dev/environment"
	LabelStack       = "diorama.dev/stack"
	LabelService     = "diorama.dev/service"
	ManagedBy        = "diorama"
)

// AnnotationConfig on Pod templates is a hash of the ConfigMaps and Secrets
// that the Pod refers to, so that Pods are replaced when these change.
const AnnotationConfig = "diorama.dev/config-hash"

// LabelSize on a Compose volume is the size of its claim, a quantity.
const LabelSize = "diorama.dev/size"

// HostSuffix ends the name of the Service that publishes host ports.
const HostSuffix = "-host"

// Input is what a project is rendered with.
type Input struct {
	Environment string
	Namespace   string
	Stack       string // the instance's name
	// Project may be empty where there are objects.
	Project compose.Project
	// Objects are those of the stack's own manifests.
	Objects []stacks.Object
	// Releases are the stack's charts, rendered.
	Releases []Release
	// Probes are by Compose service and replace a healthcheck.
	Probes    map[string]stacks.Probe
	HostPorts []HostPort
	// Rename gives a Compose service its name in the cluster; nil keeps it.
	// References to renamed services in environment, commands and probes follow.
	Rename func(service string) string
	// Image substitutes a reference; nil keeps it. For a service that is built
	// it is asked with the service's image, or diorama.local/ENVIRONMENT/SERVICE.
	Image func(reference string) (string, error)
	// Secrets are credential values: whatever contains one ends in a Secret.
	Secrets []string
	// Mesh has the Pods join the environment's mesh, those of Jobs excepted.
	Mesh bool
}

// HostPort is a port that the nodes publish.
type HostPort struct {
	Service  string // Compose service
	Name     string
	Port     int // of the container
	NodePort int
}

// Result is a rendered project.
type Result struct {
	// Waves are in apply order: all that a wave's services wait for, as healthy
	// or completed, is in waves before it.
	Waves     [][]*unstructured.Unstructured
	Workloads []Workload
	Images    []string // after substitution, unique, sorted
	Losses    []Loss
}

// Workload is what runs a Compose service.
type Workload struct {
	Service string `json:"service"` // its name in the cluster, which resolves there
	Kind    string `json:"kind"`    // Deployment, StatefulSet, DaemonSet or Job
	Name    string `json:"name"`    // of the object; differs from Service for a Job
	// Namespace is where it is not the environment's.
	Namespace string `json:"namespace,omitempty"`
	Image     string `json:"image"` // after substitution
	Requested string `json:"requested"`
	Replicas  int    `json:"replicas"`
	Wave      int    `json:"wave"`
	Ports     []Port `json:"ports,omitempty"`
	Build     *Build `json:"build,omitempty"`
	GPUs      int64  `json:"gpus,omitempty"` // over all replicas
	// Memory is what the Pods of all replicas request, in bytes.
	Memory int64 `json:"memory,omitempty"`
	// Claims are the names of the PersistentVolumeClaims that it mounts.
	Claims []string `json:"claims,omitempty"`
}

// Port is a port that the Compose file publishes on the host.
type Port struct {
	Container int    `json:"container"`
	Published string `json:"published,omitempty"` // a port or a range; empty: any
	Protocol  string `json:"protocol"`            // tcp or udp
}

// Build says how the image of a service is made.
type Build struct {
	Context    string             `json:"context"` // a folder, absolute for a user's project
	Dockerfile string             `json:"dockerfile,omitempty"`
	Inline     string             `json:"inline,omitempty"` // the Dockerfile itself
	Args       map[string]*string `json:"args,omitempty"`   // nil: taken from the environment
	Target     string             `json:"target,omitempty"`
	Labels     map[string]string  `json:"labels,omitempty"`
	ExtraHosts []string           `json:"extraHosts,omitempty"` // host:address
	Network    string             `json:"network,omitempty"`
}

// Render turns a project into objects. Its errors say what must change before
// anything can be rendered; what can be left out is a loss instead.
func Render(in Input) (Result, error) {
	if in.Project.Model == nil {
		if len(in.Objects) == 0 && len(in.Releases) == 0 {
			return Result{}, errors.New("render: no project is loaded")
		}
		in.Project.Model = &types.Project{}
	}
	r, err := newRenderer(in)
	if err != nil {
		return Result{}, fmt.Errorf("render stack %s: %w", in.Stack, err)
	}
	for _, name := range r.services {
		if err := r.service(name); err != nil {
			return Result{}, fmt.Errorf("render stack %s: service %s: %w", in.Stack, name, err)
		}
	}
	if err := r.commonServices(); err != nil {
		return Result{}, fmt.Errorf("render stack %s: %w", in.Stack, err)
	}
	if err := r.adopt(); err != nil {
		return Result{}, fmt.Errorf("render stack %s: %w", in.Stack, err)
	}
	if err := r.takeReleases(); err != nil {
		return Result{}, fmt.Errorf("render stack %s: %w", in.Stack, err)
	}
	if err := r.released.publish(); err != nil {
		return Result{}, fmt.Errorf("render stack %s: %w", in.Stack, err)
	}
	r.walkLosses()
	r.unsetVariables()
	return r.result()
}

func sortedUnique(list []string) []string {
	slices.Sort(list)
	return slices.Compact(list)
}
