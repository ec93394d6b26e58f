package queues

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/google/go-cmp/cmp"

	"github.com/diorama-dev/diorama/internal/queue"
	"github.com/diorama-dev/diorama/tui/tuitest"
)

func names[R interface {
	row
	tag() label
}](rows []R,
) []string {
	var out []string
	for _, r := range rows {
		out = append(out, r.tag().key.Name)
	}
	return out
}

func TestSort(t *testing.T) {
	m := press(t, screen(t, tuitest.NewBrokers(), 120, 35, tuitest.AtRest()), "b")
	tests := []struct {
		keys []string
		want []string
	}{
		{nil, []string{"audit", "features", "inference-completed", "payments-支付-订单"}},
		{[]string{">"}, []string{"inference-completed", "features", "payments-支付-订单", "audit"}},      // lag, the unknown last
		{[]string{">", ">"}, []string{"inference-completed", "features", "payments-支付-订单", "audit"}}, // in
		{[]string{"t"}, []string{"inference-completed", "features", "payments-支付-订单", "audit"}},
		{[]string{"t", "t"}, []string{"audit", "features", "inference-completed", "payments-支付-订单"}},
		{[]string{"i"}, []string{"__consumer_offsets", "audit", "features", "inference-completed", "payments-支付-订单"}},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, names(press(t, m, tt.keys...).topics.shown)); diff != "" {
			t.Errorf("%q: %s", tt.keys, diff)
		}
	}
}

func TestFilter(t *testing.T) {
	m := screen(t, tuitest.NewBrokers(), 120, 35, tuitest.AtRest())
	for text, want := range map[string][]string{
		"INFER": {"inference-completed"}, "rabbitmq/": {"invoices", "mails", "orders"}, "支付": {"payments-支付-订单"}, "nothing": nil,
	} {
		if diff := cmp.Diff(want, names(m.WithFilter(text).topics.shown)); diff != "" {
			t.Errorf("%q: %s", text, diff)
		}
	}
	if got := names(press(t, m, "g").WithFilter("billing").groups.shown); !slices.Equal(got, []string{"billing"}) {
		t.Errorf("of all groups %q are shown", got)
	}
}

// TestIncrementalIsTheSame holds rows that were carried on through many states
// against rows made of the last one alone.
func TestIncrementalIsTheSame(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, o := range []order{byName, byLag, byTrend} {
		state := tuitest.Crowd(40, 200)
		m := screen(t, &tuitest.Brokers{}, 120, 35).sorted(o).focused(onGroups)
		for range 50 {
			state = next(r, state)
			if r.IntN(3) == 0 && len(state.Groups) > 10 { // some go, and come back later
				i := r.IntN(len(state.Groups))
				state.Groups, state.Queues = slices.Delete(state.Groups, i, i+1), slices.Delete(state.Queues, 3, 4)
			}
			if r.IntN(5) == 0 {
				state.Groups, state.Queues = tuitest.Crowd(40, 200).Groups, tuitest.Crowd(40, 200).Queues
			}
			m = m.WithBrokers([]*queue.Broker{state})
			fresh := screen(t, &tuitest.Brokers{}, 120, 35, []*queue.Broker{state}).sorted(o).focused(onGroups)
			if diff := cmp.Diff(names(fresh.topics.shown), names(m.topics.shown)); diff != "" {
				t.Fatalf("topics by %s: %s", o, diff)
			}
			if diff := cmp.Diff(names(fresh.groups.shown), names(m.groups.shown)); diff != "" {
				t.Fatalf("groups by %s: %s", o, diff)
			}
			for _, q := range state.Queues {
				k := Key{"kafka", q.Name}
				if a, b := len(fresh.readersOf(k)), len(m.readersOf(k)); a != b {
					t.Fatalf("%d groups read %s, not %d", b, q.Name, a)
				}
			}
		}
	}
}

