package queues

import (
	tea "charm.land/bubbletea/v2"
	"github.com/diorama-dev/diorama/tui/intent"
)

type page struct{ key Key }
type form struct{ kind int }

const formNone = 0

func (m Model) formLines() []string                         { return nil }
func (m Model) pageLines() []string                         { return nil }
func (m Model) pageBindings() []intent.Binding              { return nil }
func (m Model) operations() []intent.Binding                { return nil }
func (m Model) handlePage(i intent.Intent) (Model, tea.Cmd) { return m, nil }
func (m Model) clickPage(line int) (Model, tea.Cmd)         { return m, nil }
func (m Model) operate(i intent.Intent) (Model, tea.Cmd)    { return m, nil }
func (m Model) redrawn() Model                              { return m }
func (m Model) refreshed() (Model, tea.Cmd)                 { return m, nil }
func (m Model) answered(msg tea.Msg) (Model, tea.Cmd)       { return m, nil }
func (m Model) Asking() bool                                { return false }
func (m Model) Key(k tea.KeyPressMsg) (Model, tea.Cmd)      { return m, nil }
func (m Model) Pasted(text string) Model                    { return m }
func (m Model) FormBindings() []intent.Binding              { return nil }
func (m Model) Empty() bool                                 { return m.deps.Source.Empty() }
