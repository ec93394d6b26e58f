package istio

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/diorama-dev/diorama/internal/mesh"
)

// The problems that have a code of Istio's
// (https://istio.io/latest/docs/reference/config/analysis/).
const (
	codeNotFound    = "IST0101" // ReferencedResourceNotFound
	codeSameHost    = "IST0109" // ConflictingMeshGatewayVirtualServiceHosts
	codeTLSConflict = "IST0113" // MTLSPolicyConflict
	codePortName    = "IST0118" // PortNameIsNotUnderNamingConvention
	codeNoWorkload  = "IST0127" // NoMatchingWorkloadsFound
	codeUnreachable = "IST0130" // VirtualServiceUnreachableRule
	codeIneffective = "IST0131" // VirtualServiceIneffectiveMatch
)

// problems are what is wrong with what configures the mesh: those that fail
// requests first.
func (x *index) problems() []mesh.Problem {
	var all []mesh.Problem
	for _, v := range x.virtuals {
		all = append(all, x.wrongWith(v)...)
	}
	all = append(all, x.sameHosts()...)
	all = append(all, x.wrongRules()...)
	all = append(all, x.wrongSelectors()...)
	all = append(all, x.wrongPorts()...)
	all = append(all, x.wrongProxies()...)
	all = append(all, x.said()...)
	slices.SortStableFunc(all, func(a, b mesh.Problem) int {
		if a.Blocks != b.Blocks {
			if a.Blocks {
				return -1
			}
			return 1
		}
		return cmp.Or(cmp.Compare(a.Object, b.Object), cmp.Compare(a.ID, b.ID), cmp.Compare(a.Summary, b.Summary))
	})
	return slices.CompactFunc(all, func(a, b mesh.Problem) bool { return a.ID == b.ID && a.Object == b.Object && a.Summary == b.Summary })
}

// place is an object as problems name it.
func place(o Object) string { return o.Kind() + "/" + o.Name() }

func (x *index) wrongWith(v virtual) []mesh.Problem {
	all := x.wrongMatches(v)
	if len(v.spec.Hosts) == 0 && !x.delegated(v.object) {
		all = append(all, mesh.Problem{
			ID: "no-hosts", Object: place(v.object),
			Summary: "it names no host, and no other VirtualService delegates to it: it routes nothing",
			Advice:  []string{"name the services that it is to route under hosts"},
		})
	}
	namespace := v.object.Namespace()
	for i, r := range v.spec.HTTP {
		sum := 0
		for _, d := range r.Route {
			sum += d.Weight
		}
		if len(r.Route) > 1 && sum != 100 {
			all = append(all, mesh.Problem{
				ID: "weights-not-100", Object: place(v.object),
				Summary: fmt.Sprintf("the weights of its route %s add up to %d: Istio takes them for shares of that", routeName(i, r.Name), sum),
				Advice:  []string{"let them add up to 100, so that they are what they seem"},
			})
		}
	}
	for _, d := range v.routed() {
		if p, wrong := x.wrongDestination(v, full(d.Destination.Host, namespace), d.Destination.Host, d.Destination.Subset); wrong {
			all = append(all, p)
		}
	}
	return all
}

func routeName(i int, name string) string {
	if name != "" {
		return fmt.Sprintf("%q", name)
	}
	return fmt.Sprintf("number %d", i+1)
}

