package queues

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/charmbracelet/x/ansi"

	"github.com/diorama-dev/diorama/internal/queue"
	"github.com/diorama-dev/diorama/tui/tuitest"
)

// nasty are texts that a broker may send.
func nasty() []string {
	return []string{
		"", "orders", "a-name-that-is-much-longer-than-any-column-would-like-it-to-be-and-then-some", "支付", "🚀🚀",
		"\x1b[31mred\x1b[0m", "\x1b]0;title\x07", "tab\there", "line\nbreak", "\u202eevil", "e\u0301\u0301\u0301", "\xff\xfe",
		"👩\u200d👧", "नमस्ते", "한글", "x\u200by", "no leader 连接被拒绝 and so on and on and on, for longer than a line of a narrow terminal",
	}
}

// chance makes brokers of all that there may be.
type chance struct{ *rand.Rand }

func (r chance) text() string { n := nasty(); return n[r.IntN(len(n))] }

func (r chance) count() queue.Count {
	if r.IntN(3) == 0 {
		return queue.Count{}
	}
	return queue.Known([]int64{0, 1, 12904, math.MaxInt64, -5, 1 << 40}[r.IntN(6)])
}

func (r chance) rate() queue.Rate {
	if r.IntN(3) == 0 {
		return queue.Rate{}
	}
	return queue.Known([]float64{0, 0.04, -3.3, 84.1, 500_000, 1e300, math.NaN(), math.Inf(1), math.Inf(-1)}[r.IntN(9)])
}

func (r chance) when() time.Time {
	if r.IntN(4) == 0 {
		return time.Time{}
	}
	return tuitest.Noon().Add(time.Duration(r.Int64N(1e15)) - 5e14)
}

func (r chance) brokers() []*queue.Broker {
	var out []*queue.Broker
	phases := []queue.Phase{queue.PhaseAnswering, queue.PhaseAnswering, queue.PhaseSilent, queue.PhaseConnecting, "odd"}
	for range r.IntN(5) {
		b := &queue.Broker{
			Stack: r.text() + fmt.Sprint(len(out)), System: []string{"kafka", "rabbitmq", "redis", "rocketmq", r.text()}[r.IntN(5)],
			Phase: phases[r.IntN(len(phases))], Since: r.when(), Why: r.text(), Version: r.text(),
			Nodes: queue.Nodes{Answering: r.IntN(3), Known: r.IntN(4)}, Sampled: queue.Sampled{At: r.when()},
		}
		for range r.IntN(3) {
			b.Alarms = append(b.Alarms, r.text())
		}
		kinds := []queue.Kind{queue.KindTopic, queue.KindClassic, queue.KindStream, queue.KindList, queue.KindChannel, queue.KindExchange, queue.Kind(r.text())}
		for range r.IntN(30) {
			b.Queues = append(b.Queues, &queue.Status{
				Name: r.text(), Kind: kinds[r.IntN(len(kinds))], Internal: r.IntN(5) == 0, State: r.text(), Trouble: r.text(), Partitions: r.IntN(4) * 1000,
				Depth: r.count(), Unacknowledged: r.count(), Consumers: r.count(), Bytes: r.count(), In: r.rate(), Out: r.rate(), Groups: r.IntN(9),
				Lag: queue.WorstLag{Lag: r.count(), Group: r.text(), Trend: r.rate()},
			})
		}
		for range r.IntN(30) {
			g := &queue.GroupStatus{Name: r.text(), Kind: queue.GroupKind(r.text()), State: r.text(), Trouble: r.text(), Members: r.IntN(1e6), Committed: r.IntN(2) == 0}
			for range r.IntN(4) {
				g.Queues = append(g.Queues, queue.GroupInQueue{Queue: r.text(), Lag: r.count(), Pending: r.count(), Rate: r.rate(), Trend: r.rate(), Drain: r.rate(), Waiting: r.when()})
			}
			b.Groups = append(b.Groups, g)
		}
		out = append(out, b)
	}
	return out
}

