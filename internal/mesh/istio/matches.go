package istio

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/diorama-dev/diorama/internal/mesh"
)

// idNever is a condition that no request meets; Istio has no code for it.
const idNever = "match-never"

// wrongMatches are routes that no request reaches, and conditions that none
// meets.
func (x *index) wrongMatches(v virtual) []mesh.Problem {
	var all []mesh.Problem
	report := func(id, advice, format string, args ...any) {
		all = append(all, mesh.Problem{ID: id, Object: place(v.object), Summary: fmt.Sprintf(format, args...), Advice: []string{advice}})
	}
	first := make(map[string]int) // the route that has a condition first
	for i, r := range v.spec.HTTP {
		name := routeName(i, r.Name)
		for j, m := range r.Match {
			if why := x.never(v, m); why != "" {
				report(idNever, "change the condition, or take it away", "its route %s asks for %s: no request meets that", name, why)
			}
			key := v.condition(i, j)
			before, ok := first[key]
			if !ok || before == i {
				first[key] = i
				continue
			}
			id, so := codeIneffective, ""
			if len(r.Match) == 1 {
				id, so = codeUnreachable, ": none reaches it"
			}
			report(id, "make one route of the two, or take the condition away", "its route %s asks for %s, and so does route %s, which comes first%s",
				name, m.words(), routeName(before, v.spec.HTTP[before].Name), so)
		}
		if i < len(v.spec.HTTP)-1 && r.takesAll() {
			report(codeUnreachable, "move the route that takes everything to the end", "its route %s takes every request, so that none reaches what follows", name)
			break
		}
	}
	return all
}

// condition is one of a route's matches as a text to be compared, all of its
// fields but its name in it.
func (v virtual) condition(route, match int) string {
	routes, _ := v.object.spec()["http"].([]any)
	if route >= len(routes) {
		return ""
	}
	r, _ := routes[route].(map[string]any)
	matches, _ := r["match"].([]any)
	if match >= len(matches) {
		return ""
	}
	m, _ := matches[match].(map[string]any)
	m = clone(m)
	delete(m, "name")
	delete(m, "statPrefix")
	data, _ := json.Marshal(m) // of what came as JSON
	return string(data)
}

// takesAll tells whether every request goes by the route.
func (r httpRoute) takesAll() bool {
	return len(r.Match) == 0 || slices.ContainsFunc(r.Match, func(m httpMatch) bool {
		words := m.words()
		return words == "path /*" || words == "everything"
	})
}

// never says which condition of a match, all of which must hold, no request
// meets; empty: none is known.
func (x *index) never(v virtual, m httpMatch) string {
	for _, path := range []string{m.URI.Exact, m.URI.Prefix} {
		if path != "" && !strings.HasPrefix(path, "/") {
			return fmt.Sprintf("the path %s, and every path begins with a /", path)
		}
	}
	if method := m.Method.Exact; method != strings.ToUpper(method) {
		return fmt.Sprintf("the method %s, and methods are written in capitals", method)
	}
	if m.Port != 0 && !x.listens(v, m.Port) {
		return fmt.Sprintf("the port %d, which no host of the rule has", m.Port)
	}
	if len(m.SourceLabels) > 0 && !slices.ContainsFunc(x.Pods, func(p Pod) bool { return p.Proxy && p.has(m.SourceLabels) }) {
		return "callers " + (httpMatch{SourceLabels: m.SourceLabels}).words() + ", and no Pod in the mesh has these labels"
	}
	gateways := v.spec.Gateways
	if len(gateways) == 0 {
		gateways = []string{"mesh"}
	}
	if len(m.Gateways) > 0 && !slices.ContainsFunc(m.Gateways, func(g string) bool { return slices.Contains(gateways, g) }) {
		return "requests " + (httpMatch{Gateways: m.Gateways}).words() + ", and the rule is not for that gateway"
	}
	return ""
}

// listens tells whether a host of the rule has a port; of a gateway's and of
// hosts that are not known it may.
func (x *index) listens(v virtual, port int) bool {
	if v.edge() {
		return true
	}
	for _, host := range v.spec.Hosts {
		k := x.services[full(host, v.object.Namespace())]
		if k == nil || slices.ContainsFunc(k.spec.Ports, func(p servicePort) bool { return p.Port == port }) {
			return true
		}
	}
	return len(v.spec.Hosts) == 0
}
