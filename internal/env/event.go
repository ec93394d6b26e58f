package env

import "time"

// Event is something that happened to an environment. Exactly one of its
// pointers is set. Events fold into a [Snapshot]; log lines never travel in
// them, only counters do.
type Event struct {
	Time time.Time `json:"time"`

	Began    *Began       `json:"began,omitempty"`
	Step     *StepChange  `json:"step,omitempty"`
	Observed *Observed    `json:"observed,omitempty"`
	Occurred *Occurrence  `json:"occurred,omitempty"`
	Logs     *LogCounters `json:"logs,omitempty"`
	Ended    *Ended       `json:"ended,omitempty"`
}

// Began says that a plan is about to be run, and all that is known before
// anything has happened.
type Began struct {
	Identity  Identity   `json:"identity"`
	Steps     []Step     `json:"steps"`
	Services  []Service  `json:"services"` // as planned, nothing observed
	Endpoints []Endpoint `json:"endpoints"`
	Budget    int64      `json:"budget"` // bytes of memory the profile may use; 0: no bound
}

// StepChange is a step's new state.
type StepChange struct {
	ID       string    `json:"id"`
	Phase    StepPhase `json:"phase"`
	Detail   string    `json:"detail,omitempty"`
	Progress Progress  `json:"progress,omitzero"`
	Error    string    `json:"error,omitempty"`
	Advice   []string  `json:"advice,omitempty"`
}

// Observed is the whole observable state at an instant; it replaces what was
// observed before.
type Observed struct {
	Services []Service `json:"services"`
	Findings []Finding `json:"findings,omitempty"` // of the cluster and the host; a service's own are in Service.Why
	// Usage is that of all nodes or servers together.
	Usage Usage `json:"usage,omitzero"`
}

// Occurrence is a line of the events screen: something that the cluster, the
// keeper or a person did.
type Occurrence struct {
	// Source is who reports it: "kubernetes", "keeper", "user".
	Source  string `json:"source"`
	Subject string `json:"subject"` // kind/name
	Service string `json:"service,omitempty"`
	Warning bool   `json:"warning"`
	Reason  string `json:"reason"` // a CamelCase word such as "BackOff"
	Message string `json:"message"`
	Count   int    `json:"count"` // how often it was seen so far
}

// LogCounters say how much the log store holds.
type LogCounters struct {
	Lines int64 `json:"lines"`
	Bytes int64 `json:"bytes"` // on disk
	Limit int64 `json:"limit"` // bytes on disk at which the oldest go
	// AgeLimit is the age at which lines go; zero where only the room counts.
	AgeLimit time.Duration `json:"ageLimit,omitempty"`
	// Dropped counts lines that were lost, because their source had rotated
	// them away before they could be read.
	Dropped int64 `json:"dropped"`
	// Generation grows with every change of the store's content.
	Generation uint64 `json:"generation"`
}

// Ended says that the run of a plan, or a stop, is over.
type Ended struct {
	Phase  Phase  `json:"phase"`
	Reason Reason `json:"reason,omitempty"`
	Error  string `json:"error,omitempty"`
}

// Reason is why a run did not end well.
type Reason string

// The reasons; each has an exit code of its own.
const (
	ReasonFailed      Reason = "failed"
	ReasonTimeout     Reason = "timeout"
	ReasonInterrupted Reason = "interrupted"
)
