package tui

import (
	"github.com/diorama-dev/diorama/internal/env"
	"github.com/diorama-dev/diorama/tui/layout"
	"github.com/diorama-dev/diorama/tui/services"
	"github.com/diorama-dev/diorama/tui/theme"
)

// page collects the lines of an overlay that fills the screen.
type page struct {
	theme theme.Theme
	width int
	lines []string
}

// heading adds a line that divides.
func (p *page) heading(text string) {
	if len(p.lines) > 0 {
		p.lines = append(p.lines, "")
	}
	p.lines = append(p.lines, " "+p.theme.Accent.Paint(layout.Cut(text, p.width-2)))
}

// text adds a paragraph.
func (p *page) text(style theme.Style, text string) {
	for _, l := range layout.Wrap(text, p.width-2) {
		p.lines = append(p.lines, " "+style.Paint(l))
	}
}

// field adds a name and its value; none where there is no value.
func (p *page) field(name, value string) {
	if value == "" {
		return
	}
	const nameWidth = 12
	lead := " " + p.theme.Muted.Paint(layout.FitRight(name, nameWidth)) + "  "
	for _, l := range layout.Wrap(value, p.width-nameWidth-4) {
		p.lines = append(p.lines, lead+l)
		lead = layout.Space(nameWidth + 3)
	}
}

// pageHeight is how many lines of the screen a page has below its title.
func (m Model) pageHeight() int { return max(m.bodyHeight()-1, 0) }

// pageTitle names the page that is open.
func (m Model) pageTitle() string {
	s := m.overlay.service
	switch m.overlay.kind {
	case overlayDetails:
		return s.Service + " · details"
	case overlayWhy:
		return s.Service + " · why"
	case overlayEndpoints:
		if m.overlay.revealed != nil {
			return "endpoints, credentials shown"
		}
		return "endpoints, credentials hidden"
	case overlayHelp:
		return "help"
	case overlayFields:
		return "a line of " + m.overlay.entry.Service
	case overlayPick:
		return "services whose lines are shown"
	case overlayLevels:
		return "levels whose lines are shown"
	case overlayFrom:
		return "where the lines come from"
	case overlayNone, overlayPalette, overlayConfirm, overlayQuit:
	}
	return ""
}

// pageLines are all lines of the page that is open.
func (m Model) pageLines() []string {
	p := page{theme: m.theme, width: m.width}
	switch m.overlay.kind {
	case overlayDetails:
		m.details(&p)
	case overlayWhy:
		m.reasons(&p)
	case overlayEndpoints:
		m.endpoints(&p)
	case overlayHelp:
		m.help(&p)
	case overlayFields:
		m.fields(&p)
	case overlayPick, overlayLevels, overlayFrom:
		m.picks(&p)
	case overlayNone, overlayPalette, overlayConfirm, overlayQuit:
	}
	return p.lines
}

// service is the newest state of the overlay's service.
func (m Model) service(k services.Key) (env.Service, bool) {
	for _, s := range m.snapshot.Services {
		if s.Stack == k.Stack && s.Name == k.Service {
			return s, true
		}
	}
	return env.Service{}, false
}

// overlaid draws the overlay over the screen: a page in its place, a sheet over
// its lower lines.
func (m Model) overlaid(body []string) []string {
	var sheet []string
	switch m.overlay.kind {
	case overlayNone:
		return body
	case overlayPalette:
		sheet = m.paletteLines()
	case overlayConfirm, overlayQuit:
		sheet = m.choiceLines()
	case overlayDetails, overlayWhy, overlayEndpoints, overlayHelp, overlayFields, overlayPick, overlayLevels, overlayFrom:
		lines := m.pageLines()
		from := layout.Clamp(m.overlay.offset, 0, max(len(lines)-m.pageHeight(), 0))
		shown := layout.Slice(lines, from, m.pageHeight())
		title := " " + m.theme.Strong.Paint(m.pageTitle())
		more := ""
		if below := len(lines) - from - len(shown); below > 0 {
			more = m.theme.Muted.Paint(layout.Plural(below, "more line") + " ↓ ")
		}
		return layout.Fill(append([]string{layout.Between(title, more, m.width)}, shown...), m.width, m.bodyHeight())
	}
	h := m.bodyHeight()
	sheet = append([]string{m.theme.Faint.Paint(layout.Rule(m.width))}, sheet...)
	if len(sheet) >= h {
		sheet = layout.Slice(sheet, 1, h)
	}
	return append(layout.Fill(body, m.width, h-len(sheet)), layout.Fill(sheet, m.width, len(sheet))...)
}
