package rabbitmq

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"testing"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/diorama-dev/diorama/internal/queue"
)

// An API that keeps what was declared.
func declared(w http.ResponseWriter, r *http.Request, kept map[string]string) {
	path := r.URL.EscapedPath()
	_, there := kept[path]
	switch {
	case r.Method == http.MethodPut && there:
		w.WriteHeader(http.StatusNoContent)
	case r.Method == http.MethodPut:
		body, _ := io.ReadAll(r.Body)
		kept[path] = string(body)
		w.WriteHeader(http.StatusCreated)
	case !there:
		w.WriteHeader(http.StatusNotFound)
	case r.Method == http.MethodDelete:
		delete(kept, path)
		w.WriteHeader(http.StatusNoContent)
	default:
		fmt.Fprint(w, "{}")
	}
}

func TestCreateAndDelete(t *testing.T) {
	kept := make(map[string]string)
	s := serve(t, func(w http.ResponseWriter, r *http.Request) { declared(w, r, kept) })
	for _, c := range []struct {
		request queue.CreateRequest
		path    string
		body    string // empty: an error
	}{
		{queue.CreateRequest{Name: "orders"}, "/api/queues/%2F/orders", `{"arguments":{"x-queue-type":"classic"},"durable":true}`},
		{queue.CreateRequest{Name: "orders"}, "", ""},
		{
			queue.CreateRequest{Name: "team/a/b", Kind: queue.KindQuorum, Settings: map[string]string{"delivery-limit": "5", "x-overflow": "reject-publish", "single-active-consumer": "true"}},
			"/api/queues/team/a%2Fb",
			`{"arguments":{"x-delivery-limit":5,"x-overflow":"reject-publish","x-queue-type":"quorum","x-single-active-consumer":true},"durable":true}`,
		},
		{
			queue.CreateRequest{Name: "log", Kind: queue.KindStream, Settings: map[string]string{"max-age": "7D"}},
			"/api/queues/%2F/log", `{"arguments":{"x-max-age":"7D","x-queue-type":"stream"},"durable":true}`,
		},
		{
			queue.CreateRequest{Name: "exchange:events", Settings: map[string]string{"type": "fanout"}},
			"/api/exchanges/%2F/events", `{"arguments":{},"durable":true,"type":"fanout"}`,
		},
		{queue.CreateRequest{Name: "x", Partitions: 3}, "", ""},
		{queue.CreateRequest{Name: "x", Kind: queue.KindTopic}, "", ""},
		{queue.CreateRequest{Name: ""}, "", ""},
		{queue.CreateRequest{Name: "x", Settings: map[string]string{"max-length": "many"}}, "", ""},
	} {
		err := s.Create(t.Context(), c.request)
		if (err == nil) != (c.body != "") {
			t.Errorf("%+v: %v", c.request, err)
			continue
		}
		if err == nil && kept[c.path] != c.body {
			t.Errorf("%+v: declared %v", c.request, kept)
		}
	}
	var missing *queue.NotFoundError
	if err := s.Delete(t.Context(), "team/a/b"); err != nil {
		t.Error(err)
	}
	if err := s.Delete(t.Context(), "team/a/b"); !errors.As(err, &missing) {
		t.Errorf("deleted twice: %v", err)
	}
}

// Looking is refused before it can use up what consumers are to get, and
// allowed again once they have taken it.
func TestMayLook(t *testing.T) {
	s := &source{looked: make(map[string]looked)}
	a := address{vhost: "/", name: "payments"}
	at := func(depth, acked int64) queueAnswer {
		return queueAnswer{Type: "quorum", Messages: number{known(depth)}, Stats: stats{Ack: number{known(acked)}}}
	}
	now := at(3, 7)
	limit := deliveryLimit(now)
	if limit != usualDeliveryLimit {
		t.Errorf("limit %d", limit)
	}
	peek := func(delivered ...int64) {
		l := look{limit: limit}
		for _, n := range delivered {
			l.at(amqp.Table{headerDeliveries: n})
		}
		s.hasLooked(a, now, l)
	}
	peek(0, 8, 3)
	if err := s.mayLook(a, now, limit); err != nil {
		t.Errorf("nothing is worn yet: %v", err)
	}
	peek(9, 12, 3)
	var cannot *queue.CannotError
	for _, c := range []struct {
		now     queueAnswer
		refused bool
	}{
		{at(3, 7), true}, {at(3, 8), true}, {queueAnswer{Type: "quorum"}, true},
	} {
		if err := s.mayLook(a, c.now, limit); errors.As(err, &cannot) != c.refused {
			t.Errorf("%+v: %v", c.now, err)
		}
	}
	if err := s.mayLook(a, at(3, 9), limit); err != nil {
		t.Errorf("both were taken: %v", err)
	}
	peek(9)
	if err := s.mayLook(a, at(0, 7), limit); err != nil {
		t.Errorf("the queue is empty: %v", err)
	}
	l := look{limit: 20}
	l.at(amqp.Table{headerDeliveries: int64(20)})
	if l.err(a) == nil {
		t.Error("the last delivery was used, and nobody is told")
	}
	if deliveryLimit(queueAnswer{Type: "quorum", DeliveryLimit: number{known(-1)}}) != 0 || deliveryLimit(queueAnswer{Type: "classic"}) != 0 {
		t.Error("there is no limit")
	}
}

func TestMessage(t *testing.T) {
	d := amqp.Delivery{
		Exchange: "events", RoutingKey: "a.b", Body: []byte("hello"), ContentType: "text/plain", Priority: 3,
		Headers: amqp.Table{"b": int32(7), "a": "text", headerOffset: int64(9), "raw": []byte{0xff}, "none": nil, "t": amqp.Table{"x": true}},
	}
	m := message(&d, "0", 3)
	var got bytes.Buffer
	for _, h := range m.Headers {
		fmt.Fprintf(&got, "%s=%q ", h.Name, h.Value)
	}
	want := `exchange="events" content-type="text/plain" priority="3" a="tex" b="7" none="" raw="\xff" t="{\"x" `
	if got.String() != want {
		t.Errorf("headers %s", got.String())
	}
	if string(m.Key) != "a.b" || string(m.Value) != "hel" || m.ValueBytes != 5 {
		t.Errorf("%+v", m)
	}
}

func TestNotes(t *testing.T) {
	s := serve(t, recorded(t, "running"))
	if s.PeekNote("quorum") == "" {
		t.Error("nothing is known of it yet")
	}
	if _, err := s.Sample(t.Context()); err != nil {
		t.Fatal(err)
	}
	for name, noted := range map[string]bool{"quorum": true, "classic": true, "stream": false, "exchange:events": false} {
		if (s.PeekNote(name) != "") != noted {
			t.Errorf("%s: %q", name, s.PeekNote(name))
		}
	}
	var cannot *queue.CannotError
	if err := s.Peek(t.Context(), queue.PeekRequest{Queue: "exchange:events", Limit: 1}, nil); !errors.As(err, &cannot) {
		t.Error(err)
	}
	if err := s.Peek(t.Context(), queue.PeekRequest{Queue: "quorum", Partition: known(2), Limit: 1}, nil); !errors.As(err, &cannot) {
		t.Error(err)
	}
	if _, err := s.Produce(t.Context(), queue.ProduceRequest{Queue: "quorum", Key: []byte("k")}); !errors.As(err, &cannot) {
		t.Error(err)
	}
	if _, err := s.Produce(t.Context(), queue.ProduceRequest{Queue: "quorum"}); err == nil {
		t.Error("nobody listens there")
	}
}
