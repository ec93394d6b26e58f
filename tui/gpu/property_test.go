package gpu

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"
	"unicode"

	"github.com/charmbracelet/x/ansi"

	"github.com/diorama-dev/diorama/internal/gpu"
	"github.com/diorama-dev/diorama/tui/tuitest"
)

// nasty are texts that a driver or a Pod may send.
func nasty() []string {
	return []string{
		"", "NVIDIA L40S 48GB", "a-name-that-is-much-longer-than-any-column-would-like-it-to-be-and-then-some", "支付", "🚀🚀",
		"\x1b[31mred\x1b[0m", "\x1b]0;title\x07", "tab\there", "line\nbreak", "\u202eevil", "e\u0301\u0301\u0301", "\xff\xfe",
		"👩\u200d👧", "नमस्ते", "한글", "x\u200by", "it has fallen off the bus 连接被拒绝 and so on and on, for longer than a line of a narrow terminal",
	}
}

// chance makes GPUs of all that there may be.
type chance struct{ *rand.Rand }

func (r chance) text() string { n := nasty(); return n[r.IntN(len(n))] }

func (r chance) texts(n int) []string {
	var out []string
	for range r.IntN(n) {
		out = append(out, r.text())
	}
	return out
}

func (r chance) number() *int {
	if r.IntN(3) == 0 {
		return nil
	}
	return new([]int{0, 50, 100, -5, 288400, math.MaxInt, math.MinInt}[r.IntN(7)])
}

func (r chance) amount() *int64 {
	if r.IntN(3) == 0 {
		return nil
	}
	return new([]int64{0, 1 << 20, 45 << 30, -5, math.MaxInt64}[r.IntN(5)])
}

func (r chance) state() gpu.State {
	phases := []gpu.Phase{gpu.Free, gpu.Held, gpu.Shared, gpu.Lost, gpu.Apart, gpu.Phase(r.text())}
	s := gpu.State{
		Time: tuitest.Noon().Add(time.Duration(r.Int64N(1e11)) - 5e10), Driver: r.text(), CUDA: r.text(), Simulated: r.IntN(3) == 0, Sharing: r.IntN(9),
		Absence: r.text(), Remedies: r.texts(3),
	}
	for range r.IntN(9) {
		x := gpu.Slot{
			Device: gpu.Device{Index: r.IntN(12), Minor: r.IntN(9) - 1, UUID: r.text(), Model: r.text(), Memory: []int64{0, 45 << 30, -1, math.MaxInt64}[r.IntN(4)], Error: r.text()},
			Node:   r.text(), Phase: phases[r.IntN(len(phases))], Why: r.text(), Advice: r.texts(3),
			Reading: gpu.Reading{Utilisation: r.number(), MemoryUsed: r.amount(), Temperature: r.number(), Power: r.number()},
		}
		for range r.IntN(4) {
			h := gpu.Holder{Stack: r.text(), Service: r.text(), Pod: r.text(), Container: r.text()}
			for range r.IntN(3) {
				h.Processes = append(h.Processes, gpu.Process{PID: r.IntN(1e6), Name: r.text(), Memory: r.amount()})
			}
			x.Holders = append(x.Holders, h)
			x.MIG.Instances = append(x.MIG.Instances, gpu.Partition{UUID: r.text(), Profile: r.text(), Memory: r.Int64()})
		}
		s.Slots = append(s.Slots, x)
	}
	for range r.IntN(3) {
		s.Waiting = append(s.Waiting, gpu.Waiting{Pod: r.text(), Asked: r.Int64(), Why: r.text()})
	}
	return s
}

// TestEveryFrameFits draws random GPUs at random sizes after random keys and
// clicks: always as many lines as there are, none of another width, and no
// control character in them.
func TestEveryFrameFits(t *testing.T) {
	keys := []string{"enter", "esc", "w", "y", "up", "down", "down", "pgup", "pgdown", "home", "end", "n", "click", "click"}
	for seed := range uint64(80) {
		r := chance{rand.New(rand.NewPCG(seed, 7))}
		w, h := 1+r.IntN(220), 1+r.IntN(60)
		if seed%3 == 0 {
			w, h = 1+r.IntN(45), 1+r.IntN(12)
		}
		m := screen(t, w, h, r.state())
		var path []string
		for range 60 {
			key := keys[r.IntN(len(keys))]
			path = append(path, key)
			if key == "click" {
				m, _ = m.Click(r.IntN(h))
			} else {
				m = press(t, m, key)
			}
			switch r.IntN(10) {
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
