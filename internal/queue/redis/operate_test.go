package redis

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/diorama-dev/diorama/internal/queue"
)

func peek(t *testing.T, s *source, r queue.PeekRequest) string {
	t.Helper()
	var all []string
	err := s.Peek(t.Context(), r, func(m queue.Message) error {
		all = append(all, m.Position+"="+string(m.Value))
		return nil
	})
	if err != nil {
		t.Fatalf("%+v: %v", r, err)
	}
	return strings.Join(all, " ")
}

func TestPeek(t *testing.T) {
	s, server := open(t)
	var stream, list []string
	for i := range 50 {
		id := fmt.Sprintf("%d-0", 1_700_000_000_000+i)
		if _, err := server.XAdd("s", id, []string{"value", fmt.Sprint(i)}); err != nil {
			t.Fatal(err)
		}
		if _, err := server.Push("l", fmt.Sprint(i)); err != nil {
			t.Fatal(err)
		}
		stream = append(stream, fmt.Sprintf("%s=%d", id, i))
		list = append(list, fmt.Sprintf("%d=%d", i, i))
	}
	for _, c := range []struct {
		request queue.PeekRequest
		of      []string
		from    int
		to      int
	}{
		{queue.PeekRequest{Queue: "s", Limit: 3}, stream, 0, 3},
		{queue.PeekRequest{Queue: "s", From: queue.FromOldest, Limit: 100}, stream, 0, 50},
		{queue.PeekRequest{Queue: "s", From: queue.FromNewest, Limit: 5}, stream, 45, 50},
		{queue.PeekRequest{Queue: "s", From: queue.FromNewest, Limit: 30}, stream, 20, 50},
		{queue.PeekRequest{Queue: "s", From: queue.FromNewest, Limit: 100}, stream, 0, 50},
		{queue.PeekRequest{Queue: "s", From: queue.FromNewest, Limit: 50}, stream, 0, 50},
		{queue.PeekRequest{Queue: "s", From: queue.FromTime, Time: time.UnixMilli(1_700_000_000_030), Limit: 9}, stream, 30, 39},
		{queue.PeekRequest{Queue: "s", From: queue.FromOffset, Offset: 1_700_000_000_048, Limit: 9}, stream, 48, 50},
		{queue.PeekRequest{Queue: "l", Limit: 20}, list, 0, 20},
		{queue.PeekRequest{Queue: "l", From: queue.FromNewest, Limit: 20}, list, 30, 50},
		{queue.PeekRequest{Queue: "l", From: queue.FromNewest, Limit: 200}, list, 0, 50},
		{queue.PeekRequest{Queue: "l", From: queue.FromOffset, Offset: 47, Limit: 9}, list, 47, 50},
		{queue.PeekRequest{Queue: "l", Limit: 0}, list, 0, 0},
	} {
		if got := peek(t, s, c.request); got != strings.Join(c.of[c.from:c.to], " ") {
			t.Errorf("%+v: %s", c.request, got)
		}
	}
	enough := errors.New("enough")
	if err := s.Peek(t.Context(), queue.PeekRequest{Queue: "s", Limit: 3}, func(queue.Message) error { return enough }); !errors.Is(err, enough) {
		t.Error(err)
	}
	var cannot *queue.CannotError
	for _, r := range []queue.PeekRequest{
		{Queue: "channel:news", Limit: 1},
		{Queue: "l", From: queue.FromTime, Limit: 1},
		{Queue: "s", From: "nowhere", Limit: 1},
		{Queue: "s", Partition: known(1), Limit: 1},
	} {
		if err := s.Peek(t.Context(), r, nil); !errors.As(err, &cannot) {
			t.Errorf("%+v: %v", r, err)
		}
	}
	var missing *queue.NotFoundError
	server.Set("text", "x")
	for _, name := range []string{"nothing", "text"} {
		if err := s.Peek(t.Context(), queue.PeekRequest{Queue: name, Limit: 1}, nil); !errors.As(err, &missing) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestProduceCreateDelete(t *testing.T) {
	s, server := open(t)
	ctx := t.Context()
	var cannot *queue.CannotError
	var missing *queue.NotFoundError
	for _, r := range []queue.CreateRequest{
		{Name: "x", Kind: queue.KindList},
		{Name: "x", Kind: queue.KindTopic},
		{Name: "channel:x"},
		{Name: "x", Partitions: 2},
		{Name: "x", Settings: map[string]string{"a": "b"}},
		{},
	} {
		if err := s.Create(ctx, r); !errors.As(err, &cannot) {
			t.Errorf("%+v: %v", r, err)
		}
	}
	if err := s.Create(ctx, queue.CreateRequest{Name: "key:channel:s"}); err != nil {
		t.Fatal(err)
	}
	if !server.Exists("channel:s") || len(s.client.XInfoGroups(ctx, "channel:s").Val()) != 0 {
		t.Error("the stream is not there, or has a group")
	}
	if err := s.Create(ctx, queue.CreateRequest{Name: "key:channel:s"}); err == nil {
		t.Error("made twice")
	}
	written, err := s.Produce(ctx, queue.ProduceRequest{
		Queue: "key:channel:s", Key: []byte("k"), Value: []byte("v"), Headers: []queue.Header{{Name: "trace", Value: []byte("1")}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := peek(t, s, queue.PeekRequest{Queue: "key:channel:s", Limit: 5}); got != written.Position+`={"value":"v","trace":"1"}` {
		t.Error(got)
	}
	if _, err := s.Produce(ctx, queue.ProduceRequest{Queue: "channel:news", Value: []byte("v")}); err != nil {
		t.Error(err)
	}
	if _, err := s.Produce(ctx, queue.ProduceRequest{Queue: "nothing", Value: []byte("v")}); !errors.As(err, &missing) || server.Exists("nothing") {
		t.Error(err)
	}
	if _, err := server.Push("l", "x"); err != nil {
		t.Fatal(err)
	}
	for _, r := range []queue.ProduceRequest{{Queue: "l", Key: []byte("k")}, {Queue: "channel:n", Key: []byte("k")}, {Queue: "l", Partition: known(1)}} {
		if _, err := s.Produce(ctx, r); !errors.As(err, &cannot) {
			t.Errorf("%+v: %v", r, err)
		}
	}
	server.Set("text", "x")
	if err := s.Delete(ctx, "text"); !errors.As(err, &missing) || !server.Exists("text") {
		t.Errorf("a text is no queue to delete: %v", err)
	}
	if err := s.Delete(ctx, "channel:news"); !errors.As(err, &cannot) {
		t.Error(err)
	}
	if err := s.Delete(ctx, "key:channel:s"); err != nil || server.Exists("channel:s") {
		t.Error(err)
	}
}

func TestPlanReset(t *testing.T) {
	s, server := open(t)
	ctx := t.Context()
	for i := range 5 {
		if _, err := server.XAdd("s", fmt.Sprintf("%d-0", 1_700_000_000_000+i), []string{"value", "x"}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := server.Push("l", "x"); err != nil {
		t.Fatal(err)
	}
	s.client.XGroupCreate(ctx, "s", "g", "$")
	for _, c := range []struct {
		to     queue.ResetTarget
		change queue.ResetChange
	}{
		{queue.ResetStart, queue.ResetChange{From: known(1_700_000_000_004), To: 0, LagBefore: known(0), LagAfter: known(5)}},
		{queue.ResetEnd, queue.ResetChange{From: known(1_700_000_000_004), To: 1_700_000_000_005, LagBefore: known(0), LagAfter: known(0)}},
		{queue.ResetTime, queue.ResetChange{From: known(1_700_000_000_004), To: 1_700_000_000_002, LagBefore: known(0)}},
	} {
		plan, err := s.PlanReset(ctx, queue.ResetRequest{Group: "g", Queue: "s", To: c.to, Time: time.UnixMilli(1_700_000_000_002)})
		if err != nil || len(plan.Changes) != 1 || plan.Changes[0] != c.change {
			t.Errorf("%s: %+v, %v", c.to, plan, err)
		}
	}
	plan, err := s.PlanReset(ctx, queue.ResetRequest{Group: "g", Queue: "s", To: queue.ResetStart})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := server.XAdd("s", "1700000000009-0", []string{"value", "x"}); err != nil {
		t.Fatal(err)
	}
	s.client.XReadGroup(ctx, &goredis.XReadGroupArgs{Group: "g", Consumer: "c", Streams: []string{"s", ">"}})
	if err := s.Reset(ctx, plan); err == nil || !strings.Contains(err.Error(), "plan again") {
		t.Errorf("it has read on: %v", err)
	}
	var cannot *queue.CannotError
	var missing *queue.NotFoundError
	for _, r := range []queue.ResetRequest{
		{Group: "g", Queue: "s", To: queue.ResetOffset},
		{Group: "g", Queue: "s", To: queue.ResetShift},
		{Group: "g", Queue: "l", To: queue.ResetStart},
		{Group: "g", Queue: "channel:l", To: queue.ResetStart},
		{Group: "g", Queue: "s", Partition: known(3), To: queue.ResetStart},
	} {
		if _, err := s.PlanReset(ctx, r); !errors.As(err, &cannot) {
			t.Errorf("%+v: %v", r, err)
		}
	}
	for _, r := range []queue.ResetRequest{{Group: "G", Queue: "s"}, {Group: "g", Queue: "nothing"}} {
		if _, err := s.PlanReset(ctx, r); !errors.As(err, &missing) {
			t.Errorf("%+v: %v", r, err)
		}
	}
}

func TestBefore(t *testing.T) {
	for _, c := range []struct {
		at         int64
		last, want string
	}{
		{0, "5-3", "0-0"},
		{5, "5-3", "4-18446744073709551615"},
		{6, "5-3", "5-3"},
		{1 << 62, "0-0", "0-0"},
	} {
		if got := before(c.at, c.last); got != c.want {
			t.Errorf("before(%d, %s) = %s", c.at, c.last, got)
		}
	}
}
