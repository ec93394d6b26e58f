package logs

import (
	tea "charm.land/bubbletea/v2"

	"github.com/diorama-dev/diorama/tui/intent"
	"github.com/diorama-dev/diorama/tui/layout"
)

// pause stops following.
func (m Model) pause() Model {
	if m.view.follow {
		m.view.follow, m.view.paused = false, m.counters.Lines
	}
	return m
}

// isolate shows only the service of the selected line, or all again.
func (m Model) isolate() (Model, tea.Cmd) {
	if len(m.filter.services) > 0 {
		return m.WithServices()
	}
	e, ok := m.Selected()
	if !ok {
		return m, nil
	}
	return m.WithServices(e.line.Service)
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
	case by < 0 && m.selected < m.room() && !m.window.oldest:
		return m.read(older)
	case by > 0 && !m.view.follow && want >= m.window.size-1:
		return m.read(newer)
	}
	return m, nil
}

// hit moves to the nearest line in a direction that is searched for: among
// those held, else the store is asked for it.
func (m Model) hit(by int) (Model, tea.Cmd) {
	m = m.pause()
	for i := m.selected + by; i >= 0 && i < m.window.size; i += by {
		if e, _ := m.window.at(i); e.hit {
			m.selected = i
			return m.reveal(), nil
		}
	}
	if by < 0 && m.window.oldest {
		return m.say("no further hit"), nil
	}
	return m.say("looking for the next hit…").around(goal{find: by})
}

// Click does what a click on a cell of the screen means: the line that is
// drawn there gets the cursor, or is opened where it has it; a part of the
// strip is gone to; a filter is chosen. The intent is for the frame.
func (m Model) Click(x, line int) (Model, tea.Cmd, intent.Intent) {
	m.note = Note{}
	switch {
	case m.Asking() || line < 0:
		return m, nil, ""
	case line == 0:
		return m, nil, m.headerAt(x)
	case line < m.head():
		t, ok := m.stripAt(x)
		if !ok {
			return m, nil, ""
		}
		m, cmd := m.around(goal{time: t})
		return m, cmd, ""
	}
	first, skip := m.first()
	row := line - m.head() + skip
	for i := first; i < m.window.size; i++ {
		if row -= m.entryHeight(i); row >= 0 {
			continue
		}
		if i == m.selected && !m.view.follow {
			return m, nil, Fields
		}
		m.selected = i
		if i != m.window.size-1 {
			m = m.pause()
		}
		m, cmd := m.charted(nil)
		return m, cmd, ""
	}
	return m, nil, ""
}
