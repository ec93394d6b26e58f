package tui

import (
	"time"

	tea "charm.land/bubbletea/v2"
)

// await waits for the next snapshot.
func (m Model) await() tea.Cmd {
	updates, ctx := m.deps.updates, m.deps.ctx
	if updates == nil {
		return nil
	}
	return func() tea.Msg {
		select {
		case s, ok := <-updates:
			return snapshotMsg{snapshot: s, gone: !ok}
		case <-ctx.Done():
			return nil
		}
	}
}

// tick waits for the clock's next beat.
func (m Model) tick() tea.Cmd {
	return m.deps.after(time.Second, func(t time.Time) tea.Msg { return tickMsg(t) })
}
