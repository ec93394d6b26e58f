package queues

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"github.com/diorama-dev/diorama/internal/queue"
	"github.com/diorama-dev/diorama/tui/intent"
	"github.com/diorama-dev/diorama/tui/theme"
	"github.com/diorama-dev/diorama/tui/tuitest"
)

// screen is the queues screen of a size, with what the brokers said lately.
func screen(t testing.TB, b *tuitest.Brokers, width, height int, states ...[]*queue.Broker) Model {
	t.Helper()
	m := New(theme.New(theme.Dark), Deps{Context: t.Context(), Source: Source{Watcher: b, Operator: b, Resetter: b}})
	m = m.WithSize(width, height).WithNow(tuitest.Noon())
	for _, s := range states {
		m = m.WithBrokers(s)
	}
	return m
}

// press gives the screen keys, as the frame does, and whatever comes of them.
func press(t testing.TB, m Model, keys ...string) Model {
	t.Helper()
	for _, k := range keys {
		var cmd tea.Cmd
		if m.Asking() {
			m, cmd = m.Key(tuitest.Key(k))
		} else if b, ok := intent.Find(k, m.Bindings(), intent.Moves()); ok && b.Off == "" {
			m, cmd = m.Handle(b.Intent)
		}
		m = tuitest.Drive(t, m, tuitest.Run(cmd)...)
	}
	return m
}

func typed(text string) []string { return strings.Split(text, "") }

// to puts the cursor on inference-completed, among Kafka's topics alone.
func to(keys ...string) []string { return append([]string{"b", "down", "down"}, keys...) }

// scene is a way to a frame.
type scene struct {
	name    string
	keys    []string
	brokers func(*tuitest.Brokers)
	states  [][]*queue.Broker
	wide    bool // also on a large terminal
}

func scenes() []scene {
	odd := func(b *tuitest.Brokers) { b.Messages = tuitest.Odd() }
	fails := func(b *tuitest.Brokers) {
		b.Err = errors.New("describe inference-completed: the broker does not answer; try again")
	}
	all := tuitest.Queues()
	return []scene{
		{name: "list", states: all, wide: true},
		{name: "list-by-trend", states: all, keys: []string{"t"}},
		{name: "kafka", states: all, keys: to()},
		{name: "kafka-internal", states: all, keys: []string{"b", "i"}},
		{name: "readers", states: all, keys: to("tab", "down", "down")},
		{name: "rabbitmq", states: all, keys: []string{"b", "b"}},
		{name: "silent", states: all, keys: []string{"b", "b", "b"}},
		{name: "redis", states: all, keys: []string{"left"}},
		{name: "groups", states: all, wide: true, keys: []string{"g", "down"}},
		{name: "partitions", states: all, wide: true, keys: to("enter", "down")},
		{name: "partitions-unanswered", states: all, keys: to("enter"), brokers: fails},
		{name: "members", states: all, wide: true, keys: to("tab", "enter", "down", "down")},
		{name: "peek", states: all, wide: true, keys: to("p")},
		{name: "peek-of-bytes", states: all, keys: to("p"), brokers: odd},
		{name: "peek-of-nothing", states: all, keys: to("p"), brokers: func(b *tuitest.Brokers) { b.Messages, b.Note = nil, "messages of this queue are marked as redelivered" }},
		{name: "message-json", states: all, keys: to("p", "up", "up", "enter")},
		{name: "message-hostile", states: all, keys: to("p", "enter")},
		{name: "message-bytes", states: all, keys: to("p", "home", "down", "down", "down", "enter"), brokers: odd},
		{name: "message-protobuf", states: all, keys: to("p", "home", "down", "enter"), brokers: odd},
		{name: "produce", states: all, keys: to(append(append([]string{"P"}, typed("order-3")...), append([]string{"tab"}, typed(`{"a":1}`)...)...)...)},
		{name: "produce-asks", states: all, keys: to("P", "tab", "支", "enter", "enter")},
		{name: "create", states: all, keys: to(append([]string{"C"}, typed("orders")...)...)},
		{name: "delete", states: all, keys: to("D", "o", "enter")},
		{name: "reset", states: all, keys: to("tab", "O", "right")},
		{name: "reset-preview", states: all, keys: to("tab", "O", "right", "enter", "enter")},
		{name: "reset-confirm", states: all, keys: to("tab", "O", "right", "enter", "enter", "enter")},
		{name: "reset-refused", states: all, keys: to("tab", "O", "enter", "enter"), brokers: func(b *tuitest.Brokers) {
			b.Plan.Refused = "2 members are active; stop them first"
		}},
		{name: "connecting", states: [][]*queue.Broker{{{Stack: "kafka", System: "kafka", Phase: queue.PhaseConnecting, Since: tuitest.Noon().Add(-4e9), Why: "dial 127.0.0.1:9092: connection refused"}}}},
		{name: "empty", states: [][]*queue.Broker{{}}},
	}
}

func TestFrames(t *testing.T) {
	for _, size := range [][2]int{{80, 19}, {120, 35}, {40, 8}, {200, 55}} { // what the frame leaves of 80×24, 120×40, 40×12 and 200×60
		for _, s := range scenes() {
			if size[0] == 200 && !s.wide {
				continue
			}
			t.Run(fmt.Sprintf("%s-%dx%d", s.name, size[0], size[1]), func(t *testing.T) {
				b := tuitest.NewBrokers()
				if s.brokers != nil {
					s.brokers(b)
				}
				m := press(t, screen(t, b, size[0], size[1], s.states...), s.keys...)
				tuitest.Plain(t, strings.Join(m.View(), "\n"))
			})
		}
	}
}
