//go:build e2e

package rabbitmq

import (
	"bytes"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/diorama-dev/diorama/internal/queue"
)

func (l *lab) peek(t *testing.T, r queue.PeekRequest) []queue.Message {
	t.Helper()
	var seen []queue.Message
	err := l.Peek(t.Context(), r, func(m queue.Message) error { seen = append(seen, m); return nil })
	if err != nil {
		t.Fatalf("peek %+v: %v", r, err)
	}
	return seen
}

func values(list []queue.Message) string {
	var all []string
	for _, m := range list {
		all = append(all, string(m.Value))
	}
	return strings.Join(all, " ")
}

func TestPeekLeavesAllAsItIs(t *testing.T) {
	l := start(t)
	c := l.channel(t, "/")
	for _, kind := range []queue.Kind{queue.KindClassic, queue.KindQuorum} {
		name := string(kind)
		l.create(t, name, kind, nil)
		publish(t, c, name, 50, numbered)
		for range 3 {
			if got := values(l.peek(t, queue.PeekRequest{Queue: name, From: queue.FromOldest, Limit: 20})); got != count(0, 20) {
				t.Errorf("%s: saw %s", kind, got)
			}
		}
		eventually(t, "all are back", func() bool { return l.told(t, "/")[name] == [4]string{"50", "0", "0", name} })
		if seen := l.peek(t, queue.PeekRequest{Queue: name, Limit: 100}); values(seen) != count(0, 50) || !seen[0].Redelivered || seen[49].Redelivered {
			t.Errorf("%s: order %s", kind, values(seen))
		}
		if note := l.PeekNote(name); !strings.Contains(note, "redelivered") {
			t.Errorf("%s: note %q", kind, note)
		}
		for _, from := range []queue.From{queue.FromNewest, queue.FromOffset, queue.FromTime} {
			err := l.Peek(t.Context(), queue.PeekRequest{Queue: name, From: from, Limit: 1}, nil)
			var cannot *queue.CannotError
			if !errors.As(err, &cannot) {
				t.Errorf("%s from %s: %v", kind, from, err)
			}
		}
		stop := errors.New("enough")
		l.peek(t, queue.PeekRequest{Queue: name, Limit: 7})
		if err := l.Peek(t.Context(), queue.PeekRequest{Queue: name, Limit: 9}, func(queue.Message) error { return stop }); !errors.Is(err, stop) {
			t.Errorf("%s: %v", kind, err)
		}
		// What a consumer gets is in the order it was written.
		for i := range 50 {
			d, ok, err := c.Get(name, true)
			if !ok || err != nil || string(d.Body) != fmt.Sprint(i) {
				t.Fatalf("%s: message %d is %q, %v %v", kind, i, d.Body, ok, err)
			}
		}
	}
	var missing *queue.NotFoundError
	if err := l.Peek(t.Context(), queue.PeekRequest{Queue: "nothing", Limit: 1}, nil); !errors.As(err, &missing) {
		t.Errorf("no such queue: %v", err)
	}
}

func count(from, to int) string {
	var all []string
	for i := from; i < to; i++ {
		all = append(all, fmt.Sprint(i))
	}
	return strings.Join(all, " ")
}

// Looking again and again never uses up the deliveries of a message.
func TestPeekNeverDropsFromAQuorumQueue(t *testing.T) {
	l := start(t)
	l.create(t, "payments", queue.KindQuorum, nil)
	c := l.channel(t, "/")
	publish(t, c, "payments", 3, numbered)
	refused := 0
	for range 30 {
		err := l.Peek(t.Context(), queue.PeekRequest{Queue: "payments", Limit: 10}, func(queue.Message) error { return nil })
		var cannot *queue.CannotError
		switch {
		case errors.As(err, &cannot):
			refused++
		case err != nil:
			t.Fatal(err)
		}
	}
	if refused != 20 {
		t.Errorf("refused %d of 30, want 20", refused)
	}
	eventually(t, "all are there", func() bool { return l.told(t, "/")["payments"][0] == "3" })
	for range 3 {
		if d, ok, err := c.Get("payments", false); !ok || err != nil || d.Ack(false) != nil {
			t.Fatal(ok, err)
		}
	}
	publish(t, c, "payments", 1, numbered)
	eventually(t, "it may be looked at again", func() bool {
		return l.Peek(t.Context(), queue.PeekRequest{Queue: "payments", Limit: 10}, func(queue.Message) error { return nil }) == nil
	})
}

