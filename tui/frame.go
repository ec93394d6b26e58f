package tui

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/diorama-dev/diorama/internal/env"
	"github.com/diorama-dev/diorama/tui/intent"
	"github.com/diorama-dev/diorama/tui/layout"
	"github.com/diorama-dev/diorama/tui/theme"
)

// staleAfter is the age from which data is shown as old.
const staleAfter = 15 * time.Second

// topLine says which environment this is and how it is.
func (m Model) topLine() string {
	s := m.snapshot
	if s.Environment == "" {
		return m.theme.Muted.Paint(layout.Fit(" diorama", m.width))
	}
	name := " " + m.theme.Accent.Paint(s.Environment)
	dot := m.theme.Faint.Paint(" · ")
	left := name + dot + m.theme.Muted.Paint(s.Runtime) + dot + m.standing()
	parts := m.facts()
	join := func() string { return strings.Join(parts, "   ") + " " }
	for len(parts) > 1 && layout.Width(left)+layout.Width(join())+2 > m.width {
		if len(parts) == 2 && layout.Width(name+dot+m.standing())+layout.Width(join())+2 <= m.width {
			left = name + dot + m.standing()
			break
		}
		parts = parts[:len(parts)-1]
	}
	if layout.Width(left)+layout.Width(join())+1 > m.width {
		left = name + dot + m.standing()
	}
	return layout.Between(left, join(), m.width)
}

// standing is the environment's phase and for how long it has held.
func (m Model) standing() string {
	s := m.snapshot
	switch s.Phase {
	case env.PhaseReady:
		if s.ReadyAt.IsZero() {
			return m.theme.Well.Paint("ready")
		}
		return m.theme.Well.Paint("ready") + m.theme.Muted.Paint(" "+layout.LongAge(m.now.Sub(s.ReadyAt)))
	case env.PhaseStarting, env.PhasePlanned:
		return m.theme.Working.Paint("coming up")
	case env.PhaseDegraded:
		return m.theme.Unwell.Paint("degraded")
	case env.PhaseFailed:
		return m.theme.Unwell.Paint("failed")
	case env.PhaseStopped:
	}
	return m.theme.Muted.Paint(string(s.Phase))
}

// facts are the numbers on the right of the top line, the most important first.
func (m Model) facts() []string {
	s, quiet := m.snapshot, m.theme.Muted
	stale := m.now.Sub(s.Updated) > staleAfter && !s.Updated.IsZero()
	if stale {
		quiet = m.theme.Faint
	}
	facts := []string{m.health(quiet)}
	if m.running() && !s.Started.IsZero() {
		facts = append(facts, quiet.Paint(layout.Clock(m.now.Sub(s.Started))))
	}
	if memory := memoryOf(s); memory != "" {
		facts = append(facts, quiet.Paint(memory))
	}
	if gpus, lost := m.gpu.Headline(); gpus != "" {
		text := quiet.Paint(gpus)
		if lost > 0 {
			text += "  " + m.theme.Unwell.Paint(fmt.Sprintf("%s %d", theme.SignUnwell, lost))
		}
		facts = append(facts, text)
	}
	switch {
	case s.Updated.IsZero():
	case stale:
		facts = append(facts, m.theme.Working.Paint("data "+layout.Age(m.now.Sub(s.Updated))+" old"))
	default:
		facts = append(facts, quiet.Paint(s.Updated.Format("15:04:05")))
	}
	return facts
}

// health counts the services that are well and those that are not.
func (m Model) health(quiet theme.Style) string {
	well, unwell := 0, 0
	for _, s := range m.snapshot.Services {
		switch s.Phase {
		case env.PhaseReady:
			well++
		case env.PhaseFailed, env.PhaseDegraded:
			unwell++
		case env.PhasePlanned, env.PhaseStarting, env.PhaseStopped:
		}
	}
	count := fmt.Sprintf(" %d", well)
	if all := len(m.snapshot.Services); well != all {
		count = fmt.Sprintf(" %d of %d", well, all)
	}
	if m.width >= 60 {
		count += " services"
	}
	sign := m.theme.Well
	if well == 0 {
		sign = m.theme.Faint
	}
	line := sign.Paint(theme.SignWell) + quiet.Paint(count)
	if unwell > 0 {
		line += "  " + m.theme.Unwell.Paint(fmt.Sprintf("%s %d", theme.SignUnwell, unwell))
	}
	return line
}

func memoryOf(s env.Snapshot) string {
	switch {
	case s.Usage.Memory == nil && s.Budget == 0:
		return ""
	case s.Usage.Memory == nil:
		return theme.Unknown + " of " + layout.Bytes(s.Budget)
	case s.Budget == 0:
		return layout.Bytes(*s.Usage.Memory)
	}
	return layout.OfBytes(*s.Usage.Memory, s.Budget)
}

// bottomLine is the prompt, a message, or what the keys do here.
func (m Model) bottomLine() string {
	switch {
	case m.prompt.editing:
		hint := m.theme.Muted.Paint("enter keep  esc clear ")
		if problem := m.logs.Problem(); m.screen == ScreenLogs && problem != "" {
			room := max(m.width-layout.Width(m.prompt.text)-8, 8)
			hint = m.theme.Unwell.Paint(layout.Cut(theme.SignUnwell+" "+problem, room)) + " "
		}
		return layout.Between(" "+m.theme.Accent.Paint("/")+" "+m.prompt.text+m.theme.Hit.Paint(" "), hint, m.width)
	case m.notice.text != "" && m.notice.grave:
		return m.theme.Unwell.Paint(layout.Fit(" "+theme.SignUnwell+" "+m.notice.text, m.width))
	case m.notice.text != "":
		return m.theme.Accent.Paint(layout.Fit(" "+m.notice.text, m.width))
	}
	switch m.overlay.kind {
	case overlayNone:
		switch {
		case !m.asking():
		case m.screen == ScreenLogs:
			return m.hints(m.logs.FormBindings())
		case m.screen == ScreenMesh:
			return m.hints(m.mesh.FormBindings())
		default:
			return m.hints(m.queues.FormBindings())
		}
		lists := intent.Effective(m.screenBindings(), m.serviceBindings(), m.globalBindings())
		return m.hints(slices.Concat(lists...))
	case overlayPalette:
		return m.theme.Muted.Paint(layout.Fit(" type to search  ↑ ↓ choose  enter do it  esc back", m.width))
	case overlayDetails, overlayWhy, overlayEndpoints, overlayHelp, overlayFields, overlayPick, overlayLevels, overlayFrom, overlayConfirm, overlayQuit:
	}
	return m.hints(m.overlayBindings())
}

// hints are the bindings that are worth a hint, as many as there is room for.
// Those that lead to all others always have room.
func (m Model) hints(list []intent.Binding) string {
	head, tail := "", ""
	for _, b := range list {
		if b.Intent == Palette || b.Intent == Help {
			tail += m.hint(b)
		}
	}
	room := m.width - layout.Width(tail) - 1
	for _, b := range list {
		if b.Hint == "" || b.Off != "" || b.Intent == Palette || b.Intent == Help {
			continue
		}
		next := head + m.hint(b)
		if layout.Width(next) > room {
			break
		}
		head = next
	}
	return layout.Fit(" "+head+tail, m.width)
}

func (m Model) hint(b intent.Binding) string {
	return m.theme.Strong.Paint(b.Key()) + " " + m.theme.Muted.Paint(b.Hint) + "  "
}
