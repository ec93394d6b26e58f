//go:build e2e

package rabbitmq

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/diorama-dev/diorama/internal/queue"
	"github.com/diorama-dev/diorama/internal/queue/queuetest"
)

// catchesUp bounds how long the API may lag behind the broker. rabbitmqctl alone
// takes 20 s on a busy machine.
const catchesUp = 5 * time.Minute

type lab struct {
	queuetest.Broker
	*source
	access queue.Access
}

func start(t testing.TB) *lab {
	t.Helper()
	var ports []int
	broker := queuetest.Start(t, func() queuetest.Spec {
		ports = queuetest.FreePorts(t, 2)
		return queuetest.Spec{
			Image: "docker.io/library/rabbitmq:4.3.5-management-alpine",
			Env:   map[string]string{"RABBITMQ_DEFAULT_USER": "app", "RABBITMQ_DEFAULT_PASS": "rabbitmq", "RABBITMQ_NODENAME": "rabbit@localhost"},
			Ports: map[int]int{ports[0]: 5672, ports[1]: 15672},
			Files: map[string]string{
				"/etc/rabbitmq/rabbitmq.conf":   "vm_memory_high_watermark.absolute = 256MiB\ndisk_free_limit.absolute = 50MB\n",
				"/etc/rabbitmq/enabled_plugins": "[rabbitmq_management,rabbitmq_prometheus].\n",
			},
			Ready: "Server startup complete",
		}
	})
	access := queue.Access{
		"amqp":       {URL: fmt.Sprintf("amqp://app:rabbitmq@127.0.0.1:%d/%%2F", ports[0])},
		"management": {Host: "127.0.0.1", Port: ports[1], User: "app", Password: "rabbitmq"},
	}
	opened, err := Open(access)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(opened.Close)
	return &lab{Broker: broker, source: opened.(*source), access: access}
}

// vhost makes a virtual host.
func (l *lab) vhost(t *testing.T, name string) {
	t.Helper()
	for _, path := range []string{"/api/vhosts/" + url.PathEscape(name), "/api/permissions/" + url.PathEscape(name) + "/app"} {
		if _, _, err := l.call(t.Context(), "PUT", path, map[string]string{"configure": ".*", "write": ".*", "read": ".*"}); err != nil {
			t.Fatal(err)
		}
	}
}

func (l *lab) create(t *testing.T, name string, kind queue.Kind, settings map[string]string) {
	t.Helper()
	if err := l.Create(t.Context(), queue.CreateRequest{Name: name, Kind: kind, Settings: settings}); err != nil {
		t.Fatal(err)
	}
}

// channel is a channel of a client of the broker's.
func (l *lab) channel(t testing.TB, vhost string) *amqp.Channel {
	t.Helper()
	connection, err := amqp.DialConfig(l.access["amqp"].URL, amqp.Config{Vhost: vhost})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { connection.Close() })
	channel, err := connection.Channel()
	if err != nil {
		t.Fatal(err)
	}
	return channel
}

// publish writes numbered messages to a queue and waits for the broker.
func publish(t testing.TB, channel *amqp.Channel, name string, n int, body func(i int) []byte) {
	t.Helper()
	if err := channel.Confirm(false); err != nil {
		t.Fatal(err)
	}
	for i := range n {
		sent, err := channel.PublishWithDeferredConfirm("", name, true, false, amqp.Publishing{Body: body(i), DeliveryMode: amqp.Persistent})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := sent.WaitContext(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

func numbered(i int) []byte { return []byte(strconv.Itoa(i)) }

// told is what rabbitmqctl says, by the names of the adapter: ready,
// unacknowledged, consumers, type.
func (l *lab) told(t testing.TB, vhosts ...string) map[string][4]string {
	t.Helper()
	all := make(map[string][4]string)
	for _, vhost := range vhosts {
		out := l.Run(t, "rabbitmqctl", "-q", "-p", vhost, "--no-table-headers", "list_queues",
			"name", "messages_ready", "messages_unacknowledged", "consumers", "type")
		for line := range strings.Lines(out) {
			f := strings.Split(strings.TrimRight(line, "\n"), "\t")
			if len(f) == 5 {
				all[address{vhost: vhost, name: f[0]}.String()] = [4]string(f[1:])
			}
		}
	}
	return all
}

// sampled is what a sample says, in the same form.
func (l *lab) sampled(t testing.TB) (map[string][4]string, *queue.Sample) {
	t.Helper()
	sample, err := l.Sample(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	all := make(map[string][4]string)
	for _, q := range sample.Queues {
		if q.Kind != queue.KindExchange {
			all[q.Name] = [4]string{q.Depth.Minus(q.Unacknowledged).String(), q.Unacknowledged.String(), q.Consumers.String(), string(q.Kind)}
		}
	}
	return all, sample
}

// eventually polls until a condition holds.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), catchesUp)
	defer cancel()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-ctx.Done():
			t.Fatalf("not within %s: %s", catchesUp, what)
		case <-tick.C:
		}
	}
}

func named(sample *queue.Sample, name string) *queue.Queue {
	for _, q := range sample.Queues {
		if q.Name == name {
			return q
		}
	}
	return &queue.Queue{}
}
