package istio

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/diorama-dev/diorama/internal/mesh"
)

// Observation is what was seen of a mesh at an instant.
type Observation struct {
	Time  time.Time
	Stack string // the instance that the mesh is
	Title string
	// Environment is whose objects are ours, by their label.
	Environment string
	// Namespace is where the environment's services live, Root where istiod does:
	// what Istio reads there counts for the whole mesh.
	Namespace string
	Root      string
	// Objects are those that configure Istio, ServiceEntries and Services of
	// Kubernetes among them.
	Objects []Object
	Pods    []Pod
	// Doors are the environment's endpoints; whether they refuse is found here.
	Doors []mesh.Door
	// Answers are of the proxies, by Pod as namespace/name. One that did not
	// answer in time is absent: what it knows is not known.
	Answers map[string]Answer
	// Syncs is what istiod knows of proxies; nil: it did not say.
	Syncs []Sync
	// Silent is true where another istiod did not say: a proxy that is not among
	// the Syncs may be connected to that one.
	Silent bool
}

// Pod is a Pod of the environment or of the mesh.
type Pod struct {
	Name      string
	Namespace string
	IP        string
	Labels    map[string]string
	Workload  string // the environment's service that it belongs to
	Stack     string
	Ready     bool
	Proxy     bool // it has one
	// ProxyReady is whether the proxy is.
	ProxyReady bool
	// Gateway is true of a proxy alone, at the edge of the mesh.
	Gateway bool
}

// Key is the Pod as namespace/name.
func (p Pod) Key() string { return p.Namespace + "/" + p.Name }

func (p Pod) has(labels map[string]string) bool {
	for key, value := range labels {
		if p.Labels[key] != value {
			return false
		}
	}
	return true
}

// Answer is what a proxy said at its admin port.
type Answer struct {
	Hosts  map[Target][]Host
	Counts map[Target]Counts
}

// of are the observation's objects of a kind, the oldest first: where several
// say something of the same thing, Istio listens to the oldest.
func (o Observation) of(kind string) []Object {
	var all []Object
	for _, object := range o.Objects {
		if object.Kind() == kind {
			all = append(all, object)
		}
	}
	slices.SortStableFunc(all, func(a, b Object) int {
		return cmp.Or(a.created().Compare(b.created()), cmp.Compare(a.String(), b.String()))
	})
	return all
}

// ours tells whether the environment has made the object.
func (o Observation) ours(object Object) bool {
	return object.label(labelEnvironment) == o.Environment && o.Environment != ""
}

// full is a host as a rule of a namespace means it: one without a dot is a
// service of that namespace
// (https://istio.io/latest/docs/reference/config/networking/virtual-service/#Destination).
func full(host, namespace string) string {
	if host == "" || strings.ContainsAny(host, ".*") {
		return host
	}
	return host + "." + namespace + ".svc.cluster.local"
}

// named is how a person calls a host: a service of the environment by its name.
func (o Observation) named(host string) string {
	short, ok := strings.CutSuffix(host, ".svc.cluster.local")
	if !ok {
		return host
	}
	if name, ok := strings.CutSuffix(short, "."+o.Namespace); ok {
		return name
	}
	return short
}
