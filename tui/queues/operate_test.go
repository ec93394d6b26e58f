package queues

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/diorama-dev/diorama/internal/queue"
	"github.com/diorama-dev/diorama/tui/intent"
	"github.com/diorama-dev/diorama/tui/tuitest"
)

func measures() cmp.Option {
	return cmp.Comparer(func(a, b queue.Count) bool { return a == b })
}

func TestRequests(t *testing.T) {
	peek := func(change func(*queue.PeekRequest)) queue.PeekRequest {
		r := queue.PeekRequest{Queue: "inference-completed", From: queue.FromNewest, Limit: 50, MostBytes: 64 << 10}
		change(&r)
		return r
	}
	newest := peek(func(*queue.PeekRequest) {})
	reset := queue.ResetRequest{Group: "billing", Queue: "inference-completed", To: queue.ResetEnd}
	toReset := []string{"tab", "O", "right", "enter", "enter"}
	tests := []struct {
		name string
		keys []string
		want []any
	}{
		{"peek", []string{"p"}, []any{newest}},
		{"peek the oldest", []string{"p", "o"}, []any{newest, peek(func(r *queue.PeekRequest) { r.From = queue.FromOldest })}},
		{"peek at an offset", append([]string{"p", "a"}, append(typed("1200"), "enter")...), []any{newest, peek(func(r *queue.PeekRequest) { r.From, r.Offset = queue.FromOffset, 1200 })}},
		{"peek at a time", append([]string{"p", "a"}, append(typed("-10m"), "enter")...), []any{newest, peek(func(r *queue.PeekRequest) {
			r.From, r.Time = queue.FromTime, tuitest.Noon().Add(-10*time.Minute)
		})}},
		{"peek at nonsense", []string{"p", "a", "x", "enter"}, []any{newest}},
		{"peek a partition", []string{"enter", "down", "p"}, []any{peek(func(r *queue.PeekRequest) { r.Partition = queue.Known[int64](1) })}},
		{"open a partition", []string{"enter", "down", "enter"}, []any{peek(func(r *queue.PeekRequest) { r.Partition = queue.Known[int64](1) })}},
		{"produce", append([]string{"P", "k", "enter", "v", "enter"}, append(typed("a=b, c=d"), "enter", "y")...), []any{queue.ProduceRequest{
			Queue: "inference-completed", Key: []byte("k"), Value: []byte("v"), Headers: []queue.Header{{Name: "a", Value: []byte("b")}, {Name: "c", Value: []byte("d")}},
		}}},
		{"produce without a key", []string{"P", "enter", "enter", "enter", "y"}, []any{queue.ProduceRequest{Queue: "inference-completed", Value: []byte{}}}},
		{"produce is not confirmed by enter", []string{"P", "enter", "v", "enter", "enter", "enter"}, nil},
		{"produce, no", []string{"P", "enter", "v", "enter", "enter", "n", "esc"}, nil},
		{"create", append([]string{"C"}, append(typed("x"), "enter", "6", "enter")...), []any{queue.CreateRequest{Name: "x", Partitions: 6}}},
		{"create without a name", []string{"C", "enter", "enter"}, nil},
		{"delete", append([]string{"D"}, append(typed("inference-completed"), "enter")...), []any{"delete kafka/inference-completed"}},
		{"delete with another name", append([]string{"D"}, append(typed("inference"), "enter")...), nil},
		{"reset is previewed", toReset, []any{reset}},
		{"reset is not confirmed by enter", append(append([]string{}, toReset...), "enter", "enter"), []any{reset}},
		{"reset, no", append(append([]string{}, toReset...), "enter", "n"), []any{reset}},
		{"reset, yes", append(append([]string{}, toReset...), "enter", "y"), []any{reset, tuitest.NewBrokers().Plan}},
		{"reset by a shift", append([]string{"tab", "O", "right", "right", "right", "enter"}, append(typed("-100"), "enter")...), []any{
			queue.ResetRequest{Group: "billing", Queue: "inference-completed", To: queue.ResetShift, Value: -100},
		}},
		{"reset from the group's page", []string{"tab", "enter", "down", "O", "enter", "enter"}, []any{
			queue.ResetRequest{Group: "billing", Queue: "inference-completed", To: queue.ResetStart},
		}},
		{"reset to no number", []string{"tab", "O", "right", "right", "enter", "x", "enter"}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := tuitest.NewBrokers()
			press(t, screen(t, b, 100, 30, tuitest.AtRest()), to(tt.keys...)...)
			if diff := cmp.Diff(tt.want, b.Asked(), measures()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestNotes(t *testing.T) {
	tests := []struct {
		name string
		err  error
		keys []string
		want string
	}{
		{"written", nil, to("P", "enter", "v", "enter", "enter", "y"), "written to kafka/inference-completed, partition 2 at 184221"},
		{"not written", errors.New("not enough \x1b[31mreplicas"), to("P", "enter", "v", "enter", "enter", "y"), "not enough replicas"},
		{"created", nil, to("C", "x", "enter", "enter"), "created kafka/x"},
		{"moved", nil, to("tab", "O", "enter", "enter", "enter", "y"), "billing has been moved: 3 partitions moved, lag ≥ 8,609 → 0"},
		{"sorted", nil, to("t"), "sorted by trend"},
	}
	for _, tt := range tests {
		b := tuitest.NewBrokers()
		b.Err = tt.err
		m := press(t, screen(t, b, 100, 30, tuitest.AtRest()), tt.keys...)
		if got := m.Note(); got.Text != tt.want || got.Grave != (tt.err != nil) {
			t.Errorf("%s: %+v", tt.name, got)
		}
	}
}

func TestAFailureKeepsTheForm(t *testing.T) {
	b := tuitest.NewBrokers()
	b.Err = errors.New("topic x exists already")
	m := press(t, screen(t, b, 100, 30, tuitest.AtRest()), to("C", "x", "enter", "enter")...)
	if !m.Asking() || m.form.fields[0].text != "x" || m.form.problem != "topic x exists already" {
		t.Errorf("the form is %+v", m.form)
	}
	b.Err = nil
	if m = press(t, m, "1", "enter"); m.Asking() {
		t.Error("the form stays open once it went well")
	}
}

// TestAWholeMessage checks that the rest of a message is asked for once it is
// looked at alone.
func TestAWholeMessage(t *testing.T) {
	b := tuitest.NewBrokers()
	b.Messages = []queue.Message{{Partition: 2, Position: "17", Value: []byte(`{"a"`), ValueBytes: 9}}
	m := press(t, screen(t, b, 100, 30, tuitest.AtRest()), to("p")...)
	b.Messages = []queue.Message{{Partition: 2, Position: "17", Value: []byte(`{"a":"b"}`), ValueBytes: 9}}
	m = press(t, m, "enter")
	want := queue.PeekRequest{Queue: "inference-completed", Partition: queue.Known[int64](2), From: queue.FromOffset, Offset: 17, Limit: 1, MostBytes: 1 << 20}
	if diff := cmp.Diff(want, b.Asked()[1], measures()); diff != "" {
		t.Error(diff)
	}
	if got := m.top().entry; got.format.Name != "JSON" || len(m.top().lines) < 5 {
		t.Errorf("what is shown is %q", m.top().lines)
	}
}

// TestRefusals checks that what a system does not have is said before it is
// asked for.
func TestRefusals(t *testing.T) {
	tests := []struct {
		name   string
		keys   []string
		intent intent.Intent
		want   string
	}{
		{"a topic without a group chosen", to(), Reset, "no group is selected: tab goes to the groups"},
		{"a queue of RabbitMQ", []string{"b", "b"}, Reset, "a RabbitMQ queue has no offsets"},
		{"an exchange", []string{"b", "b", "end"}, Peek, "an exchange holds no messages"},
		{"a list of Redis", []string{"left", "end"}, Reset, "a Redis list has no offsets"},
		{"a broker that is silent", []string{"b", "b", "b"}, Peek, "rocketmq does not answer"},
		{"what the system keeps for itself", []string{"b", "i", "home"}, Delete, "kafka keeps __consumer_offsets for itself"},
		{"a group of several queues", []string{"g"}, Reset, "billing reads several queues"},
		{"a group of one queue", []string{"g", "down"}, Reset, ""},
		{"a topic", to(), Peek, ""},
		{"a silent broker's address", []string{"b", "b", "b"}, Address, ""},
	}
	for _, tt := range tests {
		m := press(t, screen(t, tuitest.NewBrokers(), 100, 30, tuitest.AtRest()), tt.keys...)
		for _, b := range m.Bindings() {
			if b.Intent == tt.intent && (!strings.HasPrefix(b.Off, tt.want) || tt.want == "" && b.Off != "") {
				t.Errorf("%s: %q, want %q", tt.name, b.Off, tt.want)
			}
		}
	}
}

// TestRefusedResetCannotBeDone checks that a plan that is refused has no way on.
func TestRefusedResetCannotBeDone(t *testing.T) {
	b := tuitest.NewBrokers()
	b.Plan.Refused = "2 members are active; stop them first"
	m := press(t, screen(t, b, 100, 30, tuitest.AtRest()), to("tab", "O", "enter", "enter", "enter", "y")...)
	if m.Asking() || len(b.Asked()) != 1 {
		t.Errorf("asked for %v", b.Asked())
	}
}

func TestPagesFollowTheBroker(t *testing.T) {
	b := tuitest.NewBrokers()
	m := press(t, screen(t, b, 100, 30, tuitest.AtRest()), to("enter")...)
	b.Queues["inference-completed"] = &queue.Queue{Partitions: make([]queue.Partition, 9)}
	m = tuitest.Drive(t, m, stateMsg{brokers: tuitest.AtRest()})
	if got := len(m.top().queue.Partitions); got != 9 {
		t.Errorf("%d partitions are shown, not the newest", got)
	}
	late, _ := m.Handle(Out)
	if late, _ = late.Update(queueMsg{ask: 1}); len(late.pages) != 0 {
		t.Error("an answer opens a page that was left")
	}
}
