//go:build e2e

package redis

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/diorama-dev/diorama/internal/queue"
	"github.com/diorama-dev/diorama/internal/queue/queuetest"
)

type lab struct {
	queuetest.Broker
	*source
	name string
}

func start(t testing.TB, args ...string) *lab {
	t.Helper()
	return startImage(t, "docker.io/library/redis:8.10.1-alpine", "redis", args...)
}

// startImage starts Redis or Valkey, whose name is also that of its server.
func startImage(t testing.TB, image, name string, args ...string) *lab {
	t.Helper()
	var port int
	broker := queuetest.Start(t, func() queuetest.Spec {
		port = queuetest.FreePort(t)
		return queuetest.Spec{
			Image: image, Ports: map[int]int{port: 6379},
			// Not as process 1, which nobody within the container can stop.
			Cmd: append([]string{"sh", "-c", name + `-server "$@" & trap "kill $!" TERM; wait`, "sh", "--requirepass", "secret", "--maxmemory-policy", "noeviction", "--save", ""}, args...),
		}
	})
	opened, err := Open(queue.Access{name: {URL: fmt.Sprintf("redis://:secret@127.0.0.1:%d/0", port)}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(opened.Close)
	return &lab{Broker: broker, source: opened.(*source), name: name}
}

func (l *lab) cli(t testing.TB, args ...string) string {
	t.Helper()
	return strings.TrimSpace(l.Run(t, append([]string{l.name + "-cli", "--no-auth-warning", "-a", "secret"}, args...)...))
}

func (l *lab) sampled(t testing.TB) *queue.Sample {
	t.Helper()
	sample, err := l.Sample(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return sample
}

func queueNamed(sample *queue.Sample, name string) *queue.Queue {
	for _, q := range sample.Queues {
		if q.Name == name {
			return q
		}
	}
	return nil
}

func groupNamed(sample *queue.Sample, name string) *queue.Group {
	for _, g := range sample.Groups {
		if g.Name == name {
			return g
		}
	}
	return nil
}

// field is what redis-cli says of a name in a reply of names and values.
func field(t testing.TB, out, name string) string {
	t.Helper()
	lines := strings.Split(out, "\n")
	for i, line := range lines {
		if line == name && i+1 < len(lines) {
			if lines[i+1] == "" {
				return "–"
			}
			return lines[i+1]
		}
	}
	t.Fatalf("no %s in %q", name, out)
	return ""
}

func TestSampleIsWhatTheServerSays(t *testing.T) {
	t.Run("redis", func(t *testing.T) { sampleIsWhatTheServerSays(t, start(t)) })
	t.Run("valkey", func(t *testing.T) {
		sampleIsWhatTheServerSays(t, startImage(t, "docker.io/valkey/valkey:9.1.1-alpine", "valkey"))
	})
}

func sampleIsWhatTheServerSays(t *testing.T, l *lab) {
	t.Helper()
	ctx := t.Context()
	c := l.client
	add := func(stream string, n int) (last string) {
		for i := range n {
			id, err := c.XAdd(ctx, &goredis.XAddArgs{Stream: stream, Values: []any{"value", i}}).Result()
			if err != nil {
				t.Fatal(err)
			}
			last = id
		}
		return last
	}
	add("orders", 100)
	add("clicks", 10)
	c.XGroupCreate(ctx, "orders", "billing", "0")
	c.XGroupCreate(ctx, "clicks", "billing", "0")
	c.XGroupCreate(ctx, "orders", "late", "$")
	c.XGroupCreate(ctx, "orders", "unread", "0")
	c.XGroupCreateMkStream(ctx, "empty", "first", "$")
	read := func(stream, consumer string, n int64) {
		if err := c.XReadGroup(ctx, &goredis.XReadGroupArgs{Group: "billing", Consumer: consumer, Streams: []string{stream, ">"}, Count: n}).Err(); err != nil {
			t.Fatal(err)
		}
	}
	read("orders", "a", 10)
	read("orders", "b", 5)
	read("clicks", "a", 10)
	first, err := c.XRangeN(ctx, "orders", "-", "+", 20).Result()
	if err != nil {
		t.Fatal(err)
	}
	c.XAck(ctx, "orders", "billing", first[0].ID, first[1].ID)
	add("deleted", 10)
	c.XGroupCreate(ctx, "deleted", "billing", "0")
	middle, _ := c.XRangeN(ctx, "deleted", "-", "+", 5).Result()
	c.XDel(ctx, "deleted", middle[4].ID)
	read("deleted", "a", 2)
	c.RPush(ctx, "jobs", "1", "2", "3")
	c.Set(ctx, "neither", "x", 0)
	listener := c.Subscribe(ctx, "news", "jobs")
	defer listener.Close()
	if _, err := listener.Receive(ctx); err != nil {
		t.Fatal(err)
	}
	l.compare(t)
	sample := l.sampled(t)
	if q := queueNamed(sample, "channel:news"); q == nil || q.Consumers.Or(0) != 1 || q.Kind != queue.KindChannel {
		t.Errorf("channel: %+v", q)
	}
	if q := queueNamed(sample, "jobs"); q.Depth.Or(0) != 3 || q.Kind != queue.KindList || q.Written.IsKnown() {
		t.Errorf("list: %+v", q)
	}
	if queueNamed(sample, "neither") != nil {
		t.Error("a text is no queue")
	}
	billing := groupNamed(sample, "billing")
	if len(billing.Members) != 2 || len(billing.Offsets) != 3 || billing.Members[0].Pending.Or(0) != 10+10+2-2 {
		t.Errorf("billing: %+v", billing)
	}
	if want, _ := idTime(first[15].ID); !billing.Offsets[2].Waiting.Equal(want) || billing.Offsets[2].Queue != "orders" {
		t.Errorf("waiting since %v, want %v: %+v", billing.Offsets[2].Waiting, want, billing.Offsets)
	}
	c.LTrim(ctx, "jobs", 1, 0)
	c.Del(ctx, "clicks")
	sample = l.sampled(t)
	if q := queueNamed(sample, "jobs"); q == nil || q.Depth != queue.Known[int64](0) {
		t.Errorf("an emptied list: %+v", q)
	}
	if queueNamed(sample, "clicks") != nil {
		t.Error("a deleted stream is still there")
	}
	l.compare(t)
}

// compare holds every number of every stream and group against redis-cli.
func (l *lab) compare(t *testing.T) {
	t.Helper()
	sample := l.sampled(t)
	compared := 0
	for _, q := range sample.Queues {
		if q.Kind != queue.KindStream {
			continue
		}
		about := l.cli(t, "XINFO", "STREAM", q.Name)
		if field(t, about, "length") != q.Depth.String() || field(t, about, "entries-added") != q.Written.String() {
			t.Errorf("%s: depth %v, written %v; redis-cli says\n%s", q.Name, q.Depth, q.Written, about)
		}
		groups := l.cli(t, "XINFO", "GROUPS", q.Name)
		for _, part := range strings.Split(groups, "name\n")[1:] {
			part = "name\n" + part + "\n"
			g := groupNamed(sample, field(t, part, "name"))
			for _, o := range g.Offsets {
				if o.Queue != q.Name {
					continue
				}
				compared++
				lag := o.Lag.String()
				if lag != field(t, part, "lag") || o.Pending.String() != field(t, part, "pending") || o.Committed.String() != field(t, part, "entries-read") {
					t.Errorf("group %s in %s: %+v; redis-cli says\n%s", g.Name, q.Name, o, part)
				}
			}
		}
	}
	t.Logf("compared %d groups", compared)
}

// A large database is looked through over several samples, each with few
// requests, and every queue is found.
func TestLargeDatabase(t *testing.T) {
	l := start(t)
	l.cli(t, "EVAL", "for i=1,300000 do redis.call('SET','k'..i,'x') end redis.call('RPUSH','jobs','x') redis.call('XADD','s','*','value','x')", "0")
	for n := 1; ; n++ {
		sample := l.sampled(t)
		if sample.Requests > scansFirst+2 {
			t.Fatalf("%d requests", sample.Requests)
		}
		if l.keys.complete() {
			if len(sample.Queues) != 2 {
				t.Errorf("after %d samples: %v", n, sample.Queues)
			}
			t.Logf("%d samples", n)
			break
		}
	}
	if sample := l.sampled(t); sample.Requests != scansLater+2 {
		t.Errorf("%d requests", sample.Requests)
	}
}

func BenchmarkSampleOfARealServer(b *testing.B) {
	l := start(b)
	for i := range 500 {
		name := fmt.Sprint("s", i)
		l.client.XAdd(b.Context(), &goredis.XAddArgs{Stream: name, Values: []any{"value", "x"}})
		l.client.XGroupCreate(b.Context(), name, "g", "0")
		l.client.XReadGroup(b.Context(), &goredis.XReadGroupArgs{Group: "g", Consumer: "c", Streams: []string{name, ">"}})
		l.client.XAdd(b.Context(), &goredis.XAddArgs{Stream: name, Values: []any{"value", "x"}})
		l.client.RPush(b.Context(), fmt.Sprint("l", i), "x")
	}
	for b.Loop() {
		l.sampled(b)
	}
}

func TestMemoryAlarm(t *testing.T) {
	l := start(t, "--maxmemory", "4mb")
	l.client.XAdd(t.Context(), &goredis.XAddArgs{Stream: "s", Values: []any{"value", "x"}})
	for i := 0; l.client.Set(t.Context(), fmt.Sprint("k", i), strings.Repeat("x", 10_000), 0).Err() == nil; i++ {
	}
	if sample := l.sampled(t); len(sample.Alarms) != 1 || !strings.Contains(sample.Alarms[0], "maxmemory") {
		t.Errorf("alarms: %q", sample.Alarms)
	}
	if _, err := l.Produce(t.Context(), queue.ProduceRequest{Queue: "s", Value: bytes.Repeat([]byte("x"), 1<<20)}); err == nil || !strings.Contains(err.Error(), "maxmemory") {
		t.Errorf("produce: %v", err)
	}
}

func TestPaused(t *testing.T) {
	l := start(t)
	l.client.XAdd(t.Context(), &goredis.XAddArgs{Stream: "s", Values: []any{"value", "x"}})
	l.sampled(t)
	signal := func(name string) {
		l.Run(t, "sh", "-c", `for p in /proc/[0-9]*; do [ "$(cat $p/comm 2>/dev/null)" != redis-server ] || kill -`+name+` ${p#/proc/}; done`)
	}
	signal("STOP")
	ctx, cancel := context.WithCancel(t.Context()) // no deadline: only a cancel
	stop := time.AfterFunc(500*time.Millisecond, cancel)
	defer stop.Stop()
	if _, err := l.Sample(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("sample: %v", err)
	}
	signal("CONT")
	l.sampled(t)
}

// Entries of 1 MB each are looked at, and sampled, in bounded memory.
func TestBigEntries(t *testing.T) {
	l := start(t)
	body := bytes.Repeat([]byte("x"), 1<<20)
	const n, most = 300, 64 << 20
	for range n {
		l.client.XAdd(t.Context(), &goredis.XAddArgs{Stream: "s", Values: []any{"value", body}})
		l.client.RPush(t.Context(), "l", body)
	}
	for _, name := range []string{"s", "l"} {
		for _, from := range []queue.From{queue.FromOldest, queue.FromNewest} {
			var peak uint64
			seen := 0
			err := l.Peek(t.Context(), queue.PeekRequest{Queue: name, From: from, Limit: 200, MostBytes: 100}, func(queue.Message) error {
				if seen++; seen%20 == 0 {
					runtime.GC()
					var m runtime.MemStats
					runtime.ReadMemStats(&m)
					peak = max(peak, m.HeapAlloc)
				}
				return nil
			})
			if err != nil || seen != 200 || peak > most {
				t.Errorf("%s from %s: saw %d with %d MiB in use: %v", name, from, seen, peak>>20, err)
			}
			t.Logf("%s from %s: %d MiB at most", name, from, peak>>20)
		}
	}
	l.sampled(t)
	if l.sampled(t); !l.keys.known["s"].big {
		t.Error("its entries are large")
	}
	if q := queueNamed(l.sampled(t), "s"); q.Depth.Or(0) != n || q.Written.Or(0) != n {
		t.Errorf("%+v", q)
	}
}
