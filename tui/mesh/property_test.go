package mesh

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/charmbracelet/x/ansi"

	"github.com/diorama-dev/diorama/internal/mesh"
	"github.com/diorama-dev/diorama/tui/tuitest"
)

// nasty are texts that a mesh may send.
func nasty() []string {
	return []string{
		"", "gateway", "a-name-that-is-much-longer-than-any-column-would-like-it-to-be-and-then-some", "支付", "🚀🚀",
		"\x1b[31mred\x1b[0m", "\x1b]0;title\x07", "tab\there", "line\nbreak", "\u202eevil", "e\u0301\u0301\u0301", "\xff\xfe",
		"👩\u200d👧", "नमस्ते", "한글", "x\u200by", "user-agent: Android", "no subset v3 连接被拒绝 and so on and on and on, for longer than a line of a narrow terminal",
	}
}

// chance makes a mesh of all that there may be.
type chance struct{ *rand.Rand }

func (r chance) text() string { n := nasty(); return n[r.IntN(len(n))] }

func (r chance) texts(n int) []string {
	var out []string
	for range r.IntN(n) {
		out = append(out, r.text())
	}
	return out
}

func (r chance) when() time.Time {
	if r.IntN(4) == 0 {
		return time.Time{}
	}
	return tuitest.Noon().Add(time.Duration(r.Int64N(1e15)) - 5e14)
}

func (r chance) number() int { return []int{0, 1, 5, 33, 100, -5, math.MaxInt, math.MinInt}[r.IntN(8)] }

func (r chance) share() float64 {
	return []float64{0, 0.1, 33.3, 100, -3, 1e300, math.NaN(), math.Inf(1), math.Inf(-1)}[r.IntN(9)]
}

func (r chance) span() time.Duration {
	return []time.Duration{0, time.Millisecond, 3 * time.Second, 1500 * time.Millisecond, time.Hour, -time.Second, math.MaxInt64}[r.IntN(7)]
}

func (r chance) destination() mesh.Destination {
	d := mesh.Destination{Name: r.text(), Service: r.text(), Subset: r.text(), Weight: r.number(), Seen: mesh.Seen{Requests: int64(r.number()), Errors: int64(r.number())}}
	if r.IntN(2) == 0 {
		d.Seen.Share, d.Seen.P99 = new(r.share()), new(r.span())
	}
	for range r.IntN(6) {
		d.Endpoints = append(d.Endpoints, mesh.Endpoint{Address: r.text(), Pod: r.text(), Ejected: r.IntN(2) == 0, EjectedBy: r.texts(3), Healthy: r.IntN(2) == 0})
	}
	return d
}

func (r chance) state() mesh.State {
	modes := append(modes(), mesh.TLSMode(r.text()))
	s := mesh.State{Time: r.when(), Title: r.text(), Absence: r.text()}
	for range r.IntN(8) {
		x := mesh.Service{Name: r.text(), Callers: r.texts(6), Rule: r.text(), Policy: mesh.Policy{Rule: r.text(), MaxConnections: r.number(), MaxPending: r.number(), Eject: r.text(), Interval: r.span(), TLS: r.text(), Balancer: r.text()}}
		for range r.IntN(4) {
			route := mesh.Route{Name: r.text(), Match: r.texts(3), Timeout: r.span(), Fault: mesh.Fault{Delay: r.span(), DelayShare: r.share(), Abort: r.number(), AbortShare: r.share()}}
			if r.IntN(2) == 0 {
				route.Retries = &mesh.Retries{Attempts: r.number(), PerTry: r.span(), On: r.text()}
			}
			for range r.IntN(4) {
				route.Destinations = append(route.Destinations, r.destination())
			}
			x.Routes = append(x.Routes, route)
		}
		s.Services = append(s.Services, x)
		w := mesh.Workload{Name: r.text(), Stack: r.text(), TLS: modes[r.IntN(len(modes))], Policy: r.text()}
		for range r.IntN(4) {
			w.Proxies = append(w.Proxies, mesh.Proxy{Pod: r.text(), Version: r.text(), Behind: r.texts(3), Ready: r.IntN(2) == 0})
		}
		s.Workloads = append(s.Workloads, w)
	}
	for range r.IntN(3) {
		s.Problems = append(s.Problems, mesh.Problem{ID: r.text(), Object: r.text(), Summary: r.text(), Advice: r.texts(3), Blocks: r.IntN(2) == 0})
		s.Changes = append(s.Changes, mesh.Change{ID: r.text(), Time: r.when(), Service: r.text(), Summary: r.text(), YAML: r.text() + "\n" + r.text(), Stuck: r.text()})
	}
	return s
}

