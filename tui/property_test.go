package tui

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
	"unicode"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/diorama-dev/diorama/internal/env"
	"github.com/diorama-dev/diorama/internal/logs"
	"github.com/diorama-dev/diorama/tui/theme"
	"github.com/diorama-dev/diorama/tui/tuitest"
)

// nasty are texts that a snapshot may hold.
func nasty() []string {
	return []string{
		"", "kafka", "a-name-that-is-much-longer-than-any-column-would-like-it-to-be-and-then-some",
		"支付", "🚀🚀", "\x1b[31mred\x1b[0m", "\x1b]0;title\x07", "tab\there", "line\nbreak", "\u202eevil",
		"e\u0301\u0301\u0301", "\xff\xfe", "👩\u200d👧", "नमस्ते", "한글", "x\u200by",
		"killed 6 times for using more than 64Mi of memory, last 38 s ago 连接被拒绝",
	}
}

type source struct{ *rand.Rand }

func (r source) text() string { n := nasty(); return n[r.IntN(len(n))] }

func (r source) amount() *int64 {
	if r.IntN(3) == 0 {
		return nil
	}
	return new(r.Int64N(1<<40) - 1<<20)
}

func (r source) when() time.Time {
	if r.IntN(4) == 0 {
		return time.Time{}
	}
	return tuitest.Noon().Add(time.Duration(r.Int64N(1e15)) - 5e14)
}

func (r source) findings() []env.Finding {
	out := make([]env.Finding, r.IntN(3))
	for i := range out {
		out[i] = env.Finding{ID: r.text(), Subject: r.text(), Summary: r.text(), Since: r.when(), Evidence: []string{r.text()}, Advice: []string{r.text()}}
	}
	return out
}

func (r source) snapshot() env.Snapshot {
	phases := []env.Phase{env.PhasePlanned, env.PhaseStarting, env.PhaseReady, env.PhaseDegraded, env.PhaseFailed, env.PhaseStopped, "odd"}
	steps := []env.StepPhase{env.StepPending, env.StepRunning, env.StepDone, env.StepUnchanged, env.StepFailed, env.StepCancelled, "odd"}
	kinds := []env.StepKind{env.StepCluster, env.StepFetch, env.StepLoad, env.StepApply, env.StepWait, env.StepRemove, env.StepSeed, "odd"}
	s := env.Snapshot{
		Identity: env.Identity{Environment: r.text(), Runtime: r.text()}, Phase: phases[r.IntN(len(phases))], Error: r.text(),
		Started: r.when(), ReadyAt: r.when(), Updated: r.when(), Budget: r.Int64N(1 << 40), Usage: env.Usage{Memory: r.amount()}, Findings: r.findings(),
	}
	for range r.IntN(12) {
		s.Services = append(s.Services, env.Service{
			Stack: r.text(), Category: r.text(), Name: r.text(), Kind: r.text(), Phase: phases[r.IntN(len(phases))], Ready: r.IntN(100), Desired: r.IntN(100) - 1,
			Restarts: r.IntN(1e9), Created: r.when(), Usage: env.Usage{CPU: r.amount(), Memory: r.amount(), MemoryLimit: r.amount()}, Waiting: r.text(), Why: r.findings(),
		})
		s.Endpoints = append(s.Endpoints, env.Endpoint{Stack: r.text(), Name: r.text(), Service: r.text(), Host: r.text(), Port: r.IntN(70000), Preferred: r.IntN(70000), URL: r.text(), Web: r.IntN(2) == 0})
		s.Recent = append(s.Recent, env.Recent{Time: r.when(), Occurrence: env.Occurrence{Subject: r.text(), Service: r.text(), Warning: r.IntN(2) == 0, Reason: r.text(), Message: r.text(), Count: r.IntN(9)}})
		id := func() string { return fmt.Sprintf("step-%d", r.IntN(12)) }
		s.Steps = append(s.Steps, env.StepState{
			Step: env.Step{ID: id(), Kind: kinds[r.IntN(len(kinds))], Subject: r.text(), Needs: []string{id(), id()}}, Phase: steps[r.IntN(len(steps))],
			Detail: r.text(), Progress: env.Progress{Done: r.Int64N(1 << 40), Total: r.Int64N(1<<40) - 1<<38}, Error: r.text(), Started: r.when(), Ended: r.when(),
		})
	}
	return s
}

