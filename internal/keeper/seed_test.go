package keeper

import (
	"context"
	"errors"
	"testing"

	"github.com/diorama-dev/diorama/internal/engine"
	"github.com/diorama-dev/diorama/internal/env"
	"github.com/diorama-dev/diorama/internal/plan"
	"github.com/diorama-dev/diorama/internal/seed"
)

// other is a runtime that notes which steps it was given.
type other struct{ got []string }

func (o *other) Execute(_ context.Context, step env.Step, _ engine.Report) (engine.Outcome, error) {
	o.got = append(o.got, step.ID)
	return engine.Outcome{Detail: "done"}, nil
}

// TestSeedSteps are done by the keeper, all others by the runtime; differences
// are warnings and no failure.
func TestSeedSteps(t *testing.T) {
	refused := errors.New("refused")
	answers := map[string]struct {
		outcome seed.Outcome
		err     error
	}{
		"new":   {outcome: seed.Outcome{Created: []string{"topic orders"}}},
		"there": {outcome: seed.Outcome{Unchanged: []string{"topic orders"}}},
		"else": {outcome: seed.Outcome{Unchanged: []string{"topic a"}, Differences: []seed.Difference{
			{Subject: "topic orders", Message: "has 1 partition, the seed says 3"},
		}}},
		"bad": {err: refused},
	}
	var events []env.Event
	runtime := &other{}
	s := seeder{
		Executor: runtime, emit: func(e env.Event) { events = append(events, e) },
		seed: func(_ context.Context, _ plan.Plan, instance string, report func(string)) (seed.Outcome, error) {
			report("at work")
			return answers[instance].outcome, answers[instance].err
		},
	}
	for instance, want := range map[string]engine.Outcome{
		"new":   {Detail: "1 created"},
		"there": {Unchanged: true, Detail: "1 as wanted"},
		"else":  {Detail: "1 as wanted, 1 different; topic orders has 1 partition, the seed says 3"},
		"bad":   {},
	} {
		said := ""
		got, err := s.Execute(t.Context(), env.Step{ID: "seed/" + instance, Kind: env.StepSeed, Subject: instance}, func(detail string, _ env.Progress) { said = detail })
		if got != want || said != "at work" || !errors.Is(err, answers[instance].err) {
			t.Errorf("%s: %+v, %v, said %q; want %+v", instance, got, err, said, want)
		}
	}
	if len(events) != 1 || !events[0].Occurred.Warning || events[0].Occurred.Subject != "seed/else" {
		t.Errorf("events = %+v", events)
	}
	if _, err := s.Execute(t.Context(), env.Step{ID: "apply/x", Kind: env.StepApply, Subject: "x"}, nil); err != nil || len(runtime.got) != 1 {
		t.Errorf("the runtime got %v: %v", runtime.got, err)
	}
	if _, err := (seeder{Executor: runtime}).Execute(t.Context(), env.Step{ID: "seed/x", Kind: env.StepSeed, Subject: "x"}, nil); err == nil {
		t.Error("seeds without anybody to put them there")
	}
}
