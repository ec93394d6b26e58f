package mesh

import (
	"fmt"

	"github.com/diorama-dev/diorama/internal/mesh"
	"github.com/diorama-dev/diorama/tui/layout"
	"github.com/diorama-dev/diorama/tui/theme"
)

// health is how a service fares.
type health uint8

const (
	unseen health = iota // nothing is known of its Pods
	well
	hindered // it answers, and something keeps it from doing so as it should
	broken
)

// healthOf is how a service fares by its Pods, what is done to its requests, and
// what is wrong with its rules.
func (m Model) healthOf(s *mesh.Service) health {
	h := unseen
	for _, p := range m.state.Problems {
		if p.Blocks && blames(p, s) {
			return broken
		}
	}
	for _, r := range s.Routes {
		if len(r.Destinations) == 0 || r.Fault != (mesh.Fault{}) {
			h = max(h, hindered)
		}
		for _, d := range r.Destinations {
			gone := 0
			for _, e := range d.Endpoints {
				if e.Ejected || !e.Healthy {
					gone++
				}
			}
			switch {
			case len(d.Endpoints) == 0:
			case gone == len(d.Endpoints) && d.Weight > 0:
				h = broken
			case gone > 0:
				h = max(h, hindered)
			default:
				h = max(h, well)
			}
		}
	}
	return h
}

func (m Model) sign(h health) string {
	switch h {
	case well:
		return m.theme.Well.Paint(theme.SignWell)
	case hindered:
		return m.theme.Working.Paint(theme.SignWorking)
	case broken:
		return m.theme.Unwell.Paint(theme.SignUnwell)
	case unseen:
	}
	return m.theme.Faint.Paint(theme.SignWaiting)
}

func (m Model) serviceLine(r row, at bool, c columns) string {
	s := &m.state.Services[r.service]
	callers := callersText(s)
	room := m.width - 4
	if m.width < narrow {
		callers = ""
	}
	if bare(s) {
		return m.bareLine(s, at, callers, c)
	}
	callers = before(callers, room-layout.Width(s.Name))
	return m.theme.Mark(at) + m.sign(m.healthOf(s)) + " " + m.theme.Muted.Paint(callers) + m.theme.Strong.Paint(layout.Cut(s.Name, room))
}

// before is who calls, as it stands before the service, in so many cells.
func before(callers string, room int) string {
	const arrow, least = " → ", 6
	if callers == "" || room < least {
		return ""
	}
	return layout.Cut(callers, room-layout.Width(arrow)) + arrow
}

// bareLine is a service that takes one line. Of its name the end of the callers
// goes first.
func (m Model) bareLine(s *mesh.Service, at bool, callers string, c columns) string {
	lead := m.theme.Mark(at) + m.sign(m.healthOf(s)) + " "
	d := s.Routes[0].Destinations[0]
	if m.width < narrow {
		figure := p99Text(d.Seen.P99)
		room := max(m.width-5-layout.Width(figure), 4)
		return lead + m.theme.Strong.Paint(layout.Fit(s.Name, room)) + " " + m.figure().Paint(figure)
	}
	room := widthLead - 3 + c.name + 2 + c.bar + widthSet
	name := layout.Cut(s.Name, room)
	callers = before(callers, room-layout.Width(name))
	space := layout.Space(room - layout.Width(callers) - layout.Width(name))
	return lead + m.theme.Muted.Paint(callers) + m.theme.Strong.Paint(name) + space + m.figures(d, m.figure(), c)
}

// setText is what is set, and what it is moved to.
func (m Model) setText(r row, d mesh.Destination) (text string, moved bool) {
	w := m.weights
	if w.to == nil || w.service != m.state.Services[r.service].Name || w.route != r.route {
		return fmt.Sprintf("%d %%", d.Weight), false
	}
	to, ok := w.to[d.Name]
	if !ok || to == d.Weight {
		return fmt.Sprintf("%d %%", d.Weight), false
	}
	return fmt.Sprintf("%d → %d %%", d.Weight, to), true
}

func (m Model) destinationLine(r row, at bool, c columns) string {
	route := &m.state.Services[r.service].Routes[r.route]
	d := route.Destinations[r.at]
	set, moved := m.setText(r, d)
	weight := d.Weight
	if moved {
		weight = m.weights.to[d.Name]
	}
	line := m.theme.Mark(at) + layout.Space(widthLead-1)
	if alone(route) {
		if !moved {
			set = "" // it goes without saying
		}
		text, w := matchText(route)+" → "+d.Name, c.name+2+c.bar+widthSet-layout.Width(set)
		line += m.theme.Name(at).Paint(layout.Fit(text, w)) + m.theme.Accent.Paint(set)
	} else {
		setStyle := m.theme.Text
		if moved {
			setStyle = m.theme.Accent
		}
		line += m.theme.Name(at).Paint(layout.Fit(d.Name, c.name)) + "  " + bar(m.theme, weight, d.Seen.Share, c.bar) + setStyle.Paint(layout.FitRight(set, widthSet))
	}
	seen := m.figure()
	if seen == m.theme.Text {
		seen = m.seenStyle(d, total(route))
	}
	return line + m.figures(d, seen, c)
}

// figures are what was seen of a destination.
func (m Model) figures(d mesh.Destination, seen theme.Style, c columns) string {
	line := seen.Paint(layout.FitRight(seenText(d.Seen), widthSeen))
	if c.requests {
		line += m.theme.Muted.Paint(layout.FitRight(requestsText(d.Seen), widthRequests))
	}
	if c.errors {
		style := m.theme.Muted
		if d.Seen.Errors > 0 {
			style = m.theme.Working
		}
		line += style.Paint(layout.FitRight(errorsText(d.Seen), widthErrors))
	}
	return line + m.figure().Paint(layout.FitRight(p99Text(d.Seen.P99), widthP99))
}

// shortDestination is a destination on a narrow screen: what is set and what
// was seen.
func (m Model) shortDestination(r row, at bool) string {
	route := &m.state.Services[r.service].Routes[r.route]
	d := route.Destinations[r.at]
	name := d.Name
	if alone(route) {
		name = matchText(route) + " → " + d.Name
	}
	set, moved := m.setText(r, d)
	style := m.theme.Text
	if moved {
		style = m.theme.Accent
	}
	figures := set + "  " + layout.FitRight(seenText(d.Seen), 7)
	room := max(m.width-4-layout.Width(figures)-2, 4)
	return m.theme.Mark(at) + layout.Space(3) + m.theme.Name(at).Paint(layout.Fit(name, room)) + " " + style.Paint(figures)
}
