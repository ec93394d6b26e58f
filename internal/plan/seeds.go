package plan

import (
	"context"

	"github.com/diorama-dev/diorama/internal/env"
	"github.com/diorama-dev/diorama/internal/seed"
)

// resolveSeeds gives each stack what the profile wants to be in it. A stack
// that is left out takes its seeds with it.
func (r *resolver) resolveSeeds(context.Context) error {
	for _, set := range r.in.Profile.Seeds {
		for i := range r.plan.Stacks {
			if r.plan.Stacks[i].Name == set.Instance {
				r.plan.Stacks[i].Seed = &set
			}
		}
	}
	return nil
}

// done is the step after which others may count on a stack: the one that puts
// its seeds there, where it has some, else the one that waits for it.
func (p Plan) done(name string) string {
	if stack, ok := p.Stack(name); ok && stack.Seed != nil {
		return stepID(env.StepSeed, name)
	}
	return stepID(env.StepWait, name)
}

// outline is what a report shows of seeds: all but the text of files.
func outline(set *seed.Set) *seed.Set {
	if set == nil {
		return nil
	}
	short := set.Outline()
	return &short
}
