package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/diorama-dev/diorama/internal/env"
	"github.com/diorama-dev/diorama/internal/terminal"
)

// Summary writes the last lines of an `up`: how long it took and what it uses,
// an address each, and what a person will want next. Where the environment is
// not ready it names all that is unwell instead, with evidence and advice.
func Summary(w io.Writer, s env.Snapshot, o Options) error {
	p := &page{options: o}
	if s.Phase == env.PhaseReady {
		p.ready(s)
	} else {
		p.unready(s)
	}
	if _, err := w.Write(p.buf.Bytes()); err != nil {
		return fmt.Errorf("write the summary: %w", err)
	}
	return nil
}

func (p *page) ready(s env.Snapshot) {
	text := one(s.Environment) + " is ready"
	if !s.Started.IsZero() && s.ReadyAt.After(s.Started) {
		text += " after " + took(s.ReadyAt.Sub(s.Started))
	}
	if s.Usage.Memory != nil && *s.Usage.Memory > 0 {
		text += ", memory used " + ofBudget(*s.Usage.Memory, s.Budget)
	}
	p.line(strong, text)
	p.endpoints(s.Endpoints)
	p.next(s, []string{"ui", "logs", "env", "down"})
}

func (p *page) endpoints(all []env.Endpoint) {
	width := 0
	for _, e := range all {
		width = max(width, terminal.Width(endpointTitle(e, all)))
	}
	for _, e := range all {
		url := one(Redact(e.URL))
		if e.Preferred != 0 && e.Preferred != e.Port {
			url += fmt.Sprintf("  (%d was taken)", e.Preferred)
		}
		p.buf.WriteString("  " + terminal.Pad(endpointTitle(e, all), width) + "  " + url + "\n")
	}
}

// endpointTitle is the stack's name, with the endpoint's where there are several.
func endpointTitle(e env.Endpoint, all []env.Endpoint) string {
	n := 0
	for _, other := range all {
		if other.Stack == e.Stack {
			n++
		}
	}
	if n > 1 {
		return one(e.Stack + "/" + e.Name)
	}
	return one(e.Stack)
}

func (p *page) unready(s env.Snapshot) {
	all := troubles(s)
	state := "is not ready"
	if s.Phase == env.PhaseFailed {
		state = "failed"
	}
	p.line(strong, fmt.Sprintf("%s %s: %s", one(s.Environment), state, count(len(all))))
	for _, t := range all {
		p.buf.WriteString(" " + p.options.paint(unwell, signUnwell) + " " + one(t.subject) + "\n")
		p.wrapped(unwell, one(t.text), "     ")
		for _, d := range t.detail {
			p.wrapped(quiet, "│ "+one(d), "     ")
		}
		for _, a := range t.advice {
			p.wrapped(plain, "→ "+one(a), "     ")
		}
	}
	p.waiting(s)
	p.next(s, []string{"status", "logs", "explain", "down"})
}

func count(n int) string {
	switch n {
	case 0:
		return "nothing is known to be wrong; it takes longer than was allowed"
	case 1:
		return "one thing is wrong"
	}
	return fmt.Sprintf("%d things are wrong", n)
}

// waiting names services that are not ready although nothing is wrong.
func (p *page) waiting(s env.Snapshot) {
	for _, v := range s.Services {
		if v.Phase == env.PhaseReady || v.Phase == env.PhasePlanned || len(v.Why) > 0 {
			continue
		}
		sign, t := phaseSign(v.Phase)
		text := fmt.Sprintf(" %d/%d", v.Ready, v.Desired)
		if v.Waiting != "" {
			text += " " + one(v.Waiting)
		}
		p.buf.WriteString(" " + p.options.paint(t, sign) + " " + one(v.Name) + text + "\n")
	}
}

// next lists the commands that usually come next.
func (p *page) next(s env.Snapshot, commands []string) {
	suffix := ""
	if s.Environment != s.Profile {
		suffix = " --name " + one(s.Environment)
	}
	for i, c := range commands {
		if c == "explain" {
			c += " " + firstUnwell(s)
		}
		commands[i] = "diorama " + strings.TrimSpace(c) + suffix
	}
	p.buf.WriteString(p.options.paint(quiet, "next: ") + strings.Join(commands, " · ") + "\n")
}

func firstUnwell(s env.Snapshot) string {
	for _, v := range s.Services {
		if len(v.Why) > 0 {
			return one(v.Name)
		}
	}
	for _, v := range s.Services {
		if v.Phase != env.PhaseReady {
			return one(v.Name)
		}
	}
	return "SERVICE"
}
