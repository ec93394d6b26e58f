package env

import "time"

// StepKind is what a step does.
type StepKind string

// The kinds of step, in the order in which an environment usually meets them.
const (
	StepNodes   StepKind = "nodes"   // have the cluster's nodes run
	StepCluster StepKind = "cluster" // have Kubernetes run on them
	StepFetch   StepKind = "fetch"   // have an image in the host's cache: present, pulled or built
	StepLoad    StepKind = "load"    // import an image into the nodes
	StepApply   StepKind = "apply"   // apply a stack's objects
	StepWait    StepKind = "wait"    // wait until a stack's services are ready
	StepRemove  StepKind = "remove"  // remove a stack that left the profile
	StepSeed    StepKind = "seed"    // put the profile's data there
)

// Step is one node of a plan's graph.
type Step struct {
	// ID is unique in its plan and stable between plans, for example
	// "wait/kafka".
	ID string `json:"id"`
	// Kind is what the step does.
	Kind StepKind `json:"kind"`
	// Subject is what it does it to: a stack's name, an image reference, a
	// cluster's name.
	Subject string `json:"subject"`
	// Needs are the IDs of the steps that must be done before it starts.
	Needs []string `json:"needs,omitempty"`
}

// StepPhase is how far a step has come.
type StepPhase string

// The phases of a step. Pending and Running lead to one of the other four.
const (
	StepPending   StepPhase = "pending"
	StepRunning   StepPhase = "running"
	StepDone      StepPhase = "done"
	StepUnchanged StepPhase = "unchanged" // done, and there was nothing to do
	StepFailed    StepPhase = "failed"
	StepCancelled StepPhase = "cancelled" // not started or stopped, because of a failure or an interrupt elsewhere
)

// Ended reports whether the step will change no more.
func (p StepPhase) Ended() bool {
	return p == StepDone || p == StepUnchanged || p == StepFailed || p == StepCancelled
}

// Succeeded reports whether steps that need this one may start.
func (p StepPhase) Succeeded() bool { return p == StepDone || p == StepUnchanged }

// StepState is a step and how far it has come.
type StepState struct {
	Step
	Phase StepPhase `json:"phase"`
	// Detail says what the step is doing or waiting for right now; once it
	// has ended, what came of it.
	Detail string `json:"detail,omitempty"`
	// Progress counts what the step moves, where that can be counted.
	Progress Progress `json:"progress,omitzero"`
	// Error is the reason of a failed step, with its remedy.
	Error string `json:"error,omitempty"`
	// Advice is what else to try, where the error is of a known kind.
	Advice  []string  `json:"advice,omitempty"`
	Started time.Time `json:"started,omitzero"`
	Ended   time.Time `json:"ended,omitzero"`
}

// Elapsed is how long the step has run at the instant now, or ran in all.
func (s StepState) Elapsed(now time.Time) time.Duration {
	switch {
	case s.Started.IsZero():
		return 0
	case s.Ended.IsZero():
		return now.Sub(s.Started)
	default:
		return s.Ended.Sub(s.Started)
	}
}

// Progress is an amount of a whole, in bytes.
type Progress struct {
	Done  int64 `json:"done"`
	Total int64 `json:"total"` // 0: not known
}
