package tui

import "github.com/diorama-dev/diorama/tui/intent"

// The intents of the frame.
const (
	Quit      intent.Intent = "quit"
	Interrupt intent.Intent = "interrupt"
)

// globalBindings are the keys that mean the same on every screen.
func (m Model) globalBindings() []intent.Binding {
	return append([]intent.Binding{
		{Keys: []string{"/"}, Help: "filter", Intent: intent.Filter, Hint: true},
		{Keys: []string{"q"}, Help: "quit", Intent: Quit, Hint: true},
	}, intent.Moves()...)
}

// screenBindings are the keys of the screen that is shown.
func (m Model) screenBindings() []intent.Binding { return nil }
