package queue

import (
	"testing"
	"time"
)

// noon is when samples of tests begin.
func noon() time.Time { return time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC) }

// topic is one with partitions that begin at 0 and end there.
func topic(name string, ends ...int64) *Queue {
	q := &Queue{Name: name, Kind: KindTopic}
	for i, end := range ends {
		q.Partitions = append(q.Partitions, Partition{ID: int32(i), Start: Known(int64(0)), End: Known(end)})
		q.Written, q.Depth = Total(q.Written, Known(end)), Total(q.Depth, Known(end))
	}
	return q
}

// reader is a group at offsets of one topic; -1: nothing committed.
func reader(name, queue string, ends []int64, offsets ...int64) *Group {
	g := &Group{Name: name, Kind: GroupClassic, State: "stable"}
	for i, at := range offsets {
		o := Offset{Queue: queue, Partition: int32(i)}
		if at >= 0 {
			o.Committed, o.Lag = Known(at), Known(ends[i]-at)
		}
		g.Offsets = append(g.Offsets, o)
	}
	return g
}

// history folds samples that are taken every so often.
func history(every time.Duration, samples ...*Sample) History {
	var h History
	for i, s := range samples {
		s.At = noon().Add(time.Duration(i) * every)
		h = h.With(s)
	}
	return h
}

func about(t *testing.T, what string, got Rate, want float64) {
	t.Helper()
	if v, ok := got.Get(); !ok || v < want-0.001 || v > want+0.001 {
		t.Errorf("%s is %v, want %v", what, got, want)
	}
}

func TestRatesOfATopic(t *testing.T) {
	tests := map[string]struct {
		before, now *Queue
		want        Rate
	}{
		"written to":           {topic("t", 10, 20), topic("t", 15, 25), Known(5.0)},
		"nothing new":          {topic("t", 10, 20), topic("t", 10, 20), Known(0.0)},
		"made anew":            {topic("t", 10, 20), topic("t", 3, 4), Rate{}},
		"made anew, one grew":  {topic("t", 10, 20), topic("t", 900, 4), Rate{}},
		"made anew, smaller":   {topic("t", 10, 20), topic("t", 12), Rate{}},
		"gained a partition":   {topic("t", 10), topic("t", 14, 100), Known(2.0)},
		"end was not known":    {&Queue{Name: "t", Partitions: []Partition{{}}}, topic("t", 50), Rate{}},
		"end is not known":     {topic("t", 50), &Queue{Name: "t", Partitions: []Partition{{}}}, Rate{}},
		"counter of a queue":   {&Queue{Name: "t", Written: Known(int64(7))}, &Queue{Name: "t", Written: Known(int64(9))}, Known(1.0)},
		"counter began again":  {&Queue{Name: "t", Written: Known(int64(7))}, &Queue{Name: "t", Written: Known(int64(2))}, Rate{}},
		"counter is not known": {&Queue{Name: "t", Written: Known(int64(7))}, &Queue{Name: "t"}, Rate{}},
		"new":                  {nil, topic("t", 10), Rate{}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			first := &Sample{}
			if test.before != nil {
				first.Queues = []*Queue{test.before}
			}
			h := history(2*time.Second, first, &Sample{Queues: []*Queue{test.now}})
			if got := h.broker.Queues[0].In; got != test.want {
				t.Errorf("rate is %v, want %v", got, test.want)
			}
		})
	}
}

func TestRetentionChangesNoRate(t *testing.T) {
	before, now := topic("t", 100), topic("t", 110)
	now.Partitions[0].Start = Known(int64(90))
	now.Depth = Known(int64(20))
	h := history(time.Second, &Sample{Queues: []*Queue{before}}, &Sample{Queues: []*Queue{now}})
	about(t, "rate in", h.broker.Queues[0].In, 10)
}

