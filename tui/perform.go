package tui

import (
	tea "charm.land/bubbletea/v2"

	"github.com/diorama-dev/diorama/tui/intent"
	"github.com/diorama-dev/diorama/tui/logs"
	"github.com/diorama-dev/diorama/tui/queues"
)

// perform carries out an intent of the frame; those of a service and of the
// screen are handed on.
func (m Model) perform(i intent.Intent) (tea.Model, tea.Cmd) {
	switch i {
	case Quit:
		return m.quit()
	case Interrupt:
		return m.interrupt()
	case Leave:
		return m.end(OutcomeLeft)
	case Stop:
		return m.end(OutcomeStop)
	case TakeDown:
		return m.end(OutcomeDown)
	case AskStop, AskDown, Palette, Help, Endpoints, Pick, logs.Fields, logs.PickLevel, logs.PickFrom:
		return m.opened(i), nil
	case Toggle, All, Worse:
		return m.pick(i)
	case Reveal:
		return m, m.fetchEndpoints(purposeReveal, "", "")
	case Back:
		return m.back()
	case NextTab:
		return m.turn(1)
	case LastTab:
		return m.turn(-1)
	case intent.Filter:
		m.prompt.editing = true
		return m, nil
	}
	for _, t := range m.tabs() {
		if i == goTo(t.screen) {
			return m.show(t.screen)
		}
	}
	return m.performService(i)
}

// performService carries out an intent for the service the cursor is on.
func (m Model) performService(i intent.Intent) (tea.Model, tea.Cmd) {
	if i == Copy && m.screen == ScreenLogs && m.overlay.kind == overlayNone {
		e, _ := m.logs.Selected()
		return m.say("copied the line"), tea.SetClipboard(e.Copied())
	}
	if i == queues.Trace {
		return m.traced(m.queues.Trace())
	}
	s, ok := m.subject()
	if !ok {
		return m.handle(i)
	}
	switch i {
	case Details, Why:
		return m.opened(i), nil
	case Logs:
		m.prompt = prompt{}
		var read tea.Cmd
		m.logs, read = m.logs.OfService(s.Name)
		shown, cmd := m.show(ScreenLogs)
		return shown, tea.Batch(read, cmd)
	case Shell:
		return m.say("opening a shell in " + s.Name + "…"), m.shell(s.Name)
	case Restart:
		return m.act(Action{Verb: VerbRestart, Stack: s.Stack, Service: s.Name})
	case ScaleUp:
		return m.act(Action{Verb: VerbScale, Stack: s.Stack, Service: s.Name, Replicas: s.Desired + 1})
	case ScaleDown:
		return m.act(Action{Verb: VerbScale, Stack: s.Stack, Service: s.Name, Replicas: s.Desired - 1})
	case Copy:
		return m, m.fetchEndpoints(purposeCopy, s.Stack, m.addresses(s)[0].Name)
	case Open:
		e, _ := m.web(s)
		return m, m.fetchEndpoints(purposeOpen, e.Stack, e.Name)
	}
	return m.handle(i)
}

// quit ends the UI, or asks first while steps run.
func (m Model) quit() (tea.Model, tea.Cmd) {
	if m.running() {
		return m.opened(Quit), nil
	}
	return m.end(OutcomeQuit)
}

// interrupt ends the UI at once, unless steps run and nobody has asked yet.
func (m Model) interrupt() (tea.Model, tea.Cmd) {
	switch {
	case !m.running():
		return m.end(OutcomeQuit)
	case m.overlay.kind == overlayQuit:
		return m.end(OutcomeInterrupted)
	}
	return m.opened(Quit), nil
}

func (m Model) end(o Outcome) (tea.Model, tea.Cmd) {
	m.outcome = o
	m, _ = m.watched("")
	if undo := m.logs.Abandon(); undo != nil {
		return m, tea.Sequence(undo, tea.Quit)
	}
	return m, tea.Quit
}

// back closes the overlay; without one it clears the filter, and then goes back
// to the lines that were shown before.
func (m Model) back() (tea.Model, tea.Cmd) {
	if m.overlay.kind != overlayNone {
		m.overlay = overlay{}
		return m, nil
	}
	if m.prompt.text != "" {
		m.prompt = prompt{}
		return m.filtered()
	}
	if m.screen != ScreenLogs {
		return m, nil
	}
	if m.logs.Saving() {
		return m, m.logs.Abandon()
	}
	var cmd tea.Cmd
	m.logs, cmd = m.logs.Out()
	return m.heard(), cmd
}

