package logs

import (
	"context"
	"os"
	"strings"

	tea "charm.land/bubbletea/v2"

	store "github.com/diorama-dev/diorama/internal/logs"
	"github.com/diorama-dev/diorama/tui/intent"
	"github.com/diorama-dev/diorama/tui/layout"
	"github.com/diorama-dev/diorama/tui/typing"
)

// formKind is what a form asks for.
type formKind uint8

const (
	formNone  formKind = iota
	formTime           // when to go to
	formSave           // the name of a file
	formQuery          // a query in a language of its own
)

// The intents of a form.
const (
	submit intent.Intent = "submit the prompt"
	leave  intent.Intent = "close the prompt"
)

// form is one line that is asked for over the screen. The zero value asks for
// nothing.
type form struct {
	kind    formKind
	text    string
	problem string
	busy    bool
	asked   uint64             // counts queries, so that answers find theirs
	cancel  context.CancelFunc // of the query that is asked; nil: none is
}

// Asking reports whether the screen asks for something, and wants every key.
func (m Model) Asking() bool { return m.form.kind != formNone }

// asks opens the form of an intent.
func (m Model) asks(i intent.Intent) Model {
	f := form{asked: m.form.asked}
	switch i {
	case GoTo:
		f.kind = formTime
	case Ask:
		f.kind, f.text = formQuery, m.origin.query
	case Save:
		f.kind = formSave
		f.text = "logs.txt"
		if t := m.newestKnown(); !t.IsZero() {
			f.text = "logs-" + t.Format("20060102-150405") + ".txt"
		}
	}
	m.form = f
	return m
}

// FormBindings are the keys of the form that is open.
func (m Model) FormBindings() []intent.Binding {
	does := "go there"
	switch m.form.kind {
	case formSave:
		does = "save"
	case formQuery:
		does = "ask"
	case formNone, formTime:
	}
	return []intent.Binding{
		{Keys: []string{"esc"}, Help: "back", Intent: leave, Hint: "back"},
		{Keys: []string{"enter"}, Help: does, Intent: submit, Hint: does},
	}
}

// Key gives the form a key.
func (m Model) Key(k tea.KeyPressMsg) (Model, tea.Cmd) {
	m.note = Note{}
	switch k.String() {
	case "esc":
		if m.form.cancel != nil {
			m.form.cancel()
		}
		m.form = form{asked: m.form.asked + 1}
		return m, nil
	case "enter":
		if m.form.busy {
			return m, nil
		}
		return m.submitted()
	}
	if !m.form.busy {
		m.form.text, m.form.problem = typing.Key(m.form.text, k), ""
	}
	return m, nil
}

// Pasted gives the form text from the clipboard.
func (m Model) Pasted(text string) Model {
	if m.Asking() && !m.form.busy {
		m.form.text, m.form.problem = typing.Pasted(m.form.text, text), ""
	}
	return m
}

// submitted does what the form is for, or says what is wrong with its text.
func (m Model) submitted() (Model, tea.Cmd) {
	text := strings.TrimSpace(m.form.text)
	switch m.form.kind {
	case formTime:
		t, err := store.ParseMoment(text, m.newestKnown())
		if err != nil {
			m.form.problem = "no time: try 14:05, -10m or 2026-11-27 14:05" // what was typed stands above it
			return m, nil
		}
		m.form = form{asked: m.form.asked}
		return m.around(goal{time: t})
	case formSave:
		if text == "" || strings.HasSuffix(text, string(os.PathSeparator)) {
			m.form.problem = "a file's name is missing"
			return m, nil
		}
		m.form = form{asked: m.form.asked}
		return m.save(text)
	case formQuery:
		if text == "" {
			m.form.problem = "a query is missing"
			return m, nil
		}
		return m.ask(text)
	case formNone:
	}
	return m, nil
}

// formLines draw the form: what it asks, what was typed, what is wrong.
func (m Model) formLines() []string {
	question, hint := "", ""
	switch m.form.kind {
	case formTime:
		question, hint = "Go to which time?", "14:05  14:05:30  2026-11-27 14:05  -10m"
	case formSave:
		question, hint = "Save all lines that pass the filter to which file?", "a name; .jsonl writes JSON"
	case formQuery:
		question, hint = "Which query?", "in the language of a log system"
	case formNone:
	}
	line := " " + m.theme.Mark(true) + " "
	text := m.form.text
	if room := max(m.width-5, 1); layout.Width(text) > room { // its end is where it is typed
		text = "…" + tail(text, room-1)
	}
	line += m.theme.Text.Paint(text) + m.theme.Hit.Paint(" ")
	if left := m.width - layout.Width(line) - 3; m.form.text == "" && left > 8 {
		line += " " + m.theme.Faint.Paint(layout.Cut(hint, left))
	}
	lines := []string{" " + m.theme.Strong.Paint(layout.Cut(question, max(m.width-2, 0))), line}
	switch {
	case m.form.busy:
		lines = append(lines, " "+m.theme.Muted.Paint("asking…"))
	case m.form.problem != "":
		lines = append(lines, " "+m.theme.Unwell.Paint(layout.Cut(m.form.problem, max(m.width-2, 0))))
	}
	return lines
}

// tail is the end of a text that fits into w cells.
func tail(text string, w int) string {
	runes := []rune(text)
	for len(runes) > 0 && layout.Width(string(runes)) > w {
		runes = runes[1:]
	}
	return string(runes)
}
