package logs

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	store "github.com/diorama-dev/diorama/internal/logs"
	"github.com/diorama-dev/diorama/tui/intent"
	"github.com/diorama-dev/diorama/tui/layout"
)

// The intents of the logs screen.
const (
	Follow   intent.Intent = "follow"
	Pause    intent.Intent = "pause"
	Wrap     intent.Intent = "wrap lines"
	Context  intent.Intent = "show context"
	Isolate  intent.Intent = "only this service"
	LevelUp  intent.Intent = "higher level"
	LevelLow intent.Intent = "lower level"
	Fields   intent.Intent = "fields"
)

// Bindings are the keys of the screen.
func (m Model) Bindings() []intent.Binding {
	none, noText := "", ""
	if m.window.size == 0 {
		none = "there is no line here"
	}
	if m.query.Text == "" {
		noText = "no text is searched for: / asks for it"
	}
	pause, wrap, context, isolate := "pause", "wrap", "context", "this service"
	if !m.view.follow {
		pause = "go on"
	}
	if m.view.wrap {
		wrap = "cut"
	}
	if m.view.context {
		context = "only hits"
	}
	alone := none
	if len(m.query.Services) > 0 {
		isolate, alone = "all services", ""
	}
	return []intent.Binding{
		{Keys: []string{"f"}, Help: "follow", Intent: Follow},
		{Keys: []string{"space"}, Help: pause, Intent: Pause, Hint: pause},
		{Keys: []string{"enter"}, Help: "fields", Intent: Fields, Off: none, Hint: "fields"},
		{Keys: []string{"n"}, Help: "next hit", Intent: intent.Next, Off: noText, Hint: "next"},
		{Keys: []string{"N"}, Help: "previous hit", Intent: intent.Previous, Off: noText, Hint: "previous"},
		{Keys: []string{"c"}, Help: context, Intent: Context, Off: noText, Hint: context},
		{Keys: []string{"+", "="}, Label: "+", Help: "higher level only", Intent: LevelUp},
		{Keys: []string{"-"}, Label: "−", Help: "lower level too", Intent: LevelLow},
		{Keys: []string{"i"}, Help: isolate, Intent: Isolate, Off: alone, Hint: isolate},
		{Keys: []string{"z"}, Help: wrap, Intent: Wrap, Hint: wrap},
	}
}

// Handle carries out an intent; one of another screen changes nothing.
func (m Model) Handle(i intent.Intent) (Model, tea.Cmd) {
	m.note = ""
	if by, ok := intent.Step(i, m.page()); ok {
		return m.move(i, by)
	}
	switch i {
	case Follow:
		return m.restart()
	case Pause:
		if !m.view.follow {
			return m.restart()
		}
		m = m.pause()
	case Wrap:
		m.view.wrap = !m.view.wrap
		m = m.reveal()
	case Context:
		m.view.context = !m.view.context
		return m.restart()
	case Isolate:
		return m.isolate()
	case LevelUp:
		return m.WithLevel(layout.Clamp(m.query.MinLevel+1, store.LevelDebug, store.LevelFatal))
	case LevelLow:
		if m.query.MinLevel <= store.LevelDebug {
			return m.WithLevel(store.LevelUnknown)
		}
		return m.WithLevel(m.query.MinLevel - 1)
	case intent.Next:
		return m.hit(1)
	case intent.Previous:
		return m.hit(-1)
	}
	return m, nil
}

// pause stops following.
func (m Model) pause() Model {
	if m.view.follow {
		m.view.follow, m.view.paused = false, m.counters.Lines
	}
	return m
}

// isolate shows only the service of the selected line, or all again.
func (m Model) isolate() (Model, tea.Cmd) {
	if len(m.query.Services) > 0 {
		return m.WithServices()
	}
	e, ok := m.Selected()
	if !ok {
		return m, nil
	}
	return m.WithServices(e.Service)
}

// move moves the cursor. Moving up stops following; the end follows again; at
// an edge of what is held more is read.
func (m Model) move(i intent.Intent, by int) (Model, tea.Cmd) {
	if i == intent.Bottom {
		return m.restart()
	}
	if by < 0 {
		m = m.pause()
	}
	want := m.selected + by
	m.selected = layout.Clamp(want, 0, max(m.window.size-1, 0))
	m = m.reveal()
	switch {
	case by < 0 && m.selected < m.page() && !m.window.oldest:
		return m.read(older)
	case by > 0 && !m.view.follow && want >= m.window.size-1:
		return m.read(newer)
	}
	return m, nil
}

// hit moves to the nearest line in a direction that holds the text.
func (m Model) hit(by int) (Model, tea.Cmd) {
	m = m.pause()
	for i := m.selected + by; i >= 0 && i < m.window.size; i += by {
		e, _ := m.window.at(i)
		if holds(e, m.query.Text) {
			m.selected = i
			return m.reveal(), nil
		}
	}
	if by < 0 && !m.window.oldest {
		m.note = "no hit in the lines held: looking further back, n and N go on"
		m.selected = 0
		return m.reveal().read(older)
	}
	m.note = "no further hit"
	return m, nil
}

// holds reports whether the line holds the text, as the store matches it.
func holds(e Entry, text string) bool {
	return strings.Contains(fold(e.Raw), fold(text))
}

// Note is what there is to say of the last move; empty: nothing.
func (m Model) Note() string { return m.note }
