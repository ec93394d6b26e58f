package tuitest

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/diorama-dev/diorama/internal/mesh"
)

// Routed is a mesh with a split, a rule for a header, a fault that was set from
// here, an endpoint that was ejected, a proxy that is behind, and a rule that
// leads nowhere.
func Routed() mesh.State {
	at := Noon()
	return mesh.State{
		Time: at.Add(-400 * time.Millisecond), Stack: "istio", Title: "istio 1.31",
		Services:  routedServices(),
		Workloads: routedWorkloads(),
		Problems: []mesh.Problem{{
			ID: "route-to-nowhere", Object: "VirtualService/billing", Blocks: true,
			Summary: "it sends requests to the subset v3 of billing, and no DestinationRule has one of that name",
			Advice:  []string{"add v3 to the DestinationRule billing, or send the requests to v1"},
		}},
		Changes: []mesh.Change{
			{ID: "1", Time: at.Add(-11 * time.Minute), Service: "recommender", Summary: "send 90 % to v1 and 10 % to v2", YAML: routedYAML("90", "10")},
			{ID: "2", Time: at.Add(-4 * time.Minute), Service: "recommender", Summary: "delay 3 s on 5 % of requests", YAML: routedYAML("90", "10")},
		},
	}
}

func routedServices() []mesh.Service {
	pod := func(name string, last int) mesh.Endpoint {
		return mesh.Endpoint{Address: fmt.Sprintf("10.244.0.%d:8080", last), Pod: name, Healthy: true}
	}
	seen := func(n int64, share float64, errors int64, p99 time.Duration) mesh.Seen {
		return mesh.Seen{Requests: n, Share: &share, Errors: errors, P99: &p99}
	}
	out := pod("recommender-v1-7c9d-bb", 22)
	out.Ejected, out.EjectedBy, out.Healthy = true, []string{"gateway"}, false
	return []mesh.Service{
		{
			Name: "billing", Callers: []string{"gateway"}, Rule: "diorama/billing",
			Routes: []mesh.Route{{Destinations: []mesh.Destination{{Name: "v3", Service: "billing", Subset: "v3", Weight: 100}}}},
		},
		{
			Name: "features", Callers: []string{"gateway", "recommender"},
			Routes: []mesh.Route{{Destinations: []mesh.Destination{
				{Name: "features", Service: "features", Weight: 100, Seen: seen(9120, 100, 0, 4*time.Millisecond), Endpoints: []mesh.Endpoint{pod("features-6c4b-k2", 30)}},
			}}},
		},
		{
			Name: "推荐", Callers: []string{"gateway", "log", "features", "audit", "web"},
			Routes: []mesh.Route{{Destinations: []mesh.Destination{
				{Name: "推荐", Service: "推荐", Weight: 100, Seen: seen(4210, 100, 3, 1240*time.Millisecond), Endpoints: []mesh.Endpoint{pod("推荐-5d9c-x1", 31)}},
			}}},
		},
		{
			Name: "recommender", Callers: []string{"gateway"}, Rule: "diorama/recommender",
			Policy: mesh.Policy{Rule: "diorama/recommender", MaxConnections: 100, Eject: "after 5 errors in a row, for 30s", Interval: 10 * time.Second, TLS: "ISTIO_MUTUAL"},
			Routes: []mesh.Route{
				{
					Name: "android", Match: []string{"user-agent: Android"},
					Destinations: []mesh.Destination{{Name: "v2", Service: "recommender", Subset: "v2", Weight: 100, Seen: seen(212, 100, 0, 36*time.Millisecond), Endpoints: []mesh.Endpoint{pod("recommender-v2-66f4-aa", 23)}}},
				},
				{
					Timeout: 10 * time.Second, Retries: &mesh.Retries{Attempts: 2, PerTry: 2 * time.Second, On: "5xx"},
					Fault: mesh.Fault{Delay: 3 * time.Second, DelayShare: 5},
					Destinations: []mesh.Destination{
						{Name: "v1", Service: "recommender", Subset: "v1", Weight: 90, Seen: seen(906, 90.6, 12, 41*time.Millisecond), Endpoints: []mesh.Endpoint{pod("recommender-v1-7c9d-aa", 21), out}},
						{Name: "v2", Service: "recommender", Subset: "v2", Weight: 10, Seen: seen(94, 9.4, 0, 38*time.Millisecond), Endpoints: []mesh.Endpoint{pod("recommender-v2-66f4-aa", 23)}},
					},
				},
			},
		},
	}
}

