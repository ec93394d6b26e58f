package tui

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	store "github.com/diorama-dev/diorama/internal/logs"
	"github.com/diorama-dev/diorama/tui/logs"
	"github.com/diorama-dev/diorama/tui/theme"
	"github.com/diorama-dev/diorama/tui/tuitest"
)

func click(x, y int) tea.Msg { return tea.MouseClickMsg{X: x, Y: y, Button: tea.MouseLeft} }

// TestLogsOfAService checks that a service's lines are shown without what was
// filtered before.
func TestLogsOfAService(t *testing.T) {
	m := press(t, model(t, newFake(), theme.Dark, 100, 30, tuitest.Running()), "3", "up", "up", "t", "/", "x", "enter", "L", "space", "esc", "1", "l")
	q := m.logs.Query()
	if m.screen != ScreenLogs || !slices.Equal(q.Services, []string{"kafka"}) || q.Text != "" || q.Levels != 0 || m.logs.Inside() || m.prompt.text != "" {
		t.Errorf("%q asks for %+v", m.screen, q)
	}
}

// TestEscLeadsBack checks what esc undoes, one after the other.
func TestEscLeadsBack(t *testing.T) {
	m := press(t, model(t, newFake(), theme.Dark, 100, 30, tuitest.Running()), "3", "/", "f", "a", "i", "l", "enter", "t")
	if !m.logs.Inside() || m.prompt.text != "" || !strings.Contains(bottom(m), "esc back") {
		t.Fatalf("in the trace, %q is searched for:\n%s", m.prompt.text, text(m))
	}
	m = press(t, m, "/", "a", "t", "enter", "enter")
	for _, want := range []struct {
		overlay overlayKind
		typed   string
		inside  bool
	}{{overlayFields, "at", true}, {overlayNone, "at", true}, {overlayNone, "", true}, {overlayNone, "fail", false}, {overlayNone, "", false}, {overlayNone, "", false}} {
		if m.overlay.kind != want.overlay || m.prompt.text != want.typed || m.logs.Inside() != want.inside {
			t.Errorf("overlay %d, %q, inside %v; want %+v", m.overlay.kind, m.prompt.text, m.logs.Inside(), want)
		}
		m = press(t, m, "esc")
	}
	if m.screen != ScreenLogs {
		t.Errorf("esc leads to %q", m.screen)
	}
}

// TestSavingStopsNothing checks that the key that saves lines here ends no
// environment, as it asks to elsewhere.
func TestSavingStopsNothing(t *testing.T) {
	t.Chdir(t.TempDir())
	m := press(t, model(t, newFake(), theme.Dark, 100, 30, tuitest.Running()), "3", "S", "y", "enter")
	if m.outcome != "" || m.overlay.kind != overlayNone || !strings.HasPrefix(bottom(m), "saved 9 lines to logs-20260314-120000.txty") {
		t.Errorf("%q: %s", m.outcome, bottom(m))
	}
	if _, err := os.Stat("logs-20260314-120000.txty"); err != nil {
		t.Error(err)
	}
	m = press(t, m, "S", "enter", "S", "enter")
	if !strings.Contains(bottom(m), "✗ save the lines: logs-20260314-120000.txt is there already") {
		t.Errorf("over a file: %s", bottom(m))
	}
}

func TestPromptsOfLogsTakeEveryKey(t *testing.T) {
	m := press(t, model(t, newFake(), theme.Dark, 100, 30, tuitest.Running()), "3", "T", "q", "1", "?", ":", "/")
	if m.screen != ScreenLogs || m.outcome != "" || m.overlay.kind != overlayNone || !strings.Contains(text(m), "q1?:/") {
		t.Errorf("keys of a prompt do something else:\n%s", text(m))
	}
	m = drive(t, m, tea.PasteMsg{Content: "ab\nc\x1b"})
	if !strings.Contains(text(m), "q1?:/ab c") {
		t.Errorf("what is pasted is lost:\n%s", text(m))
	}
	if m = press(t, m, "esc"); m.logs.Asking() {
		t.Error("esc does not close the prompt")
	}
}

