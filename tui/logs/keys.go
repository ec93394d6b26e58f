package logs

import (
	tea "charm.land/bubbletea/v2"

	store "github.com/diorama-dev/diorama/internal/logs"
	"github.com/diorama-dev/diorama/tui/intent"
	"github.com/diorama-dev/diorama/tui/layout"
)

// The intents of the logs screen.
const (
	Follow    intent.Intent = "follow"
	Pause     intent.Intent = "pause"
	Wrap      intent.Intent = "wrap lines"
	Whole     intent.Intent = "whole messages"
	Context   intent.Intent = "show context"
	Isolate   intent.Intent = "only this service"
	LevelUp   intent.Intent = "higher level"
	LevelLow  intent.Intent = "lower level"
	PickLevel intent.Intent = "pick levels"
	Fields    intent.Intent = "fields"
	Trace     intent.Intent = "this trace"
	GoTo      intent.Intent = "go to a time"
	Earlier   intent.Intent = "earlier in the strip"
	Later     intent.Intent = "later in the strip"
	Closer    intent.Intent = "less time in the strip"
	Wider     intent.Intent = "more time in the strip"
	Chart     intent.Intent = "the strip"
	Mark      intent.Intent = "bookmark"
	NextMark  intent.Intent = "next bookmark"
	LastMark  intent.Intent = "previous bookmark"
	Save      intent.Intent = "save lines"
	PickFrom  intent.Intent = "pick a source"
	Ask       intent.Intent = "ask a query"
	Unfilter  intent.Intent = "drop the filters of fields"
)

// Bindings are the keys of the screen.
func (m Model) Bindings() []intent.Binding {
	list := append(m.readingKeys(), m.filterKeys()...)
	return append(list, m.placeKeys()...)
}

// off says why something cannot be had where a condition does not hold.
func off(holds bool, why string) string {
	if holds {
		return ""
	}
	return why
}

func choose(first bool, a, b string) string {
	if first {
		return a
	}
	return b
}

// readingKeys are those for reading lines.
func (m Model) readingKeys() []intent.Binding {
	none := off(m.window.size > 0, "there is no line here")
	noText := off(!m.filter.search.empty(), "no text is searched for: / asks for it")
	pause := choose(m.view.follow, "pause", "go on")
	context := choose(m.view.context, "only hits", "context")
	wrap := choose(m.view.wrap, "cut", "wrap")
	e, _ := m.Selected()
	noTrace := none
	if noTrace == "" {
		noTrace = off(e.Trace != "", "this line names no trace")
	}
	return []intent.Binding{
		{Keys: []string{"f"}, Help: "follow", Intent: Follow},
		{Keys: []string{"space"}, Help: pause, Intent: Pause, Hint: pause},
		{Keys: []string{"n"}, Help: "next hit", Intent: intent.Next, Off: noText, Hint: "next"},
		{Keys: []string{"N"}, Help: "previous hit", Intent: intent.Previous, Off: noText, Hint: "previous"},
		{Keys: []string{"enter"}, Help: "fields, and the whole message", Intent: Fields, Off: none, Hint: "fields"},
		{Keys: []string{"t"}, Help: "all lines of this trace", Intent: Trace, Off: noTrace, Hint: "this trace"},
		{Keys: []string{"c"}, Help: context, Intent: Context, Off: noText, Hint: context},
		{Keys: []string{"z"}, Help: wrap + " long lines", Intent: Wrap, Hint: wrap},
		{Keys: []string{"x"}, Help: choose(m.view.whole, "messages of several lines in short", "messages of several lines in full"), Intent: Whole},
	}
}

// filterKeys are those for what is shown.
func (m Model) filterKeys() []intent.Binding {
	isolate, alone := "this service", off(m.window.size > 0, "there is no line here")
	if len(m.filter.services) > 0 {
		isolate, alone = "all services", ""
	}
	list := []intent.Binding{
		{Keys: []string{"i"}, Help: isolate, Intent: Isolate, Off: alone, Hint: isolate},
		{Keys: []string{"L"}, Help: "choose levels…", Intent: PickLevel, Hint: "levels"},
		{Keys: []string{"+", "="}, Label: "+", Help: "higher level only", Intent: LevelUp},
		{Keys: []string{"-"}, Label: "−", Help: "lower level too", Intent: LevelLow},
		{Keys: []string{"F"}, Help: "drop the filters of fields", Intent: Unfilter, Off: off(len(m.filter.fields) > 0, "no field is filtered: enter shows a line's fields")},
		{Keys: []string{"O"}, Help: "lines from another source…", Intent: PickFrom, Off: off(len(m.source.Systems) > 0, "no log system is installed here: the lines are those of the local store")},
	}
	if m.source.Query != nil {
		list = append(list, intent.Binding{Keys: []string{"Q"}, Help: "query…", Intent: Ask})
	}
	return list
}

