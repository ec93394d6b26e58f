//go:build e2e

package rocketmq

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/diorama-dev/diorama/internal/queue"
)

// table reads the rows of mqadmin's output that have a number of columns.
func table(text string, columns int) [][]string {
	var rows [][]string
	for line := range strings.Lines(text) {
		if fields := strings.Fields(line); len(fields) >= columns && !strings.HasPrefix(line, "#") {
			rows = append(rows, fields)
		}
	}
	return rows
}

func compare(t *testing.T, p pair) {
	t.Helper()
	sample, err := p.Sample(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if sample.Version != "5.4.0" || sample.Nodes != (queue.Nodes{Answering: 1, Known: 1}) {
		t.Errorf("version %s, nodes %+v", sample.Version, sample.Nodes)
	}
	for topic, queues := range map[string]int{"orders": 4, "usual": 3, "fifo": 2} {
		got := map[string]string{}
		for _, part := range queueOf(sample, topic).Partitions {
			got[strconv.Itoa(int(part.ID))] = part.Leader + " " + part.Start.String() + " " + part.End.String()
		}
		want := map[string]string{}
		// broker, queue, min offset, max offset, last updated
		text := p.broker.Run(t, "sh", "mqadmin", "topicStatus", "-n", p.inside, "-t", topic)
		for _, row := range table(text, 4) {
			if row[0] != "broker" {
				continue
			}
			want[row[1]] = row[0] + " " + row[2] + " " + row[3]
		}
		if len(want) != queues || !maps.Equal(got, want) {
			t.Errorf("%s is %v, and mqadmin says %v:\n%s", topic, got, want, text)
		}
	}
	got := map[string]string{}
	for _, o := range groupOf(sample, "billing").Offsets {
		if end, ok := o.Committed.Get(); ok {
			got[o.Queue+" "+strconv.Itoa(int(o.Partition))] = strconv.FormatInt(end, 10) + " " + o.Lag.String()
		}
	}
	want := map[string]string{}
	// topic, broker, queue, broker offset, consumer offset, diff, …
	text := p.broker.Run(t, "sh", "mqadmin", "consumerProgress", "-n", p.inside, "-g", "billing")
	for _, row := range table(text, 6) {
		if _, err := strconv.Atoi(row[2]); err == nil && row[1] == "broker" {
			lag, _ := strconv.Atoi(row[3])
			read, _ := strconv.Atoi(row[4])
			want[row[0]+" "+row[2]] = row[4] + " " + strconv.Itoa(lag-read)
		}
	}
	for key, value := range got {
		if want[key] != value {
			t.Errorf("%s is at %s, and mqadmin says %q:\n%s", key, value, want[key], text)
		}
	}
	if lag := sumOf(groupOf(sample, "billing"), "orders", func(o queue.Offset) queue.Count { return o.Lag }); lag != 5 {
		t.Errorf("the lag is %d, not the 5 that were written since", lag)
	}
	if len(got) < 4 {
		t.Errorf("only %v", got)
	}
}

func peek(t *testing.T, p pair) {
	t.Helper()
	before := committedOf(t, p)
	for _, c := range []struct {
		name string
		r    queue.PeekRequest
		want int
	}{
		{"all", queue.PeekRequest{From: queue.FromOldest, Limit: 1000}, 45},
		{"some", queue.PeekRequest{From: queue.FromNewest, Limit: 7, MostBytes: 2}, 7},
		{"from an offset", queue.PeekRequest{From: queue.FromOffset, Offset: 2, Partition: queue.Known[int64](0), Limit: 3}, 3},
		{"later", queue.PeekRequest{From: queue.FromTime, Time: time.Now().Add(time.Hour), Limit: 3}, 0},
		{"earlier", queue.PeekRequest{From: queue.FromTime, Time: time.Now().Add(-time.Hour), Limit: 3}, 3},
	} {
		c.r.Queue = "orders"
		var got []queue.Message
		err := p.Peek(t.Context(), c.r, func(m queue.Message) error { got = append(got, m); return nil })
		if err != nil || len(got) != c.want {
			t.Errorf("%s: %d messages and not %d: %v", c.name, len(got), c.want, err)
		}
		if c.name == "all" && !slices.ContainsFunc(got, func(m queue.Message) bool {
			return string(m.Key) == "k7" && string(m.Value) == "value 7" && m.Partition == 1 && m.Position == "3" && slices.ContainsFunc(m.Headers, func(h queue.Header) bool { return h.Name == "TAGS" && string(h.Value) == "a" })
		}) {
			t.Errorf("message 7 is not among %+v", got)
		}
	}
	if after := committedOf(t, p); after != before {
		t.Errorf("looking moved the group from %d to %d", before, after)
	}
	if _, err := p.Produce(t.Context(), queue.ProduceRequest{Queue: "no-such", Value: []byte("a")}); err == nil || err.Error() != `there is no topic "no-such"` {
		t.Errorf("writing to a topic that is not there: %v", err)
	}
}

func committedOf(t *testing.T, p pair) int64 {
	t.Helper()
	sample, err := p.Sample(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return sumOf(groupOf(sample, "billing"), "orders", func(o queue.Offset) queue.Count { return o.Committed })
}

func reset(t *testing.T, p pair) {
	t.Helper()
	ctx := t.Context()
	for _, c := range []struct {
		r    queue.ResetRequest
		want int64
	}{
		{queue.ResetRequest{To: queue.ResetStart}, 0},
		{queue.ResetRequest{To: queue.ResetEnd}, 45},
		{queue.ResetRequest{To: queue.ResetShift, Value: -2, Partition: queue.Known[int64](0)}, 43},
		{queue.ResetRequest{To: queue.ResetTime, Time: time.Now().Add(-time.Hour)}, 0},
		{queue.ResetRequest{To: queue.ResetOffset, Value: 3}, 12},
	} {
		c.r.Group, c.r.Queue = "billing", "orders"
		plan, err := p.PlanReset(ctx, c.r)
		if err != nil || plan.Refused != "" {
			t.Fatalf("%+v: %+v, %v", c.r, plan, err)
		}
		if err := p.Reset(ctx, plan); err != nil {
			t.Fatal(err)
		}
		if at := committedOf(t, p); at != c.want {
			t.Errorf("%s: the group is at %d and not at %d", c.r.To, at, c.want)
		}
		if c.r.To == queue.ResetEnd {
			if err := p.Reset(ctx, plan); err == nil {
				t.Error("a plan was carried out a second time, though the group is elsewhere by now")
			}
		}
	}
	if _, err := p.PlanReset(ctx, queue.ResetRequest{Group: "nobody", Queue: "orders", To: queue.ResetEnd}); err == nil {
		t.Error("a group that is not there was reset")
	}
}
