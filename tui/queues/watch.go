package queues

import (
	"context"

	tea "charm.land/bubbletea/v2"

	"github.com/diorama-dev/diorama/internal/queue"
)

// watch is the state of watching the brokers.
type watch struct {
	visible bool
	epoch   uint64 // what was sent to an earlier one is dropped
	states  <-chan []*queue.Broker
	cancel  context.CancelFunc
	seen    bool   // a state has come
	over    bool   // no more will
	asked   uint64 // how many requests were made
}

// stateMsg is the newest state of the brokers.
type stateMsg struct {
	epoch   uint64
	brokers []*queue.Broker
	over    bool
}

// Show says whether the screen is visible. Only then the brokers are watched.
func (m Model) Show(visible bool) (Model, tea.Cmd) {
	if visible == m.watch.visible || m.deps.Source.Empty() {
		return m, nil
	}
	m.watch.visible = visible
	if m.watch.cancel != nil {
		m.watch.cancel()
		m.watch.cancel, m.watch.states = nil, nil
	}
	if !visible {
		return m, nil
	}
	ctx, cancel := context.WithCancel(m.deps.Context)
	m.watch.epoch++
	m.watch.cancel, m.watch.over = cancel, false
	m.watch.states = m.deps.Source.Watcher.Watch(ctx)
	return m, m.await()
}

// await waits for the next state.
func (m Model) await() tea.Cmd {
	states, epoch, ctx := m.watch.states, m.watch.epoch, m.deps.Context
	if states == nil {
		return nil
	}
	return func() tea.Msg {
		select {
		case b, ok := <-states:
			return stateMsg{epoch: epoch, brokers: b, over: !ok}
		case <-ctx.Done():
			return nil
		}
	}
}

// Update takes the result of a command in.
func (m Model) Update(msg tea.Msg) (Model, tea.Cmd) {
	m.note = Note{}
	switch msg := msg.(type) {
	case stateMsg:
		if msg.epoch != m.watch.epoch {
			return m, nil
		}
		if msg.over {
			m.watch.over, m.watch.states = true, nil
			return m, nil
		}
		m = m.WithBrokers(msg.brokers)
		var again tea.Cmd
		m, again = m.refreshed()
		return m, tea.Batch(m.await(), again)
	}
	return m.answered(msg)
}
