package logs

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
	"github.com/google/go-cmp/cmp"

	store "github.com/diorama-dev/diorama/internal/logs"
	"github.com/diorama-dev/diorama/tui/intent"
	"github.com/diorama-dev/diorama/tui/theme"
	"github.com/diorama-dev/diorama/tui/tuitest"
)

// open is the screen of a store, visible, with its first page read; it polls
// only when told.
func open(t *testing.T, r store.Reader, height int) Model {
	t.Helper()
	never := func(time.Duration, func(time.Time) tea.Msg) tea.Cmd { return nil }
	m := New(theme.New(theme.Plain), Source{Context: t.Context(), Reader: r, After: never}).WithSize(80, height)
	m, cmd := m.Show(true)
	return tuitest.Drive(t, m, tuitest.Run(cmd)...)
}

// want carries out intents.
func want(t *testing.T, m Model, intents ...intent.Intent) Model {
	t.Helper()
	for _, i := range intents {
		var cmd tea.Cmd
		m, cmd = m.Handle(i)
		m = tuitest.Drive(t, m, tuitest.Run(cmd)...)
	}
	return m
}

func poll(t *testing.T, m Model) Model {
	t.Helper()
	return tuitest.Drive(t, m, tea.Msg(pollMsg{epoch: m.reading.epoch}))
}

// messages are the lines of the store that the screen draws.
func messages(m Model) []string {
	var out []string
	for _, l := range m.View()[m.head():] {
		if _, text, ok := strings.Cut(ansi.Strip(l), "line "); ok {
			out = append(out, strings.TrimSpace(text))
		}
	}
	return out
}

func TestFollows(t *testing.T) {
	s := tuitest.NewLines(tuitest.Numbered(0, 10)...)
	m := open(t, s, 4)
	if diff := cmp.Diff([]string{"7", "8", "9"}, messages(m)); diff != "" {
		t.Error(diff)
	}
	s.Add(tuitest.Numbered(10, 2)...)
	if diff := cmp.Diff([]string{"9", "10", "11"}, messages(poll(t, m))); diff != "" {
		t.Errorf("after two more lines: %s", diff)
	}
}

func TestPausedStaysWhereItIs(t *testing.T) {
	s := tuitest.NewLines(tuitest.Numbered(0, 10)...)
	m := want(t, open(t, s, 4), Pause)
	s.Add(tuitest.Numbered(10, 5)...)
	m = poll(t, m)
	if diff := cmp.Diff([]string{"7", "8", "9"}, messages(m)); diff != "" {
		t.Error(diff)
	}
	m = want(t, m, intent.Down)
	if diff := cmp.Diff([]string{"7", "8", "9"}, messages(m)); diff != "" || m.window.size != 15 {
		t.Errorf("going on at the end holds %d lines, %s", m.window.size, diff)
	}
	if m = want(t, m, Pause); !m.Following() || messages(m)[2] != "14" {
		t.Errorf("going on shows %v", messages(m))
	}
}

func TestScrollsBackThroughEverything(t *testing.T) {
	const all = 12_000
	m := open(t, tuitest.NewLines(tuitest.Numbered(0, all)...), 25)
	seen := map[string]bool{}
	for range all {
		for _, s := range messages(m) {
			seen[s] = true
		}
		if m.window.size > held {
			t.Fatalf("%d lines are held", m.window.size)
		}
		if m.window.oldest && m.selected == 0 {
			break
		}
		m = want(t, m, intent.PageUp)
	}
	if len(seen) != all {
		t.Errorf("%d of %d lines were seen on the way back", len(seen), all)
	}
	for range all {
		before := m.window.end
		m = want(t, m, intent.PageDown)
		if m.window.end == before && m.selected == m.window.size-1 {
			break
		}
	}
	if e, _ := m.Selected(); e.Message != fmt.Sprintf("line %d", all-1) {
		t.Errorf("the way forth ends at %q", e.Message)
	}
}

// TestBurstSkipsToTheNewest checks that a flood of lines is not read page by
// page.
func TestBurstSkipsToTheNewest(t *testing.T) {
	s := tuitest.NewLines(tuitest.Numbered(0, 10)...)
	m := open(t, s, 4)
	s.Add(tuitest.Numbered(10, 100_000)...)
	before := s.Reads()
	m = poll(t, m)
	if diff := cmp.Diff([]string{"100007", "100008", "100009"}, messages(m)); diff != "" {
		t.Error(diff)
	}
	if n := s.Reads() - before; n > 3 {
		t.Errorf("%d reads for one beat", n)
	}
}

func TestHeldIsBounded(t *testing.T) {
	s := tuitest.NewLines()
	m := open(t, s, 10)
	for i := range 60 {
		s.Add(tuitest.Numbered(i*300, 300)...)
		m = poll(t, m)
	}
	if m.window.size > held || m.window.size < held/2 {
		t.Errorf("%d lines are held", m.window.size)
	}
	if e, _ := m.Selected(); e.Message != "line 17999" {
		t.Errorf("the newest line is %q", e.Message)
	}
}