// placeKeys are those for where the screen stands.
func (m Model) placeKeys() []intent.Binding {
	none := off(m.window.size > 0, "there is no line here")
	noMark := off(len(m.marks) > 0, "there is no bookmark: b sets one")
	noStrip := off(len(m.strip.parts) > 0 && m.charts(), "the strip of time is not shown")
	saving := none
	if m.saving != nil {
		saving = "a file is being written: " + m.saving.said()
	}
	return []intent.Binding{
		{Keys: []string{"b"}, Help: "set a bookmark, or take it away", Intent: Mark, Off: none, Hint: "bookmark"},
		{Keys: []string{"]"}, Help: "next bookmark", Intent: NextMark, Off: noMark},
		{Keys: []string{"["}, Help: "previous bookmark", Intent: LastMark, Off: noMark},
		{Keys: []string{"T"}, Help: "go to a time…", Intent: GoTo, Hint: "time"},
		{Keys: []string{"left"}, Label: "←", Help: "earlier, by a part of the strip", Intent: Earlier, Off: noStrip},
		{Keys: []string{"right"}, Label: "→", Help: "later, by a part of the strip", Intent: Later, Off: noStrip},
		{Keys: []string{"{"}, Help: "less time in the strip", Intent: Closer, Off: noStrip},
		{Keys: []string{"}"}, Help: "more time in the strip", Intent: Wider, Off: noStrip},
		{Keys: []string{"h"}, Help: choose(m.strip.hidden, "show the strip of time", "hide the strip of time"), Intent: Chart},
		{Keys: []string{"S"}, Help: "save the lines…", Intent: Save, Off: saving, Hint: "save"},
	}
}

// Handle carries out an intent; one of another screen changes nothing.
func (m Model) Handle(i intent.Intent) (Model, tea.Cmd) {
	m.note = Note{}
	var cmd tea.Cmd
	if by, ok := intent.Step(i, m.room()); ok {
		m, cmd = m.move(i, by)
	} else {
		m, cmd = m.carry(i)
	}
	return m.charted(cmd)
}

// carry carries out an intent of the screen's own.
func (m Model) carry(i intent.Intent) (Model, tea.Cmd) {
	switch i {
	case Follow:
		return m.restart()
	case Pause:
		if !m.view.follow {
			return m.restart()
		}
		return m.pause(), nil
	case Wrap:
		m.view.wrap = !m.view.wrap
		return m.reveal(), nil
	case Whole:
		m.view.whole = !m.view.whole
		return m.reveal(), nil
	case Context:
		m.view.context = !m.view.context
		return m.refiltered()
	case intent.Next:
		return m.hit(1)
	case intent.Previous:
		return m.hit(-1)
	case Trace:
		e, _ := m.Selected()
		return m.trace(e)
	case Mark:
		return m.mark(), nil
	case NextMark:
		return m.toMark(1)
	case LastMark:
		return m.toMark(-1)
	case GoTo, Save, Ask:
		return m.asks(i), nil
	}
	return m.carryFilter(i)
}

// carryFilter carries out what concerns the filter and the strip.
func (m Model) carryFilter(i intent.Intent) (Model, tea.Cmd) {
	switch i {
	case Isolate:
		return m.isolate()
	case LevelUp:
		return m.WithLevel(layout.Clamp(m.filter.min+1, store.LevelDebug, store.LevelFatal))
	case LevelLow:
		if m.filter.min <= store.LevelDebug {
			return m.WithLevel(store.LevelUnknown)
		}
		return m.WithLevel(m.filter.min - 1)
	case Unfilter:
		m.filter.fields = nil
		return m.refiltered()
	case Earlier:
		return m.alongStrip(-1)
	case Later:
		return m.alongStrip(1)
	case Closer:
		return m.rezoomed(-1), nil
	case Wider:
		return m.rezoomed(1), nil
	case Chart:
		m.strip.hidden = !m.strip.hidden
		return m.reveal(), nil
	}
	return m, nil
}
