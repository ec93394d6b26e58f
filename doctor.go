package diorama

import (
	"cmp"
	"context"

	"github.com/diorama-dev/diorama/internal/doctor"
	"github.com/diorama-dev/diorama/internal/image"
)

// Doctor checks whether the host can carry the environment that the options
// ask for. That something is amiss is in the checks, not in the error.
func Doctor(ctx context.Context, o Options) ([]doctor.Check, error) {
	w, err := loadProfile(o)
	if err != nil {
		return nil, err
	}
	substitution, err := substitution(o)
	if err != nil {
		return nil, usage(err)
	}
	node, err := substitution.Apply(w.outline.Image)
	if err != nil {
		return nil, usage(err)
	}
	known, err := Environments()
	if err != nil {
		return nil, err
	}
	wanted := doctor.Wanted{
		Environment: cmp.Or(o.Name, w.profile.Name), Known: known, Ports: w.outline.Ports, Memory: w.outline.Memory,
	}
	if parsed, err := image.Parse(node); err == nil {
		wanted.Kubernetes = parsed.Tag
	}
	return doctor.Examine(doctor.Collect(ctx, wanted)), nil
}