func TestFilters(t *testing.T) {
	s := tuitest.NewLines(tuitest.Story()...)
	m := open(t, s, 20)
	count := func(m Model, cmd tea.Cmd) int { return tuitest.Drive(t, m, tuitest.Run(cmd)...).window.size }
	if got := count(m.WithServices("gateway")); got != 4 {
		t.Errorf("%d lines of gateway", got)
	}
	if got := count(m.WithLevel(store.LevelError)); got != 3 {
		t.Errorf("%d lines of level error and up", got)
	}
	if got := count(m.WithText("INFERENCE")); got != 1 {
		t.Errorf("%d lines that hold the text", got)
	}
	up := want(t, m, LevelUp, LevelUp, LevelUp)
	if up.Query().MinLevel != store.LevelWarn {
		t.Errorf("three levels up is %v", up.Query().MinLevel)
	}
	if down := want(t, up, LevelLow, LevelLow, LevelLow, LevelLow); down.Query().MinLevel != store.LevelUnknown {
		t.Errorf("down again is %v", down.Query().MinLevel)
	}
	if one := want(t, m, Isolate); len(one.Query().Services) != 1 || len(want(t, one, Isolate).Query().Services) != 0 {
		t.Error("isolating is not undone")
	}
}

func TestLateAnswersOfAnOldQueryAreDropped(t *testing.T) {
	s := tuitest.NewLines(tuitest.Story()...)
	m := open(t, s, 20)
	m, first := m.WithText("charge")
	late := tuitest.Run(first)
	m, second := m.WithText("listening")
	m = tuitest.Drive(t, m, append(tuitest.Run(second), late...)...)
	if e, _ := m.Selected(); m.window.size != 1 || e.Message != "listening on :8080" {
		t.Errorf("%d lines, at %q", m.window.size, e.Message)
	}
}

func TestHitsInContext(t *testing.T) {
	lines := tuitest.Numbered(0, 2000)
	m := open(t, tuitest.NewLines(lines...), 10)
	m, cmd := m.WithText("line 77")
	m = tuitest.Drive(t, m, tuitest.Run(cmd)...)
	m = want(t, m, Context)
	if m.window.size != pageSize {
		t.Fatalf("in context %d lines are held", m.window.size)
	}
	// Eleven lines hold the text: 77 and 770 to 779, the newest of them in an
	// older page than the first.
	for range 3 {
		m = want(t, m, intent.Previous)
	}
	if e, _ := m.Selected(); !strings.HasPrefix(e.Message, "line 77") {
		t.Errorf("the cursor is at %q: %s", e.Message, m.Note().Text)
	}
	at := m.selected
	if m = want(t, m, intent.Previous, intent.Next); m.selected != at {
		t.Errorf("previous and next lead from %d to %d", at, m.selected)
	}
}

func TestHiddenReadsNothing(t *testing.T) {
	s := tuitest.NewLines(tuitest.Numbered(0, 10)...)
	m, _ := open(t, s, 4).Show(false)
	before := s.Reads()
	m = poll(t, m)
	m, cmd := m.WithServices("gateway")
	tuitest.Drive(t, m, tuitest.Run(cmd)...)
	if s.Reads() != before {
		t.Error("a hidden screen reads")
	}
}

// broken is a reader that cannot read.
type broken struct{ store.Reader }

func (broken) End(context.Context) (store.Cursor, error) {
	return store.Cursor{}, errors.New("the store is gone\x1b[2J; run `diorama up` again")
}

func TestErrorsAreSaid(t *testing.T) {
	m := open(t, broken{}, 4)
	if got := ansi.Strip(strings.Join(m.View(), "\n")); !strings.Contains(got, "✗ the store is gone; run `diorama up` again") {
		t.Errorf("in the lines' place stands %q", got)
	}
}

// unsteady is a reader that fails as often as it is told.
type unsteady struct {
	*tuitest.Lines
	failures int
}

func (u *unsteady) Backward(ctx context.Context, from store.Cursor, q store.Query, limit int) (store.Page, error) {
	if u.failures > 0 {
		u.failures--
		return store.Page{}, errors.New("the store does not answer")
	}
	return u.Lines.Backward(ctx, from, q, limit)
}

// TestFailedReadsLeaveNoOtherLines checks that no line stays that the filter
// lets through no more, and that what could not be read is read later.
func TestFailedReadsLeaveNoOtherLines(t *testing.T) {
	for _, paused := range []bool{false, true} {
		u := &unsteady{Lines: tuitest.NewLines(tuitest.Numbered(0, 2000)...)}
		m := open(t, u, 10)
		if paused {
			m = want(t, m, intent.Up)
		}
		u.failures = 1
		m, cmd := m.WithText("line 19")
		m = tuitest.Drive(t, m, tuitest.Run(cmd)...)
		if m.window.size != 0 || !strings.Contains(shown(m), "the store does not answer") {
			t.Errorf("paused %v: after a failure it shows\n%s", paused, shown(m))
		}
		if m = poll(t, m); m.window.size != 111 || m.Following() == paused {
			t.Errorf("paused %v: tried again, it holds %d lines, following %v", paused, m.window.size, m.Following())
		}
		if e, _ := m.Selected(); paused && e.Message != "line 1998" {
			t.Errorf("tried again, it stands at %q", e.Message)
		}
	}
}
