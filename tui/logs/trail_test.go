package logs

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	store "github.com/diorama-dev/diorama/internal/logs"
	"github.com/diorama-dev/diorama/tui/intent"
	"github.com/diorama-dev/diorama/tui/theme"
	"github.com/diorama-dev/diorama/tui/tuitest"
)

// shown is what the screen shows.
func shown(m Model) string { return ansi.Strip(strings.Join(m.View(), "\n")) }

func drive(t *testing.T, m Model, cmd tea.Cmd) Model {
	t.Helper()
	return tuitest.Drive(t, m, tuitest.Run(cmd)...)
}

func TestTraceAndBack(t *testing.T) {
	lines := tuitest.Numbered(0, 3000)
	for i, at := range []int{10, 1500, 2900} {
		lines[at].Message = []string{`{"msg":"a","trace_id":"9f2c41"}`, "b failed (trace=9f2c41)", `level=info msg=c trace=9f2c41`}[i]
		lines[at].Service = []string{"gateway", "billing", "log"}[i]
	}
	m := open(t, tuitest.NewLines(lines...), 20)
	m = drive(t, m, func() tea.Msg { return nil })
	m, cmd := m.WithServices("log", "gateway")
	m = want(t, drive(t, m, cmd), intent.Top)
	for e, _ := m.Selected(); e.Trace == ""; e, _ = m.Selected() {
		m = want(t, m, intent.Down)
	}
	before, size := m.selected, m.window.size
	m = want(t, m, Trace)
	if m.window.size != 3 || m.Following() || !m.Inside() || len(m.Query().Services) != 0 {
		t.Fatalf("%d lines of the trace:\n%s", m.window.size, shown(m))
	}
	if e, _ := m.Selected(); e.Trace != "9f2c41" {
		t.Errorf("at %q", e.Message)
	}
	if !strings.Contains(shown(m), "trace 9f2c41") {
		t.Errorf("nothing says which trace:\n%s", shown(m))
	}
	m, cmd = m.WithText("failed")
	if m = drive(t, m, cmd); m.window.size != 1 {
		t.Errorf("%d lines of the trace hold the text", m.window.size)
	}
	m, cmd = m.Out()
	m = drive(t, m, cmd)
	if m.selected != before || m.window.size != size || m.Inside() || len(m.Query().Services) != 2 {
		t.Errorf("back at %d of %d, want %d of %d", m.selected, m.window.size, before, size)
	}
}

func TestTraceOf(t *testing.T) {
	for message, want := range map[string]string{
		`{"trace":"9f2c41"}`:                                                        "9f2c41",
		`{"msg":"x","traceId":"a-b-c-d"}`:                                           "a-b-c-d",
		`level=info trace_id=77ab03 msg=x`:                                          "77ab03",
		`charge failed trace=77ab03`:                                                "77ab03",
		`{"msg":"x","otelTraceID":"77ab03"}`:                                        "77ab03",
		`{"a":"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}`:           "",
		`{"traceparent":"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}`: "4bf92f3577b34da6a3ce929d0e0e4736",
		`{"dd":{"trace_id":"77ab03"}}`:                                              "77ab03",
		`charge failed [Trace-ID: 77ab03]`:                                          "77ab03",
		`x "trace.id": "77ab03"}`:                                                   "77ab03",
		`Traceback (most recent call last):`:                                        "",
		`trace: a`:                                                                  "",
		`{"level":"trace","msg":"stack trace here"}`:                                "",
		`plain`: "",
	} {
		if got := traceOf(message); got != want {
			t.Errorf("%s: %q, want %q", message, got, want)
		}
	}
}

