package redis

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/google/go-cmp/cmp"
	goredis "github.com/redis/go-redis/v9"

	"github.com/diorama-dev/diorama/internal/queue"
)

// open makes a source of an imitation of Redis: it has no INFO of memory, knows
// no entries-added and takes the length of a stream for every lag.
func open(t testing.TB) (*source, *miniredis.Miniredis) {
	t.Helper()
	server := miniredis.RunT(t)
	opened, err := Open(queue.Access{"valkey": {URL: "redis://" + server.Addr() + "/0"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(opened.Close)
	return opened.(*source), server
}

func known(n int64) queue.Count { return queue.Known(n) }

func TestSample(t *testing.T) {
	s, server := open(t)
	ctx := t.Context()
	for i := range 3 {
		if _, err := server.XAdd("orders", fmt.Sprintf("170000000000%d-0", i), []string{"value", fmt.Sprint(i)}); err != nil {
			t.Fatal(err)
		}
		s.client.RPush(ctx, "jobs", i)
	}
	server.Set("text", "x")
	s.client.XGroupCreate(ctx, "orders", "billing", "0")
	s.client.XReadGroup(ctx, &goredis.XReadGroupArgs{Group: "billing", Consumer: "a", Streams: []string{"orders", ">"}, Count: 2})
	s.client.XGroupCreate(ctx, "orders", "done", "$")
	listener := s.client.Subscribe(ctx, "news")
	defer listener.Close()
	if _, err := listener.Receive(ctx); err != nil {
		t.Fatal(err)
	}
	sample, err := s.Sample(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range sample.Queues {
		q.Bytes = queue.Count{} // the imitation's own
	}
	sample.At = time.Time{}
	want := &queue.Sample{
		Nodes: queue.Nodes{Answering: 1, Known: 1}, Requests: 3,
		Queues: []*queue.Queue{
			{Name: "channel:news", Kind: queue.KindChannel, Consumers: known(1)},
			{Name: "jobs", Kind: queue.KindList, Depth: known(3)},
			{Name: "orders", Kind: queue.KindStream, Depth: known(3)},
		},
		Groups: []*queue.Group{
			{
				Name: "billing", Kind: queue.GroupStream,
				Members: []queue.Member{{ID: "a", Client: "a", Assigned: []queue.Assignment{{Queue: "orders"}}, Pending: known(2)}},
				Offsets: []queue.Offset{{Queue: "orders", Pending: known(2), Waiting: time.UnixMilli(1_700_000_000_002).UTC()}},
			},
			{Name: "done", Kind: queue.GroupStream, Offsets: []queue.Offset{{Queue: "orders", Lag: known(0), Pending: known(0)}}},
		},
	}
	if diff := cmp.Diff(want, sample, cmp.AllowUnexported(queue.Count{})); diff != "" {
		t.Error(diff)
	}
}

// A list that loses its last element is an empty queue for a while; one that is
// deleted by us, and a stream, are gone.
func TestEmptiedList(t *testing.T) {
	s, server := open(t)
	for _, name := range []string{"jobs", "other"} {
		if _, err := server.Push(name, "x"); err != nil {
			t.Fatal(err)
		}
	}
	at := time.Now()
	names := func(at time.Time) string {
		sample, err := s.sample(t.Context(), at)
		if err != nil {
			t.Fatal(err)
		}
		var all []string
		for _, q := range sample.Queues {
			all = append(all, q.Name+"="+q.Depth.String())
		}
		return strings.Join(all, " ")
	}
	if got := names(at); got != "jobs=1 other=1" {
		t.Error(got)
	}
	if err := s.Delete(t.Context(), "other"); err != nil {
		t.Error(err)
	}
	server.Del("jobs")
	if got := names(at.Add(emptyKept)); got != "jobs=0" {
		t.Error(got)
	}
	if _, err := s.Produce(t.Context(), queue.ProduceRequest{Queue: "jobs", Value: []byte("y")}); err != nil {
		t.Errorf("an empty queue can be written to: %v", err)
	}
	server.Del("jobs")
	if got := names(at.Add(emptyKept + time.Second)); got != "" {
		t.Error(got)
	}
	if _, err := server.Push("jobs", "x"); err != nil {
		t.Fatal(err)
	}
	if got := names(at.Add(2 * emptyKept)); got != "jobs=1" {
		t.Error(got)
	}
	server.Del("jobs")
	server.Set("jobs", "text")
	if got := names(at.Add(2 * emptyKept)); got != "" {
		t.Errorf("it is a text now: %s", got)
	}
}

// A scan goes on from sample to sample.
func TestScanGoesOn(t *testing.T) {
	k := newKeys()
	at := time.Now()
	page := func(kind queue.Kind, cursor uint64, names ...string) {
		k.found(kind, goredis.NewScanCmdResult(names, cursor, nil), at)
	}
	page(queue.KindStream, 7, "a")
	page(queue.KindList, 0, "b")
	if k.complete() || k.cursors[queue.KindStream] != 7 || len(k.known) != 2 {
		t.Errorf("%+v", k)
	}
	page(queue.KindStream, 0, "c")
	if !k.complete() || k.known["b"].kind != queue.KindList {
		t.Errorf("%+v", k)
	}
	for i := range mostKeys {
		k.add(fmt.Sprint(i), queue.KindList, at)
	}
	if len(k.known) != mostKeys || !k.full {
		t.Errorf("%d keys, full %v", len(k.known), k.full)
	}
}

func TestErrors(t *testing.T) {
	s, server := open(t)
	if _, err := s.Sample(t.Context()); err != nil {
		t.Fatal(err)
	}
	server.RequireAuth("secret")
	// One of its own: who is in already stays in.
	stranger, err := Open(queue.Access{"valkey": {URL: "redis://" + server.Addr() + "/0"}})
	if err != nil {
		t.Fatal(err)
	}
	defer stranger.Close()
	if _, err := stranger.Sample(t.Context()); err == nil || !strings.Contains(err.Error(), "user or password") {
		t.Errorf("refused: %v", err)
	}
	server.RequireAuth("")
	server.SetError("LOADING Redis is loading the dataset in memory")
	if _, err := s.Sample(t.Context()); err == nil || !strings.Contains(err.Error(), "reading its data") {
		t.Errorf("loading: %v", err)
	}
	server.SetError("")
	server.Close()
	if _, err := s.Sample(t.Context()); err == nil || !strings.Contains(err.Error(), "does not answer") {
		t.Errorf("away: %v", err)
	}
	if err := server.Restart(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Sample(t.Context()); err != nil {
		t.Errorf("back: %v", err)
	}
	for _, access := range []queue.Access{nil, {"redis": {}}, {"redis": {URL: "http://:secret@x"}}, {"redis": {URL: "redis://:secret@x:y/0"}}} {
		if _, err := Open(access); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%v: %v", access, err)
		}
	}
}

// A server that ends while it is asked does not answer, as one that is away.
func TestEndsWhileAsked(t *testing.T) {
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			serving.Go(func() {
				defer conn.Close()
				if _, err := conn.Read(make([]byte, 1)); err != nil {
					return
				}
				_ = conn.(*net.TCPConn).CloseWrite()
				_, _ = io.Copy(io.Discard, conn) // what is unread would make it a reset
			})
		}
	})
	s, err := Open(queue.Access{"redis": {URL: "redis://" + listener.Addr().String()}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Sample(t.Context()); !errors.Is(err, io.EOF) || !strings.Contains(err.Error(), "does not answer") {
		t.Error(err)
	}
	s.Close()
	listener.Close()
	serving.Wait()
}

// A server that accepts and says nothing holds nobody beyond the context.
func TestSilent(t *testing.T) {
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	s, err := Open(queue.Access{"redis": {URL: "redis://" + listener.Addr().String()}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(20*time.Millisecond, cancel)
	if _, err := s.Sample(ctx); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func BenchmarkSample(b *testing.B) {
	s, server := open(b)
	for i := range 500 {
		if _, err := server.Push(fmt.Sprint("list", i), "x"); err != nil {
			b.Fatal(err)
		}
		if _, err := server.XAdd(fmt.Sprint("stream", i), "*", []string{"value", "x"}); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		if _, err := s.Sample(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}