func TestUnchangedRowsStay(t *testing.T) {
	state := tuitest.Crowd(10, 20)
	m := screen(t, &tuitest.Brokers{}, 120, 35, []*queue.Broker{state})
	before := m.tracks[0]
	again := *state
	again.Sampled.At = again.Sampled.At.Add(time.Second)
	again.Groups = slices.Clone(again.Groups)
	copied := *again.Groups[4] // as it comes through a pipe
	copied.Queues = slices.Clone(copied.Queues)
	again.Groups[4] = &copied
	after := m.WithBrokers([]*queue.Broker{&again}).tracks[0]
	if !slices.Equal(before.topics, after.topics) || !slices.Equal(before.groups, after.groups) {
		t.Error("rows of which nothing changed were made anew")
	}
}

func TestCursorKeepsItsQueue(t *testing.T) {
	m := press(t, screen(t, tuitest.NewBrokers(), 120, 35, tuitest.AtRest()), "b", "down", "down")
	state := *tuitest.AtRest()[0]
	state.Sampled.At = state.Sampled.At.Add(time.Second)
	state.Queues = slices.Delete(slices.Clone(state.Queues), 1, 2) // audit is deleted
	m = m.WithBrokers([]*queue.Broker{&state})
	if got, _ := chosen(m.view.topics, m.topics.shown); got.key.Name != "inference-completed" {
		t.Errorf("the cursor is on %s", got.key.Name)
	}
	if got := m.WithBrokers(nil).target(); got.queue != "" || got.stack != "" {
		t.Errorf("without brokers the cursor is on %s/%s", got.stack, got.queue)
	}
}

func TestTrail(t *testing.T) {
	var tr trail
	for i := range 30 {
		tr = tr.with(point{tick: uint32(i), lag: float32(i)})
	}
	tr = tr.with(point{tick: 29, lag: 100}) // the same sample again
	tests := []struct {
		name string
		c    clock
		want []float64
	}{
		{"the latest", clock{tick: 29}, []float64{26, 27, 28, 100}},
		{"what stands still holds", clock{tick: 31}, []float64{28, 100, 100, 100}},
		{"what was before a gap is not shown", clock{tick: 29, since: 28}, []float64{28, 100}},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, tr.series(tt.c, 4, lagOf)); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
	}
	if got := tr.peak(clock{tick: 29}, lagOf); got != 100 {
		t.Errorf("the peak is %v", got)
	}
	old := trail{}.with(point{tick: 1, lag: 900}).with(point{tick: 2, lag: 3})
	if got := old.peak(clock{tick: 40}, lagOf); got != 3 {
		t.Errorf("the peak of long ago counts: %v", got)
	}
	if got := (trail{}).series(clock{tick: 5}, 3, lagOf); len(got) != 3 || !math.IsNaN(got[2]) {
		t.Errorf("nothing is drawn as %v", got)
	}
}

func TestSparklinesBeginAnewAfterAGap(t *testing.T) {
	all := tuitest.Queues()
	late := *all[5][0]
	late.Sampled.At = late.Sampled.At.Add(time.Minute)
	m := screen(t, tuitest.NewBrokers(), 120, 35, all[3], all[4], []*queue.Broker{&late})
	for _, l := range m.View() {
		if strings.Contains(l, "inference") && strings.Contains(l, "▁▁") {
			t.Errorf("a line is drawn over what nobody has seen: %s", ansi.Strip(l))
		}
	}
}