func TestPeekStream(t *testing.T) {
	l := start(t)
	l.create(t, "log", queue.KindStream, nil)
	if seen := l.peek(t, queue.PeekRequest{Queue: "log", Limit: 5}); len(seen) != 0 {
		t.Errorf("an empty stream: %v", seen)
	}
	publish(t, l.channel(t, "/"), "log", 100, numbered)
	for _, c := range []struct {
		request queue.PeekRequest
		want    string
	}{
		{queue.PeekRequest{From: queue.FromOldest, Limit: 10}, count(0, 10)},
		{queue.PeekRequest{From: queue.FromOldest, Limit: 1000}, count(0, 100)},
		{queue.PeekRequest{From: queue.FromNewest, Limit: 10}, count(90, 100)},
		{queue.PeekRequest{From: queue.FromOffset, Offset: 42, Limit: 3}, "42 43 44"},
		{queue.PeekRequest{From: queue.FromOffset, Offset: 98, Limit: 30}, "98 99"},
		{queue.PeekRequest{From: queue.FromOffset, Offset: 100, Limit: 30}, ""},
		{queue.PeekRequest{From: queue.FromTime, Limit: 2}, "0 1"},
	} {
		c.request.Queue = "log"
		got := l.peek(t, c.request)
		if values(got) != c.want {
			t.Errorf("%+v: saw %s", c.request, values(got))
		}
		if len(got) > 0 && got[0].Position != string(got[0].Value) {
			t.Errorf("%+v: position %s of message %s", c.request, got[0].Position, got[0].Value)
		}
	}
	eventually(t, "all are there, and no consumer is", func() bool {
		got, _ := l.sampled(t)
		return got["log"] == [4]string{"100", "0", "0", "stream"}
	})
	if note := l.PeekNote("log"); note != "" {
		t.Errorf("note %q", note)
	}
}

func TestProduce(t *testing.T) {
	l := start(t)
	binary := []byte("\x00\xff\x1b[31m\r\n\xc3\x28")
	for _, kind := range []queue.Kind{queue.KindClassic, queue.KindQuorum, queue.KindStream} {
		name := string(kind)
		l.create(t, name, kind, nil)
		_, err := l.Produce(t.Context(), queue.ProduceRequest{Queue: name, Value: binary, Headers: []queue.Header{
			{Name: "content-type", Value: []byte("application/x")}, {Name: "raw", Value: binary}, {Name: "trace", Value: []byte("1")},
		}})
		if err != nil {
			t.Fatal(err)
		}
		seen := l.peek(t, queue.PeekRequest{Queue: name, Limit: 1, MostBytes: 4})
		if len(seen) != 1 || !bytes.Equal(seen[0].Value, binary[:4]) || seen[0].ValueBytes != len(binary) {
			t.Fatalf("%s: %+v", kind, seen)
		}
		if !slices.ContainsFunc(seen[0].Headers, func(h queue.Header) bool { return h.Name == "raw" && bytes.Equal(h.Value, binary[:4]) }) {
			t.Errorf("%s: headers %q", kind, seen[0].Headers)
		}
	}
	var missing *queue.NotFoundError
	if _, err := l.Produce(t.Context(), queue.ProduceRequest{Queue: "nothing"}); !errors.As(err, &missing) {
		t.Errorf("no such queue: %v", err)
	}
	l.create(t, "exchange:events", "", nil)
	if _, err := l.Produce(t.Context(), queue.ProduceRequest{Queue: "exchange:events", Key: []byte("a.b")}); err == nil || !strings.Contains(err.Error(), "no queue is bound") {
		t.Errorf("an exchange without queues: %v", err)
	}
	if _, err := l.Produce(t.Context(), queue.ProduceRequest{Queue: "exchange:absent"}); err == nil {
		t.Error("no such exchange, and no error")
	}
	if err := l.Create(t.Context(), queue.CreateRequest{Name: "classic"}); err == nil {
		t.Error("made twice")
	}
	if err := l.Delete(t.Context(), "classic"); err != nil {
		t.Error(err)
	}
	if err := l.Delete(t.Context(), "classic"); !errors.As(err, &missing) {
		t.Errorf("deleted twice: %v", err)
	}
}

// Messages of 1 MB each are looked at in bounded memory.
func TestPeekBigMessages(t *testing.T) {
	l := start(t)
	const most = 64 << 20
	body := bytes.Repeat([]byte("x"), 1<<20)
	// A quorum queue keeps what is new in memory: more would be an alarm.
	for kind, n := range map[queue.Kind]int{queue.KindClassic: 300, queue.KindQuorum: 40, queue.KindStream: 300} {
		name := string(kind)
		l.create(t, name, kind, nil)
		publish(t, l.channel(t, "/"), name, n, func(int) []byte { return body })
		var peak uint64
		seen := 0
		err := l.Peek(t.Context(), queue.PeekRequest{Queue: name, Limit: n, MostBytes: 100}, func(queue.Message) error {
			if seen++; seen%20 == 0 {
				runtime.GC()
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				peak = max(peak, m.HeapAlloc)
			}
			return nil
		})
		if err != nil || seen != n || peak > most {
			t.Errorf("%s: saw %d of %d with at most %d MiB in use: %v", kind, seen, n, peak>>20, err)
		}
		t.Logf("%s: %d MiB in use at most", kind, peak>>20)
		if err := l.Delete(t.Context(), name); err != nil {
			t.Fatal(err)
		}
	}
}
