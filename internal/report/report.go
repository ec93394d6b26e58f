// Package report owns how a snapshot reads outside the terminal UI: tables,
// progress lines and summaries as text, and the documented JSON. Everything
// here is a pure function of values; text that came from the environment is
// made harmless on its way out.
package report

import (
	"cmp"
	"time"

	"github.com/diorama-dev/diorama/internal/env"
	"github.com/diorama-dev/diorama/internal/terminal"
)

// Options say what text is written for. The zero value is a plain file.
type Options struct {
	// Width is how many columns there are; 0: as many as it takes.
	Width int
	// Color is true where colour sequences are understood and wanted.
	Color bool
	// Now is the instant that ages are counted to; zero: the newest data's.
	Now time.Time
}

func (o Options) now(s env.Snapshot) time.Time {
	if !o.Now.IsZero() {
		return o.Now
	}
	return s.Updated
}

// tone is what a piece of text tells, whether in colour or not.
type tone string

const (
	plain   tone = ""
	well    tone = "32"
	working tone = "33"
	unwell  tone = "31"
	quiet   tone = "2"
	strong  tone = "1"
)

func (o Options) paint(t tone, s string) string {
	if !o.Color || t == plain || s == "" {
		return s
	}
	return "\x1b[" + string(t) + "m" + s + "\x1b[0m"
}

// The signs pair every state with a shape, so that colour is never needed.
const (
	signWell    = "●"
	signWorking = "◐"
	signUnwell  = "✗"
	signIdle    = "○"
)

func phaseSign(p env.Phase) (string, tone) {
	switch p {
	case env.PhaseReady:
		return signWell, well
	case env.PhaseStarting:
		return signWorking, working
	case env.PhaseDegraded, env.PhaseFailed:
		return signUnwell, unwell
	case env.PhasePlanned, env.PhaseStopped:
		return signIdle, quiet
	}
	return signIdle, quiet
}

func stepSign(p env.StepPhase) (string, tone) {
	switch p {
	case env.StepDone, env.StepUnchanged:
		return signWell, well
	case env.StepRunning:
		return signWorking, working
	case env.StepFailed:
		return signUnwell, unwell
	case env.StepPending, env.StepCancelled:
		return signIdle, quiet
	}
	return signIdle, quiet
}

// trouble is something unwell: whose it is, what it is, what to do about it.
type trouble struct {
	subject string
	service bool // it is a service's own, and stands under it in tables
	text    string
	advice  []string
	detail  []string
}

func troubleOf(f env.Finding) trouble {
	return trouble{subject: cmp.Or(f.Service, f.Subject), text: f.Summary, advice: f.Advice, detail: f.Evidence}
}

// troubles names all that is unwell, each once: findings of services, those of
// host and cluster, steps that failed for a reason of their own, and the
// environment's error where nothing else says it.
func troubles(s env.Snapshot) []trouble {
	var all []trouble
	explained := make(map[string]bool) // stacks
	for _, svc := range s.Services {
		for _, f := range svc.Why {
			t := troubleOf(f)
			t.subject, t.service = svc.Name, true
			all = append(all, t)
			explained[svc.Stack] = explained[svc.Stack] || svc.Phase != env.PhaseReady
		}
	}
	for _, f := range s.Findings {
		all = append(all, troubleOf(f))
	}
	for _, step := range s.Steps {
		if step.Phase == env.StepFailed && (step.Kind != env.StepWait || !explained[step.Subject]) {
			all = append(all, trouble{subject: stepTitle(step.Step), text: cmp.Or(step.Error, step.Detail, "failed"), advice: step.Advice})
		}
	}
	if s.Error != "" && len(all) == 0 {
		all = append(all, trouble{subject: s.Environment, text: s.Error})
	}
	return all
}

// one makes text from outside fit for one line.
func one(s string) string { return terminal.Harmless(s) }
