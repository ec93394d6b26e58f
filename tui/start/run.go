package start

import (
	"context"

	"github.com/diorama-dev/diorama/tui"
)

// Run shows what there is until the person has chosen or leaves.
func Run(ctx context.Context, environments []Environment, profiles []Profile, o tui.Options) (Choice, error) {
	last, err := tui.Show(ctx, New(environments, profiles, o), o)
	if err != nil {
		return Choice{}, err
	}
	if m, ok := last.(Model); ok {
		return m.Choice(), nil
	}
	return Choice{}, nil
}
