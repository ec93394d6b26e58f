package queue

import "time"

// Phase is whether a broker answers.
type Phase string

// The phases of a broker.
const (
	PhaseConnecting Phase = "connecting" // never answered yet
	PhaseAnswering  Phase = "answering"
	PhaseSilent     Phase = "silent" // it answered before and does not now
)

// Broker is the state of one broker as its samples told it: the newest numbers,
// with rates and trends. It is a value; [Broker.With] makes the next.
type Broker struct {
	Stack string `json:"stack"`
	// System is the kind of broker: kafka, rabbitmq, rocketmq, redis.
	System string `json:"kind"`
	Phase  Phase  `json:"state"`
	// Since is when it came into its phase, Why what keeps it from answering.
	Since time.Time `json:"since,omitzero"`
	Why   string    `json:"why,omitempty"`
	// Alarms are what the broker itself says is wrong.
	Alarms  []string `json:"alarms,omitempty"`
	Version string   `json:"version,omitempty"`
	Nodes   Nodes    `json:"nodes"`
	Sampled Sampled  `json:"sampled,omitzero"`
	// Queues and Groups are by name.
	Queues []*Status      `json:"queues"`
	Groups []*GroupStatus `json:"groups"`
}

// Sampled is when and how a broker was last asked with success.
type Sampled struct {
	At       time.Time     `json:"at,omitzero"`
	Took     time.Duration `json:"took"` // nanoseconds
	Requests int           `json:"requests"`
	Every    time.Duration `json:"every"` // nanoseconds until the next
}

// Status is a queue in a list: its sums, without its partitions.
type Status struct {
	Name     string `json:"name"`
	Kind     Kind   `json:"kind"`
	Internal bool   `json:"internal,omitempty"`
	State    string `json:"state,omitempty"`
	Trouble  string `json:"trouble,omitempty"`
	// Partitions is how many it has; 0: the system has none.
	Partitions     int   `json:"partitions"`
	Depth          Count `json:"depth"`
	Unacknowledged Count `json:"unacknowledged"`
	Consumers      Count `json:"consumers"`
	Bytes          Count `json:"bytes"`
	// In is how many messages a second are written; Out how many are read, by
	// all groups together.
	In     Rate     `json:"in"`
	Out    Rate     `json:"out"`
	Groups int      `json:"groups"`
	Lag    WorstLag `json:"worst"`
}

// WorstLag is the lag of the group that is furthest behind in a queue. Of one
// whose consumers are no groups it is what waits to be read.
type WorstLag struct {
	Lag   Count  `json:"lag"`
	Group string `json:"group,omitempty"`
	// Trend is how much the lag grows a second; negative: it shrinks.
	Trend Rate `json:"trend"`
}

// GroupStatus is a group in a list: its sums.
type GroupStatus struct {
	Name    string    `json:"name"`
	Kind    GroupKind `json:"kind"`
	State   string    `json:"state,omitempty"`
	Trouble string    `json:"trouble,omitempty"`
	Members int       `json:"members"`
	// Committed is false where the group has never committed anything.
	Committed bool           `json:"committed"`
	Queues    []GroupInQueue `json:"queues"` // by name
}

// GroupInQueue is how far a group is in one queue, over all partitions.
type GroupInQueue struct {
	Queue string `json:"queue"`
	// Lag adds what is known; Unknown is how many partitions, of those that are
	// not known to be empty, have no lag that is known.
	Lag     Count `json:"lag"`
	Unknown int   `json:"unknown,omitempty"`
	Pending Count `json:"pending"`
	// Consumed is the sum of the offsets committed, as messages since the
	// queue's beginning.
	Consumed Count `json:"consumed"`
	Rate     Rate  `json:"rate"`  // messages read a second
	Trend    Rate  `json:"trend"` // how much the lag grows a second; negative: it shrinks
	// Drain is in how many seconds it will have caught up; unknown: never at
	// this rate, or not known.
	Drain Rate `json:"drain"`
	// Waiting is when the oldest unread message was written.
	Waiting time.Time `json:"waiting,omitzero"`
}
