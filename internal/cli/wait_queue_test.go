package cli

import (
	"strings"
	"testing"
	"time"

	"github.com/diorama-dev/diorama/internal/queue"
)

func TestConditionOfAGroup(t *testing.T) {
	in := func(lag, consumed queue.Count) []queue.GroupInQueue {
		return []queue.GroupInQueue{{Queue: "orders", Lag: lag, Consumed: consumed}}
	}
	n := queue.Known[int64]
	tests := map[string]struct {
		phase  queue.Phase
		queues []queue.GroupInQueue
		want   string // what is missing; empty: nothing
	}{
		"read all":              {queue.PhaseAnswering, in(n(0), n(1000)), ""},
		"read more":             {queue.PhaseAnswering, in(n(0), n(1200)), ""},
		"read too few":          {queue.PhaseAnswering, in(n(0), n(999)), "999 of 1000"},
		"behind":                {queue.PhaseAnswering, in(n(1), n(1000)), "1 messages behind"},
		"lag not known":         {queue.PhaseAnswering, in(queue.Count{}, n(1000)), "not known"},
		"nothing committed":     {queue.PhaseAnswering, in(queue.Count{}, queue.Count{}), "not committed anything"},
		"empty and uncommitted": {queue.PhaseAnswering, in(n(0), queue.Count{}), "not committed anything"},
		"not in this queue":     {queue.PhaseAnswering, nil, "not committed anything"},
		"broker silent":         {queue.PhaseSilent, in(n(0), n(1000)), "does not answer"},
	}
	c := condition{queue: address{"kafka", "orders"}, group: "billing", consumed: 1000, lag: 0}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			state := queue.State{{Stack: "kafka", Phase: test.phase, Groups: []*queue.GroupStatus{{Name: "billing", Queues: test.queues}}}}
			ok, missing := c.met(state)
			if ok != (test.want == "") || !strings.Contains(missing, test.want) {
				t.Errorf("met %v, missing %q, want %q", ok, missing, test.want)
			}
		})
	}
	if ok, missing := c.met(nil); ok || !strings.Contains(missing, "no broker") {
		t.Errorf("without a broker: met %v, missing %q", ok, missing)
	}
}

func TestConditionOfAQueue(t *testing.T) {
	state := func(depth queue.Count) queue.State {
		return queue.State{{Stack: "rabbitmq", Phase: queue.PhaseAnswering, Queues: []*queue.Status{{Name: "jobs", Depth: depth}}}}
	}
	c := condition{queue: address{"rabbitmq", "jobs"}, consumed: -1, lag: 0}
	for depth, want := range map[queue.Count]bool{queue.Known(int64(0)): true, queue.Known(int64(1)): false, {}: false} {
		if ok, missing := c.met(state(depth)); ok != want {
			t.Errorf("with %v messages: met %v, missing %q", depth, ok, missing)
		}
	}
	topic := queue.State{{Stack: "rabbitmq", Queues: []*queue.Status{{Name: "jobs", Kind: queue.KindTopic}}}}
	if err := c.sensible(topic); codeOf(err) != ExitUsage {
		t.Errorf("waiting for an empty topic is %v", err)
	}
}

func TestSteady(t *testing.T) {
	at := func(s int) time.Time { return time.Unix(int64(s), 0) }
	var so steady
	for second, ok := range []bool{true, true, false, true, true, true} {
		so = so.with(at(second), ok)
	}
	if so.lasted() != 2*time.Second {
		t.Errorf("it has been so for %v, want 2 s since it was not", so.lasted())
	}
}

func TestPlacesInAQueue(t *testing.T) {
	now := time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]queue.PeekRequest{
		"newest":               {From: queue.FromNewest},
		"oldest":               {From: queue.FromOldest},
		"1200":                 {From: queue.FromOffset, Offset: 1200},
		"10m":                  {From: queue.FromTime, Time: now.Add(-10 * time.Minute)},
		"2026-11-27T11:00:00Z": {From: queue.FromTime, Time: now.Add(-time.Hour)},
	} {
		if got, err := beginning(text, now); err != nil || got != want {
			t.Errorf("--from %s is %+v, %v; want %+v", text, got, err, want)
		}
	}
	for text, want := range map[string]queue.ResetRequest{
		"start": {To: queue.ResetStart},
		"end":   {To: queue.ResetEnd},
		"42":    {To: queue.ResetOffset, Value: 42},
		"+5":    {To: queue.ResetShift, Value: 5},
		"-5":    {To: queue.ResetShift, Value: -5},
		"1h":    {To: queue.ResetTime, Time: now.Add(-time.Hour)},
	} {
		if got, err := target(text, now); err != nil || got != want {
			t.Errorf("--to %s is %+v, %v; want %+v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "soon", "1.5", "-3"} {
		if _, err := beginning(text, now); codeOf(err) != ExitUsage {
			t.Errorf("--from %q is %v, want wrong usage", text, err)
		}
	}
}