// elsewhere is the screen of a store beside which there are other systems.
func elsewhere(t *testing.T, err *error) Model {
	t.Helper()
	never := func(time.Duration, func(time.Time) tea.Msg) tea.Cmd { return nil }
	other := tuitest.NewLines(tuitest.Numbered(500, 3)...)
	m := New(theme.New(theme.Plain), Source{
		Context: t.Context(), Reader: tuitest.NewLines(tuitest.Numbered(0, 10)...), After: never,
		Systems: []System{
			{Name: "loki", Open: func(context.Context) (store.Reader, error) { return other, nil }},
			{Name: "elasticsearch", Open: func(context.Context) (store.Reader, error) { return other, *err }},
		},
		Query: func(_ context.Context, text string) (store.Reader, store.Query, error) {
			if text == "bad" {
				return nil, store.Query{}, errors.New("column 3: no such field\x1b[2J")
			}
			return other, store.Query{Text: text}, nil
		},
	}).WithSize(80, 20)
	m, cmd := m.Show(true)
	return drive(t, m, cmd)
}

func TestOtherSources(t *testing.T) {
	failure := errors.New("elasticsearch does not answer\x1b[2J")
	m := elsewhere(t, &failure)
	m, cmd := m.WithOrigin(1)
	m = drive(t, m, cmd)
	if !strings.Contains(shown(m), "from loki") || !strings.Contains(shown(m), "line 502") || m.window.size != 3 {
		t.Fatalf("not read from loki:\n%s", shown(m))
	}
	m, cmd = m.WithOrigin(2)
	m = drive(t, m, cmd)
	if !strings.Contains(shown(m), "✗ elasticsearch does not answer") || strings.Contains(shown(m), "\x1b") {
		t.Fatalf("the failure is not said:\n%s", shown(m))
	}
	failure = nil
	if m = want(t, m, Follow); m.window.size != 3 {
		t.Errorf("asked again, it shows\n%s", shown(m))
	}
	m, cmd = m.Out()
	m = drive(t, m, cmd)
	m, cmd = m.Out()
	if m = drive(t, m, cmd); m.Origin() != 0 || m.window.size != 10 {
		t.Errorf("back from %d with %d lines", m.Origin(), m.window.size)
	}
}

func TestQueries(t *testing.T) {
	m := elsewhere(t, new(error))
	m = typed(t, want(t, m, Ask), "bad", "enter")
	if !m.Asking() || !strings.Contains(shown(m), "column 3: no such field") {
		t.Fatalf("the mistake is not said:\n%s", shown(m))
	}
	m = typed(t, m, "", "ctrl+u")
	m = typed(t, m, "501", "enter")
	if m.Asking() || m.window.size != 1 || !strings.Contains(shown(m), "query 501") {
		t.Fatalf("the query's answer is\n%s", shown(m))
	}
	m, cmd := m.WithText("line")
	if m = drive(t, m, cmd); m.window.size != 1 {
		t.Errorf("a filter beside the query: %d lines", m.window.size)
	}
	m, cmd = m.Out()
	if m = drive(t, m, cmd); m.window.size != 10 || m.Query().Text != "" {
		t.Errorf("back with %d lines", m.window.size)
	}
	m = want(t, m, Ask)
	m, cmd = typedOnly(m, "501").submitted()
	m, _ = m.Key(tuitest.Key("esc"))
	if m = drive(t, m, cmd); m.window.size != 10 {
		t.Error("the answer to a query that was given up is shown")
	}
}

// TestTraceOfAnAnswer checks that a trace is looked for in the local store,
// whatever the reader that answers the query leaves out.
func TestTraceOfAnAnswer(t *testing.T) {
	lines := tuitest.Numbered(0, 10)
	lines[3].Message, lines[7].Message = "a trace=9f2c41", "b trace=9f2c41"
	m := New(theme.New(theme.Plain), Source{
		Context: t.Context(), Reader: tuitest.NewLines(lines...),
		After: func(time.Duration, func(time.Time) tea.Msg) tea.Cmd { return nil },
		Query: func(context.Context, string) (store.Reader, store.Query, error) {
			return tuitest.NewLines(lines[7]), store.Query{}, nil
		},
	}).WithSize(80, 20)
	m, cmd := m.Show(true)
	m = typed(t, want(t, drive(t, m, cmd), Ask), "b", "enter")
	if m = want(t, m, Trace); m.window.size != 2 || m.Origin() != 0 {
		t.Errorf("%d lines of the trace:\n%s", m.window.size, shown(m))
	}
}

