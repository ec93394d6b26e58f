package report

import (
	"cmp"
	"fmt"

	"github.com/diorama-dev/diorama/internal/env"
)

// Lines turns successive snapshots of an `up` into lines for a log: one for
// each step that ended, one when the cluster begins, one for each new finding.
// The zero value has seen nothing. It is not safe for concurrent use.
type Lines struct {
	options Options
	steps   map[string]env.StepPhase
	found   map[finding]bool
}

// finding tells findings apart.
type finding struct{ id, subject string }

// NewLines begins with a clean slate.
func NewLines(o Options) *Lines {
	return &Lines{options: o, steps: make(map[string]env.StepPhase), found: make(map[finding]bool)}
}

// Next returns what is new in a snapshot, a line each, without line ends.
// Snapshots may be skipped: what ended between two is told then.
func (l *Lines) Next(s env.Snapshot) []string {
	var out []string
	for _, step := range s.Steps {
		before := l.steps[step.ID]
		if before == step.Phase {
			continue
		}
		l.steps[step.ID] = step.Phase
		if step.Phase.Ended() || (step.Phase == env.StepRunning && step.Kind == env.StepCluster) {
			out = append(out, l.step(step, s))
		}
	}
	for _, v := range s.Services {
		for _, f := range v.Why {
			out = l.finding(out, f, v.Name)
		}
	}
	for _, f := range s.Findings {
		out = l.finding(out, f, cmp.Or(f.Service, f.Subject))
	}
	return out
}

func (l *Lines) step(step env.StepState, s env.Snapshot) string {
	sign, t := stepSign(step.Phase)
	text := fmt.Sprintf("%s %s %s", l.options.paint(t, sign), stepTitle(step.Step), stepOutcome(step))
	if d := step.Elapsed(l.options.now(s)); step.Phase.Succeeded() || step.Phase == env.StepFailed {
		text += " " + took(d)
	}
	if reason := cmp.Or(step.Error, ""); reason != "" {
		text += ": " + one(reason)
	}
	return text
}

func (l *Lines) finding(out []string, f env.Finding, subject string) []string {
	key := finding{f.ID, f.Subject}
	if l.found[key] {
		return out
	}
	l.found[key] = true
	return append(out, l.options.paint(unwell, signUnwell)+" "+one(subject)+": "+one(f.Summary))
}
