package keeper

import (
	"context"
	"fmt"
	"time"

	"github.com/diorama-dev/diorama/internal/engine"
	"github.com/diorama-dev/diorama/internal/env"
	"github.com/diorama-dev/diorama/internal/plan"
	"github.com/diorama-dev/diorama/internal/seed"
)

// Seed puts the seeds of a stack of the plan there. It says with report what
// it is doing.
type Seed func(ctx context.Context, p plan.Plan, instance string, report func(detail string)) (seed.Outcome, error)

// seeder does the seed steps, which are the same on every runtime: they need
// no more than a stack's endpoints. All other steps are the runtime's.
type seeder struct {
	engine.Executor
	plan plan.Plan
	seed Seed
	emit func(env.Event)
}

// Execute does one step of the plan.
func (s seeder) Execute(ctx context.Context, step env.Step, report engine.Report) (engine.Outcome, error) {
	if step.Kind != env.StepSeed {
		return s.Executor.Execute(ctx, step, report)
	}
	if s.seed == nil {
		return engine.Outcome{}, fmt.Errorf("nobody here knows how to put seeds into %s", step.Subject)
	}
	outcome, err := s.seed(ctx, s.plan, step.Subject, func(detail string) { report(detail, env.Progress{}) })
	if err != nil {
		return engine.Outcome{}, err
	}
	for _, difference := range outcome.Differences {
		s.emit(env.Event{Time: time.Now(), Occurred: &env.Occurrence{
			Source: "keeper", Subject: "seed/" + step.Subject, Warning: true, Reason: "SeedDiffers", Message: difference.String(), Count: 1,
		}})
	}
	return engine.Outcome{Unchanged: len(outcome.Created)+len(outcome.Differences) == 0, Detail: outcome.Line()}, nil
}
