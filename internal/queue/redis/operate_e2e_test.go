//go:build e2e

package redis

import (
	"bytes"
	"errors"
	"strconv"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/diorama-dev/diorama/internal/queue"
)

func TestResetOnARealServer(t *testing.T) {
	l := start(t)
	ctx := t.Context()
	if err := l.Create(ctx, queue.CreateRequest{Name: "s"}); err != nil {
		t.Fatal(err)
	}
	for i := range 20 { // two an instant
		l.client.XAdd(ctx, &goredis.XAddArgs{Stream: "s", ID: strconv.Itoa(1_700_000_000_000+i/2) + "-" + strconv.Itoa(i%2), Values: []any{"value", i}})
	}
	l.client.XGroupCreate(ctx, "s", "g", "0")
	unread := func() int {
		return len(l.client.XReadGroup(ctx, &goredis.XReadGroupArgs{Group: "g", Consumer: "c", Streams: []string{"s", ">"}, Block: -1}).Val())
	}
	lag := func() queue.Count { return groupNamed(l.sampled(t), "g").Offsets[0].Lag }
	for _, c := range []struct {
		to   queue.ResetTarget
		at   int64
		want int
	}{
		{queue.ResetEnd, 0, 0},
		{queue.ResetStart, 0, 20},
		{queue.ResetTime, 1_700_000_000_004, 12},
		{queue.ResetTime, 1_800_000_000_000, 0},
		{queue.ResetTime, 0, 20},
	} {
		plan, err := l.PlanReset(ctx, queue.ResetRequest{Group: "g", Queue: "s", To: c.to, Time: time.UnixMilli(c.at)})
		if err != nil {
			t.Fatal(err)
		}
		if err := l.Reset(ctx, plan); err != nil {
			t.Fatalf("%+v: %v", plan, err)
		}
		if after, ok := plan.Changes[0].LagAfter.Get(); ok && lag() != queue.Known(after) {
			t.Errorf("%s: lag is %v, the plan said %d", c.to, lag(), after)
		}
		got := 0
		if unread() > 0 {
			got = 1
		}
		if (c.want > 0) != (got > 0) {
			t.Errorf("%s: anything unread: %d, want %d", c.to, got, c.want)
		}
		list, _ := l.client.XPendingExt(ctx, &goredis.XPendingExtArgs{Stream: "s", Group: "g", Start: "-", End: "+", Count: 100}).Result()
		if len(list) != c.want {
			t.Errorf("%s: %d were read again, want %d", c.to, len(list), c.want)
		}
		for _, p := range list {
			l.client.XAck(ctx, "s", "g", p.ID)
		}
	}
	plan, err := l.PlanReset(ctx, queue.ResetRequest{Group: "g", Queue: "s", To: queue.ResetStart})
	if err != nil {
		t.Fatal(err)
	}
	l.client.XAdd(ctx, &goredis.XAddArgs{Stream: "s", ID: "1700000000009-2", Values: []any{"value", "x"}})
	unread()
	if err := l.Reset(ctx, plan); err == nil {
		t.Error("the group had moved within the same millisecond, and was reset")
	}
}

func TestBinaryOnARealServer(t *testing.T) {
	l := start(t)
	binary := []byte("\x00\xff\x1b[31m\r\n\xc3\x28")
	name := "bin\x00\xff\r\n"
	if err := l.Create(t.Context(), queue.CreateRequest{Name: name}); err != nil {
		t.Fatal(err)
	}
	written, err := l.Produce(t.Context(), queue.ProduceRequest{Queue: name, Key: binary, Value: binary, Headers: []queue.Header{{Name: string(binary), Value: binary}}})
	if err != nil {
		t.Fatal(err)
	}
	l.client.RPush(t.Context(), "\xff list", binary)
	var seen []queue.Message
	see := func(m queue.Message) error { seen = append(seen, m); return nil }
	for _, q := range []string{name, "\xff list"} {
		if err := l.Peek(t.Context(), queue.PeekRequest{Queue: q, Limit: 10}, see); err != nil {
			t.Fatal(err)
		}
	}
	if len(seen) != 2 || !bytes.Equal(seen[0].Key, binary) || seen[0].Position != written.Position || !bytes.Equal(seen[1].Value, binary) {
		t.Errorf("saw %+v", seen)
	}
	if q := queueNamed(l.sampled(t), name); q == nil || q.Depth.Or(0) != 1 {
		t.Errorf("sampled %+v", q)
	}
	if err := l.Delete(t.Context(), name); err != nil {
		t.Fatal(err)
	}
	var missing *queue.NotFoundError
	if err := l.Delete(t.Context(), name); !errors.As(err, &missing) || queueNamed(l.sampled(t), name) != nil {
		t.Errorf("deleted twice: %v", err)
	}
}
