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
	at      time.Time          // of the last observation; zero: there was none
	last    map[string]counted // by Pod
	steps   []step
	routing map[string]routing // by entry
}

// counted is what a proxy had counted at an instant.
type counted struct {
	at time.Time
	tally
}

// step is what was counted from one instant to another. Those of proxies that
// did not answer for a while began earlier than others', and are steps of their
// own. Most of a mesh is idle most of the time: what is zero is not in it.
type step struct {
	begin, end time.Time
	by         map[aim]sides
}

// aim is a destination: a host and its subset. Ports are counted together.
type aim struct{ host, subset string }

// sides are what callers in the mesh counted, and those at its edge.
type sides struct{ inside, edge Counts }

// routing is how an entry was routed, and since when.
type routing struct {
	text  string
	since time.Time // zero: as long as it is remembered
}

// Ready tells whether the memory has what an observation at an instant can be
// compared to.
func (m Memory) Ready(now time.Time) bool {
	return !m.at.IsZero() && now.Sub(m.at) < mesh.Window
}

// Changed tells whether the last observation found requests routed otherwise
// than the one before: what was counted between the two is of neither.
func (m Memory) Changed() bool {
	for _, r := range m.routing {
		if !r.since.IsZero() && r.since.Equal(m.at) {
			return true
		}
	}
	return false
}

// With is the memory with one more observation.
func (m Memory) With(o Observation) Memory {
	x := newIndex(o)
	next := Memory{at: o.Time, last: maps.Clone(m.last), routing: make(map[string]routing)}
	if next.last == nil {
		next.last = make(map[string]counted)
	}
	for _, s := range m.steps {
		if o.Time.Sub(s.begin) < mesh.Window {
			next.steps = append(next.steps, s)
		}
	}
	pods := make(map[string]bool)
	for _, pod := range o.Pods {
		pods[pod.Key()] = true
		answer, ok := o.Answers[pod.Key()]
		if !ok {
			continue
		}
		now := answer.tally(x.exists)
		if before, ok := m.last[pod.Key()]; ok && o.Time.Sub(before.at) < mesh.Window {
			now.keep(before.tally, x.exists)
			next.count(before.at, pod.Gateway, now.since(before.tally))
		}
		next.last[pod.Key()] = counted{o.Time, now}
	}
	maps.DeleteFunc(next.last, func(pod string, c counted) bool { return !pods[pod] || o.Time.Sub(c.at) >= mesh.Window })
	for _, e := range x.entries {
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

// count adds what a proxy has counted from an instant until now.
func (m *Memory) count(begin time.Time, edge bool, more map[Target]Counts) {
	for target, c := range more {
		if c.none() {
			continue
		}
		i := slices.IndexFunc(m.steps, func(s step) bool { return s.end.Equal(m.at) && s.begin.Equal(begin) })
		if i < 0 {
			i = len(m.steps)
			m.steps = append(m.steps, step{begin: begin, end: m.at, by: make(map[aim]sides)})
		}
		at := aim{target.Host, target.Subset}
		sum := m.steps[i].by[at]
		if edge {
			sum.edge = sum.edge.plus(c)
		} else {
			sum.inside = sum.inside.plus(c)
		}
		m.steps[i].by[at] = sum
	}
}

// seen is what was counted of a host's subset since the entry was routed as it
// is, by callers that its rule counts for. What a proxy counted from before the
// change until after it is of neither.
func (m Memory) seen(e *entry, host, subset string) Counts {
	var sum Counts
	since := m.routing[e.name].since
	for _, s := range m.steps {
		if s.begin.Before(since) {
			continue
		}
		c := s.by[aim{host, subset}]
		if e.inside {
			sum = sum.plus(c.inside)
		}
		if e.edge {
			sum = sum.plus(c.edge)
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

// none tells whether nothing was counted.
func (c Counts) none() bool {
	return c.Requests == 0 && c.Errors == 0 && (len(c.Times) == 0 || c.Times[len(c.Times)-1].Count == 0)
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