// details answers for every name.
func (r chance) details() *tuitest.Brokers {
	b := &tuitest.Brokers{Queues: map[string]*queue.Queue{}, Groups: map[string]*queue.Group{}, Note: r.text()}
	for _, name := range nasty() {
		q, g := &queue.Queue{Name: name}, &queue.Group{Name: name}
		for i := range r.IntN(40) {
			q.Partitions = append(q.Partitions, queue.Partition{ID: int32(i), Start: r.count(), End: r.count(), Stable: r.count(), Bytes: r.count(), Leader: r.text(), Trouble: r.text()})
			g.Members = append(g.Members, queue.Member{ID: r.text(), Client: r.text(), Host: r.text(), Pending: r.count(), Assigned: []queue.Assignment{{Queue: r.text(), Partitions: []int32{0, 1, 7}}}})
			g.Offsets = append(g.Offsets, queue.Offset{Queue: r.text(), Partition: int32(i), Committed: r.count(), Lag: r.count(), Pending: r.count(), Waiting: r.when()})
			b.Messages = append(b.Messages, queue.Message{
				Partition: int32(i), Position: r.text(), Time: r.when(), Key: []byte(r.text()), Value: []byte(r.text() + strings.Repeat("x\x00", r.IntN(200))),
				Headers: []queue.Header{{Name: r.text(), Value: []byte(r.text())}}, KeyBytes: r.IntN(1e9), ValueBytes: r.IntN(1e9),
			})
			b.Plan.Changes = append(b.Plan.Changes, queue.ResetChange{Partition: int32(i), From: r.count(), To: r.Int64(), LagBefore: r.count(), LagAfter: r.count()})
		}
		b.Queues[name], b.Groups[name] = q, g
	}
	b.Plan.Refused = []string{"", r.text()}[r.IntN(2)]
	return b
}

// TestEveryFrameFits draws random brokers at random sizes after random keys and
// clicks: always as many lines as there are, none of another width, and no
// control character in them.
func TestEveryFrameFits(t *testing.T) {
	keys := []string{
		"enter", "enter", "esc", "esc", "p", "P", "C", "D", "O", "y", "t", ">", "tab", "g", "b", "left", "i", "up", "down", "down",
		"pgup", "pgdown", "home", "end", "n", "o", "a", "right", "支", "backspace", "1", "click",
	}
	for seed := range uint64(60) {
		r := chance{rand.New(rand.NewPCG(seed, 7))}
		w, h := 1+r.IntN(220), 1+r.IntN(60)
		if seed%3 == 0 {
			w, h = 1+r.IntN(45), 1+r.IntN(12)
		}
		m := screen(t, r.details(), w, h, r.brokers())
		var path []string
		for range 60 {
			key := keys[r.IntN(len(keys))]
			path = append(path, key)
			if key == "click" {
				m, _ = m.Click(r.IntN(w), r.IntN(h))
			} else {
				m = press(t, m, key)
			}
			switch r.IntN(12) {
			case 0:
				m = m.WithBrokers(r.brokers())
			case 1:
				m = m.WithFilter(nasty()[r.IntN(4)])
			case 2:
				m = m.WithSize(1+r.IntN(220), 1+r.IntN(60))
			}
			check(t, m, fmt.Sprintf("seed %d, keys %q", seed, path))
		}
	}
}

func check(t *testing.T, m Model, how string) {
	t.Helper()
	lines := m.View()
	if len(lines) != m.height {
		t.Fatalf("%s: %d lines of %d", how, len(lines), m.height)
	}
	for i, l := range lines {
		plain := ansi.Strip(l)
		if got := ansi.StringWidth(plain); got != m.width {
			t.Fatalf("%s: line %d is %d cells wide, not %d: %q", how, i, got, m.width, plain)
		}
		if got := ansi.StringWidthWc(plain); got != m.width {
			t.Fatalf("%s: line %d is %d cells wide to terminals that count characters: %q", how, i, got, plain)
		}
		for _, c := range plain {
			if unicode.IsControl(c) {
				t.Fatalf("%s: line %d holds the control character %U: %q", how, i, c, plain)
			}
		}
	}
}
