package report

import (
	"strings"

	"github.com/diorama-dev/diorama/internal/env"
)

// stepTitle names a step as a person would.
func stepTitle(s env.Step) string {
	subject := one(s.Subject)
	switch s.Kind {
	case env.StepCluster:
		return "cluster " + subject
	case env.StepNodes:
		return "nodes " + subject
	case env.StepFetch:
		if strings.Contains(subject, " ") { // a server's program: no reference has a space
			return "fetch " + subject
		}
		return "image " + shortImage(subject)
	case env.StepLoad:
		return "load " + shortImage(subject)
	case env.StepApply:
		return "apply " + subject
	case env.StepWait:
		return subject
	case env.StepRemove:
		return "remove " + subject
	case env.StepSeed:
		return "seeds " + subject
	}
	return one(s.ID)
}

// shortImage drops from a reference what goes without saying.
func shortImage(ref string) string {
	ref = strings.TrimPrefix(ref, "docker.io/")
	return strings.TrimPrefix(ref, "library/")
}

// stepOutcome is what came of a step, in a word or a few.
func stepOutcome(s env.StepState) string {
	switch s.Phase {
	case env.StepDone:
		if s.Kind == env.StepWait {
			return "ready"
		}
		return doneWord(s)
	case env.StepUnchanged:
		if s.Kind == env.StepWait {
			return "ready already"
		}
		return "unchanged"
	case env.StepFailed:
		return "failed"
	case env.StepCancelled:
		return "not started or stopped"
	case env.StepRunning:
		return "under way"
	case env.StepPending:
		return "waits"
	}
	return string(s.Phase)
}

func doneWord(s env.StepState) string {
	if s.Detail != "" {
		return one(s.Detail)
	}
	return "done"
}
