package tui

import (
	"context"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/diorama-dev/diorama/internal/env"
	"github.com/diorama-dev/diorama/tui/events"
	"github.com/diorama-dev/diorama/tui/gpu"
	"github.com/diorama-dev/diorama/tui/layout"
	"github.com/diorama-dev/diorama/tui/logs"
	"github.com/diorama-dev/diorama/tui/mesh"
	"github.com/diorama-dev/diorama/tui/queues"
	"github.com/diorama-dev/diorama/tui/services"
	"github.com/diorama-dev/diorama/tui/theme"
)

// Model is the whole UI: what it knows, and a model per screen.
type Model struct {
	deps     deps
	theme    theme.Theme
	width    int
	height   int
	now      time.Time
	snapshot env.Snapshot
	screen   Screen
	screens
	overlay overlay
	prompt  prompt // the filter
	notice  notice
	outcome Outcome
}

// screens are the models of the screens.
type screens struct {
	services services.Model
	queues   queues.Model
	logs     logs.Model
	events   events.Model
	gpu      gpu.Model
	mesh     mesh.Model
}

// deps are what commands need. The context is the program's own: commands
// have no other way to learn that it has ended.
type deps struct {
	ctx     context.Context
	env     Environment
	updates <-chan env.Snapshot
	options Options
	// after is tea.Tick, except in tests.
	after func(time.Duration, func(time.Time) tea.Msg) tea.Cmd
}

// notice is a message in the bottom line's place.
type notice struct {
	text  string
	grave bool
	until time.Time
}

// New returns the UI of an environment, before its first snapshot.
func New(ctx context.Context, e Environment, o Options) Model {
	return newModel(deps{ctx: ctx, env: e, updates: e.Watch(ctx), options: o, after: tea.Tick}).at(time.Now())
}

func newModel(d deps) Model {
	t := theme.New(d.options.Theme)
	source, brokers := logs.Source{Context: d.ctx, After: d.after}, queues.Deps{Context: d.ctx}
	devices, net := gpu.Deps{Context: d.ctx}, mesh.Deps{Context: d.ctx}
	if d.env != nil {
		sources := d.env.Sources()
		source.Reader, source.Systems, source.Query = sources.Logs, sources.Systems, sources.Query
		brokers.Source, devices.Source, net.Source = sources.Queues, sources.GPU, sources.Mesh
	}
	return Model{
		deps:   d,
		theme:  t,
		screen: d.options.Start,
		screens: screens{
			services: services.New(t),
			queues:   queues.New(t, brokers),
			logs:     logs.New(t, source),
			events:   events.New(t),
			gpu:      gpu.New(t, devices),
			mesh:     mesh.New(t, net),
		},
	}
}

// Init asks for the terminal's background, the first snapshot and the clock.
func (m Model) Init() tea.Cmd {
	cmds := []tea.Cmd{m.await(), m.tick()}
	if m.deps.options.auto() {
		cmds = append(cmds, tea.RequestBackgroundColor)
	}
	return tea.Batch(cmds...)
}

// resized returns the model at another size.
func (m Model) resized(width, height int) Model {
	m.width, m.height = max(width, 0), max(height, 0)
	m.services = m.services.WithSize(m.width, m.bodyHeight())
	m.queues = m.queues.WithSize(m.width, m.bodyHeight())
	m.logs = m.logs.WithSize(m.width, m.bodyHeight())
	m.events = m.events.WithSize(m.width, m.bodyHeight())
	m.gpu = m.gpu.WithSize(m.width, m.bodyHeight())
	m.mesh = m.mesh.WithSize(m.width, m.bodyHeight())
	if m.overlay.kind == overlayFields {
		m.overlay.rows = m.fieldRows(m.overlay.entry)
	}
	return m
}

// themed returns the model in other colours.
func (m Model) themed(v theme.Variant) Model {
	m.theme = theme.New(v)
	m.services = m.services.WithTheme(m.theme)
	m.queues = m.queues.WithTheme(m.theme)
	m.logs = m.logs.WithTheme(m.theme)
	m.events = m.events.WithTheme(m.theme)
	m.gpu = m.gpu.WithTheme(m.theme)
	m.mesh = m.mesh.WithTheme(m.theme)
	return m
}

// at returns the model at another instant; notices end.
func (m Model) at(now time.Time) Model {
	m.now = now
	if !m.notice.until.IsZero() && now.After(m.notice.until) {
		m.notice = notice{}
	}
	m.services = m.services.WithNow(now)
	m.queues = m.queues.WithNow(now)
	m.logs = m.logs.WithNow(now)
	m.events = m.events.WithNow(now)
	m.gpu = m.gpu.WithNow(now)
	m.mesh = m.mesh.WithNow(now)
	return m
}

// received returns the model with newer data.
func (m Model) received(s env.Snapshot) Model {
	before := m.snapshot
	m.snapshot = harmless(s)
	m.services = m.services.WithSnapshot(m.snapshot)
	m.logs = m.logs.WithSnapshot(m.snapshot)
	m.events = m.events.WithSnapshot(m.snapshot)
	if m.screen == "" {
		m.screen = ScreenServices
		if m.running() {
			m.screen = ScreenEvents
		}
	}
	if before.Phase == env.PhaseStarting {
		return m.arrived()
	}
	return m
}

// arrived says how a run that was watched has ended.
func (m Model) arrived() Model {
	s := m.snapshot
	switch s.Phase {
	case env.PhaseReady:
		return m.say("ready in " + layout.Seconds(s.ReadyAt.Sub(s.Started)) + ": 1 shows the services, e the endpoints")
	case env.PhaseFailed:
		if s.Error != "" {
			return m.complain(s.Error)
		}
	case env.PhasePlanned, env.PhaseStarting, env.PhaseDegraded, env.PhaseStopped:
	}
	return m
}

// running reports whether a run of the plan is under way.
func (m Model) running() bool {
	if m.snapshot.Phase != env.PhaseStarting && m.snapshot.Phase != env.PhasePlanned {
		return false
	}
	for _, s := range m.snapshot.Steps {
		if !s.Phase.Ended() {
			return true
		}
	}
	return false
}

// say returns the model with a message in the bottom line.
func (m Model) say(text string) Model {
	m.notice = notice{text: text, until: m.now.Add(4 * time.Second)}
	return m
}

// complain is say for what went wrong; it stays longer.
func (m Model) complain(text string) Model {
	m.notice = notice{text: text, grave: true, until: m.now.Add(12 * time.Second)}
	return m
}
