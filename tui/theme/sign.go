package theme

import "github.com/diorama-dev/diorama/internal/env"

// The signs of the states. Each is one cell wide.
const (
	SignWell    = "●"
	SignWorking = "◐"
	SignUnwell  = "✗"
	SignWaiting = "○"
	Unknown     = "–"
)

// Phase returns the painted sign of an environment's or a service's phase.
func (t Theme) Phase(p env.Phase) string {
	switch p {
	case env.PhaseReady:
		return t.Well.Paint(SignWell)
	case env.PhaseStarting:
		return t.Working.Paint(SignWorking)
	case env.PhaseDegraded, env.PhaseFailed:
		return t.Unwell.Paint(SignUnwell)
	case env.PhasePlanned, env.PhaseStopped:
	}
	return t.Faint.Paint(SignWaiting)
}

// Step returns the painted sign of a step's phase.
func (t Theme) Step(p env.StepPhase) string {
	switch p {
	case env.StepDone, env.StepUnchanged:
		return t.Well.Paint(SignWell)
	case env.StepRunning:
		return t.Working.Paint(SignWorking)
	case env.StepFailed:
		return t.Unwell.Paint(SignUnwell)
	case env.StepPending, env.StepCancelled:
	}
	return t.Faint.Paint(SignWaiting)
}
