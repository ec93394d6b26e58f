package logs

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	store "github.com/diorama-dev/diorama/internal/logs"
	"github.com/diorama-dev/diorama/tui/intent"
	"github.com/diorama-dev/diorama/tui/tuitest"
)

// spread are n lines, one each so long, with an error among every ten.
func spread(n int, every time.Duration) []store.Line {
	lines := tuitest.Numbered(0, n)
	for i := range lines {
		lines[i].Time = tuitest.Noon().Add(time.Duration(i) * every)
		if i%10 == 3 {
			lines[i].Level = store.LevelError
		}
	}
	return lines
}

func (s strip) total() (all, bad int64) {
	for _, p := range s.parts {
		all += p.counts.Total()
		bad += p.counts.AtLeast(store.LevelError)
	}
	return all, bad
}

func TestStripCounts(t *testing.T) {
	s := tuitest.NewLines(spread(3000, time.Second)...) // 50 minutes, of which it shows ten
	m := open(t, s, 20)
	for i, p := range m.strip.parts {
		if !p.known {
			t.Fatalf("part %d of %d was not counted", i, len(m.strip.parts))
		}
	}
	all, bad := m.strip.total()
	if all < 580 || all > 600 || bad < 57 || bad > 60 {
		t.Errorf("%d lines in ten minutes, %d of them errors", all, bad)
	}
	line := ansi.Strip(m.View()[1])
	if !strings.Contains(line, "12:39") || !strings.Contains(line, "12:49") || !strings.Contains(line, "✗") {
		t.Errorf("the strip is %q", line)
	}
	m = want(t, m, Wider)
	if all, _ := m.strip.total(); all != 3000 {
		t.Errorf("%d lines in an hour", all)
	}
	m, cmd := m.WithLevel(store.LevelError)
	m = drive(t, m, cmd)
	if all, bad := m.strip.total(); all != 300 || bad != 300 {
		t.Errorf("of the errors it counts %d, %d", all, bad)
	}
}

// TestStripFollows checks that what is known is kept as time goes on, and
// that the newest part is counted again.
func TestStripFollows(t *testing.T) {
	lines := spread(3000, time.Second)
	s := tuitest.NewLines(lines[:2000]...)
	m := open(t, s, 20)
	first := m.strip.first
	s.Add(lines[2000:2060]...)
	m = poll(t, m)
	if m.strip.first <= first {
		t.Fatal("the strip stays where it was")
	}
	m = tuitest.Drive[Model](t, m, recountMsg{m.strip.epoch})
	if all, _ := m.strip.total(); all < 580 || all > 600 {
		t.Errorf("%d lines in ten minutes", all)
	}
	if p := m.strip.parts[len(m.strip.parts)-1]; p.final {
		t.Error("the newest part is taken for final")
	}
}

func TestStripLeadsThroughTime(t *testing.T) {
	lines := append(spread(60, time.Second), spread(60, time.Second)...)
	for i := range lines[60:] {
		lines[60+i].Time = lines[60+i].Time.Add(7 * time.Minute) // nothing between them
	}
	m := open(t, tuitest.NewLines(lines...), 20)
	m = want(t, m, Earlier)
	seen := 0
	for range 100 {
		e, _ := m.Selected()
		if e.Time.Before(tuitest.Noon().Add(2 * time.Minute)) {
			break
		}
		seen++
		m = want(t, m, Earlier)
	}
	if seen > 7 || m.Following() {
		t.Errorf("%d steps to the minute before", seen)
	}
	m = want(t, m, Later)
	if e, _ := m.Selected(); e.Time.Before(tuitest.Noon()) {
		t.Error("later leads nowhere")
	}
	for range 100 {
		m = want(t, m, Later)
	}
	if !m.Following() {
		t.Error("after the newest part the screen does not follow again")
	}
	m, cmd, _ := m.Click(m.barsAt(), 1)
	m = drive(t, m, cmd)
	if e, _ := m.Selected(); m.Following() || e.Time.After(tuitest.Noon().Add(2*time.Minute)) {
		t.Errorf("a click on the strip's beginning leads to %v", e.Time)
	}
}

// countless is a reader that cannot count.
type countless struct{ *tuitest.Lines }

func (countless) Count(context.Context, store.Query, store.Span) ([]store.LevelCounts, error) {
	return nil, errors.New("too many lines")
}

func TestWithoutCountsTheRestWorks(t *testing.T) {
	m := open(t, countless{tuitest.NewLines(tuitest.Numbered(0, 100)...)}, 20)
	m = want(t, m, intent.Up, Earlier, Later, Wider, Closer)
	if m.window.size == 0 || !strings.Contains(shown(m), "not counted") {
		t.Errorf("the screen shows\n%s", shown(m))
	}
	if m = want(t, m, Chart); m.head() != 1 || strings.Contains(shown(m), "not counted") {
		t.Errorf("without the strip:\n%s", shown(m))
	}
}

func TestClicks(t *testing.T) {
	m := open(t, tuitest.NewLines(tuitest.Numbered(0, 100)...), 20)
	if _, _, i := m.Click(2, 0); i != PickLevel {
		t.Errorf("a click on the levels asks for %q", i)
	}
	if _, _, i := m.Click(16, 0); i != PickServices {
		t.Errorf("a click on the services asks for %q", i)
	}
	m, _, i := m.Click(5, 4)
	if e, _ := m.Selected(); i != "" || e.Message != "line 84" {
		t.Errorf("a click on a line: %q, at %q", i, e.Message)
	}
	if _, _, i = m.Click(5, 4); i != Fields {
		t.Errorf("a second click asks for %q", i)
	}
}