func routedWorkloads() []mesh.Workload {
	in := func(name string, tls mesh.TLSMode, pods ...string) mesh.Workload {
		w := mesh.Workload{Name: name, Stack: "demo", TLS: tls, Policy: "diorama/default"}
		for _, p := range pods {
			w.Proxies = append(w.Proxies, mesh.Proxy{Pod: p, Version: "1.31.0", Ready: true})
		}
		return w
	}
	behind := in("gateway", mesh.Strict, "gateway-5d9c-x1", "gateway-5d9c-x2")
	behind.Proxies[1].Behind = []string{"routes"}
	return []mesh.Workload{
		in("billing", mesh.Strict, "billing-7f4d-qq"),
		behind,
		{Name: "kafka", Stack: "kafka", TLS: mesh.Outside},
		in("log", mesh.Permissive, "log-1"),
		in("recommender", mesh.Strict, "recommender-v1-7c9d-aa", "recommender-v1-7c9d-bb", "recommender-v2-66f4-aa"),
		{Name: "redis", Stack: "redis", TLS: mesh.Outside},
	}
}

func routedYAML(one, two string) string {
	return "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata:\n  name: recommender\n  namespace: diorama\nspec:\n  hosts: [recommender]\n  http:\n" +
		"  - route:\n    - destination: {host: recommender, subset: v1}\n      weight: " + one + "\n    - destination: {host: recommender, subset: v2}\n      weight: " + two + "\n"
}

// Mesh answers for the mesh of an environment and remembers what it was asked
// for.
type Mesh struct {
	States chan mesh.State // sent to whoever watches; nil: nothing comes
	Err    error           // of every method that can fail
	Drafts *mesh.Draft     // what every edit would apply; nil: weights of 80 and 20

	mu    sync.Mutex
	asked []any
}

// Asked are the requests so far, the oldest first.
func (m *Mesh) Asked() []any {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.asked)
}

func (m *Mesh) note(request any) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.asked = append(m.asked, request)
}

// Watch sends the states.
func (m *Mesh) Watch(context.Context) <-chan mesh.State { return m.States }

// Draft says what the edit would apply.
func (m *Mesh) Draft(_ context.Context, e mesh.Edit) (mesh.Draft, error) {
	if m.Err != nil {
		return mesh.Draft{}, m.Err
	}
	if m.Drafts != nil {
		return *m.Drafts, nil
	}
	return mesh.Draft{Edit: e, Summary: "change " + string(e.Kind) + " of " + e.Service, YAML: routedYAML("80", "20"), Before: routedYAML("90", "10"), Base: DraftBase}, nil
}

// DraftBase is what every draft of weights of 80 and 20 was made from.
const DraftBase = "41"

// Applied is what an edit that was applied is remembered as.
type Applied struct{ Edit mesh.Edit }

// Apply remembers the edit.
func (m *Mesh) Apply(_ context.Context, e mesh.Edit) error {
	m.note(Applied{e})
	return m.Err
}

// Undo remembers what was to be undone.
func (m *Mesh) Undo(_ context.Context, u mesh.Undo) ([]mesh.Change, error) {
	m.note(u)
	if m.Err != nil {
		return nil, m.Err
	}
	changes := Routed().Changes
	if u.All {
		return changes, nil
	}
	return changes[1:], nil
}

// Net is a mesh of n services, each with two versions and a workload.
func Net(n int) mesh.State {
	s := mesh.State{Time: Noon(), Stack: "istio", Title: "istio 1.31"}
	for i := range n {
		svc := routedServices()[3]
		svc.Name = "service-" + padded(i)
		s.Services = append(s.Services, svc)
		w := routedWorkloads()[0]
		w.Name = svc.Name
		s.Workloads = append(s.Workloads, w)
	}
	return s
}
