package tui

import (
	"context"
	"errors"
	"fmt"

	tea "charm.land/bubbletea/v2"
)

// Run shows the environment on the terminal until the person leaves, the
// environment is gone or the context ends; the last is an error with the
// context's cause.
func Run(ctx context.Context, e Environment, o Options) (Outcome, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()

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
	program := tea.NewProgram(New(ctx, e, o), options...)
	// Quitting waits for whoever still reads the terminal; a program that ends by
	// a context of its own does not, and the next reader would lose keys to it.
	defer context.AfterFunc(ctx, program.Quit)()
	last, err := program.Run()
	if cause := context.Cause(ctx); cause != nil {
		return OutcomeInterrupted, cause
	}
	if errors.Is(err, tea.ErrInterrupted) {
		return OutcomeInterrupted, nil
	}
	if err != nil {
		return OutcomeQuit, fmt.Errorf("show the terminal UI: %w; use --no-ui where the terminal cannot show it", err)
	}
	m, ok := last.(Model)
	if !ok {
		return OutcomeQuit, nil
	}
	return m.outcome, nil
}
