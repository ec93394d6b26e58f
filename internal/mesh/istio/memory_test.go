package istio

import (
	"testing"
	"time"

	"github.com/diorama-dev/diorama/internal/mesh"
)

// seenOf is what is seen of the recommender's version by the last observation.
func seenOf(t *testing.T, m Memory, o Observation, subset string) Counts {
	t.Helper()
	e := recommender(t, newIndex(o))
	return m.seen(e, e.host, subset)
}

func TestMemoryCountsWhatCameSince(t *testing.T) {
	o := observed(t)
	m := Memory{}.With(o)
	if c := seenOf(t, m, o, "v1"); c.Requests != 0 {
		t.Errorf("what came before is counted: %+v", c)
	}
	for range 3 {
		o = later(o, 2*time.Second, map[string]Counts{"v1": {Requests: 10}})
		m = m.With(o)
	}
	if c := seenOf(t, m, o, "v1"); c.Requests != 30 {
		t.Errorf("30 came, and %d are counted", c.Requests)
	}
	o = later(o, mesh.Window-time.Second, nil)
	m = m.With(o)
	o = later(o, time.Second, nil)
	m = m.With(o)
	if c := seenOf(t, m, o, "v1"); c.Requests != 0 {
		t.Errorf("after the window %d are counted", c.Requests)
	}
}

func TestMemoryBeginsAnewWithTheRoutes(t *testing.T) {
	o := observed(t)
	m := Memory{}.With(o)
	o = later(o, 2*time.Second, map[string]Counts{"v1": {Requests: 10}})
	m = m.With(o)
	if m.Changed() {
		t.Error("nothing was changed")
	}
	planned, err := Plan(o, mesh.Edit{Kind: mesh.EditWeights, Service: "recommender", Route: -1, Weights: map[string]int{"v1": 50, "v2": 50}}, o.Time)
	if err != nil {
		t.Fatal(err)
	}
	for i, object := range o.Objects {
		if object.String() == planned.Objects[0].String() {
			o.Objects[i] = planned.Objects[0]
		}
	}
	o = later(o, 2*time.Second, map[string]Counts{"v1": {Requests: 7}})
	m = m.With(o)
	if c := seenOf(t, m, o, "v1"); c.Requests != 0 || !m.Changed() {
		t.Errorf("what came before the change is counted: %+v", c)
	}
	o = later(o, 2*time.Second, map[string]Counts{"v1": {Requests: 5}, "v2": {Requests: 5}})
	m = m.With(o)
	if c := seenOf(t, m, o, "v1"); c.Requests != 5 || m.Changed() {
		t.Errorf("after the change %+v", c)
	}
}

func TestMemoryOfAProxyThatWasStartedAgain(t *testing.T) {
	o := observed(t)
	m := Memory{}.With(o)
	next := later(o, 2*time.Second, nil)
	for target := range next.Answers["diorama/caller-68d745c977-dwcwh"].Counts {
		next.Answers["diorama/caller-68d745c977-dwcwh"].Counts[target] = Counts{Requests: 3, Errors: 1}
	}
	m = m.With(next)
	if c := seenOf(t, m, next, "v1"); c.Requests != 3 || c.Errors != 1 {
		t.Errorf("counted are %+v", c)
	}
}

func TestMemoryOfAProxyThatDoesNotAnswer(t *testing.T) {
	o := observed(t)
	m := Memory{}.With(o)
	silent := later(o, 2*time.Second, nil)
	silent.Answers = nil
	m = m.With(silent)
	next := later(o, 4*time.Second, map[string]Counts{"v1": {Requests: 8}})
	m = m.With(next)
	if c := seenOf(t, m, next, "v1"); c.Requests != 8 {
		t.Errorf("counted are %+v", c)
	}
}

func TestCountsOfHostsWhereThereAreNoOthers(t *testing.T) {
	target := Target{Host: "a.b", Port: 80}
	a := Answer{Hosts: map[Target][]Host{target: {{Requests: 3, Errors: 1}, {Requests: 4}}, {Host: "c.d", Port: 80}: {{}}}}
	if c := a.counts(); len(c) != 1 || c[target].Requests != 7 || c[target].Errors != 1 {
		t.Errorf("counted are %+v", c)
	}
}

func TestTimesWithin(t *testing.T) {
	times := Times{{0.5, 0}, {1, 90}, {5, 99}, {10, 100}}
	for share, want := range map[float64]time.Duration{0.99: 5 * time.Millisecond, 0.9: time.Millisecond, 0.995: 7500 * time.Microsecond, 0.45: 750 * time.Microsecond} {
		if got, ok := times.within(share); !ok || got != want {
			t.Errorf("%v is within %v, want %v", share, got, want)
		}
	}
	if _, ok := (Times{{1, 0}}).within(0.99); ok {
		t.Error("of no request there is a time")
	}
}
