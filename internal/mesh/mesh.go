// Package mesh owns the vocabulary of a service mesh: how it routes, what it
// was seen to do, what is wrong with it, and the changes that a person makes to
// it. Everything here is a value; folding what a mesh says into a [State], and
// an [Edit] into objects, is pure.
package mesh

import "time"

// State is what is known of an environment's mesh at an instant.
type State struct {
	Time  time.Time `json:"time"`
	Stack string    `json:"stack"` // the instance that the mesh is
	Title string    `json:"title"` // such as "istio 1.31"
	// Services are those that programs in the mesh call, by name.
	Services []Service `json:"services"`
	// Workloads are those of the environment, in the mesh or outside, by name.
	Workloads []Workload `json:"workloads"`
	Problems  []Problem  `json:"problems,omitempty"`
	// Changes are what was done to the mesh from here and not undone, the
	// oldest first.
	Changes []Change `json:"changes,omitempty"`
	// Doors are the environment's endpoints, in the order of the plan.
	Doors []Door `json:"doors,omitempty"`
	// Absence says in a sentence why nothing is known; empty where it is.
	Absence string `json:"absence,omitempty"`
}

// Service is a service that the mesh routes to.
type Service struct {
	Name string `json:"name"`
	// Callers are workloads that were seen to call it.
	Callers []string `json:"callers,omitempty"`
	// Routes are tried in their order; the first that matches counts.
	Routes []Route `json:"routes"`
	// Policy is what applies to connections to it.
	Policy Policy `json:"policy,omitzero"`
	// Rule names the VirtualService that routes it, as namespace/name; empty:
	// it is routed by the name server alone, to all that it selects.
	Rule string `json:"rule,omitempty"`
}

// Route is where requests go that match.
type Route struct {
	Name string `json:"name,omitempty"`
	// Match are the conditions, one of which must hold, each in words such as
	// "user-agent: Android" or "path /v1/*"; none: all that is left.
	Match        []string      `json:"match,omitempty"`
	Destinations []Destination `json:"destinations"`
	Fault        Fault         `json:"fault,omitzero"`
	Timeout      time.Duration `json:"timeout,omitempty"` // 0: none
	Retries      *Retries      `json:"retries,omitempty"` // nil: the mesh's default
}

// Retries are how often a failed request is tried again.
type Retries struct {
	Attempts int           `json:"attempts"`
	PerTry   time.Duration `json:"perTry,omitempty"`
	On       string        `json:"on,omitempty"` // Envoy's retry_on
}

// Fault is what the mesh does to requests on purpose.
type Fault struct {
	Delay      time.Duration `json:"delay,omitempty"`
	DelayShare float64       `json:"delayShare,omitempty"` // per cent of requests
	Abort      int           `json:"abort,omitempty"`      // HTTP status
	AbortShare float64       `json:"abortShare,omitempty"` // per cent of requests
}

// Destination is a version of a service.
type Destination struct {
	// Name is the subset's, or the service's where the route goes to another one.
	Name    string `json:"name"`
	Service string `json:"service"`
	Subset  string `json:"subset,omitempty"`
	Weight  int    `json:"weight"` // per cent, as configured
	Seen    Seen   `json:"seen"`
	// Endpoints are the Pods behind it.
	Endpoints []Endpoint `json:"endpoints"`
}

// Seen is what callers' proxies counted in the last [Window].
type Seen struct {
	Requests int64 `json:"requests"`
	// Share is of the requests to all of the route's destinations, in per cent;
	// nil: there were none.
	Share  *float64       `json:"share"`
	Errors int64          `json:"errors"`        // answers of 500 and above, and no answer
	P99    *time.Duration `json:"p99,omitempty"` // nil: not known
	// Shared is true where another route has the same destination: proxies count
	// by destination, so its requests are among these, and those of a route with
	// a match are not known.
	Shared bool `json:"shared,omitempty"`
}

// Window is what is seen: the requests since the routes last changed, those of
// the last minutes at most.
const Window = 5 * time.Minute

// Endpoint is a Pod that answers for a destination.
type Endpoint struct {
	Address string `json:"address"`
	Pod     string `json:"pod,omitempty"`
	// Ejected is true where callers send it nothing since it failed too often.
	Ejected bool `json:"ejected,omitempty"`
	// EjectedBy are the callers that ejected it.
	EjectedBy []string `json:"ejectedBy,omitempty"`
	Healthy   bool     `json:"healthy"`
}

// Policy is what applies to connections to a service (a DestinationRule).
type Policy struct {
	Rule           string        `json:"rule,omitempty"` // namespace/name
	MaxConnections int           `json:"maxConnections,omitempty"`
	MaxPending     int           `json:"maxPending,omitempty"`
	Eject          string        `json:"eject,omitempty"` // in words: "after 5 errors in a row, for 30s"
	Interval       time.Duration `json:"interval,omitempty"`
	TLS            string        `json:"tls,omitempty"`
	Balancer       string        `json:"balancer,omitempty"`
}

// TLSMode is whether a workload takes connections without mutual TLS.
type TLSMode string

// The modes of mutual TLS.
const (
	Strict     TLSMode = "strict"
	Permissive TLSMode = "permissive"
	Disabled   TLSMode = "disabled"
	Outside    TLSMode = "outside" // no proxy: not in the mesh
)

// Workload is a service of the environment as the mesh sees it.
type Workload struct {
	Name  string  `json:"name"`
	Stack string  `json:"stack"`
	TLS   TLSMode `json:"tls"`
	// Policy names the PeerAuthentication that decides; empty: the default.
	Policy  string  `json:"policy,omitempty"`
	Proxies []Proxy `json:"proxies,omitempty"`
}

// Proxy is the mesh's part of a Pod.
type Proxy struct {
	Pod     string `json:"pod"`
	Version string `json:"version,omitempty"`
	// Behind names what the proxy has not acknowledged, such as routes; none:
	// it is in step.
	Behind []string `json:"behind,omitempty"`
	Ready  bool     `json:"ready"`
}

// Problem is something wrong with what configures the mesh.
type Problem struct {
	ID     string `json:"id"`     // such as route-to-nowhere, or Istio's own code: IST0101
	Object string `json:"object"` // Kind/name
	// Summary says what is wrong, Advice what to do.
	Summary string   `json:"summary"`
	Advice  []string `json:"advice,omitempty"`
	// Blocks is true where requests fail because of it.
	Blocks bool `json:"blocks,omitempty"`
}

// Door is an endpoint of the environment: a port of this machine that leads to a
// workload. Nobody who comes through it has a proxy of the mesh.
type Door struct {
	Endpoint string `json:"endpoint"` // as stack/name
	Address  string `json:"address"`  // as host:port
	Workload string `json:"workload,omitempty"`
	// Refuses is true where the workload takes mutual TLS only: connections are
	// made, and closed without an answer.
	Refuses bool `json:"refuses,omitempty"`
	// Policy names the PeerAuthentication that has it refuse.
	Policy string `json:"policy,omitempty"`
	// Gateway is true of the mesh's own gateway, behind which the others are
	// reached where a rule of it routes to them.
	Gateway bool `json:"gateway,omitempty"`
}

// String is the endpoint and where it is.
func (d Door) String() string { return d.Endpoint + " (" + d.Address + ")" }

// Parted are the doors that refuse, and those that answer.
func Parted(doors []Door) (refuse, answer []string) {
	for _, d := range doors {
		if d.Refuses {
			refuse = append(refuse, d.String())
		} else {
			answer = append(answer, d.String())
		}
	}
	return refuse, answer
}
