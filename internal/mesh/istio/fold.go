package istio

import (
	"cmp"
	"math"
	"slices"

	"github.com/diorama-dev/diorama/internal/mesh"
)

// Fold is what an observation means. The memory holds the observation already,
// see [Memory.With].
func Fold(o Observation, m Memory) mesh.State {
	x := newIndex(o)
	state := mesh.State{
		Time: o.Time, Stack: o.Stack, Title: o.Title,
		Services: []mesh.Service{}, Workloads: x.workloads(), Problems: x.problems(), Changes: Changes(o),
		Doors: x.doors(),
	}
	for _, e := range x.entries {
		s := mesh.Service{Name: e.name, Callers: x.callers(e), Routes: x.routes(e)}
		if e.virtual != nil {
			s.Rule = e.virtual.object.Namespace() + "/" + e.virtual.object.Name()
		}
		if e.rule != nil {
			s.Policy = policy(*e.rule)
		}
		x.see(e, s.Routes, m)
		state.Services = append(state.Services, s)
	}
	return state
}

// callers are workloads whose proxies have sent something to the entry.
func (x *index) callers(e *entry) []string {
	hosts := []string{e.host}
	if e.host == "" {
		hosts = e.virtual.destinations()
	}
	var names []string
	for _, host := range hosts {
		for _, pod := range x.senders[host] {
			if e.counts(pod.Gateway) {
				names = append(names, callerOf(pod))
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// see fills in what was seen of the entry's routes.
func (x *index) see(e *entry, routes []mesh.Route, m Memory) {
	times := make(map[[2]string]int) // routes that a destination is in
	for _, r := range routes {
		for _, d := range r.Destinations {
			times[[2]string{d.Service, d.Subset}]++
		}
	}
	for i := range routes {
		r := &routes[i]
		var all int64
		for j := range r.Destinations {
			d := &r.Destinations[j]
			shared := times[[2]string{d.Service, d.Subset}] > 1
			// A proxy counts by destination, not by route.
			d.Seen.Shared = shared
			if shared && len(r.Match) > 0 {
				continue
			}
			c := m.seen(e, x.hostOf(e, d.Service), d.Subset)
			d.Seen.Requests, d.Seen.Errors = c.Requests, c.Errors
			if p99, ok := c.Times.within(0.99); ok {
				d.Seen.P99 = &p99
			}
			all += c.Requests
		}
		for j := range r.Destinations {
			d := &r.Destinations[j]
			if all > 0 && (!d.Seen.Shared || len(r.Match) == 0) {
				share := math.Round(float64(d.Seen.Requests)/float64(all)*1000) / 10
				d.Seen.Share = &share
			}
		}
	}
}

// hostOf is the host of a destination by its name.
func (x *index) hostOf(e *entry, name string) string {
	if e.host != "" && name == e.name {
		return e.host
	}
	for host := range x.services {
		if x.named(host) == name {
			return host
		}
	}
	return name
}

// routes are the entry's, as they are configured.
func (x *index) routes(e *entry) []mesh.Route {
	if e.virtual == nil {
		return []mesh.Route{{Destinations: []mesh.Destination{x.destination(e.host, "", 100)}}}
	}
	routes := []mesh.Route{}
	namespace := e.virtual.object.Namespace()
	for _, h := range e.virtual.spec.HTTP {
		r := mesh.Route{
			Name: h.Name, Match: h.conditions(), Timeout: duration(h.Timeout), Destinations: x.weighted(h.Route, namespace), Fault: h.Fault.fault(),
		}
		if h.Retries != nil {
			r.Retries = &mesh.Retries{Attempts: h.Retries.Attempts, PerTry: duration(h.Retries.PerTryTimeout), On: h.Retries.RetryOn}
		}
		routes = append(routes, r)
	}
	for _, t := range slices.Concat(e.virtual.spec.TLS, e.virtual.spec.TCP) {
		routes = append(routes, mesh.Route{Match: []string{"connections"}, Destinations: x.weighted(t.Route, namespace)})
	}
	return routes
}

// weighted are destinations with their weights as shares: Istio takes weights
// for what they are of their sum.
func (x *index) weighted(all []routeDestination, namespace string) []mesh.Destination {
	sum := 0
	for _, d := range all {
		sum += max(d.Weight, 0)
	}
	out := []mesh.Destination{}
	for _, d := range all {
		weight := d.Weight
		switch {
		case len(all) == 1:
			weight = 100
		case sum > 0 && sum != 100:
			weight = int(math.Round(float64(d.Weight) * 100 / float64(sum)))
		}
		out = append(out, x.destination(full(d.Destination.Host, namespace), d.Destination.Subset, weight))
	}
	return out
}

func (x *index) destination(host, subset string, weight int) mesh.Destination {
	name := x.named(host)
	return mesh.Destination{
		Name: cmp.Or(subset, name), Service: name, Subset: subset, Weight: weight, Endpoints: x.endpoints(host, subset),
	}
}

// endpoints are the Pods behind a destination, as callers' proxies know them;
// where none says, as their labels do.
func (x *index) endpoints(host, subset string) []mesh.Endpoint {
	byAddress := make(map[string]*mesh.Endpoint)
	for _, told := range x.told[aim{host, subset}] {
		for _, h := range told.hosts {
			e := byAddress[h.Address]
			if e == nil {
				e = &mesh.Endpoint{Address: h.Address, Healthy: h.Healthy}
				byAddress[h.Address] = e
			}
			if caller := callerOf(told.pod); h.Ejected && !slices.Contains(e.EjectedBy, caller) {
				e.Ejected, e.EjectedBy = true, append(e.EjectedBy, caller)
			}
		}
	}
	out := []mesh.Endpoint{}
	if len(byAddress) == 0 {
		for _, pod := range x.behind(host, subset) {
			out = append(out, mesh.Endpoint{Address: pod.IP, Pod: pod.Name, Healthy: pod.Ready})
		}
	}
	for _, e := range byAddress {
		slices.Sort(e.EjectedBy)
		for _, pod := range x.Pods {
			if address, _, ok := cutLast(e.Address, ":"); ok && pod.IP == address {
				e.Pod = pod.Name
			}
		}
		out = append(out, *e)
	}
	slices.SortFunc(out, func(a, b mesh.Endpoint) int {
		return cmp.Or(cmp.Compare(a.Pod, b.Pod), cmp.Compare(a.Address, b.Address))
	})
	return out
}

// behind are the Pods that the host's subset selects.
func (x *index) behind(host, subset string) []Pod {
	k := x.services[host]
	if k == nil {
		return nil
	}
	if subset == "" {
		return k.pods
	}
	labels, ok := x.subset(host, subset)
	if !ok {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(k.pods), func(p Pod) bool { return !p.has(labels) })
}

// subset are the labels of a host's subset; false where there is none.
func (x *index) subset(host, name string) (map[string]string, bool) {
	r := x.rules[host]
	if r == nil {
		return nil, false
	}
	for _, s := range r.spec.Subsets {
		if s.Name == name {
			return s.Labels, true
		}
	}
	return nil, false
}
