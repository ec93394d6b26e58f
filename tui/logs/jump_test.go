package logs

import (
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/google/go-cmp/cmp"

	store "github.com/diorama-dev/diorama/internal/logs"
	"github.com/diorama-dev/diorama/tui/intent"
	"github.com/diorama-dev/diorama/tui/tuitest"
)

// TestTimesOfTheHint checks that what the prompt proposes is understood.
func TestTimesOfTheHint(t *testing.T) {
	for _, text := range []string{"14:05", "14:05:30", "2026-11-27 14:05", "-10m"} {
		m := open(t, tuitest.NewLines(tuitest.Numbered(0, 10)...), 10).WithNow(tuitest.Noon())
		if m = typed(t, want(t, m, GoTo), text, "enter"); m.Asking() || m.Following() {
			t.Errorf("%q leads nowhere: %s", text, m.form.problem)
		}
	}
}

// typed gives the form keys.
func typed(t *testing.T, m Model, text string, keys ...string) Model {
	t.Helper()
	for _, r := range text {
		m, _ = m.Key(tuitest.Key(string(r)))
	}
	for _, k := range keys {
		var cmd tea.Cmd
		m, cmd = m.Key(tuitest.Key(k))
		m = tuitest.Drive(t, m, tuitest.Run(cmd)...)
	}
	return m
}

func TestGoesToATime(t *testing.T) {
	m := open(t, tuitest.NewLines(tuitest.Numbered(0, 200_000)...), 20).WithNow(tuitest.Noon().Add(4 * time.Minute))
	m = typed(t, want(t, m, GoTo), "12:01", "enter")
	if e, _ := m.Selected(); m.Following() || m.Asking() || e.Message != "line 60000" {
		t.Fatalf("at %q, following %v", e.Message, m.Following())
	}
	m = want(t, m, intent.PageUp)
	for range 300 { // a way on in both directions
		m = want(t, m, intent.Up)
	}
	if e, _ := m.Selected(); e.Message != "line 59683" {
		t.Errorf("up from there is %q", e.Message)
	}
	m = typed(t, want(t, m, GoTo), "-5m", "enter")
	if e, _ := m.Selected(); e.Message != "line 0" {
		t.Errorf("before everything is %q", e.Message)
	}
	m = typed(t, want(t, m, GoTo), "12:03:59", "enter")
	if e, _ := m.Selected(); e.Message != "line 199999" {
		t.Errorf("after everything is %q", e.Message)
	}
	m = typed(t, want(t, m, GoTo), "x", "enter")
	if !m.Asking() || m.form.problem == "" {
		t.Error("what is no time closes the prompt")
	}
	if m = typed(t, m, "", "esc"); m.Asking() {
		t.Error("esc does not close the prompt")
	}
}

// TestHitsBeyondWhatIsHeld checks that the next hit is found in either
// direction, however far away it is, with all lines around it.
func TestHitsBeyondWhatIsHeld(t *testing.T) {
	lines := tuitest.Numbered(0, 40_000)
	lines[100].Message, lines[20_000].Message, lines[39_990].Message = "needle a", "needle b", "needle c"
	m := open(t, tuitest.NewLines(lines...), 10)
	m, cmd := m.WithText("needle")
	m = want(t, tuitest.Drive(t, m, tuitest.Run(cmd)...), Context)
	var seen []string
	for _, i := range []intent.Intent{intent.Previous, intent.Previous, intent.Previous, intent.Previous, intent.Next, intent.Next, intent.Next} {
		m = want(t, m, i)
		e, _ := m.Selected()
		seen = append(seen, e.Message)
	}
	if diff := cmp.Diff([]string{"needle c", "needle b", "needle a", "needle a", "needle b", "needle c", "needle c"}, seen); diff != "" {
		t.Error(diff)
	}
	if m.Note().Text != "no further hit" || m.window.size < pageSize/2 {
		t.Errorf("at the end: %q, %d lines held", m.Note().Text, m.window.size)
	}
}

func TestFilteringKeepsThePlace(t *testing.T) {
	m := open(t, tuitest.NewLines(tuitest.Numbered(0, 10_000)...), 10).WithNow(tuitest.Noon().Add(time.Minute))
	m = typed(t, want(t, m, GoTo), "12:00:05", "enter")
	m, cmd := m.WithText("00")
	m = tuitest.Drive(t, m, tuitest.Run(cmd)...)
	if e, _ := m.Selected(); e.Message != "line 5000" || m.Following() {
		t.Errorf("the filter leads to %q", e.Message)
	}
	m, cmd = m.WithText("")
	m = tuitest.Drive(t, m, tuitest.Run(cmd)...)
	if e, _ := m.Selected(); e.Message != "line 5000" || m.window.size != pageSize {
		t.Errorf("without it, at %q of %d", e.Message, m.window.size)
	}
}

func TestBookmarksOutliveFilters(t *testing.T) {
	m := open(t, tuitest.NewLines(tuitest.Numbered(0, 30_000)...), 10).WithNow(tuitest.Noon().Add(time.Minute))
	m = want(t, m, Mark)
	m = typed(t, want(t, m, GoTo), "12:00:10", "enter")
	m = want(t, m, Mark, intent.Down, Mark, Mark, NextMark)
	if e, _ := m.Selected(); e.Message != "line 29999" {
		t.Fatalf("the next bookmark is %q", e.Message)
	}
	if m = want(t, m, NextMark); m.selected == 0 {
		t.Error("the bookmark stands without what is before it")
	}
	if e, _ := m.Selected(); e.Message != "line 10000" || len(m.marks) != 2 {
		t.Fatalf("round to %q of %d bookmarks", e.Message, len(m.marks))
	}
	m, cmd := m.WithText("line 5")
	m = want(t, tuitest.Drive(t, m, tuitest.Run(cmd)...), NextMark)
	if m.Note().Text == "" {
		t.Error("nothing says that the bookmark does not pass the filter")
	}
	m, cmd = m.WithText("")
	m = want(t, tuitest.Drive(t, m, tuitest.Run(cmd)...), LastMark)
	if e, _ := m.Selected(); !m.marked(e) {
		t.Errorf("at %q", e.Message)
	}
}

func TestMarksTellLikeLinesApart(t *testing.T) {
	line := store.Line{Time: tuitest.Noon(), Service: "a", Message: "same"}
	other := line
	other.Service = "b"
	m := want(t, open(t, tuitest.NewLines(line, other), 10), Mark)
	first, _ := m.window.at(0)
	second, _ := m.window.at(1)
	if m.marked(first) || !m.marked(second) {
		t.Error("the bookmark is on the wrong line")
	}
}

// TestPlacesOfLinesOfOneInstant checks that a hit and a bookmark are found
// among more lines of the same time than are read at once.
func TestPlacesOfLinesOfOneInstant(t *testing.T) {
	lines := tuitest.Numbered(0, 20_000)
	for i := range lines {
		lines[i].Time = tuitest.Noon()
	}
	lines[9_000].Message = "needle"
	m, cmd := open(t, tuitest.NewLines(lines...), 10).WithText("needle")
	m = want(t, drive(t, m, cmd), Context, intent.Previous)
	if e, _ := m.Selected(); e.Message != "needle" || m.window.size != pageSize {
		t.Fatalf("the hit leads to %q", e.Message)
	}
	m = want(t, m, Mark, intent.Bottom, LastMark)
	if e, _ := m.Selected(); e.Message != "needle" {
		t.Errorf("the bookmark leads to %q", e.Message)
	}
}
