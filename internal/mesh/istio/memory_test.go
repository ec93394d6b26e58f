package istio

import (
	"maps"
	"strconv"
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

// TestMemoryOfAProxyThatMissedAChange checks that requests from before a change
// are not taken for some after it.
func TestMemoryOfAProxyThatMissedAChange(t *testing.T) {
	o := observed(t)
	m := Memory{}.With(o)
	changed := later(o, 2*time.Second, map[string]Counts{"v1": {Requests: 1000}})
	planned, err := Plan(o, mesh.Edit{Kind: mesh.EditWeights, Service: "recommender", Route: -1, Weights: map[string]int{"v1": 50, "v2": 50}}, o.Time)
	if err != nil {
		t.Fatal(err)
	}
	changed = applied(changed, planned.Objects, nil)
	silent := changed
	silent.Answers = nil
	m = m.With(silent)
	next := later(changed, 2*time.Second, map[string]Counts{"v1": {Requests: 1}})
	m = m.With(next)
	if c := seenOf(t, m, next, "v1"); c.Requests != 0 {
		t.Errorf("what came before the change is counted: %+v", c)
	}
	next = later(next, 2*time.Second, map[string]Counts{"v1": {Requests: 3}})
	m = m.With(next)
	if c := seenOf(t, m, next, "v1"); c.Requests != 3 {
		t.Errorf("3 came, and %d are counted", c.Requests)
	}
}

// TestMemoryForgetsWhatBeganBeforeTheWindow checks that what a proxy counted
// while it was silent is forgotten with the oldest of it.
func TestMemoryForgetsWhatBeganBeforeTheWindow(t *testing.T) {
	o := observed(t)
	m := Memory{}.With(o)
	o = later(o, mesh.Window-time.Second, map[string]Counts{"v1": {Requests: 10}})
	m = m.With(o)
	if c := seenOf(t, m, o, "v1"); c.Requests != 10 {
		t.Errorf("within the window %d are counted", c.Requests)
	}
	o = later(o, 2*time.Second, map[string]Counts{"v1": {Requests: 1}})
	m = m.With(o)
	if c := seenOf(t, m, o, "v1"); c.Requests != 1 {
		t.Errorf("after it %d are counted", c.Requests)
	}
}

func TestMemoryIsSmallWhereNothingHappens(t *testing.T) {
	o := observed(t)
	m := Memory{}
	for range 10 {
		m = m.With(o)
		o = later(o, time.Second, nil)
	}
	if len(m.steps) != 0 {
		t.Errorf("nothing came, and %d steps are kept", len(m.steps))
	}
	key := "diorama/caller-68d745c977-dwcwh"
	o.Answers[key].Counts[Target{Host: "gone.diorama.svc.cluster.local", Port: 80}] = Counts{Requests: 5}
	m = m.With(o)
	if _, kept := m.last[key].counts[Target{Host: "gone.diorama.svc.cluster.local", Port: 80}]; kept {
		t.Error("a host that is not there any more is kept")
	}
}

// TestMemoryOfAProxyThatLeavesStatisticsOut checks that what a proxy does not say
// once is not counted anew: not then from its addresses, which count retries, and
// not once it says it again.
func TestMemoryOfAProxyThatLeavesStatisticsOut(t *testing.T) {
	key := "diorama/caller-68d745c977-dwcwh"
	for _, hosts := range []bool{true, false} {
		o := observed(t)
		target := Target{Host: "recommender.diorama.svc.cluster.local", Subset: "v1", Port: 80}
		for to := range o.Answers[key].Counts {
			if to.Subset == "v1" {
				target = to
			}
		}
		answer := func(counts int64, attempts int64) {
			o = later(o, 2*time.Second, nil)
			a := o.Answers[key]
			a.Counts, a.Hosts = map[Target]Counts{}, map[Target][]Host{}
			if counts > 0 {
				a.Counts[target] = Counts{Requests: counts}
			}
			if hosts {
				a.Hosts[target] = []Host{{Address: "10.244.0.21:8080", Requests: attempts}}
			}
			o.Answers[key] = a
		}
		answer(10_000, 10_400)
		m := Memory{}.With(o)
		for i, counts := range []int64{0, 10_005, 0, 0, 10_007} {
			answer(counts, 10_401+int64(i))
			m = m.With(o)
		}
		if c := seenOf(t, m, o, "v1"); c.Requests != 7 {
			t.Errorf("with addresses %v: 7 came, and %d are counted", hosts, c.Requests)
		}
		answer(3, 4) // started again
		m = m.With(o)
		if c := seenOf(t, m, o, "v1"); c.Requests != 10 {
			t.Errorf("with addresses %v: 10 came, and %d are counted", hosts, c.Requests)
		}
	}
}

// everything knows every host.
func everything(string) bool { return true }

func TestCountsOfHostsWhereThereAreNoOthers(t *testing.T) {
	target := Target{Host: "a.b", Port: 80}
	answer := func(hosts ...Host) tally {
		return Answer{Hosts: map[Target][]Host{target: hosts, {Host: "c.d", Port: 80}: {{}}}}.tally(everything)
	}
	before := answer(Host{Address: "1", Requests: 10_000, Errors: 7}, Host{Address: "2", Requests: 10_000, Errors: 1})
	for name, test := range map[string]struct {
		after tally
		want  Counts
	}{
		"more":                {answer(Host{Address: "1", Requests: 10_003, Errors: 8}, Host{Address: "2", Requests: 10_004, Errors: 1}), Counts{Requests: 7, Errors: 1}},
		"one leaves":          {answer(Host{Address: "2", Requests: 10_001, Errors: 1}), Counts{Requests: 1}},
		"one comes":           {answer(Host{Address: "1", Requests: 10_000, Errors: 7}, Host{Address: "2", Requests: 10_000, Errors: 1}, Host{Address: "3", Requests: 2}), Counts{Requests: 2}},
		"the proxy is anew":   {answer(Host{Address: "1", Requests: 3}, Host{Address: "2", Requests: 1}), Counts{Requests: 4}},
		"statistics are kept": {tally{counts: map[Target]Counts{target: {Requests: 20_005, Errors: 9}}}, Counts{Requests: 5, Errors: 1}},
	} {
		if got := test.after.since(before)[target]; got.Requests != test.want.Requests || got.Errors != test.want.Errors {
			t.Errorf("%s: counted are %+v", name, got)
		}
	}
	if !(Answer{Hosts: map[Target][]Host{target: {{}, {Requests: 1}}}}).called(target) {
		t.Error("what was sent to an address is not told")
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

// BenchmarkFold looks at a mesh of 200 workloads that know each other, in which
// each calls five.
func BenchmarkFold(b *testing.B) {
	o := crowd(200)
	m := Memory{}
	for i := range 150 {
		o.Time = o.Time.Add(2 * time.Second)
		for j, pod := range o.Pods {
			for k := range 5 {
				to := Target{Host: "w" + strconv.Itoa((j+k)%200) + ".diorama.svc.cluster.local", Port: 80}
				c := o.Answers[pod.Key()].Counts[to]
				o.Answers[pod.Key()].Counts[to] = Counts{Requests: c.Requests + int64(i%2), Times: Times{{1, c.Requests + int64(i%2)}}}
			}
		}
		m = m.With(o)
	}
	b.ReportAllocs()
	for b.Loop() {
		_ = Fold(o, m)
	}
}

// crowd is a mesh of n workloads, each of which knows all of them.
func crowd(n int) Observation {
	o := Observation{Time: now(), Environment: "c", Namespace: "diorama", Root: "istio-system", Answers: make(map[string]Answer)}
	hosts, counts := make(map[Target][]Host), make(map[Target]Counts)
	for i := range n {
		name := "w" + strconv.Itoa(i)
		to := Target{Host: name + ".diorama.svc.cluster.local", Port: 80}
		o.Objects = append(o.Objects, Object{
			"kind": kindService, "metadata": map[string]any{"name": name, "namespace": "diorama"},
			"spec": map[string]any{"selector": map[string]any{"app": name}},
		})
		hosts[to], counts[to] = []Host{{Address: "10.0.0." + strconv.Itoa(i) + ":80"}}, Counts{}
	}
	for i := range n {
		p := pod("w"+strconv.Itoa(i)+"-0", "10.0.0."+strconv.Itoa(i), "w"+strconv.Itoa(i), true, map[string]string{"app": "w" + strconv.Itoa(i)})
		o.Pods = append(o.Pods, p)
		o.Answers[p.Key()] = Answer{Hosts: hosts, Counts: maps.Clone(counts)}
	}
	return o
}