// TestEveryFrameFits draws random meshes at random sizes after random keys and
// clicks: always as many lines as there are, none of another width, and no
// control character in them.
func TestEveryFrameFits(t *testing.T) {
	keys := []string{
		"enter", "enter", "esc", "esc", "left", "right", "right", "h", "f", "m", "u", "U", "Y", "w", "y", "y", "n", "c", "tab", "up", "down", "down", "down",
		"pgup", "pgdown", "home", "end", "支", "backspace", "1", "click", "click",
	}
	for seed := range uint64(80) {
		r := chance{rand.New(rand.NewPCG(seed, 7))}
		w, h := 1+r.IntN(220), 1+r.IntN(60)
		if seed%3 == 0 {
			w, h = 1+r.IntN(45), 1+r.IntN(12)
		}
		x := &tuitest.Mesh{Drafts: &mesh.Draft{Summary: r.text(), YAML: r.text() + "\n" + r.text(), Before: r.text()}}
		if seed%4 == 0 {
			x.Err = errors.New(r.text())
		}
		m := screen(t, x, w, h, r.state())
		var path []string
		for range 60 {
			key := keys[r.IntN(len(keys))]
			path = append(path, key)
			if key == "click" {
				m, _ = m.Click(r.IntN(h))
			} else {
				m = press(t, m, key)
			}
			switch r.IntN(12) {
			case 0:
				m = m.WithState(r.state())
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

// TestMovedWeights moves weights at random: together they are always 100, and
// as far back as forth is nothing moved.
func TestMovedWeights(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 500 {
		n := 2 + r.IntN(4)
		s := mesh.Service{Name: "s", Routes: []mesh.Route{{}}}
		left := 100
		for i := range n {
			weight := r.IntN(left + 1)
			if i == n-1 {
				weight = left
			}
			left -= weight
			s.Routes[0].Destinations = append(s.Routes[0].Destinations, mesh.Destination{Name: fmt.Sprint("v", i), Weight: weight})
		}
		var w weights
		for range 30 {
			w = w.moved(&s, 0, fmt.Sprint("v", r.IntN(n)), 1-2*r.IntN(2))
			if w.to == nil {
				continue
			}
			sum := 0
			for name, weight := range w.to {
				if sum += weight; weight < 0 {
					t.Fatalf("%s has %d", name, weight)
				}
			}
			if sum != 100 {
				t.Fatalf("of %+v: %v is together %d", weightsOf(&s.Routes[0]), w.to, sum)
			}
		}
	}
	two := mesh.Service{Name: "s", Routes: []mesh.Route{{Destinations: []mesh.Destination{{Name: "a", Weight: 90}, {Name: "b", Weight: 10}}}}}
	w := weights{}.moved(&two, 0, "a", -1).moved(&two, 0, "a", -1).moved(&two, 0, "b", 1)
	if w.to["a"] != 75 || w.to["b"] != 25 {
		t.Errorf("moved to %v", w.to)
	}
	if w = w.moved(&two, 0, "a", 1).moved(&two, 0, "a", 1).moved(&two, 0, "a", 1); w.to != nil {
		t.Errorf("moved back there is still %v", w.to)
	}
}

// BenchmarkFrame draws a mesh of 200 services at 200×60 as the cursor moves,
// and as states come. The bound is 16 ms.
func BenchmarkFrame(b *testing.B) {
	state := tuitest.Net(200)
	m := screen(b, &tuitest.Mesh{}, 200, 60, state)
	b.Run("move", func(b *testing.B) {
		for b.Loop() {
			m = m.move(1)
			if m.cursor.At > len(m.rows)-3 {
				m = m.move(-1 << 30)
			}
			_ = m.View()
		}
	})
	b.Run("state", func(b *testing.B) {
		for b.Loop() {
			state.Time = state.Time.Add(time.Second)
			m = m.WithState(state)
			_ = m.View()
		}
	})
}

func BenchmarkFirstPaint(b *testing.B) {
	state, empty := tuitest.Net(200), screen(b, &tuitest.Mesh{}, 200, 60)
	for b.Loop() {
		_ = strings.Join(empty.WithState(state).View(), "\n")
	}
}
