package tui

import (
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/diorama-dev/diorama/internal/env"
	"github.com/diorama-dev/diorama/tui/intent"
	"github.com/diorama-dev/diorama/tui/theme"
)

// snapshotMsg is the newest snapshot; gone when there will be none any more.
type snapshotMsg struct {
	snapshot env.Snapshot
	gone     bool
}

// tickMsg is the clock's beat, once a second.
type tickMsg time.Time

// Update takes a message in.
func (m Model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m = m.resized(msg.Width, msg.Height)
		var cmd tea.Cmd
		m.logs, cmd = m.logs.Settled()
		return m, cmd
	case tea.BackgroundColorMsg:
		return m.background(msg), nil
	case tea.KeyPressMsg:
		return m.key(msg)
	case tea.PasteMsg:
		return m.paste(msg.Content)
	case tea.MouseClickMsg:
		return m.click(tea.Mouse(msg))
	case tea.MouseWheelMsg:
		return m.wheel(tea.Mouse(msg))
	case snapshotMsg:
		return m.snap(msg)
	case tickMsg:
		return m.at(time.Time(msg)), m.tick()
	case endpointsMsg:
		return m.gotEndpoints(msg)
	case shellMsg:
		return m.gotShell(msg)
	case actedMsg:
		return m.acted(msg), nil
	case doneMsg:
		return m.done(msg), nil
	}
	var lines, brokers, devices, net tea.Cmd
	m.logs, lines = m.logs.Update(msg)
	m.queues, brokers = m.queues.Update(msg)
	m.gpu, devices = m.gpu.Update(msg)
	m.mesh, net = m.mesh.Update(msg)
	return m.answered().heard(), tea.Batch(lines, brokers, devices, net)
}

// snap takes a snapshot in and waits for the next.
func (m Model) snap(msg snapshotMsg) (tea.Model, tea.Cmd) {
	if msg.gone {
		return m.end(OutcomeGone)
	}
	m = m.received(msg.snapshot)
	m, watching := m.watched(m.screen)
	return m, tea.Batch(m.await(), watching)
}

func (m Model) background(msg tea.BackgroundColorMsg) Model {
	if !m.deps.options.auto() {
		return m
	}
	if msg.IsDark() {
		return m.themed(theme.Dark)
	}
	return m.themed(theme.Light)
}

// key gives a key to whoever listens: the prompt, then the bindings.
func (m Model) key(k tea.KeyPressMsg) (tea.Model, tea.Cmd) {
	if k.String() == "ctrl+c" {
		return m.perform(Interrupt)
	}
	if m.overlay.kind != overlayNone {
		return m.overlayKey(k)
	}
	if m.asking() {
		return m.formKey(k)
	}
	if m.prompt.editing {
		return m.promptKey(k)
	}
	b, ok := intent.Find(k.String(), m.screenBindings(), m.serviceBindings(), m.globalBindings(), intent.Moves())
	if !ok {
		return m, nil
	}
	return m.choose(b)
}

// choose carries out a binding, or says why it cannot.
func (m Model) choose(b intent.Binding) (tea.Model, tea.Cmd) {
	if b.Off != "" {
		return m.say(b.Off), nil
	}
	m.notice = notice{}
	return m.perform(b.Intent)
}

// promptKey edits the filter, which applies as it is typed.
func (m Model) promptKey(k tea.KeyPressMsg) (tea.Model, tea.Cmd) {
	switch k.String() {
	case "esc":
		m.prompt = prompt{}
	case "enter":
		m.prompt.editing = false
		return m, nil
	case "up", "down", "pgup", "pgdown":
		b, _ := intent.Find(k.String(), intent.Moves())
		return m.handle(b.Intent)
	default:
		m.prompt = m.prompt.typed(k)
	}
	return m.filtered()
}

func (m Model) paste(text string) (tea.Model, tea.Cmd) {
	if m.overlay.kind == overlayPalette {
		m.overlay.prompt = m.overlay.prompt.pasted(text)
		return m, nil
	}
	if m.asking() {
		switch m.screen { //nolint:exhaustive // the others ask for nothing
		case ScreenLogs:
			m.logs = m.logs.Pasted(text)
		case ScreenQueues:
			m.queues = m.queues.Pasted(text)
		case ScreenMesh:
			m.mesh = m.mesh.Pasted(text)
		}
		return m, nil
	}
	if !m.prompt.editing {
		return m, nil
	}
	m.prompt = m.prompt.pasted(text)
	return m.filtered()
}

// filtered gives the screen the prompt's text.
func (m Model) filtered() (tea.Model, tea.Cmd) {
	var cmd tea.Cmd
	switch m.screen {
	case ScreenServices:
		m.services = m.services.WithFilter(m.prompt.text)
	case ScreenLogs:
		m.logs, cmd = m.logs.WithText(m.prompt.text)
	case ScreenQueues:
		m.queues = m.queues.WithFilter(m.prompt.text)
	case ScreenEvents:
		m.events = m.events.WithFilter(m.prompt.text)
	case ScreenGPU:
		m.gpu = m.gpu.WithFilter(m.prompt.text)
	case ScreenMesh:
		m.mesh = m.mesh.WithFilter(m.prompt.text)
	}
	return m, cmd
}