func TestAGroupThatFallsBehind(t *testing.T) {
	at := func(end, committed int64) *Sample {
		return &Sample{Queues: []*Queue{topic("t", end)}, Groups: []*Group{reader("g", "t", []int64{end}, committed)}}
	}
	h := history(time.Second, at(100, 100), at(140, 110), at(180, 120))
	in := h.broker.Groups[0].Queues[0]
	about(t, "rate", in.Rate, 10)
	about(t, "trend", in.Trend, 30)
	if in.Drain.IsKnown() {
		t.Errorf("a growing lag is said to be gone in %v s", in.Drain)
	}
	q := h.broker.Queues[0]
	if q.Groups != 1 || q.Lag.Group != "g" || q.Lag.Lag != Known(int64(60)) {
		t.Errorf("the topic's worst is %+v of %d groups, want g with 60 of 1", q.Lag, q.Groups)
	}
	about(t, "rate out", q.Out, 10)
}

func TestTimeToDrain(t *testing.T) {
	at := func(end, committed int64) *Sample {
		return &Sample{Groups: []*Group{reader("g", "t", []int64{end}, committed)}}
	}
	h := history(time.Second, at(100, 0), at(100, 30))
	about(t, "drain", h.broker.Groups[0].Queues[0].Drain, 3)
	h = history(time.Second, at(100, 0), at(100, 100))
	about(t, "drain", h.broker.Groups[0].Queues[0].Drain, 0)
}

func TestUnknownIsNotZero(t *testing.T) {
	g := reader("g", "t", []int64{10, 10}, -1, -1)
	h := history(time.Second, &Sample{Groups: []*Group{g}}, &Sample{Groups: []*Group{g}})
	got := h.broker.Groups[0]
	if in := got.Queues[0]; in.Lag.IsKnown() || in.Rate.IsKnown() || in.Trend.IsKnown() || in.Drain.IsKnown() || in.Unknown != 2 || got.Committed {
		t.Errorf("a group without commits is %+v", got)
	}
	half := reader("g", "t", []int64{10, 10}, 4, -1)
	h = history(time.Second, &Sample{Groups: []*Group{half}})
	if in := h.broker.Groups[0].Queues[0]; in.Lag != Known(int64(6)) || in.Unknown != 1 {
		t.Errorf("lag %v with %d unknown, want 6 with 1", in.Lag, in.Unknown)
	}
}

func TestResetOffsetsAreNoNegativeRate(t *testing.T) {
	ends := []int64{100}
	h := history(time.Second,
		&Sample{Groups: []*Group{reader("g", "t", ends, 90)}},
		&Sample{Groups: []*Group{reader("g", "t", ends, 95)}},
		&Sample{Groups: []*Group{reader("g", "t", ends, 0)}})
	if rate := h.broker.Groups[0].Queues[0].Rate; rate.IsKnown() {
		t.Errorf("rate is %v, want unknown", rate)
	}
}

// A consumer commits now and then: its rate is over a time in which it does,
// and becomes zero once it has not for that long.
func TestRateOfSeldomCommits(t *testing.T) {
	var samples []*Sample
	for i := range 40 {
		committed := int64(min(i, 20)/5) * 50 // 50 more every 5 s, for 20 s
		samples = append(samples, &Sample{Groups: []*Group{reader("g", "t", []int64{1000}, committed)}})
	}
	h := history(time.Second, samples[:21]...)
	about(t, "rate while it commits", h.broker.Groups[0].Queues[0].Rate, 10)
	h = history(time.Second, samples...)
	about(t, "rate when it has ceased", h.broker.Groups[0].Queues[0].Rate, 0)
}

func TestWhatHasNotChangedIsTheSame(t *testing.T) {
	q, g := topic("t", 10), reader("g", "t", []int64{10}, 10)
	var samples []*Sample
	for range 20 {
		samples = append(samples, &Sample{Queues: []*Queue{q}, Groups: []*Group{g}})
	}
	h := history(time.Second, samples...)
	next := h.With(&Sample{At: noon().Add(time.Hour), Queues: []*Queue{q}, Groups: []*Group{g}})
	if next.broker.Queues[0] != h.broker.Queues[0] || next.broker.Groups[0] != h.broker.Groups[0] {
		t.Error("a queue or group that stands still has a new status")
	}
	// A rate that was left from before the window must not stay.
	moved := reader("g", "t", []int64{10}, 5)
	first := history(time.Second, &Sample{Groups: []*Group{moved}}, &Sample{Groups: []*Group{g}})
	later := first.With(&Sample{At: noon().Add(time.Hour), Groups: []*Group{g}})
	about(t, "rate an hour later", later.broker.Groups[0].Queues[0].Rate, 0)
}

