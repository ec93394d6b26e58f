package tui

import (
	"slices"

	tea "charm.land/bubbletea/v2"

	"github.com/diorama-dev/diorama/internal/env"
	"github.com/diorama-dev/diorama/tui/intent"
	"github.com/diorama-dev/diorama/tui/layout"
	"github.com/diorama-dev/diorama/tui/logs"
	"github.com/diorama-dev/diorama/tui/services"
)

// overlayKind is what lies over the screen.
type overlayKind uint8

const (
	overlayNone overlayKind = iota
	overlayDetails
	overlayWhy
	overlayEndpoints
	overlayHelp
	overlayFields
	overlayPick
	overlayLevels
	overlayFrom
	overlayPalette
	overlayConfirm
	overlayQuit
)

// overlay is what lies over the screen: a page that scrolls, or a list of
// which one is chosen.
type overlay struct {
	kind    overlayKind
	service services.Key // of details and why
	entry   logs.Entry   // of fields
	rows    []fieldRow   // of the entry
	pending intent.Intent
	offset  int
	choice  int
	prompt  prompt
	// revealed are the endpoints with their credentials; they are dropped
	// with the overlay.
	revealed []env.Endpoint
}

// opened returns the model with the overlay of an intent.
func (m Model) opened(i intent.Intent) Model {
	o := overlay{pending: i}
	if s, ok := m.subject(); ok {
		o.service = services.Key{Stack: s.Stack, Service: s.Name}
	}
	switch i {
	case Details:
		o.kind = overlayDetails
	case Why:
		o.kind = overlayWhy
	case Endpoints:
		o.kind = overlayEndpoints
	case Help:
		o.kind = overlayHelp
	case logs.Fields:
		o.kind = overlayFields
		o.entry, _ = m.logs.Selected()
		o.rows = m.fieldRows(o.entry)
	case Palette:
		o.kind, o.prompt.editing = overlayPalette, true
	case Pick:
		o.kind = overlayPick
	case logs.PickLevel:
		o.kind = overlayLevels
	case logs.PickFrom:
		o.kind, o.choice = overlayFrom, max(m.logs.Origin(), 0)
	case AskStop, AskDown:
		o.kind = overlayConfirm
	case Quit:
		o.kind = overlayQuit
	}
	m.overlay = o
	return m
}

// overlayBindings are the keys of the overlay that is open.
func (m Model) overlayBindings() []intent.Binding {
	list := []intent.Binding{{Keys: []string{"esc", "q"}, Label: "esc", Help: "back", Intent: Back, Hint: "back"}}
	switch m.overlay.kind {
	case overlayEndpoints:
		reveal := intent.Binding{Keys: []string{"v"}, Help: "reveal credentials", Intent: Reveal, Hint: "reveal"}
		if m.overlay.revealed != nil {
			reveal.Off = "the credentials are shown until the overlay closes"
		}
		none := ""
		if len(m.snapshot.Endpoints) == 0 {
			none = "there is no endpoint yet"
		}
		list = append(list, reveal,
			intent.Binding{Keys: []string{"y", "enter"}, Label: "y", Help: "copy", Intent: Copy, Off: none, Hint: "copy"},
			intent.Binding{Keys: []string{"o"}, Help: "open", Intent: Open, Off: m.chosenWeb(), Hint: "open"})
	case overlayPick:
		list = append(list,
			intent.Binding{Keys: []string{"space", "enter"}, Label: "space", Help: "show or hide", Intent: Toggle, Hint: "show or hide"},
			intent.Binding{Keys: []string{"a"}, Help: "all services", Intent: All, Hint: "all"})
	case overlayLevels:
		list = append(list,
			intent.Binding{Keys: []string{"space", "enter"}, Label: "space", Help: "show or hide", Intent: Toggle, Hint: "show or hide"},
			intent.Binding{Keys: []string{"w"}, Help: "this and worse", Intent: Worse, Hint: "this and worse"},
			intent.Binding{Keys: []string{"a"}, Help: "all levels", Intent: All, Hint: "all"})
	case overlayFrom:
		list = append(list, intent.Binding{Keys: []string{"enter", "space"}, Label: "enter", Help: "read from it", Intent: Toggle, Hint: "read from it"})
	case overlayFields:
		list = append(list, m.fieldBindings()...)
	case overlayDetails, overlayWhy:
		list = append(list, slices.DeleteFunc(m.serviceBindings(), func(b intent.Binding) bool { return b.Intent == m.overlay.pending })...)
	case overlayConfirm, overlayQuit:
		for _, c := range m.choices() {
			list = append(list, intent.Binding{Keys: []string{c.key}, Help: c.label, Intent: c.intent})
		}
		list = append(list, intent.Binding{Keys: []string{"enter"}, Help: "choose", Intent: Accept, Hint: "choose"})
	case overlayNone, overlayHelp, overlayPalette:
	}
	return list
}

