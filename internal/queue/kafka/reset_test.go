package kafka

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/diorama-dev/diorama/internal/queue"
)

func TestReset(t *testing.T) {
	f := startFake(t, 1, kfake.SeedTopics(2, "orders"))
	f.write(t, "orders", 0, "a", "b", "c", "d")
	f.write(t, "orders", 1, "e")
	if err := f.DeleteRecords("orders", 0, 1); err != nil {
		t.Fatal(err)
	}
	change := func(partition int32, from queue.Count, to, before, after int64) queue.ResetChange {
		c := queue.ResetChange{Partition: partition, From: from, To: to, LagAfter: queue.Known(after)}
		if from.IsKnown() {
			c.LagBefore = queue.Known(before)
		}
		return c
	}
	none, two := queue.Count{}, queue.Known[int64](2)
	for name, c := range map[string]struct {
		request queue.ResetRequest
		want    []queue.ResetChange
	}{
		"start":           {queue.ResetRequest{To: queue.ResetStart}, []queue.ResetChange{change(0, two, 1, 2, 3), change(1, none, 0, 0, 1)}},
		"end":             {queue.ResetRequest{To: queue.ResetEnd}, []queue.ResetChange{change(0, two, 4, 2, 0), change(1, none, 1, 0, 0)}},
		"an offset":       {queue.ResetRequest{To: queue.ResetOffset, Value: 3}, []queue.ResetChange{change(0, two, 3, 2, 1), change(1, none, 1, 0, 0)}},
		"where it is":     {queue.ResetRequest{To: queue.ResetOffset, Value: 2, Partition: queue.Known[int64](0)}, nil},
		"too far back":    {queue.ResetRequest{To: queue.ResetShift, Value: -9, Partition: queue.Known[int64](0)}, []queue.ResetChange{change(0, two, 1, 2, 3)}},
		"on":              {queue.ResetRequest{To: queue.ResetShift, Value: 1, Partition: queue.Known[int64](0)}, []queue.ResetChange{change(0, two, 3, 2, 1)}},
		"a time long ago": {queue.ResetRequest{To: queue.ResetTime, Time: time.Unix(0, 0)}, []queue.ResetChange{change(0, two, 1, 2, 3), change(1, none, 0, 0, 1)}},
		"a time to come":  {queue.ResetRequest{To: queue.ResetTime, Time: time.Now().Add(time.Hour)}, []queue.ResetChange{change(0, two, 4, 2, 0), change(1, none, 1, 0, 0)}},
	} {
		t.Run(name, func(t *testing.T) {
			f := f
			group := "group " + name
			f.commit(t, group, "orders", 2)
			c.request.Group, c.request.Queue = group, "orders"
			plan, err := f.source.PlanReset(t.Context(), c.request)
			if err != nil {
				t.Fatal(err)
			}
			want := queue.ResetPlan{Group: group, Queue: "orders", Changes: c.want}
			if !cmp.Equal(plan, want, counts) {
				t.Fatalf("-want +plan:\n%s", cmp.Diff(want, plan, counts))
			}
			if err := f.source.Reset(t.Context(), plan); err != nil {
				t.Fatal(err)
			}
			g := groupIn(t, sampleOf(t, f.source), group)
			for _, c := range c.want {
				if got := lagIn(g, c.Partition); got != c.LagAfter {
					t.Errorf("partition %d: lag %v, want %v", c.Partition, got, c.LagAfter)
				}
			}
		})
	}
	for name, r := range map[string]queue.ResetRequest{
		"no commit to shift from": {Group: "group start", Queue: "orders", To: "nowhere"},
		"no such target":          {Group: "group on", Queue: "orders", To: queue.ResetShift, Value: 1, Partition: queue.Known[int64](1)},
	} {
		if plan, err := f.source.PlanReset(t.Context(), r); err == nil {
			t.Errorf("%s: planned %+v", name, plan)
		}
	}
	for _, r := range []queue.ResetRequest{{Group: "nobody", Queue: "orders", To: queue.ResetEnd}, {Group: "group on", Queue: "nothing", To: queue.ResetEnd}} {
		if _, err := f.source.PlanReset(t.Context(), r); !isNotFound(err) {
			t.Errorf("%+v: %v", r, err)
		}
	}
}

// TestResetOfAnother: a plan is for the group as it was.
func TestResetOfAnother(t *testing.T) {
	f := startFake(t, 1, kfake.SeedTopics(1, "orders"))
	f.write(t, "orders", 0, "a", "b", "c")
	f.commit(t, "billing", "orders", 1)
	plan, err := f.source.PlanReset(t.Context(), queue.ResetRequest{Group: "billing", Queue: "orders", To: queue.ResetEnd})
	if err != nil {
		t.Fatal(err)
	}
	f.commit(t, "billing", "orders", 2)
	if err := f.source.Reset(t.Context(), plan); err == nil || !strings.Contains(err.Error(), "plan again") {
		t.Errorf("error is %v", err)
	}
	member, err := kgo.NewClient(kgo.SeedBrokers(f.ListenAddrs()...), kgo.ConsumerGroup("billing"), kgo.ConsumeTopics("orders"), kgo.DisableAutoCommit())
	if err != nil {
		t.Fatal(err)
	}
	defer member.Close()
	member.PollFetches(t.Context())
	if err := f.source.Reset(t.Context(), plan); err == nil || !strings.Contains(err.Error(), "active") {
		t.Errorf("error is %v", err)
	}
	if plan, err := f.source.PlanReset(t.Context(), queue.ResetRequest{Group: "billing", Queue: "orders", To: queue.ResetEnd}); err != nil || plan.Refused != "1 member is active; stop it first" {
		t.Errorf("%+v, %v", plan, err)
	}
	if got := lagIn(groupIn(t, sampleOf(t, f.source), "billing"), 0); got != queue.Known[int64](1) {
		t.Errorf("lag is %v: it was moved", got)
	}
}

// TestCommitStart: a group is made at the beginning, and left where it is.
func TestCommitStart(t *testing.T) {
	f := startFake(t, 1, kfake.SeedTopics(2, "orders"))
	f.write(t, "orders", 0, "a", "b", "c")
	if err := f.DeleteRecords("orders", 0, 1); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := f.source.CommitStart(t.Context(), "billing", []string{"orders"}); err != nil {
			t.Fatal(err)
		}
		g := groupIn(t, sampleOf(t, f.source), "billing")
		if len(g.Offsets) != 2 || lagIn(g, 0) != queue.Known[int64](2) || lagIn(g, 1) != queue.Known[int64](0) {
			t.Errorf("billing is %+v", g)
		}
	}
	f.commit(t, "billing", "orders", 3)
	if err := f.source.CommitStart(t.Context(), "billing", []string{"orders"}); err != nil {
		t.Fatal(err)
	}
	if got := lagIn(groupIn(t, sampleOf(t, f.source), "billing"), 0); got != queue.Known[int64](0) {
		t.Errorf("lag is %v: it was moved back", got)
	}
}