// TestMouseOnLogs clicks on the header, the strip, a line, and the fields of
// that.
func TestMouseOnLogs(t *testing.T) {
	m := press(t, model(t, newFake(), theme.Dark, 100, 30, tuitest.Running()), "3")
	if got := drive(t, m, click(3, 3)).overlay.kind; got != overlayLevels {
		t.Errorf("a click on the levels opens overlay %d", got)
	}
	picked := drive(t, m, click(17, 3), click(3, 5))
	if got := picked.logs.Query().Services; picked.overlay.kind != overlayPick || !slices.Equal(got, []string{"postgres"}) {
		t.Errorf("clicks on the services choose %v", got)
	}
	if levels := drive(t, m, click(3, 3), click(3, 5)).logs; levels.Shows(store.LevelError) || !levels.Shows(store.LevelFatal) {
		t.Error("a click on a level does not hide it")
	}
	if got := drive(t, m, click(9, 4)); got.logs.Following() {
		t.Error("a click on the strip goes nowhere")
	}
	m = drive(t, m, click(30, 6))
	if e, _ := m.logs.Selected(); e.Trace != "9f2c41" {
		t.Errorf("a click on a line selects %q", e.Message)
	}
	m = drive(t, m, click(30, 6), click(30, 11))
	if d := m.detail(); m.overlay.kind != overlayFields || d.Name != "model" {
		t.Errorf("a click on a field selects %q", d.Name)
	}
}

func TestWhatIsCopiedOfLogs(t *testing.T) {
	for _, tt := range []struct {
		keys []string
		said string
		want string
	}{
		{[]string{"up", "up", "y"}, "copied the line", "charge failed: no answer within 2 s, trace_id=9f2c41\n    at billing.charge (charge.go:88)\n    at billing.(*Worker).run (worker.go:31)\n    at main.main (main.go:12)\n    caused by 连接被拒绝"},
		{[]string{"g", "down", "enter", "down", "down", "down", "down", "down", "down", "down", "y"}, "copied the model", "resnet50"},
		{[]string{"up", "up", "up", "up", "enter", "Y"}, "copied the line", "[2026-03-14] INFO started with    colours evil"},
	} {
		m := press(t, model(t, newFake(), theme.Dark, 100, 30, tuitest.Running()), append([]string{"3"}, tt.keys[:len(tt.keys)-1]...)...)
		next, cmd := m.Update(tuitest.Key(tt.keys[len(tt.keys)-1]))
		m, _ = next.(Model)
		if got := bottom(m); got != tt.said {
			t.Errorf("%v says %q", tt.keys, got)
		}
		// The message's type is the terminal library's own: a text.
		if got := tuitest.Run(cmd); len(got) != 1 || fmt.Sprint(got[0]) != tt.want {
			t.Errorf("%v copies %q", tt.keys, got)
		}
	}
}

// TestNoticesOfLogsEnd checks that what was said once is not said again with
// every line that comes.
func TestNoticesOfLogsEnd(t *testing.T) {
	m := press(t, model(t, newFake(), theme.Dark, 100, 30, tuitest.Running()), "3", "b")
	if !strings.HasPrefix(bottom(m), "1 bookmark") {
		t.Fatalf("it says %q", bottom(m))
	}
	m = drive(t, m, tickMsg(tuitest.Noon().Add(3*time.Second)), struct{}{}, tickMsg(tuitest.Noon().Add(6*time.Second)))
	if strings.HasPrefix(bottom(m), "1 bookmark") {
		t.Error("it goes on saying so")
	}
}

// TestTraceOfTheOpenLine checks that the page of a line leads to that line's
// trace, whatever line came under the cursor meanwhile.
func TestTraceOfTheOpenLine(t *testing.T) {
	f := newFake()
	line := tuitest.Numbered(0, 1)[0]
	line.Message = "mine trace=77ab03"
	f.lines = tuitest.NewLines(line)
	m := press(t, model(t, f, theme.Dark, 100, 30, tuitest.Running()), "3", "enter")
	line.Time, line.Message = line.Time.Add(time.Second), "theirs trace=9f2c41"
	f.lines.Add(line)
	var cmd tea.Cmd
	m.logs, cmd = m.logs.Handle(logs.Follow)
	m = press(t, drive(t, m, tuitest.Run(cmd)...), "t")
	if e, _ := m.logs.Selected(); e.Trace != "77ab03" || !strings.Contains(text(m), "trace 77ab03") || m.overlay.kind != overlayNone {
		t.Errorf("at %q:\n%s", e.Message, text(m))
	}
}
