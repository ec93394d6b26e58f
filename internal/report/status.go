package report

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/diorama-dev/diorama/internal/env"
	"github.com/diorama-dev/diorama/internal/terminal"
)

// Status writes the services of an environment by stack, with why under each
// that is not well, and then whatever else is unwell.
func Status(w io.Writer, s env.Snapshot, o Options) error {
	p := &page{options: o}
	p.header(s)
	p.services(s)
	p.others(s)
	_, err := w.Write(p.buf.Bytes())
	if err != nil {
		return fmt.Errorf("write the status: %w", err)
	}
	return nil
}

// page gathers lines of text.
type page struct {
	options Options
	buf     bytes.Buffer
}

// line writes one line, cut to the width.
func (p *page) line(t tone, s string) {
	s = strings.TrimRight(s, " ")
	if p.options.Width > 0 {
		s = terminal.Cut(s, p.options.Width)
	}
	p.buf.WriteString(p.options.paint(t, s))
	p.buf.WriteByte('\n')
}

func (p *page) header(s env.Snapshot) {
	parts := []string{one(s.Environment), one(s.Runtime), phaseText(s, p.options)}
	head := " " + strings.Join(parts, " · ")
	good, bad := 0, 0
	for _, svc := range s.Services {
		switch svc.Phase {
		case env.PhaseReady:
			good++
		case env.PhaseDegraded, env.PhaseFailed:
			bad++
		case env.PhasePlanned, env.PhaseStarting, env.PhaseStopped:
		}
	}
	head += fmt.Sprintf("   %s %d of %d services", signWell, good, len(s.Services))
	if bad > 0 {
		head += fmt.Sprintf("  %s %d", signUnwell, bad)
	}
	if s.Usage.Memory != nil {
		head += "   " + ofBudget(*s.Usage.Memory, s.Budget)
	}
	p.line(strong, head)
}

func phaseText(s env.Snapshot, o Options) string {
	now := o.now(s)
	switch {
	case s.Phase == env.PhaseReady && !s.ReadyAt.IsZero():
		return "ready " + since(s.ReadyAt, now)
	case s.Phase == env.PhaseStarting && !s.Started.IsZero():
		return "coming up " + since(s.Started, now)
	}
	return string(s.Phase)
}

func (p *page) columns(s env.Snapshot) []column[env.Service] {
	now := p.options.now(s)
	return []column[env.Service]{
		{"SERVICE", false, 0, func(v env.Service) string { return one(v.Name) }},
		{"READY", true, 1, func(v env.Service) string { return fmt.Sprintf("%d/%d", v.Ready, v.Desired) }},
		{"RESTARTS", true, 4, func(v env.Service) string { return fmt.Sprint(v.Restarts) }},
		{"AGE", true, 5, func(v env.Service) string { return since(v.Created, now) }},
		{"MEMORY", true, 3, func(v env.Service) string { return memory(v.Usage) }},
		{"ENDPOINT", false, 2, func(v env.Service) string { return endpointsOf(s, v) }},
	}
}

// endpointsOf are the addresses of one service.
func endpointsOf(s env.Snapshot, v env.Service) string {
	var all []string
	for _, e := range s.Endpoints {
		if e.Stack != v.Stack || (e.Service != v.Name && e.Service != "") {
			continue
		}
		text := fmt.Sprintf("%s:%d", one(e.Host), e.Port)
		if e.Preferred != 0 && e.Preferred != e.Port {
			text += fmt.Sprintf(" (%d was taken)", e.Preferred)
		}
		all = append(all, text)
	}
	if len(all) == 0 {
		return unknown
	}
	return strings.Join(all, ", ")
}

func (p *page) services(s env.Snapshot) {
	if len(s.Services) == 0 {
		p.line(quiet, " no services")
		return
	}
	columns, widths := fit(p.options, p.columns(s), s.Services)
	p.line(quiet, "   "+heads(columns, widths))
	for _, stack := range byStack(s.Services) {
		title := one(stack[0].Stack)
		if stack[0].Category != "" {
			title += " · " + one(stack[0].Category)
		}
		if stack[0].Imitated() {
			title += " · imitation"
		}
		p.line(quiet, " "+title)
		for _, v := range stack {
			p.service(columns, widths, v)
		}
	}
}

func (p *page) service(columns []column[env.Service], widths []int, v env.Service) {
	sign, t := phaseSign(v.Phase)
	rest := " " + row(columns, widths, v)
	if p.options.Width > 0 {
		rest = terminal.Cut(rest, p.options.Width-2)
	}
	p.buf.WriteString(" " + p.options.paint(t, sign) + strings.TrimRight(rest, " ") + "\n")
	for _, f := range v.Why {
		p.why(f.Summary, f.Advice, "     ")
	}
	if len(v.Why) == 0 && v.Phase != env.PhaseReady && v.Waiting != "" {
		p.wrapped(quiet, one(v.Waiting), "     ")
	}
}

// why writes a reason, with what to do about it, over as many lines as it takes.
func (p *page) why(summary string, advice []string, indent string) {
	text := one(summary)
	if len(advice) > 0 && !strings.Contains(summary, advice[0]) {
		text += " · " + one(advice[0])
	}
	p.wrapped(unwell, text, indent)
}

// others names what is unwell and stands under no service.
func (p *page) others(s env.Snapshot) {
	for _, t := range troubles(s) {
		if t.service {
			continue
		}
		p.buf.WriteString(" " + p.options.paint(unwell, signUnwell) + " " + p.cut(one(t.subject)) + "\n")
		p.why(t.text, t.advice, "     ")
	}
}

func (p *page) cut(s string) string {
	if p.options.Width > 3 {
		return terminal.Cut(s, p.options.Width-3)
	}
	return s
}
