package report

import (
	"fmt"
	"io"
	"slices"

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
	p.endpoints(s)
	p.next(s, []hint{
		{"ui", "watch its services, logs and events"},
		{"env", "the addresses with their passwords, as variables"},
		{"logs -f", "the lines of all services, as they come"},
		{"down", "take it down, its data included"},
	})
}

func (p *page) endpoints(s env.Snapshot) {
	all := s.Endpoints
	width := 0
	for _, e := range all {
		width = max(width, terminal.Width(endpointTitle(e, all)))
	}
	for _, e := range all {
		url := one(Redact(e.URL))
		if e.Preferred != 0 && e.Preferred != e.Port {
			url += fmt.Sprintf("  (%d was taken)", e.Preferred)
		}
		if imitated(s, e) {
			url += "  (an imitation)"
		}
		p.buf.WriteString("  " + terminal.Pad(endpointTitle(e, all), width) + "  " + url + "\n")
	}
}

// imitated reports whether an imitation answers at an endpoint.
func imitated(s env.Snapshot, e env.Endpoint) bool {
	return slices.ContainsFunc(s.Services, func(v env.Service) bool {
		return v.Stack == e.Stack && (v.Name == e.Service || e.Service == "") && v.Imitated()
	})
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
	about := firstUnwell(s)
	p.next(s, []hint{
		{"explain" + about, "the evidence, and what to do"},
		{"logs" + about, "the last lines"},
		{"status", "how it is now"},
		{"down", "take it down, its data included"},
	})
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

// hint is a command that usually comes next, and what it gives.
type hint struct{ command, gives string }

// next lists commands, a line each. What they give is left out where not all
// of it fits: half of a sentence is none.
func (p *page) next(s env.Snapshot, hints []hint) {
	suffix := ""
	if s.Environment != s.Profile {
		suffix = " --name " + one(s.Environment)
	}
	commands, gifts := 0, 0
	for i, n := range hints {
		hints[i].command = "diorama " + n.command + suffix
		commands, gifts = max(commands, terminal.Width(hints[i].command)), max(gifts, terminal.Width(n.gives))
	}
	p.line(quiet, "next:")
	for _, n := range hints {
		if p.options.Width == 0 || commands+gifts+4 <= p.options.Width {
			n.command = terminal.Pad(n.command, commands) + "  " + p.options.paint(quiet, n.gives)
		}
		p.buf.WriteString("  " + n.command + "\n")
	}
}

// firstUnwell is the service to look at first, as an argument; none where no
// service is unwell.
func firstUnwell(s env.Snapshot) string {
	ready := func(v env.Service) bool { return v.Phase == env.PhaseReady }
	for _, unwell := range []func(env.Service) bool{
		func(v env.Service) bool { return !ready(v) && len(v.Why) > 0 },
		func(v env.Service) bool { return !ready(v) },
		func(v env.Service) bool { return len(v.Why) > 0 },
	} {
		if i := slices.IndexFunc(s.Services, unwell); i >= 0 {
			return " " + one(s.Services[i].Name)
		}
	}
	return ""
}
