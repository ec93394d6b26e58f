//go:build e2e

package rabbitmq

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/diorama-dev/diorama/internal/queue"
)

func TestSampleIsWhatTheBrokerSays(t *testing.T) {
	l := start(t)
	l.vhost(t, "team")
	l.vhost(t, "a/b:c")
	for i, name := range []string{"orders", "team/orders", "a%2Fb%3Ac/x/y", "%2F/with/slash"} {
		l.create(t, name, queue.KindClassic, nil)
		a := parseAddress(name)
		publish(t, l.channel(t, a.vhost), a.name, 3+i, numbered)
	}
	l.create(t, "empty", "", nil)
	l.create(t, "payments", queue.KindQuorum, nil)
	l.create(t, "log", queue.KindStream, nil)
	l.create(t, "exchange:events", "", map[string]string{"type": "fanout"})
	c := l.channel(t, "/")
	publish(t, c, "payments", 20, numbered)
	publish(t, c, "log", 30, numbered)
	for range 5 { // held by a consumer that waits
		if _, ok, err := c.Get("payments", false); !ok || err != nil {
			t.Fatal(ok, err)
		}
	}
	for range 4 { // taken
		if _, _, err := c.Get("payments", true); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := c.Consume("empty", "", false, false, false, false, nil); err != nil {
		t.Fatal(err)
	}
	var want, got map[string][4]string
	var sample *queue.Sample
	eventually(t, "the API says what rabbitmqctl says", func() bool {
		got, sample = l.sampled(t)
		if want == nil || !maps.Equal(want, got) {
			want = l.told(t, "/", "team", "a/b:c")
		}
		// Channels tell of themselves every 5 s, perhaps in the midst of the gets.
		payments := named(sample, "payments")
		return maps.Equal(want, got) && payments.Written == queue.Known[int64](20) && payments.Taken == queue.Known[int64](4)
	})
	t.Logf("%v", got)
	// A quorum queue counts each message that was fetched and is not acknowledged
	// as a consumer.
	if got["payments"] != [4]string{"11", "5", "5", "quorum"} || got["empty"] != [4]string{"0", "0", "1", "classic"} {
		t.Error(cmp.Diff(want, got))
	}
	if sample.Nodes != (queue.Nodes{Answering: 1, Known: 1}) || len(sample.Alarms) != 0 || sample.Version == "" {
		t.Errorf("nodes %v, alarms %q, version %q", sample.Nodes, sample.Alarms, sample.Version)
	}
	if q := named(sample, "payments"); q.Bytes.Or(0) == 0 {
		t.Errorf("payments have %v bytes", q.Bytes)
	}
	if named(sample, "exchange:events").Kind != queue.KindExchange {
		t.Error("the exchange is not listed")
	}
	if q := named(sample, "empty"); q.Written.IsKnown() {
		t.Errorf("nothing was ever written to it, and the broker does not count: %v", q.Written)
	}
	if !slices.IsSortedFunc(sample.Queues, func(a, b *queue.Queue) int { return strings.Compare(a.Name, b.Name) }) {
		t.Error("not by name")
	}
}

func BenchmarkSampleOfARealBroker(b *testing.B) {
	l := start(b)
	for i := range 1000 {
		if err := l.Create(b.Context(), queue.CreateRequest{Name: fmt.Sprintf("q%04d", i)}); err != nil {
			b.Fatal(err)
		}
	}
	eventually(b, "all have statistics", func() bool {
		_, sample := l.sampled(b)
		return len(sample.Queues) == 1000 && !slices.ContainsFunc(sample.Queues, func(q *queue.Queue) bool { return !q.Depth.IsKnown() })
	})
	for b.Loop() {
		l.sampled(b)
	}
}

func TestAlarm(t *testing.T) {
	l := start(t)
	l.create(t, "orders", "", nil)
	l.Run(t, "rabbitmqctl", "set_vm_memory_high_watermark", "absolute", "1MiB")
	var sample *queue.Sample
	eventually(t, "a memory alarm", func() bool {
		_, sample = l.sampled(t)
		return len(sample.Alarms) > 0
	})
	if !strings.Contains(sample.Alarms[0], "memory alarm on rabbit@localhost") {
		t.Errorf("alarms: %q", sample.Alarms)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	_, err := l.Produce(ctx, queue.ProduceRequest{Queue: "orders", Value: []byte("x")})
	if err == nil || !strings.Contains(err.Error(), "wait") {
		t.Errorf("produce while publishers wait: %v", err)
	}
	l.Run(t, "rabbitmqctl", "set_vm_memory_high_watermark", "absolute", "256MiB")
	eventually(t, "no alarm", func() bool {
		_, sample = l.sampled(t)
		return len(sample.Alarms) == 0
	})
}

// A broker that does not answer holds nobody beyond the context, and one that
// is back is asked again without any help.
func TestPaused(t *testing.T) {
	l := start(t)
	l.create(t, "orders", "", nil)
	pid := strings.Fields(l.Run(t, "pgrep", "-f", "beam.smp"))[0]
	l.Run(t, "kill", "-STOP", pid)
	for what, ask := range map[string]func(context.Context) error{
		"sample": func(ctx context.Context) error { _, err := l.Sample(ctx); return err },
		"peek": func(ctx context.Context) error {
			return l.Peek(ctx, queue.PeekRequest{Queue: "orders", Limit: 1}, func(queue.Message) error { return nil })
		},
		"produce": func(ctx context.Context) error {
			_, err := l.Produce(ctx, queue.ProduceRequest{Queue: "orders"})
			return err
		},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		if err := ask(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: %v", what, err)
		}
		cancel()
	}
	l.Run(t, "kill", "-CONT", pid)
	eventually(t, "it answers again", func() bool {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		_, err := l.Sample(ctx)
		return err == nil
	})
}
