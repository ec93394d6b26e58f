package env

import "time"

// Phase is the state of an environment or of one service.
type Phase string

// The phases, from not yet there to gone to rest.
const (
	PhasePlanned  Phase = "planned"
	PhaseStarting Phase = "starting"
	PhaseReady    Phase = "ready"
	PhaseDegraded Phase = "degraded" // was ready, and something is unwell now
	PhaseFailed   Phase = "failed"
	PhaseStopped  Phase = "stopped"
)

// Identity is what an environment is called and made of; it does not change
// while the environment runs.
type Identity struct {
	Environment string `json:"environment"`
	Profile     string `json:"profile"`
	Runtime     string `json:"runtime"`
	Namespace   string `json:"namespace"`
}

// Service is one workload of a stack: a Deployment, StatefulSet, DaemonSet or
// Job in a cluster, a server elsewhere.
type Service struct {
	Stack    string    `json:"stack"` // the instance's name
	Category string    `json:"category,omitempty"`
	Name     string    `json:"name"`
	Kind     string    `json:"kind"`
	Phase    Phase     `json:"phase"`
	Ready    int       `json:"ready"`
	Desired  int       `json:"desired"`
	Restarts int       `json:"restarts"`
	Created  time.Time `json:"created,omitzero"`
	Usage    Usage     `json:"usage,omitzero"`
	Pods     []string  `json:"pods,omitempty"`
	// Waiting says in a few words what a service that is not ready is doing,
	// when nothing is wrong with it.
	Waiting string `json:"waiting,omitempty"`
	// Server is what stands behind the service where that is no Pod.
	Server *Server   `json:"server,omitempty"`
	Why    []Finding `json:"why"`
}

// Usage is what something uses of the machine. A nil pointer means unknown,
// which is not zero.
type Usage struct {
	CPU         *int64 `json:"cpu,omitempty"`         // thousandths of a core
	Memory      *int64 `json:"memory,omitempty"`      // bytes
	MemoryLimit *int64 `json:"memoryLimit,omitempty"` // bytes
}

// Endpoint is a named address of a stack, reachable at 127.0.0.1.
type Endpoint struct {
	Stack   string `json:"stack"` // the instance's name
	Name    string `json:"name"`
	Service string `json:"service,omitempty"`
	Host    string `json:"host"`
	Port    int    `json:"port"`
	// Preferred is the port that the stack asks for; where it differs from
	// Port, that one was taken.
	Preferred int    `json:"preferred,omitempty"`
	URL       string `json:"url"` // redacted, except where a person asked for it
	// Env is the prefix of its environment variables, for example "POSTGRES".
	Env string `json:"env"`
	// Variable names the variable that holds the URL, where it is not Env + "_URL".
	Variable string `json:"variable,omitempty"`
	User     string `json:"user,omitempty"`
	// Password is set only where a person asked for it, and leaves no process.
	Password string `json:"-"`
	// SQL is true of a relational database.
	SQL bool `json:"sql,omitempty"`
	// Web is true where a browser can show the URL.
	Web bool `json:"web,omitempty"`
}

// Snapshot is the state of an environment at an instant: a value. It is made
// by folding events with [Snapshot.With] and is never changed.
type Snapshot struct {
	Identity
	Phase     Phase       `json:"phase"`
	Reason    Reason      `json:"reason,omitempty"`
	Error     string      `json:"error,omitempty"`
	Started   time.Time   `json:"started,omitzero"` // of the last run of a plan
	ReadyAt   time.Time   `json:"readyAt,omitzero"`
	Updated   time.Time   `json:"updated,omitzero"` // of the newest data
	Budget    int64       `json:"budget,omitempty"` // bytes
	Usage     Usage       `json:"usage,omitzero"`
	Steps     []StepState `json:"steps"`
	Services  []Service   `json:"services"`
	Endpoints []Endpoint  `json:"endpoints"`
	Findings  []Finding   `json:"findings"`
	Recent    []Recent    `json:"recent,omitempty"` // the latest occurrences, oldest first
	Logs      LogCounters `json:"logs,omitzero"`
}

// Recent is an occurrence and when it was last seen.
type Recent struct {
	Time time.Time `json:"time"`
	Occurrence
}
