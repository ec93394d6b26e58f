package istio

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
)

// index is an observation, ordered by what routes what.
type index struct {
	Observation
	services map[string]*known // by host, fully qualified
	external []string          // hosts of ServiceEntries, which may begin with *
	rules    map[string]*rule  // by host
	virtuals []virtual         // the oldest first
	entries  []*entry
	senders  map[string][]Pod     // by host that they have sent something to
	told     map[aim][]hostsByPod // by destination
}

// hostsByPod are a destination's addresses as a Pod's proxy knows them.
type hostsByPod struct {
	pod   Pod
	hosts []Host
}

// known is a Service of Kubernetes.
type known struct {
	object Object
	spec   kubeService
	pods   []Pod
}

// rule is a DestinationRule.
type rule struct {
	object Object
	spec   destinationRule
}

// virtual is a VirtualService.
type virtual struct {
	object Object
	spec   virtualService
}

// entry is a service that the mesh routes to.
type entry struct {
	name    string
	host    string   // fully qualified; empty where a gateway's rule stands for itself
	service *known   // nil with an empty host
	virtual *virtual // nil: nothing routes it
	rule    *rule    // nil: there is none
	// through says which callers its rule counts for.
	inside, edge bool
}

func newIndex(o Observation) *index {
	x := &index{Observation: o, services: make(map[string]*known), rules: make(map[string]*rule)}
	for _, object := range o.of(kindService) {
		k := &known{object: object, spec: decode[kubeService](object)}
		for _, pod := range o.Pods {
			if len(k.spec.Selector) > 0 && pod.Namespace == object.Namespace() && pod.has(k.spec.Selector) {
				k.pods = append(k.pods, pod)
			}
		}
		x.services[full(object.Name(), object.Namespace())] = k
	}
	for _, object := range o.of(kindServiceEntry) {
		x.external = append(x.external, decode[serviceEntry](object).Hosts...)
	}
	for _, object := range o.of(kindDestinationRule) {
		spec := decode[destinationRule](object)
		host := full(spec.Host, object.Namespace())
		if x.rules[host] == nil {
			x.rules[host] = &rule{object, spec}
		}
	}
	for _, object := range o.of(kindVirtualService) {
		x.virtuals = append(x.virtuals, virtual{object, decode[virtualService](object)})
	}
	x.listen()
	x.enter()
	return x
}

// listen orders what the proxies said by what they said it of.
func (x *index) listen() {
	x.senders, x.told = make(map[string][]Pod), make(map[aim][]hostsByPod)
	for _, pod := range x.Pods {
		answer, ok := x.Answers[pod.Key()]
		if !ok {
			continue
		}
		sent := make(map[string]bool)
		for target := range answer.Counts {
			sent[target.Host] = sent[target.Host] || answer.called(target)
		}
		for target, hosts := range answer.Hosts {
			sent[target.Host] = sent[target.Host] || answer.called(target)
			at := aim{target.Host, target.Subset}
			x.told[at] = append(x.told[at], hostsByPod{pod, hosts})
		}
		for host, some := range sent {
			if some {
				x.senders[host] = append(x.senders[host], pod)
			}
		}
	}
}

// enter finds what there is to show, by name.
func (x *index) enter() {
	byHost := make(map[string]*entry)
	for i := range x.virtuals {
		v := &x.virtuals[i]
		for _, host := range v.spec.Hosts {
			host = full(host, v.object.Namespace())
			if v.inside() && x.services[host] != nil && byHost[host] == nil {
				byHost[host] = x.enterService(host, v)
				byHost[host].inside, byHost[host].edge = true, v.edge()
			}
		}
	}
	for i := range x.virtuals {
		v := &x.virtuals[i]
		if v.inside() || !v.edge() {
			continue
		}
		hosts := v.destinations()
		if len(hosts) == 1 && x.services[hosts[0]] != nil && byHost[hosts[0]] == nil {
			byHost[hosts[0]] = x.enterService(hosts[0], v)
			byHost[hosts[0]].inside, byHost[hosts[0]].edge = true, true
			continue
		}
		x.entries = append(x.entries, &entry{name: v.object.Name(), virtual: v, edge: true})
	}
	for host, k := range x.services {
		if byHost[host] == nil && x.worth(host, k, byHost) {
			e := x.enterService(host, nil)
			e.inside, e.edge = true, true
		}
	}
	names := make(map[string]bool)
	for _, e := range x.entries {
		if e.host != "" {
			names[e.name] = true
		}
	}
	for _, e := range x.entries {
		if e.host == "" && names[e.name] {
			e.name += "@gateway" // a rule of the edge, called like a service
		}
	}
	slices.SortFunc(x.entries, func(a, b *entry) int { return cmp.Compare(a.name, b.name) })
}

