package tui

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/diorama-dev/diorama/internal/env"
	"github.com/diorama-dev/diorama/tui/intent"
	"github.com/diorama-dev/diorama/tui/layout"
	"github.com/diorama-dev/diorama/tui/logs"
	"github.com/diorama-dev/diorama/tui/theme"
)

// details are all that is known of a service.
func (m Model) details(p *page) {
	s, ok := m.service(m.overlay.service)
	if !ok {
		p.text(m.theme.Muted, "the service is not there any more")
		return
	}
	p.field("stack", strings.TrimSuffix(s.Stack+" · "+s.Category, " · "))
	p.field("kind", s.Kind)
	if s.Server != nil {
		p.field("server", strings.TrimSpace(s.Server.Version+" ("+string(s.Server.Form)+")"))
		for _, limit := range s.Server.Limits {
			p.field("mind", limit)
		}
	}
	p.field("phase", string(s.Phase))
	p.field("ready", fmt.Sprintf("%d of %d", s.Ready, s.Desired))
	p.field("restarts", strconv.Itoa(s.Restarts))
	if !s.Created.IsZero() {
		p.field("age", layout.LongAge(m.now.Sub(s.Created))+", since "+s.Created.Format("2006-01-02 15:04:05"))
	}
	p.field("CPU", processor(s.Usage))
	p.field("memory", amount(s.Usage))
	p.field("waiting for", s.Waiting)
	for _, f := range s.Why {
		p.field("why", f.Summary)
	}
	for _, e := range m.addresses(s) {
		p.field("endpoint", e.Name+"  "+e.URL)
	}
	p.field("pods", strings.Join(s.Pods, " "))
	m.lately(p, s)
}

func processor(u env.Usage) string {
	if u.CPU == nil {
		return theme.Unknown
	}
	return fmt.Sprintf("%d thousandths of a core", *u.CPU)
}

func amount(u env.Usage) string {
	switch {
	case u.Memory == nil:
		return theme.Unknown
	case u.MemoryLimit == nil:
		return layout.Bytes(*u.Memory) + ", no limit"
	}
	return layout.OfBytes(*u.Memory, *u.MemoryLimit)
}

// lately adds what happened to a service, the newest first.
func (m Model) lately(p *page, s env.Service) {
	const most = 6
	n := 0
	for i := len(m.snapshot.Recent) - 1; i >= 0 && n < most; i-- {
		r := m.snapshot.Recent[i]
		if r.Service != s.Name {
			continue
		}
		if n++; n == 1 {
			p.heading("lately")
		}
		p.field(r.Time.Format("15:04:05"), r.Reason+": "+r.Message)
	}
}

// reasons are why a service is not well: the evidence and what to do.
func (m Model) reasons(p *page) {
	s, ok := m.service(m.overlay.service)
	if !ok {
		p.text(m.theme.Muted, "the service is not there any more")
		return
	}
	for _, f := range s.Why {
		m.finding(p, f)
	}
	if len(s.Why) == 0 {
		switch {
		case s.Phase == env.PhaseReady:
			p.text(m.theme.Well, s.Name+" is well")
		case s.Waiting != "":
			p.text(m.theme.Working, "nothing is wrong: "+s.Waiting)
		default:
			p.text(m.theme.Muted, "nothing is known to be wrong yet")
		}
	}
	for _, f := range m.snapshot.Findings {
		m.finding(p, f)
	}
	m.lately(p, s)
}

func (m Model) finding(p *page, f env.Finding) {
	if len(p.lines) > 0 {
		p.lines = append(p.lines, "")
	}
	p.text(m.theme.Unwell, theme.SignUnwell+" "+f.Summary)
	p.field("what", strings.TrimSuffix(f.ID+" · "+f.Subject, " · "))
	if !f.Since.IsZero() {
		p.field("since", layout.LongAge(m.now.Sub(f.Since))+" ago")
	}
	if f.Terminal {
		p.field("waiting", "does not help")
	}
	for _, e := range f.Evidence {
		p.field("seen", e)
	}
	for _, a := range f.Advice {
		p.field("try", a)
	}
}

// endpoints are two lines each: the name and the variable, then the address.
func (m Model) endpoints(p *page) {
	if len(m.snapshot.Endpoints) == 0 {
		p.text(m.theme.Muted, "no endpoint yet")
	}
	for i, e := range m.snapshot.Endpoints {
		mark, style := "  ", m.theme.Text
		if i == m.overlay.choice {
			mark, style = " "+m.theme.Mark(true), m.theme.Strong
		}
		name := mark + style.Paint(layout.Cut(e.Stack+"/"+e.Name, p.width-4))
		if variable := variable(e); variable != "" {
			name += m.theme.Muted.Paint("   " + variable)
		}
		if e.Preferred != 0 && e.Preferred != e.Port {
			name += m.theme.Working.Paint(fmt.Sprintf("   %d was taken", e.Preferred))
		}
		p.lines = append(p.lines, layout.Cut(name, p.width), "    "+layout.Cut(m.address(e), p.width-5))
	}
}

// variable names the variable that `diorama env` gives the address.
func variable(e env.Endpoint) string {
	switch {
	case e.Variable != "":
		return e.Variable
	case e.Env != "":
		return e.Env + "_URL"
	}
	return ""
}

// address is an endpoint's URL, with its credentials once they were asked for.
func (m Model) address(e env.Endpoint) string {
	for _, r := range m.overlay.revealed {
		if r.Stack == e.Stack && r.Name == e.Name {
			return layout.Safe(r.URL)
		}
	}
	return e.URL
}

// help is made from the bindings: what they do, and why some cannot be had.
func (m Model) help(p *page) {
	section := func(title string, list []intent.Binding) {
		if len(list) == 0 {
			return
		}
		p.heading(title)
		for _, b := range list {
			style, note := m.theme.Text, ""
			if b.Off != "" {
				style, note = m.theme.Faint, "   "+b.Off
			}
			keys := b.Key()
			if b.Label == "" {
				keys = strings.Join(b.Keys, " ")
			}
			line := "  " + m.theme.Accent.Paint(layout.Fit(keys, 10)) + " " + style.Paint(b.Help)
			p.lines = append(p.lines, layout.Cut(line+m.theme.Faint.Paint(note), p.width))
		}
	}
	lists := intent.Effective(m.screenBindings(), m.serviceBindings(), m.globalBindings(), intent.Moves())
	section(string(m.screen), lists[0])
	title := "the selected service"
	if s, ok := m.subject(); ok {
		title = "the selected service: " + s.Name
	}
	section(title, lists[1])
	section("everywhere", lists[2])
	section("in lists", lists[3])
	if m.screen == ScreenLogs {
		p.heading("what can be typed after /")
		for _, h := range logs.SearchHelp() {
			p.lines = append(p.lines, layout.Cut("  "+m.theme.Accent.Paint(layout.Fit(h[0], 14))+" "+h[1], p.width))
		}
	}
	section("the mouse", []intent.Binding{
		{Keys: []string{"click"}, Help: "choose a screen or a line; once more: its details"},
		{Keys: []string{"wheel"}, Help: "scroll"},
	})
}
