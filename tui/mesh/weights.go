package mesh

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/diorama-dev/diorama/internal/mesh"
	"github.com/diorama-dev/diorama/tui/layout"
)

// weights are the shares of a route's destinations as a person has moved them
// and not applied yet. The zero value has moved nothing.
type weights struct {
	service string
	route   int
	match   []string       // of the route, by which it is told from one that has taken its place
	at      string         // the destination that is moved
	from    map[string]int // as they were before that
	to      map[string]int
}

// step is by how many points a key moves a weight.
const step = 5

// moved returns the weights with that of a destination one step up or down;
// the others share the rest as they did before.
func (w weights) moved(s *mesh.Service, route int, at string, way int) weights {
	if w.to == nil || w.service != s.Name || w.route != route {
		w = weights{service: s.Name, route: route, match: s.Routes[route].Match, to: known(s, route)}
	}
	if w.at != at || w.from == nil {
		w.at, w.from = at, w.to
	}
	now := within(w.to[at])
	next := (now + step) / step * step
	if way < 0 {
		next = (now - 1) / step * step
	}
	next = layout.Clamp(next, 0, 100)
	w.to = shared(w.from, at, next)
	if maps.Equal(w.to, known(s, route)) {
		return weights{}
	}
	return w
}

// known are the weights of a route, and versions that other routes of the service
// go to with none.
func known(s *mesh.Service, route int) map[string]int {
	out := weightsOf(&s.Routes[route])
	for _, r := range s.Routes {
		for _, d := range r.Destinations {
			if _, ok := out[d.Name]; !ok && d.Subset != "" && d.Service == s.Name {
				out[d.Name] = 0
			}
		}
	}
	return out
}

// whole are the weights of a route as an edit must give them: together 100.
func whole(r *mesh.Route) map[string]int {
	out, sum, most := weightsOf(r), 0, ""
	for _, n := range slices.Sorted(maps.Keys(out)) {
		out[n] = layout.Clamp(out[n], 0, 100)
		if sum += out[n]; most == "" || out[n] > out[most] {
			most = n
		}
	}
	if most != "" {
		out[most] += 100 - sum
	}
	return out
}

func weightsOf(r *mesh.Route) map[string]int {
	out := make(map[string]int, len(r.Destinations))
	for _, d := range r.Destinations {
		out[d.Name] = d.Weight
	}
	return out
}

// shared gives a destination its share, and all others what is left in the
// proportion of from; evenly where they had nothing. The result is together 100.
func shared(from map[string]int, at string, share int) map[string]int {
	names := slices.Sorted(maps.Keys(from))
	sum := 0
	for _, n := range names {
		if n != at {
			sum += within(from[n])
		}
	}
	out := map[string]int{at: share}
	left := 100 - share
	rest := left
	for _, n := range names {
		if n == at {
			continue
		}
		if sum > 0 {
			out[n] = left * within(from[n]) / sum
		} else {
			out[n] = left / max(len(names)-1, 1)
		}
		rest -= out[n]
	}
	for i := 0; rest > 0 && len(names) > 1; i = (i + 1) % len(names) { // what rounding has left over
		if n := names[i]; n != at && (sum == 0 || within(from[n]) > 0) {
			out[n]++
			rest--
		}
	}
	return out
}

// within bounds a weight: whoever wrote it may have written anything.
func within(weight int) int { return layout.Clamp(weight, 0, 1000) }

// stands reports whether what was moved is there as it was.
func (w weights) stands(s mesh.State) bool {
	if w.to == nil {
		return true
	}
	for i := range s.Services {
		if s.Services[i].Name != w.service || w.route >= len(s.Services[i].Routes) {
			continue
		}
		now := known(&s.Services[i], w.route)
		if maps.Equal(now, w.to) || len(now) != len(w.to) || !slices.Equal(s.Services[i].Routes[w.route].Match, w.match) {
			return false
		}
		for n := range w.to {
			if _, ok := now[n]; !ok {
				return false
			}
		}
		return true
	}
	return false
}

// edit is what applies the weights: without the versions that the route does not
// go to and is not to.
func (w weights) edit(s mesh.State) mesh.Edit {
	e := mesh.Edit{Kind: mesh.EditWeights, Service: w.service, Route: w.route, Weights: maps.Clone(w.to), Shown: &mesh.Shown{Match: w.match}}
	for _, x := range s.Services {
		if x.Name == w.service && w.route < len(x.Routes) {
			now := weightsOf(&x.Routes[w.route])
			maps.DeleteFunc(e.Weights, func(name string, weight int) bool {
				_, there := now[name]
				return !there && weight == 0
			})
		}
	}
	return e
}

// weightLine says what was moved, and how it is applied.
func (m Model) weightLine() string {
	var parts []string
	for _, n := range slices.Sorted(maps.Keys(m.weights.to)) {
		parts = append(parts, fmt.Sprintf("%s %d %%", n, m.weights.to[n]))
	}
	text := " " + m.weights.service + ": " + strings.Join(parts, ", ")
	note := "not applied: enter shows what it would apply, esc drops it "
	if m.width < 100 {
		note = "not applied "
	}
	return layout.Between(m.theme.Accent.Paint(layout.Cut(text, m.width-1)), m.theme.Working.Paint(note), m.width)
}
