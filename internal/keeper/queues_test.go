package keeper_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/diorama-dev/diorama/internal/env"
	"github.com/diorama-dev/diorama/internal/keeper"
	"github.com/diorama-dev/diorama/internal/plan"
	"github.com/diorama-dev/diorama/internal/queue"
)

// broker is a source whose one topic a test decides.
type broker struct{}

func (broker) Sample(context.Context) (*queue.Sample, error) {
	return &queue.Sample{At: time.Now(), Queues: []*queue.Queue{{Name: "orders", Kind: queue.KindTopic, Depth: queue.Known(int64(7))}}}, nil
}
func (broker) Close() {}

// talker is one whose messages can be looked at.
type talker struct{ broker }

func (talker) PeekNote(string) string { return "marks them" }

func (talker) Peek(_ context.Context, r queue.PeekRequest, see func(queue.Message) error) error {
	for range r.Limit {
		if err := see(queue.Message{Value: []byte("\x00\xff")}); err != nil {
			return err
		}
	}
	return errors.New("the broker went away")
}

func TestQueuesThroughTheKeeper(t *testing.T) {
	f := folder(t)
	var opened queue.Access
	client := runWith(t, f, newFake(), func(o *keeper.Options) {
		o.Brokers = map[string]queue.Open{"kafka": func(a queue.Access) (queue.Source, error) {
			opened = a
			return &talker{}, nil
		}}
	})
	p := planOf("shop")
	p.Stacks = []plan.Stack{{Name: "kafka", Console: plan.Console{Queues: "kafka"}}, {Name: "postgres"}, {Name: "odd", Console: plan.Console{Queues: "other"}}}
	p.Endpoints = []plan.Endpoint{{Endpoint: env.Endpoint{Stack: "kafka", Name: "broker", Host: "127.0.0.1", Port: 9092}, Template: "127.0.0.1:9092"}}
	if err := client.Up(t.Context(), keeper.UpRequest{Plan: p}); err != nil {
		t.Fatal(err)
	}
	queues := client.Queues()
	state, err := queues.State(t.Context())
	if err != nil || len(state) != 1 || state[0].Phase != queue.PhaseAnswering || state[0].Queues[0].Depth != queue.Known(int64(7)) {
		t.Fatalf("the state is %+v, %v", state, err)
	}
	if opened["broker"].Port != 9092 {
		t.Errorf("the broker was opened at %+v", opened)
	}
	var watched queue.State
	if err := queues.Watch(t.Context(), func(s queue.State) bool { watched = s; return len(s) == 0 }); err != nil || watched.Of("kafka") == nil {
		t.Errorf("watching shows %v, %v", watched, err)
	}
	if q, err := queues.Queue(t.Context(), "kafka", "orders"); err != nil || q.Name != "orders" {
		t.Errorf("the queue is %v, %v", q, err)
	}
	if _, err := queues.Queue(t.Context(), "kafka", "order"); err == nil || !strings.Contains(err.Error(), `did you mean "orders"`) {
		t.Errorf("a wrong name is answered with %v", err)
	}
	if _, err := queues.Produce(t.Context(), "kafka", queue.ProduceRequest{}); err == nil || !strings.Contains(err.Error(), "cannot write") {
		t.Errorf("what a system cannot do is answered with %v", err)
	}
	seen := 0
	note, err := queues.Peek(t.Context(), "kafka", queue.PeekRequest{Queue: "orders", Limit: 3}, func(m queue.Message) error {
		if string(m.Value) != "\x00\xff" {
			t.Errorf("the value is %q", m.Value)
		}
		seen++
		return nil
	})
	if note != "marks them" || seen != 3 || err == nil || err.Error() != "the broker went away" {
		t.Errorf("%d messages, note %q, %v", seen, note, err)
	}
}

// A plan that changes nothing of a broker keeps what is known of it.
func TestBrokersStayOverAnUnchangedPlan(t *testing.T) {
	f := folder(t)
	opened := 0
	client := runWith(t, f, newFake(), func(o *keeper.Options) {
		o.Log = slog.New(slog.DiscardHandler)
		o.Brokers = map[string]queue.Open{"kafka": func(queue.Access) (queue.Source, error) { opened++; return &broker{}, nil }}
	})
	p := planOf("shop")
	p.Stacks = []plan.Stack{{Name: "kafka", Console: plan.Console{Queues: "kafka"}}}
	for range 2 {
		if err := client.Up(t.Context(), keeper.UpRequest{Plan: p}); err != nil {
			t.Fatal(err)
		}
		until(t, client, env.PhaseReady)
	}
	if opened != 1 {
		t.Errorf("the broker was opened %d times", opened)
	}
	p.Stacks = nil
	if err := client.Up(t.Context(), keeper.UpRequest{Plan: p}); err != nil {
		t.Fatal(err)
	}
	if state, err := client.Queues().State(t.Context()); err != nil || len(state) != 0 {
		t.Errorf("a stack that left is still sampled: %v, %v", state, err)
	}
}