// TestEveryFrameFits draws random snapshots at random sizes on every screen and
// overlay: always as many lines as the terminal has, none wider than it, and
// no control character in them.
func TestEveryFrameFits(t *testing.T) {
	keys := []string{
		"1", "3", "5", "2", "2", "p", "P", "C", "O", "g", "b", "i", "t", ">", "enter", "esc", "d", "w", "e", "v", "y", "D", "S", "?", ":", "q", "/", "n", "N", "l", "z", "t", "f",
		"space", "c", "i", "+", "-", "up", "down", "pgup", "pgdown", "home", "end", "tab", "支", "a", "backspace",
	}
	for seed := range uint64(40) {
		r := source{rand.New(rand.NewPCG(seed, 1))}
		w, h := 1+r.IntN(220), 1+r.IntN(70)
		if seed%3 == 0 {
			w, h = 1+r.IntN(45), 1+r.IntN(14)
		}
		f := newFake()
		m := model(t, f, theme.Dark, w, h, r.snapshot())
		var path []string
		for range 25 {
			key := keys[r.IntN(len(keys))]
			path = append(path, key)
			m = press(t, m, key)
			if r.IntN(5) == 0 {
				m = drive(t, m, snapshotMsg{snapshot: r.snapshot()})
			}
			check(t, m, fmt.Sprintf("seed %d, %d×%d, keys %q", seed, w, h, path))
		}
	}
}

// TestEveryFrameOfLogsFits does the same on the logs screen, with lines of
// every kind, and with the mouse.
func TestEveryFrameOfLogsFits(t *testing.T) {
	keys := []string{
		"t", "t", "L", "O", "Q", "T", "F", "b", "b", "[", "]", "{", "}", "h", "x", "z", "c", "i", "f", "space", "enter", "enter", "=", "!", "w", "a",
		"/", "/", "re:(", "/", "a", "=", ">", "\"", "支", "-", "1", "n", "N", "v", "esc", "esc", "up", "down", "pgup", "pgdown", "home", "end", "left", "right",
		"backspace", "+", "y", "?", "l", "3", "3", "1",
	}
	for seed := range uint64(30) {
		r := source{rand.New(rand.NewPCG(seed, 2))}
		w, h := 1+r.IntN(220), 1+r.IntN(70)
		if seed%3 == 0 {
			w, h = 1+r.IntN(45), 1+r.IntN(14)
		}
		f := newFake()
		f.lines = tuitest.NewLines(r.lines(r.IntN(300))...)
		m := press(t, model(t, f, theme.Dark, w, h, tuitest.Running()), "3")
		var path []string
		for range 40 {
			if r.IntN(6) == 0 {
				x, y := r.IntN(w), r.IntN(h)
				path = append(path, fmt.Sprintf("click %d,%d", x, y))
				m = drive(t, m, tea.MouseClickMsg{X: x, Y: y, Button: tea.MouseLeft})
			} else {
				key := keys[r.IntN(len(keys))]
				path = append(path, key)
				m = press(t, m, key)
			}
			if r.IntN(8) == 0 {
				f.lines.Add(r.lines(r.IntN(40))...)
			}
			check(t, m, fmt.Sprintf("seed %d, %d×%d, keys %q", seed, w, h, path))
		}
	}
}

// lines are n lines of anything.
func (r source) lines(n int) []logs.Line {
	out := make([]logs.Line, n)
	for i := range out {
		out[i] = tuitest.Story()[r.IntN(len(tuitest.Story()))]
		switch r.IntN(3) {
		case 0:
			out[i].Message = r.text() + "\n" + r.text() + "\r\n\t" + r.text()
		case 1:
			out[i].Message = fmt.Sprintf("{%q:%q,\"msg\":%q,\"trace\":%q}", r.text(), r.text(), r.text()+"\n"+r.text(), r.text())
		}
		out[i].Service, out[i].Level = r.text(), logs.Level(r.IntN(int(logs.LevelFatal)+1))
		if r.IntN(3) > 0 {
			out[i].Time = r.when()
		}
	}
	return out
}

func check(t *testing.T, m Model, how string) {
	t.Helper()
	lines := strings.Split(frame(m), "\n")
	if len(lines) != m.height {
		t.Fatalf("%s: %d lines", how, len(lines))
	}
	for i, l := range lines {
		plain := ansi.Strip(l)
		if got := ansi.StringWidth(plain); got != m.width {
			t.Fatalf("%s: line %d is %d cells wide: %q", how, i, got, plain)
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