func (x *index) enterService(host string, v *virtual) *entry {
	e := &entry{name: x.named(host), host: host, service: x.services[host], virtual: v, rule: x.rules[host]}
	x.entries = append(x.entries, e)
	return e
}

// worth tells whether a service that nothing routes is shown: where it has a
// policy, is called from the mesh, or is in the mesh as what is called. A
// second name of Pods that another service with a rule leads to is not, nor is
// a door for those outside.
func (x *index) worth(host string, k *known, routed map[string]*entry) bool {
	if k.object.Namespace() != x.Namespace {
		return false
	}
	if x.rules[host] != nil || len(x.senders[host]) > 0 {
		return true
	}
	if k.spec.Type != "" && k.spec.Type != "ClusterIP" {
		return false
	}
	for _, e := range routed {
		if len(k.pods) > 0 && e.service.leadsTo(k.pods) {
			return false
		}
	}
	return slices.ContainsFunc(k.pods, func(p Pod) bool { return p.Proxy && !p.Gateway })
}

func (k *known) leadsTo(pods []Pod) bool {
	for _, pod := range pods {
		if !slices.ContainsFunc(k.pods, func(p Pod) bool { return p.Key() == pod.Key() }) {
			return false
		}
	}
	return true
}

// find is the entry of a name; nil where there is none.
func (x *index) find(name string) *entry {
	i := slices.IndexFunc(x.entries, func(e *entry) bool { return e.name == name })
	if i < 0 {
		return nil
	}
	return x.entries[i]
}

// exists tells whether a host can be sent to.
func (x *index) exists(host string) bool {
	if x.services[host] != nil {
		return true
	}
	return slices.ContainsFunc(x.external, func(e string) bool {
		suffix, wild := strings.CutPrefix(e, "*")
		return e == host || wild && strings.HasSuffix(host, suffix)
	})
}

// inside tells whether the rule counts for callers in the mesh.
func (v virtual) inside() bool {
	return len(v.spec.Gateways) == 0 || slices.Contains(v.spec.Gateways, "mesh")
}

// edge tells whether the rule counts at a gateway.
func (v virtual) edge() bool {
	return slices.ContainsFunc(v.spec.Gateways, func(g string) bool { return g != "mesh" })
}

// destinations are the hosts that the rule sends to.
func (v virtual) destinations() []string {
	var hosts []string
	for _, d := range v.routed() {
		host := full(d.Destination.Host, v.object.Namespace())
		if !slices.Contains(hosts, host) {
			hosts = append(hosts, host)
		}
	}
	return hosts
}

func (v virtual) routed() []routeDestination {
	var all []routeDestination
	for _, r := range v.spec.HTTP {
		all = append(all, r.Route...)
	}
	for _, r := range slices.Concat(v.spec.TCP, v.spec.TLS) {
		all = append(all, r.Route...)
	}
	return all
}

// routing is all that decides where the entry's requests go: when it changes,
// what was seen before says nothing of what is.
func (e *entry) routing() string {
	var parts []any
	if e.virtual != nil {
		parts = append(parts, e.virtual.object["spec"])
	}
	if e.rule != nil {
		parts = append(parts, e.rule.object["spec"])
	}
	data, _ := json.Marshal(parts) // of what came as JSON
	return string(data)
}