// show turns to a screen. The filter stays with the screen it was typed for.
func (m Model) show(s Screen) (tea.Model, tea.Cmd) {
	var before tea.Cmd
	if s != m.screen && m.prompt.text != "" {
		m.prompt = prompt{}
		var cleared tea.Model
		cleared, before = m.filtered()
		m, _ = cleared.(Model)
	}
	m.screen, m.overlay = s, overlay{}
	if s == ScreenGPU {
		m.gpu = m.gpu.Again()
	}
	m, watching := m.watched(s)
	return m, tea.Batch(before, watching)
}

// watched has what a screen shows watched, and nothing else but the GPUs, where
// there are some: those show on the top line too, and their sparklines begin
// before they are seen. No screen watches nothing.
func (m Model) watched(s Screen) (Model, tea.Cmd) {
	var lines, brokers, devices, net tea.Cmd
	m.logs, lines = m.logs.Show(s == ScreenLogs)
	m.queues, brokers = m.queues.Show(s == ScreenQueues)
	m.gpu, devices = m.gpu.Show(s == ScreenGPU || s != "" && m.gpu.Any())
	m.mesh, net = m.mesh.Show(s == ScreenMesh)
	return m, tea.Batch(lines, brokers, devices, net)
}

// turn goes to the next screen that there is.
func (m Model) turn(by int) (tea.Model, tea.Cmd) {
	list := m.tabs()
	at := 0
	for i, t := range list {
		if t.screen == m.screen {
			at = i
		}
	}
	for range list {
		at = (at + by + len(list)) % len(list)
		if list[at].off == "" {
			break
		}
	}
	return m.show(list[at].screen)
}

// handle gives an intent to the screen that is shown.
func (m Model) handle(i intent.Intent) (Model, tea.Cmd) {
	var cmd tea.Cmd
	switch m.screen {
	case ScreenServices:
		m.services = m.services.Handle(i)
	case ScreenLogs:
		m.logs, cmd = m.logs.Handle(i)
		m = m.heard()
	case ScreenQueues:
		m.queues, cmd = m.queues.Handle(i)
		m = m.told()
	case ScreenEvents:
		m.events = m.events.Handle(i)
	case ScreenGPU:
		m.gpu, cmd = m.gpu.Handle(i)
		m = m.told()
	case ScreenMesh:
		m.mesh, cmd = m.mesh.Handle(i)
		m = m.told()
	}
	return m, cmd
}

// traced shows the log lines of a trace.
func (m Model) traced(id string) (tea.Model, tea.Cmd) {
	if id == "" {
		return m, nil
	}
	m.prompt = prompt{}
	var read tea.Cmd
	m.logs, read = m.logs.OfTrace(logs.Entry{Trace: id})
	shown, cmd := m.show(ScreenLogs)
	return shown, tea.Batch(read, cmd)
}

// told shows what the screen has to say that a key or click went to.
func (m Model) told() Model {
	switch m.screen { //nolint:exhaustive // the others say nothing, or in another way
	case ScreenQueues:
		n := m.queues.Note()
		return m.noted(n.Text, n.Grave)
	case ScreenGPU:
		n := m.gpu.Note()
		return m.noted(n.Text, n.Grave)
	case ScreenMesh:
		n := m.mesh.Note()
		return m.noted(n.Text, n.Grave)
	}
	return m
}

// answered shows what the screens have to say of an answer, whichever of them
// asked.
func (m Model) answered() Model {
	n, net := m.queues.Note(), m.mesh.Note()
	return m.noted(n.Text, n.Grave).noted(net.Text, net.Grave)
}

// heard shows what the logs screen has to say, and what it searches for.
func (m Model) heard() Model {
	if m.screen == ScreenLogs && !m.prompt.editing {
		m.prompt.text = m.logs.Typed()
	}
	n := m.logs.Note()
	return m.noted(n.Text, n.Grave)
}

// noted shows a screen's note, where it has one.
func (m Model) noted(text string, grave bool) Model {
	switch {
	case text == "":
		return m
	case grave:
		return m.complain(text)
	}
	return m.say(text)
}

// asking reports whether the screen asks for something, and wants every key.
func (m Model) asking() bool {
	switch m.screen { //nolint:exhaustive // the others ask for nothing
	case ScreenQueues:
		return m.queues.Asking()
	case ScreenLogs:
		return m.logs.Asking()
	case ScreenMesh:
		return m.mesh.Asking()
	}
	return false
}

// formKey gives a key to what the screen asks.
func (m Model) formKey(k tea.KeyPressMsg) (tea.Model, tea.Cmd) {
	m.notice = notice{}
	var cmd tea.Cmd
	switch m.screen { //nolint:exhaustive // the others ask for nothing
	case ScreenLogs:
		m.logs, cmd = m.logs.Key(k)
		return m.heard(), cmd
	case ScreenQueues:
		m.queues, cmd = m.queues.Key(k)
	case ScreenMesh:
		m.mesh, cmd = m.mesh.Key(k)
	}
	return m.told(), cmd
}