func TestQueuesWithoutGroups(t *testing.T) {
	at := func(depth, unacknowledged, taken int64) *Sample {
		return &Sample{Queues: []*Queue{{
			Name: "jobs", Kind: KindQuorum, Depth: Known(depth), Unacknowledged: Known(unacknowledged),
			Written: Known(depth + taken), Taken: Known(taken),
		}}}
	}
	h := history(time.Second, at(10, 2, 0), at(26, 2, 4))
	q := h.broker.Queues[0]
	about(t, "in", q.In, 20)
	about(t, "out", q.Out, 4)
	if q.Lag.Lag != Known(int64(24)) {
		t.Errorf("%v wait, want 24", q.Lag.Lag)
	}
	about(t, "trend", q.Lag.Trend, 16)
}

// However far apart samples are, what was added is added over the time in which
// it was.
func TestRatesOfSamplesFarApart(t *testing.T) {
	for _, every := range []time.Duration{2 * time.Second, 10 * time.Second, 30 * time.Second, 5 * time.Minute} {
		var samples []*Sample
		for i := range 6 {
			end := int64(i) * 1000 * int64(every/time.Second)
			samples = append(samples, &Sample{Queues: []*Queue{topic("t", end)}, Groups: []*Group{reader("g", "t", []int64{2 * end}, end)}})
		}
		h := history(every, samples...)
		about(t, "rate in, every "+every.String(), h.broker.Queues[0].In, 1000)
		about(t, "rate of the group, every "+every.String(), h.broker.Groups[0].Queues[0].Rate, 1000)
		about(t, "trend, every "+every.String(), h.broker.Groups[0].Queues[0].Trend, 1000)
	}
}

// A partition whose end nobody tells takes its lag out of the sum: the group has
// not read it.
func TestAPartitionThatFallsSilentIsNotRead(t *testing.T) {
	ends := []int64{1000, 10}
	both, one := reader("g", "t", ends, 0, 5), reader("g", "t", ends, 0, 5)
	one.Offsets[0].Lag = Count{}
	for name, samples := range map[string][]*Sample{
		"silent":  {{Groups: []*Group{both}}, {Groups: []*Group{both}}, {Groups: []*Group{one}}},
		"is back": {{Groups: []*Group{one}}, {Groups: []*Group{one}}, {Groups: []*Group{both}}},
	} {
		in := history(time.Second, samples...).broker.Groups[0].Queues[0]
		if in.Trend.IsKnown() || in.Drain.IsKnown() {
			t.Errorf("%s: the trend is %v, drained in %v s", name, in.Trend, in.Drain)
		}
	}
}

// A group that stands still from the beginning has a rate of zero, not one that
// nobody knows, however late the second sample comes.
func TestAStandingGroupsRateBecomesKnown(t *testing.T) {
	g := reader("g", "t", []int64{10}, 5)
	in := history(20*time.Second, &Sample{Groups: []*Group{g}}, &Sample{Groups: []*Group{g}}).broker.Groups[0].Queues[0]
	about(t, "rate", in.Rate, 0)
	about(t, "trend", in.Trend, 0)
}

// A partition that nobody has committed in hides nothing while it is empty.
func TestAnEmptyPartitionIsNotUnknown(t *testing.T) {
	for end, want := range map[int64]int{0: 0, 5: 1} {
		g := reader("g", "t", []int64{10, end}, 10, -1)
		s := &Sample{Queues: []*Queue{topic("t", 10, end)}, Groups: []*Group{g}}
		if got := history(time.Second, s, &Sample{Queues: []*Queue{topic("t", 10, end)}, Groups: []*Group{g}}).broker.Groups[0].Queues[0].Unknown; got != want {
			t.Errorf("with %d messages in it, %d partitions are not known, want %d", end, got, want)
		}
	}
}
