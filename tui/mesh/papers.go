package mesh

import (
	"fmt"
	"strings"

	"github.com/diorama-dev/diorama/internal/mesh"
	"github.com/diorama-dev/diorama/tui/layout"
	"github.com/diorama-dev/diorama/tui/paper"
	"github.com/diorama-dev/diorama/tui/theme"
)

// pending says that a page waits for an answer, or what went wrong.
func (m Model) pending(p *paper.Paper, what string) {
	switch {
	case m.page.ask != 0:
		p.Text(m.theme.Working, what+"…")
	case m.page.problem != "":
		p.Text(m.theme.Unwell, theme.SignUnwell+" "+m.page.problem)
	}
}

// draftPaper is what an edit would apply, and whether it is to.
func (m Model) draftPaper() *paper.Paper {
	d := m.page.draft
	p := paper.New(m.theme, m.width, "a draft: nothing is changed yet")
	switch {
	case m.page.applying:
		m.pending(p, "applying it")
	default:
		m.pending(p, "asking what it would apply")
	}
	if d.YAML == "" {
		if m.page.ask == 0 && m.page.problem == "" {
			p.Text(m.theme.Muted, "it would change nothing")
		}
		return p
	}
	p.Text(m.theme.Strong, d.Summary)
	m.doors(p, d)
	p.Text(m.theme.Muted, "y applies it, esc goes back; u undoes it later")
	if d.Before != "" {
		p.Heading("what it changes")
		p.Changes(d.YAML, d.Before)
	}
	p.Heading("all that it applies")
	p.Code(d.YAML, d.Before)
	return p
}

// doors says, of a draft of mutual TLS, which endpoints would refuse.
func (m Model) doors(p *paper.Paper, d mesh.Draft) {
	if len(d.Doors) == 0 {
		return
	}
	refuse, answer := mesh.Parted(d.Doors)
	if len(refuse) == 0 {
		p.Text(m.theme.Well, theme.SignWell+" every endpoint of the environment answers this machine then")
		return
	}
	p.Text(m.theme.Unwell, theme.SignUnwell+" these endpoints refuse this machine then, as it has no proxy: "+strings.Join(refuse, ", "))
	if len(answer) > 0 {
		p.Text(m.theme.Well, theme.SignWell+" these answer it: "+strings.Join(answer, ", "))
	}
}

func (m Model) whyPaper(r row) *paper.Paper {
	name := "the mesh"
	if r.service >= 0 {
		name = m.state.Services[r.service].Name
	}
	p := paper.New(m.theme, m.width, name+" · why")
	list := m.problemsOf(r)
	if len(list) == 0 {
		p.Text(m.theme.Well, "nothing is wrong any more")
	}
	for _, x := range list {
		p.Blank()
		p.Text(m.theme.Unwell, theme.SignUnwell+" "+x.Summary)
		p.Field("object", x.Object)
		p.Field("code", x.ID)
		if x.Blocks {
			p.Field("so", "requests fail because of it")
		}
		for _, a := range x.Advice {
			p.Field("try", a)
		}
	}
	return p
}

func (m Model) changePaper(c mesh.Change) *paper.Paper {
	p := paper.New(m.theme, m.width, "changed from here")
	p.Text(m.theme.Strong, c.Summary)
	p.Field("service", c.Service)
	if !c.Time.IsZero() {
		p.Field("when", layout.LongAge(m.now.Sub(c.Time))+" ago, at "+c.Time.Format("15:04:05"))
	}
	if c.Stuck != "" {
		p.Blank()
		p.Text(m.theme.Working, theme.SignWorking+" it cannot be undone: "+c.Stuck)
		p.Field("try", "set that back and undo again, or let `diorama up` put the plan's rules back")
	}
	p.Heading("it applied")
	p.Code(c.YAML, "")
	return p
}

func (m Model) workloadPaper(w mesh.Workload) *paper.Paper {
	p := paper.New(m.theme, m.width, w.Name+" · in the mesh")
	p.Field("stack", w.Stack)
	switch w.TLS {
	case mesh.Strict:
		p.Field("mTLS", "strict: who has no proxy is refused")
	case mesh.Permissive:
		p.Field("mTLS", "permissive: connections with mutual TLS and without are taken")
	case mesh.Disabled:
		p.Field("mTLS", "disabled")
	case mesh.Outside:
		p.Field("mTLS", "outside the mesh: it has no proxy")
	default:
		p.Field("mTLS", string(w.TLS))
	}
	p.Field("decided by", w.Policy)
	for _, d := range m.state.Doors {
		if d.Workload == w.Name && d.Refuses {
			p.Field("refuses", d.String()+": this machine has no proxy")
		}
	}
	if len(w.Proxies) > 0 {
		p.Heading(fmt.Sprintf("its %s", plural(len(w.Proxies), "proxy", "proxies")))
	}
	for _, x := range w.Proxies {
		p.Blank()
		p.Field("pod", x.Pod)
		p.Field("version", x.Version)
		state := "in step"
		if len(x.Behind) > 0 {
			state = "has not taken the newest " + strings.Join(x.Behind, ", ") + " yet"
		}
		if !x.Ready {
			state += ", not ready"
		}
		p.Field("state", state)
	}
	return p
}
