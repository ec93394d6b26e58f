package bus_test

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/diorama-dev/diorama/internal/demo/bus"
	"github.com/diorama-dev/diorama/internal/demo/story"
)

func options(t *testing.T) bus.Options {
	t.Helper()
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	return bus.Options{Servers: cluster.ListenAddrs(), Client: "test", Log: slog.New(slog.DiscardHandler)}
}

func TestTopicIsMadeOnceByAll(t *testing.T) {
	o := options(t)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if err := bus.EnsureTopic(t.Context(), o); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	client, err := kgo.NewClient(kgo.SeedBrokers(o.Servers...))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	topics, err := kadm.NewClient(client).ListTopics(t.Context(), story.Topic)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(topics[story.Topic].Partitions); n != bus.Partitions {
		t.Errorf("%d partitions, want %d", n, bus.Partitions)
	}
}

func TestNoBroker(t *testing.T) {
	o := bus.Options{Servers: []string{"127.0.0.1:1"}, Log: slog.New(slog.DiscardHandler)}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := bus.EnsureTopic(ctx, o); err == nil || ctx.Err() != nil {
		t.Errorf("error %v, want one before the caller loses patience", err)
	}
}

// publish sends n events of a few users and waits until all have arrived.
func publish(t *testing.T, o bus.Options, n int) []story.Completed {
	t.Helper()
	p, err := bus.NewProducer(o)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	events := make([]story.Completed, 0, n)
	for i := range n {
		c := story.Completed{
			ID: fmt.Sprintf("e%03d", i), Time: time.Unix(int64(i), 0).UTC(),
			User: fmt.Sprintf("user-%d", i%7), Item: "item-1", Model: "resnet50", Trace: story.NewTrace(),
		}
		events = append(events, c)
		p.Publish(t.Context(), c, func(err error) {
			if err != nil {
				t.Error(err)
			}
		})
	}
	if err := p.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	return events
}

func join(t *testing.T, o bus.Options) *bus.Reader {
	t.Helper()
	r, err := bus.NewReader(bus.ReaderOptions{Options: o, Group: "billing", Session: 10 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// read reads n events; the last Poll is not released.
func read(t *testing.T, r *bus.Reader, n int) []bus.Message {
	t.Helper()
	var messages []bus.Message
	for len(messages) < n {
		r.Release()
		got, err := r.Poll(t.Context(), n-len(messages))
		if err != nil {
			t.Fatal(err)
		}
		messages = append(messages, got...)
	}
	return messages
}

func TestEventsArriveInOrderOfTheirUser(t *testing.T) {
	o := options(t)
	if err := bus.EnsureTopic(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	want := map[string][]story.Completed{}
	for _, c := range publish(t, o, 100) {
		want[c.User] = append(want[c.User], c)
	}
	r := join(t, o)
	got := map[string][]story.Completed{}
	for _, m := range read(t, r, 100) {
		c, err := story.DecodeCompleted(m.Value)
		if err != nil {
			t.Fatal(err)
		}
		if string(m.Key) != c.User || m.Traceparent != c.Trace.String() {
			t.Errorf("key %s and trace %s of an event of %s with %s", m.Key, m.Traceparent, c.User, c.Trace)
		}
		got[c.User] = append(got[c.User], c)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("events by user (-published +read):\n%s", diff)
	}
	if err := r.Leave(t.Context()); err != nil {
		t.Error(err)
	}
}

// What was read and not committed comes again to whoever joins next, and
// nothing else does.
func TestOnlyWhatWasCommittedIsGone(t *testing.T) {
	o := options(t)
	if err := bus.EnsureTopic(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	publish(t, o, 90)
	first := join(t, o)
	messages := read(t, first, 60)
	committed := map[string]bool{}
	for _, m := range messages[:40] {
		committed[place(m)] = true
	}
	if err := first.Commit(t.Context(), messages[:40]); err != nil {
		t.Fatal(err)
	}
	if err := first.Leave(t.Context()); err != nil {
		t.Fatal(err)
	}
	second := join(t, o)
	seen := map[string]bool{}
	for _, m := range read(t, second, 50) {
		if committed[place(m)] {
			t.Errorf("%s was committed and came again", place(m))
		}
		seen[place(m)] = true
	}
	if len(seen) != 50 {
		t.Errorf("%d different events, want the 50 that were not committed", len(seen))
	}
	if err := second.Leave(t.Context()); err != nil {
		t.Error(err)
	}
}

func place(m bus.Message) string { return fmt.Sprintf("%d/%d", m.Partition, m.Offset) }

func TestPollEndsWithItsContext(t *testing.T) {
	o := options(t)
	if err := bus.EnsureTopic(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	r := join(t, o)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if messages, err := r.Poll(ctx, 10); err != nil || len(messages) > 0 {
		t.Errorf("%d messages, error %v: want none of either", len(messages), err)
	}
	if err := r.Leave(t.Context()); err != nil {
		t.Error(err)
	}
}
