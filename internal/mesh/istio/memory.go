package istio

import (
	"maps"
	"slices"
	"time"

	"github.com/diorama-dev/diorama/internal/mesh"
)

// Memory is what was counted in the last [mesh.Window]. Proxies count since they
// were started; what is of interest is what came since the routes were changed.
// The zero value remembers nothing.
type Memory struct {
	last    map[string]counted // by Pod
	steps   []step             // the oldest first
	routing map[string]routing // by entry
}

// counted is what a proxy had counted at an instant.
type counted struct {
	at     time.Time
	counts map[Target]Counts
}

// step is what was counted from one observation to the next.
type step struct {
	at   time.Time
	by   map[called]Counts
	edge map[string]bool // callers that are gateways
}

// called is a target and who called it.
type called struct {
	caller string // workload
	Target
}

// routing is how an entry was routed, and since when.
type routing struct {
	text  string
	since time.Time // zero: as long as it is remembered
}

// Ready tells whether the memory has what an observation at an instant can be
// compared to.
func (m Memory) Ready(now time.Time) bool {
	return len(m.steps) > 0 && now.Sub(m.steps[len(m.steps)-1].at) < mesh.Window
}

// Changed tells whether the last observation found requests routed otherwise
// than the one before: what was counted between the two is of neither.
func (m Memory) Changed() bool {
	for _, r := range m.routing {
		if len(m.steps) > 0 && r.since.Equal(m.steps[len(m.steps)-1].at) {
			return true
		}
	}
	return false
}

// With is the memory with one more observation.
func (m Memory) With(o Observation) Memory {
	next := Memory{last: maps.Clone(m.last), routing: make(map[string]routing)}
	if next.last == nil {
		next.last = make(map[string]counted)
	}
	now := step{at: o.Time, by: make(map[called]Counts), edge: make(map[string]bool)}
	pods := make(map[string]bool)
	for _, pod := range o.Pods {
		pods[pod.Key()] = true
		answer, ok := o.Answers[pod.Key()]
		if !ok {
			continue
		}
		now.edge[callerOf(pod)] = pod.Gateway
		counts := answer.counts()
		if before, ok := m.last[pod.Key()]; ok && o.Time.Sub(before.at) < mesh.Window {
			for target, c := range counts {
				key := called{callerOf(pod), target}
				now.by[key] = now.by[key].plus(c.since(before.counts[target]))
			}
		}
		next.last[pod.Key()] = counted{o.Time, counts}
	}
	maps.DeleteFunc(next.last, func(pod string, c counted) bool { return !pods[pod] || o.Time.Sub(c.at) >= mesh.Window })
	for _, s := range m.steps {
		if o.Time.Sub(s.at) < mesh.Window {
			next.steps = append(next.steps, s)
		}
	}
	next.steps = append(next.steps, now)
	for _, e := range newIndex(o).entries {
		r := routing{text: e.routing()}
		if before, ok := m.routing[e.name]; ok {
			r.since = before.since
			if before.text != r.text {
				r.since = o.Time
			}
		}
		next.routing[e.name] = r
	}
	return next
}

// seen is what was counted of a host's subset since the entry was routed as it
// is, by callers that its rule counts for.
func (m Memory) seen(e *entry, host, subset string) Counts {
	var sum Counts
	since := m.routing[e.name].since
	for _, s := range m.steps {
		if !s.at.After(since) {
			continue // it began before
		}
		for key, c := range s.by {
			if key.Host == host && key.Subset == subset && e.counts(s.edge[key.caller]) {
				sum = sum.plus(c)
			}
		}
	}
	return sum
}

// counts tells whether a caller's requests are routed by the entry's rule.
func (e *entry) counts(edge bool) bool { return edge && e.edge || !edge && e.inside }

func callerOf(pod Pod) string {
	if pod.Workload != "" {
		return pod.Workload
	}
	return pod.Name
}

// since is what was counted after before. A count that is smaller began anew
// with its proxy.
func (c Counts) since(before Counts) Counts {
	if c.Requests < before.Requests {
		return c
	}
	d := Counts{Requests: c.Requests - before.Requests, Errors: max(c.Errors-before.Errors, 0), Times: slices.Clone(c.Times)}
	if len(before.Times) == len(c.Times) {
		for i := range d.Times {
			d.Times[i].Count = max(d.Times[i].Count-before.Times[i].Count, 0)
		}
	}
	return d
}

func (c Counts) plus(d Counts) Counts {
	sum := Counts{Requests: c.Requests + d.Requests, Errors: c.Errors + d.Errors, Times: c.Times}
	switch {
	case len(c.Times) == 0:
		sum.Times = slices.Clone(d.Times)
	case len(d.Times) == len(c.Times):
		sum.Times = slices.Clone(c.Times)
		for i := range sum.Times {
			sum.Times[i].Count += d.Times[i].Count
		}
	}
	return sum
}

// within is the time that a share of the requests took at most, between the
// bounds that Envoy counts by; false where there were none.
func (t Times) within(share float64) (time.Duration, bool) {
	if len(t) == 0 || t[len(t)-1].Count <= 0 {
		return 0, false
	}
	wanted := share * float64(t[len(t)-1].Count)
	var below, least float64
	for _, b := range t {
		if float64(b.Count) >= wanted {
			part := 1.0
			if n := float64(b.Count) - below; n > 0 {
				part = (wanted - below) / n
			}
			ms := least + (b.Milliseconds-least)*part
			return time.Duration(ms * float64(time.Millisecond)), true
		}
		below, least = float64(b.Count), b.Milliseconds
	}
	return 0, false
}