func TestCaughtUp(t *testing.T) {
	n, per := queue.Known[int64], queue.Known[float64]
	tests := []struct {
		name string
		in   queue.GroupInQueue
		want string
	}{
		{"nothing is left", queue.GroupInQueue{Lag: n(0)}, "now"},
		{"less than a second's work", queue.GroupInQueue{Lag: n(3), Rate: per(212), Trend: per(0.4)}, "now"},
		{"in a while", queue.GroupInQueue{Lag: n(410), Rate: per(260), Drain: per(8.4)}, "in 8 s"},
		{"in hours", queue.GroupInQueue{Lag: n(4100000), Rate: per(260), Drain: per(8 * 3600)}, "in 8 h 0 m"},
		{"it falls behind", queue.GroupInQueue{Lag: n(12904), Rate: per(84.1), Trend: per(127.9)}, "never at this rate (+127.9/s)"},
		{"it stands still", queue.GroupInQueue{Lag: n(12904), Rate: per(84.1), Trend: per(0)}, "never at this rate"},
		{"it shrinks, and nobody says how fast", queue.GroupInQueue{Lag: n(1200), Rate: per(50), Trend: per(-20)}, "in 1 m"},
		{"nobody reads", queue.GroupInQueue{Lag: n(12904), Rate: per(0), Trend: per(5)}, "never: not read (+5.0/s)"},
		{"the lag is not known", queue.GroupInQueue{Rate: per(5), Trend: per(5)}, "–"},
		{"one sample tells no trend", queue.GroupInQueue{Lag: n(5)}, "–"},
		{"longer than anybody waits", queue.GroupInQueue{Lag: n(5), Drain: per(1e12), Trend: per(-1e-9)}, "never at this rate"},
	}
	for _, tt := range tests {
		g := &group{status: &queue.GroupStatus{Committed: true}}
		if got, _ := caughtUp(place{group: g, in: tt.in}); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
	if got, _ := caughtUp(place{group: &group{status: &queue.GroupStatus{}}}); got != "no commit yet" {
		t.Errorf("without a commit: %q", got)
	}
}

func TestHeading(t *testing.T) {
	n, per := queue.Known[int64], queue.Known[float64]
	tests := []struct {
		name        string
		lag         queue.Count
		trend, pace queue.Rate
		want        direction
	}{
		{"it grows", n(900), per(4), per(10), growing},
		{"it grows, and nobody reads", n(900), per(4), per(0), stuck},
		{"it shrinks", n(900), per(-4), per(10), shrinking},
		{"it stays", n(900), per(0.01), per(10), steady},
		{"messages on their way are no lag", n(9), per(4), per(10), steady},
		{"not known", queue.Count{}, per(4), per(10), steady},
		{"no trend known", n(900), queue.Rate{}, per(10), steady},
	}
	for _, tt := range tests {
		if got := heading(tt.lag, tt.trend, tt.pace); got != tt.want {
			t.Errorf("%s: %d, want %d", tt.name, got, tt.want)
		}
	}
}

func TestSumOf(t *testing.T) {
	n, per := queue.Known[int64], queue.Known[float64]
	sum := sumOf(&queue.GroupStatus{Queues: []queue.GroupInQueue{
		{Queue: "a", Lag: n(10), Rate: per(2), Trend: per(-1), Drain: per(10)},
		{Queue: "b", Unknown: 3},
		{Queue: "c", Lag: n(5), Rate: per(1), Trend: per(1)},
	}})
	if sum.Lag.Or(-1) != 15 || sum.Rate.Or(-1) != 3 || sum.Unknown != 3 || sum.Drain.IsKnown() {
		t.Errorf("the sum is %+v", sum)
	}
	if got := sumOf(&queue.GroupStatus{}); got.Lag.IsKnown() {
		t.Errorf("the sum of nothing is %v", got.Lag)
	}
}

func TestNumbers(t *testing.T) {
	for _, tt := range []struct {
		n    int64
		w    int
		want string
	}{{184220, 12, "184,220"}, {1234567890123, 12, "1,234.6G"}, {1234567, 6, "1.2M"}, {math.MaxInt64, 12, "9.2E"}, {-5, 4, "-5"}} {
		if got := amount(queue.Known(tt.n), tt.w); len(got) > tt.w || tt.n != 1234567890123 && got != tt.want {
			t.Errorf("%d in %d cells: %q", tt.n, tt.w, got)
		}
	}
	for v, want := range map[float64]string{0: "0.0", 212: "212.0", 9999.94: "9,999.9", 500_000: "500,000", -3.25: "-3.3", 1e300: "very many"} {
		if got := rate(queue.Known(v)); got != want {
			t.Errorf("%v: %q, want %q", v, got, want)
		}
	}
	if amount(queue.Count{}, 9) != "–" || rate(queue.Rate{}) != "–" || size(queue.Count{}) != "–" || rate(queue.Known(math.NaN())) != "–" {
		t.Error("what is not known is shown as a number")
	}
	if got := ranges([]int32{0, 1, 2, 5, 7, 8}); got != "0–2, 5, 7–8" {
		t.Errorf("ranges: %q", got)
	}
}