// TestEscEndsAQuestion checks that a query that is given up goes on asking
// nobody.
func TestEscEndsAQuestion(t *testing.T) {
	m := elsewhere(t, new(error))
	m.source.Query = func(ctx context.Context, _ string) (store.Reader, store.Query, error) {
		<-ctx.Done()
		return nil, store.Query{}, ctx.Err()
	}
	m, cmd := typedOnly(want(t, m, Ask), "501").submitted()
	m, _ = m.Key(tuitest.Key("esc"))
	if m = drive(t, m, cmd); m.Asking() || m.window.size != 10 {
		t.Errorf("given up, it shows\n%s", shown(m))
	}
}

// TestAnAnswerIsOfNoSystem checks that the lines of a query are not said to be
// those of the system that was read before: another may answer it.
func TestAnAnswerIsOfNoSystem(t *testing.T) {
	m, cmd := elsewhere(t, new(error)).WithOrigin(1)
	m = typed(t, want(t, drive(t, m, cmd), Ask), "501", "enter")
	if strings.Contains(shown(m), "from loki") {
		t.Errorf("the query's answer is\n%s", shown(m))
	}
	m = want(t, m, Mark)
	m, cmd = m.WithOrigin(1)
	if m = drive(t, m, cmd); strings.Contains(shown(m), "◆") || strings.Contains(shown(m), "◈") {
		t.Errorf("its bookmark is one of loki's:\n%s", shown(m))
	}
}

func typedOnly(m Model, text string) Model { return m.Pasted(text) }

func TestLevelsOneByOne(t *testing.T) {
	m := open(t, tuitest.NewLines(tuitest.Story()...), 20)
	all := m.window.size
	m, cmd := m.WithLevelToggled(store.LevelError)
	m = drive(t, m, cmd)
	if m.window.size != all-2 || m.Shows(store.LevelError) || !m.Shows(store.LevelFatal) {
		t.Errorf("without errors %d of %d lines", m.window.size, all)
	}
	m, cmd = m.WithLevelToggled(store.LevelInfo)
	if m = drive(t, m, cmd); m.window.size != all-5 {
		t.Errorf("without errors, info and what does not say: %d of %d lines", m.window.size, all)
	}
	if !strings.Contains(shown(m), "levels: fatal warn debug trace") {
		t.Errorf("the header does not say so:\n%s", shown(m))
	}
	m, cmd = m.WithLevelToggled(store.LevelError)
	m = drive(t, m, cmd)
	m, cmd = m.WithLevelToggled(store.LevelInfo)
	if m = drive(t, m, cmd); m.window.size != all || m.Query().Levels != 0 {
		t.Errorf("with all of them again: %d of %d lines", m.window.size, all)
	}
	for l := store.LevelTrace; l <= store.LevelFatal; l++ {
		m, cmd = m.WithLevelToggled(l)
		m = drive(t, m, cmd)
	}
	if m.window.size != all {
		t.Errorf("none chosen shows %d of %d lines", m.window.size, all)
	}
}

func TestFieldsFilter(t *testing.T) {
	m := open(t, tuitest.NewLines(tuitest.Story()...), 20)
	all := m.window.size
	var filter store.FieldFilter
	for i := range all {
		e, _ := m.window.at(i)
		for _, d := range e.Details(time.UTC) {
			if d.Name == "订单" {
				filter = d.Filter
			}
		}
	}
	m, cmd := m.WithField(filter)
	if m = drive(t, m, cmd); m.window.size != 1 {
		t.Errorf("%d lines have the value", m.window.size)
	}
	filter.Not = true
	m, cmd = m.WithField(filter)
	if m = drive(t, m, cmd); m.window.size != all-1 || len(m.Query().Fields) != 1 {
		t.Errorf("%d lines have it not", m.window.size)
	}
	if m = want(t, m, Unfilter); m.window.size != all {
		t.Errorf("%d lines without the filter", m.window.size)
	}
}
