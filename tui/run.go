package tui

import (
	"context"
	"fmt"

	tea "charm.land/bubbletea/v2"
)

// Run shows the environment on the terminal until the person leaves, the
// environment is gone or the context ends; the last is an error with the
// context's cause.
func Run(ctx context.Context, e Environment, o Options) (Outcome, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	last, err := Show(ctx, New(ctx, e, o), o)
	if err != nil {
		return OutcomeInterrupted, err
	}
	m, ok := last.(Model)
	if !ok {
		return OutcomeQuit, nil
	}
	return m.outcome, nil
}

// Show gives a model the terminal until it quits and returns it as it was then,
// or until the context ends; that is an error with the context's cause.
func Show(ctx context.Context, m tea.Model, o Options) (tea.Model, error) {
	options := []tea.ProgramOption{tea.WithoutSignalHandler()}
	if o.Input != nil {
		options = append(options, tea.WithInput(o.Input))
	}
	if o.Output != nil {
		options = append(options, tea.WithOutput(o.Output))
	}
	if o.Environ != nil {
		options = append(options, tea.WithEnvironment(o.Environ))
	}
	program := tea.NewProgram(m, options...)
	// Quitting waits for whoever still reads the terminal; a program that ends by
	// a context of its own does not, and the next reader would lose keys to it.
	defer context.AfterFunc(ctx, program.Quit)()
	last, err := program.Run()
	if cause := context.Cause(ctx); cause != nil {
		return nil, cause
	}
	if err != nil {
		return nil, fmt.Errorf("show the terminal UI: %w; where the terminal cannot show it, use `diorama status`", err)
	}
	return last, nil
}
