package events

import (
	"strings"
	"time"

	"github.com/diorama-dev/diorama/internal/env"
)

// typical is how long a step of a kind takes where this run has not shown it
// yet: a guess, right for a laptop with images present.
func typical(k env.StepKind) time.Duration {
	switch k {
	case env.StepCluster:
		return 20 * time.Second
	case env.StepWait:
		return 10 * time.Second
	case env.StepNodes:
		return 4 * time.Second
	case env.StepLoad:
		return 4 * time.Second
	case env.StepFetch, env.StepSeed, env.StepRemove:
		return 2 * time.Second
	case env.StepApply:
	}
	return 500 * time.Millisecond
}

// walk visits a plan's graph, each step once; a plan that is not a graph (a
// step that needs itself) ends the walk there.
type walk struct {
	steps map[string]env.StepState
	cost  func(env.StepState) time.Duration
	best  map[string]time.Duration // of the chain that ends with the step
	from  map[string]string
	open  map[string]bool
}

// chainTo is how long the costliest chain up to and with the step takes.
func (w walk) chainTo(id string) time.Duration {
	if d, ok := w.best[id]; ok {
		return d
	}
	s, ok := w.steps[id]
	if !ok || w.open[id] {
		return 0
	}
	w.open[id] = true
	var before time.Duration
	for _, need := range s.Needs {
		if d := w.chainTo(need); d > before {
			before, w.from[id] = d, need
		}
	}
	delete(w.open, id)
	w.best[id] = before + w.cost(s)
	return w.best[id]
}

func newWalk(steps []env.StepState, cost func(env.StepState) time.Duration) walk {
	w := walk{
		steps: make(map[string]env.StepState, len(steps)), cost: cost,
		best: map[string]time.Duration{}, from: map[string]string{}, open: map[string]bool{},
	}
	for _, s := range steps {
		w.steps[s.ID] = s
	}
	return w
}

// longest is the chain of steps that decides how long the run takes, by what
// the steps took, and what those to come usually take.
func longest(steps []env.StepState) []env.StepState {
	usual := usually(steps)
	w := newWalk(steps, func(s env.StepState) time.Duration {
		if s.Phase.Ended() {
			return s.Ended.Sub(s.Started)
		}
		return usual(s.Kind)
	})
	last, most := "", time.Duration(-1)
	for _, s := range steps {
		if d := w.chainTo(s.ID); d > most {
			last, most = s.ID, d
		}
	}
	var chain []env.StepState
	for id, n := last, 0; id != "" && n <= len(steps); id, n = w.from[id], n+1 {
		chain = append([]env.StepState{w.steps[id]}, chain...)
	}
	return chain
}

// usually says how long steps of a kind took in this run, on average.
func usually(steps []env.StepState) func(env.StepKind) time.Duration {
	sum, count := map[env.StepKind]time.Duration{}, map[env.StepKind]int{}
	for _, s := range steps {
		if s.Phase == env.StepDone && s.Ended.After(s.Started) {
			sum[s.Kind] += s.Ended.Sub(s.Started)
			count[s.Kind]++
		}
	}
	return func(k env.StepKind) time.Duration {
		if count[k] > 0 {
			return sum[k] / time.Duration(count[k])
		}
		return typical(k)
	}
}

// remaining estimates how long the run still takes: the costliest chain of
// what is left of its steps.
func remaining(steps []env.StepState, now time.Time) time.Duration {
	usual := usually(steps)
	w := newWalk(steps, func(s env.StepState) time.Duration {
		switch {
		case s.Phase.Ended():
			return 0
		case s.Phase == env.StepRunning:
			return left(s, usual(s.Kind), now)
		default:
			return usual(s.Kind)
		}
	})
	var most time.Duration
	for _, s := range steps {
		most = max(most, w.chainTo(s.ID))
	}
	return most
}

// left is what a running step still takes: by its progress where that counts,
// else by how long its kind usually takes, and never nothing.
func left(s env.StepState, usual time.Duration, now time.Time) time.Duration {
	gone := s.Elapsed(now)
	if p := s.Progress; p.Total > 0 && p.Done > 0 && p.Done < p.Total && gone > 0 {
		return time.Duration(float64(gone) * float64(p.Total-p.Done) / float64(p.Done))
	}
	return max(usual-gone, time.Second)
}

// links names a chain's steps as a person says them, each once.
func links(chain []env.StepState) string {
	var names []string
	for _, s := range chain {
		name := strings.ToLower(groupOf(s.Step))
		if s.Kind == env.StepFetch || s.Kind == env.StepLoad {
			name = short(s.Subject) + " image"
		}
		if len(names) == 0 || names[len(names)-1] != name {
			names = append(names, name)
		}
	}
	return strings.Join(names, " → ")
}

// short is the last part of an image's name.
func short(ref string) string {
	name, _, _ := strings.Cut(image(ref), " ")
	return name[strings.LastIndexByte(name, '/')+1:]
}