// overlayKey gives a key to the overlay.
func (m Model) overlayKey(k tea.KeyPressMsg) (tea.Model, tea.Cmd) {
	if m.overlay.kind == overlayPalette {
		return m.paletteKey(k)
	}
	b, ok := intent.Find(k.String(), m.overlayBindings(), intent.Moves())
	switch {
	case !ok:
		return m, nil
	case b.Off != "":
		return m.say(b.Off), nil
	}
	m.notice = notice{}
	if by, isMove := intent.Step(b.Intent, m.bodyHeight()); isMove {
		return m.overlayMove(by), nil
	}
	return m.overlayPerform(b.Intent)
}

// overlayPerform carries out an intent over the screen.
func (m Model) overlayPerform(i intent.Intent) (tea.Model, tea.Cmd) {
	if m.overlay.kind == overlayFields && i != Back {
		return m.fieldPerform(i)
	}
	switch i {
	case Accept:
		return m.accept()
	case Copy, Open:
		if m.overlay.kind == overlayEndpoints {
			p := purposeCopy
			if i == Open {
				p = purposeOpen
			}
			e := m.snapshot.Endpoints[layout.Clamp(m.overlay.choice, 0, len(m.snapshot.Endpoints)-1)]
			return m, m.fetchEndpoints(p, e.Stack, e.Name)
		}
	case Quit, Back, Details, Why, Reveal, Toggle, All, Worse:
	case Leave, TakeDown, Stop:
	default:
		m.overlay = overlay{}
	}
	return m.perform(i)
}

// overlayMove scrolls a page, or moves the choice of a list.
func (m Model) overlayMove(by int) Model {
	if n := m.choiceCount(); n > 0 {
		m.overlay.choice = layout.Clamp(m.overlay.choice+by, 0, n-1)
	}
	at, lines := m.overlay.choice, len(m.pageLines())
	switch m.overlay.kind {
	case overlayDetails, overlayWhy, overlayHelp:
		m.overlay.offset = layout.Clamp(m.overlay.offset+by, 0, max(lines-m.pageHeight(), 0))
	case overlayEndpoints:
		m.overlay.offset = layout.Scroll(m.overlay.offset, m.pageHeight(), lines, 2*at, 2*at+1)
	case overlayPick, overlayLevels, overlayFrom, overlayFields:
		m.overlay.offset = layout.Scroll(m.overlay.offset, m.pageHeight(), lines, at, at)
	case overlayNone, overlayPalette, overlayConfirm, overlayQuit:
	}
	return m
}

// chosenWeb says why the chosen endpoint cannot be opened; empty: it can.
func (m Model) chosenWeb() string {
	at := m.overlay.choice
	if at < 0 || at >= len(m.snapshot.Endpoints) {
		return "there is no endpoint yet"
	}
	if e := m.snapshot.Endpoints[at]; !e.Web {
		return e.Stack + "/" + e.Name + " is no address for a browser"
	}
	return ""
}
