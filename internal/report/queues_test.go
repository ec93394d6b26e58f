package report

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/diorama-dev/diorama/internal/queue"
	"github.com/diorama-dev/diorama/internal/terminal"
)

// brokersAt are a Kafka whose groups are at all kinds of places, and a RabbitMQ
// that does not answer any more.
func brokersAt(now time.Time) queue.State {
	n, r := queue.Known[int64], queue.Known[float64]
	at := queue.Sampled{At: now.Add(-400 * time.Millisecond), Took: 3 * time.Millisecond, Requests: 8, Every: time.Second}
	in := func(lag queue.Count, rate, trend, drain queue.Rate) queue.GroupInQueue {
		return queue.GroupInQueue{Queue: "orders", Lag: lag, Consumed: n(171_316), Rate: rate, Trend: trend, Drain: drain}
	}
	group := func(name, state string, members int, in queue.GroupInQueue) *queue.GroupStatus {
		return &queue.GroupStatus{Name: name, Kind: queue.GroupClassic, State: state, Members: members, Committed: in.Consumed.IsKnown(), Queues: []queue.GroupInQueue{in}}
	}
	partly := in(n(3), r(1), r(0), queue.Rate{})
	partly.Unknown = 1
	return queue.State{
		{
			Stack: "kafka", System: "kafka", Phase: queue.PhaseAnswering, Since: now.Add(-time.Hour), Version: "4.3",
			Nodes: queue.Nodes{Answering: 1, Known: 1}, Sampled: at,
			Queues: []*queue.Status{
				{Name: "__consumer_offsets", Kind: queue.KindTopic, Internal: true, Partitions: 1, Depth: n(12)},
				{Name: "audit\x1b[2J", Kind: queue.KindTopic, Partitions: 1, Trouble: "partition 0 has no leader"},
				{Name: "orders", Kind: queue.KindTopic, Partitions: 3, Depth: n(184_220), Bytes: n(1 << 20), In: r(212), Out: r(148.2), Groups: 5, Lag: queue.WorstLag{Lag: n(12_904), Group: "billing"}},
			},
			Groups: []*queue.GroupStatus{
				group("billing", "stable", 1, in(n(12_904), r(84.1), r(127.9), queue.Rate{})),
				group("fraud", "stable", 1, queue.GroupInQueue{Queue: "orders", Unknown: 3}),
				group("log", "stable", 1, in(n(0), r(212), r(0), r(0))),
				group("partly", "stable", 1, partly),
				group("user-profile", "stable", 2, in(n(410), r(260.4), r(-51.2), r(8))),
			},
		},
		{
			Stack: "rabbitmq", System: "rabbitmq", Phase: queue.PhaseSilent, Since: now.Add(-12 * time.Second), Why: "connection refused",
			Alarms: []string{"memory alarm on rabbit@localhost: publishers are made to wait"}, Sampled: queue.Sampled{At: now.Add(-12 * time.Second)},
			Queues: []*queue.Status{{Name: "jobs", Kind: queue.KindQuorum, Depth: n(50), Unacknowledged: n(2), Consumers: n(1), In: r(0), Lag: queue.WorstLag{Lag: n(48)}}},
			Groups: []*queue.GroupStatus{},
		},
	}
}

// detailsOf are what the samples behind the brokers held.
func detailsOf() map[string]queue.Detail {
	n := queue.Known[int64]
	return map[string]queue.Detail{"kafka": {
		Queues: []*queue.Queue{{Name: "orders", Kind: queue.KindTopic, Partitions: []queue.Partition{
			{ID: 0, Start: n(0), End: n(61_407), Stable: n(61_407), Bytes: n(22_000), Leader: "1"},
			{ID: 1, Start: n(12), End: n(61_407), Trouble: "its leader does not answer"},
		}}},
		Groups: []*queue.Group{{
			Name: "billing", Kind: queue.GroupClassic, State: "stable",
			Members: []queue.Member{{ID: "billing-1", Client: "billing", Host: "10.0.0.7", Assigned: []queue.Assignment{{Queue: "orders", Partitions: []int32{0, 1}}}}},
			Offsets: []queue.Offset{
				{Queue: "orders", Partition: 0, Committed: n(57_103), Lag: n(4304), Waiting: noonUTC().Add(-90 * time.Second)},
				{Queue: "orders", Partition: 1},
			},
		}},
	}}
}

func noonUTC() time.Time { return time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC) }

func TestQueues(t *testing.T) {
	now := noonUTC()
	state, details := brokersAt(now), detailsOf()
	for _, width := range []int{0, 120, 80, 40} {
		o := Options{Width: width, Now: now}
		var all, one bytes.Buffer
		if err := Queues(&all, state, QueuesOptions{Options: o}); err != nil {
			t.Fatal(err)
		}
		if err := Queue(&one, state[0], details["kafka"].Queues[0], details["kafka"].Groups, o); err != nil {
			t.Fatal(err)
		}
		for name, got := range map[string][]byte{"queues": all.Bytes(), "queue": one.Bytes()} {
			golden(t, fmt.Sprintf("kafka.%s.%d.txt", name, width), got)
			for line := range strings.Lines(string(got)) {
				line = strings.TrimSuffix(line, "\n")
				if w := terminal.Width(line); width > 0 && w > width {
					t.Errorf("a line of %d columns at %d: %q", w, width, line)
				}
				if strings.ContainsRune(line, '\x1b') {
					t.Errorf("a control sequence came through: %q", line)
				}
			}
		}
	}
	data, err := QueuesJSON(state, details)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "kafka.queues.json", data)
}

func TestMessage(t *testing.T) {
	for name, m := range map[string]queue.Message{
		"json": {
			Partition: 2, Position: "17", Key: []byte("user-1"), KeyBytes: 6, Value: []byte(`{"a":[1,"支付"]}`), ValueBytes: 18,
			Headers: []queue.Header{{Name: "trace", Value: []byte("9f2c")}}, Redelivered: true,
		},
		"deletion": {Position: "18", Key: []byte("user-1"), KeyBytes: 6},
		"hostile":  {Position: "\x1b[2J", Key: []byte("\x00\x01\x02\xff"), KeyBytes: 4, Value: []byte("\x1b]0;title\x07red\x1b[31m"), ValueBytes: 4000},
		"avro":     {Position: "1-0", Value: []byte("\x00\x00\x00\x00\x07\x0corder1\xff"), ValueBytes: 13},
	} {
		var b bytes.Buffer
		if err := Message(&b, m, Options{}); err != nil {
			t.Fatal(err)
		}
		if strings.ContainsAny(b.String(), "\x1b\x07\x00") {
			t.Errorf("%s: a control character came through: %q", name, b.String())
		}
		golden(t, "message."+name+".txt", b.Bytes())
	}
}

func TestResetPlan(t *testing.T) {
	n := queue.Known[int64]
	var b bytes.Buffer
	err := ResetPlan(&b, queue.ResetPlan{
		Group: "billing", Queue: "orders", Refused: "2 members are active; stop them first",
		Changes: []queue.ResetChange{{Partition: 0, From: n(5), To: 0, LagBefore: n(0), LagAfter: n(5)}, {Partition: 1, To: 7, LagAfter: n(0)}},
	}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "reset.txt", b.Bytes())
}