// wrongDestination says why nothing arrives at a destination.
func (x *index) wrongDestination(v virtual, host, written, subset string) (mesh.Problem, bool) {
	p := mesh.Problem{ID: codeNotFound, Object: place(v.object), Blocks: true}
	if !x.exists(host) {
		p.Summary = fmt.Sprintf("it routes to %s, and there is no such service: those requests are answered 503", written)
		p.Advice = []string{"route to a service that there is; " + x.known(v.object.Namespace())}
		if strings.Contains(written, ".") && !strings.HasSuffix(host, ".svc.cluster.local") {
			p.Advice = append(p.Advice, "a host with a dot is taken as it is: write it in full, NAME.NAMESPACE.svc.cluster.local")
		}
		return p, true
	}
	if subset == "" {
		return p, false
	}
	if _, ok := x.subset(host, subset); !ok {
		p.Summary = fmt.Sprintf("it routes to the subset %s of %s, which no DestinationRule names: those requests are answered 503", subset, written)
		p.Advice = []string{fmt.Sprintf("add the subset %s to a DestinationRule for %s, or route to %s", subset, written, orNone(x.subsets(host)))}
		return p, true
	}
	if x.services[host] != nil && len(x.behind(host, subset)) == 0 {
		p.ID = "subset-empty"
		p.Summary = fmt.Sprintf("it routes to the subset %s of %s, whose labels no Pod has: those requests are answered 503", subset, written)
		p.Advice = []string{"label the Pods as the subset wants, or bring some about that are"}
		return p, true
	}
	return p, false
}

// known says which services there are.
func (x *index) known(namespace string) string {
	var names []string
	for _, host := range slices.Sorted(maps.Keys(x.services)) {
		k := x.services[host]
		if k.object.Namespace() == namespace && (k.spec.Type == "" || k.spec.Type == "ClusterIP") { // others are doors
			names = append(names, x.services[host].object.Name())
		}
	}
	return "in " + namespace + " there is " + orNone(names)
}

// delegated tells whether another rule delegates to a VirtualService.
func (x *index) delegated(to Object) bool {
	return slices.ContainsFunc(x.virtuals, func(v virtual) bool {
		return slices.ContainsFunc(v.spec.HTTP, func(r httpRoute) bool {
			return r.Delegate.Name == to.Name() && cmp.Or(r.Delegate.Namespace, v.object.Namespace()) == to.Namespace()
		})
	})
}

// subsets are the names of a host's.
func (x *index) subsets(host string) []string {
	var names []string
	if r := x.rules[host]; r != nil {
		for _, s := range r.spec.Subsets {
			names = append(names, s.Name)
		}
	}
	return names
}

func orNone(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

// sameHosts are VirtualServices that say different things of one host.
func (x *index) sameHosts() []mesh.Problem {
	var all []mesh.Problem
	first := make(map[string]Object)
	for _, v := range x.virtuals {
		if !v.inside() {
			continue
		}
		for _, host := range v.spec.Hosts {
			host = full(host, v.object.Namespace())
			if before, ok := first[host]; ok {
				all = append(all, mesh.Problem{
					ID: codeSameHost, Object: place(v.object),
					Summary: fmt.Sprintf("it routes %s, and so does %s, which is older: this one is passed by", x.named(host), place(before)),
					Advice:  []string{"make one VirtualService of the two"},
				})
				continue
			}
			first[host] = v.object
		}
	}
	return all
}

// wrongRules are DestinationRules without effect, or against a policy.
func (x *index) wrongRules() []mesh.Problem {
	var all []mesh.Problem
	for _, object := range x.of(kindDestinationRule) {
		spec := decode[destinationRule](object)
		host := full(spec.Host, object.Namespace())
		if !x.exists(host) && !strings.Contains(host, "*") {
			all = append(all, mesh.Problem{
				ID: codeNotFound, Object: place(object),
				Summary: fmt.Sprintf("it is about %s, and there is no such service", spec.Host),
				Advice:  []string{"name a service that there is; " + x.known(object.Namespace())},
			})
			continue
		}
		if spec.TrafficPolicy.TLS.Mode != "DISABLE" {
			continue
		}
		for _, pod := range x.behind(host, "") {
			if mode, by := x.tls(pod); pod.Proxy && mode == mesh.Strict {
				all = append(all, mesh.Problem{
					ID: codeTLSConflict, Object: place(object), Blocks: true,
					Summary: fmt.Sprintf("it turns TLS to %s off, where PeerAuthentication %s is strict: connections are refused", spec.Host, by),
					Advice:  []string{"take trafficPolicy.tls away: callers in the mesh use mutual TLS by themselves"},
				})
				break
			}
		}
	}
	return all
}
