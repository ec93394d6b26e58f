package gpu

import (
	"fmt"

	tea "charm.land/bubbletea/v2"

	"github.com/diorama-dev/diorama/internal/gpu"
	"github.com/diorama-dev/diorama/tui/cursor"
	"github.com/diorama-dev/diorama/tui/intent"
)

// The intents of the GPU screen.
const (
	Processes intent.Intent = "processes of a GPU"
	Why       intent.Intent = "why a GPU is not to be had"
	Identity  intent.Intent = "copy a GPU's identifier"
	Out       intent.Intent = "out of a GPU's page"
)

// Bindings are the keys of the screen.
func (m Model) Bindings() []intent.Binding {
	if m.page.kind != pageNone {
		return append([]intent.Binding{{Keys: []string{"esc", "enter"}, Label: "esc", Help: "back", Intent: Out, Hint: "back"}}, m.own()[1:]...)
	}
	return m.own()
}

func (m Model) own() []intent.Binding {
	list := []intent.Binding{
		{Keys: []string{"enter"}, Help: "processes", Intent: Processes, Hint: "processes"},
		{Keys: []string{"w"}, Help: "why not", Intent: Why, Hint: "why not"},
		{Keys: []string{"y"}, Help: "copy the UUID", Intent: Identity, Hint: "copy UUID"},
	}
	for i := range list {
		list[i].Off = m.refusal(list[i].Intent)
	}
	return list
}

// refusal says why an intent cannot be had now; empty: it can.
func (m Model) refusal(i intent.Intent) string {
	r, ok := m.chosen()
	if !ok {
		if i == Why && m.watch.Seen && m.state.Absence != "" {
			return m.state.Absence
		}
		return "there is no GPU here"
	}
	if r.kind == rowWaiting {
		if i == Why {
			return ""
		}
		return m.state.Waiting[r.part].Pod + " has no GPU yet: w says why"
	}
	s := m.state.Slots[r.slot]
	switch {
	case i == Identity && s.UUID == "":
		return "the driver does not say its UUID"
	case i == Processes && m.state.Simulated && len(s.Holders) == 0:
		return fmt.Sprintf("GPU %d is simulated and free: nothing runs on it", s.Index)
	case i == Processes && len(s.Holders) == 0:
		return fmt.Sprintf("nothing runs on GPU %d", s.Index)
	case i == Why && whyOf(s) == "" && !m.state.Simulated && s.Phase != gpu.Apart:
		return fmt.Sprintf("GPU %d is well", s.Index)
	}
	return ""
}

// Handle carries out an intent; one of another screen changes nothing.
func (m Model) Handle(i intent.Intent) (Model, tea.Cmd) {
	m.note = Note{}
	if m.page.kind != pageNone {
		return m.handlePage(i)
	}
	if by, ok := intent.Step(i, m.height-m.header()); ok {
		return m.move(by), nil
	}
	switch i {
	case intent.Next:
		return m.move(1), nil
	case intent.Previous:
		return m.move(-1), nil
	case Processes, Why, Identity:
		return m.about(i)
	}
	return m, nil
}

// about carries out an intent for what the cursor is on.
func (m Model) about(i intent.Intent) (Model, tea.Cmd) {
	if why := m.refusal(i); why != "" {
		return m.say(why), nil
	}
	r, _ := m.chosen()
	switch i {
	case Processes:
		m.page = page{kind: pageProcesses, key: r.key}
	case Why:
		m.page = page{kind: pageWhy, key: r.key}
	case Identity:
		s := m.state.Slots[r.slot]
		return m.say(fmt.Sprintf("copied the UUID of GPU %d", s.Index)), tea.SetClipboard(s.UUID)
	}
	return m, nil
}

func (m Model) handlePage(i intent.Intent) (Model, tea.Cmd) {
	if by, ok := intent.Step(i, m.height-1); ok {
		m.page.offset = m.paper().Scrolled(m.page.offset, by, m.height)
		return m, nil
	}
	switch i {
	case Out:
		m.page = page{}
		return m, nil
	case Why, Identity:
		return m.about(i)
	}
	return m, nil
}

// Click puts the cursor on what is drawn at a line, or opens it where the
// cursor is there already.
func (m Model) Click(line int) (Model, tea.Cmd) {
	m.note = Note{}
	if m.page.kind != pageNone {
		return m, nil
	}
	at, ok := cursor.At(m.cursor, m.rows, line-m.header())
	switch {
	case !ok:
		return m, nil
	case at != m.cursor.At:
		m.cursor = cursor.Put(m.cursor, m.rows, at, m.height-m.header())
		return m.settle(), nil
	case m.rows[at].kind == rowWaiting:
		return m.about(Why)
	}
	return m.about(Processes)
}
