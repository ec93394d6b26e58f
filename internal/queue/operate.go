package queue

import (
	"context"
	"time"
)

// Endpoint is an address of a broker on this machine.
type Endpoint struct {
	Host, User, Password, URL string
	Port                      int
}

// Access is how a broker is reached: its stack's endpoints by name.
type Access map[string]Endpoint

// Open makes a source of a broker's samples; it does not dial. What the source
// returns may also be a [Peeker], [Producer], [Creator] or [Resetter].
type Open func(access Access) (Source, error)

// Source answers for one broker; it is a pointer, so that two can be told apart.
// All its methods, and those of the interfaces
// below that it also has, may be called from several goroutines at once, return
// soon after their context ends, and recover by themselves once a broker that
// was away is back.
type Source interface {
	// Sample asks the broker for all that it has.
	Sample(ctx context.Context) (*Sample, error)
	Close()
}

// From says where reading begins.
type From string

// The places where reading can begin.
const (
	FromNewest From = "newest" // so that the last messages are the newest ones
	FromOldest From = "oldest"
	FromOffset From = "offset"
	FromTime   From = "time"
)

// PeekRequest asks for messages without consuming them.
type PeekRequest struct {
	Queue string `json:"queue"`
	// Partition is unknown for all.
	Partition Count     `json:"partition"`
	From      From      `json:"from"`
	Offset    int64     `json:"offset,omitempty"` // in each partition
	Time      time.Time `json:"time,omitzero"`
	// Limit bounds how many messages are returned, of all partitions together.
	Limit int `json:"limit"`
	// MostBytes bounds how much of a key or value is returned; 0: all of it.
	MostBytes int `json:"mostBytes,omitempty"`
}

// Message is one message.
type Message struct {
	Partition int32 `json:"partition"`
	// Position is the offset, or what the system has in its place: the ID of
	// an entry, the index in a list.
	Position string    `json:"position"`
	Time     time.Time `json:"time,omitzero"`
	Key      []byte    `json:"key"`   // nil: none
	Value    []byte    `json:"value"` // nil: none, in a compacted topic a deletion
	Headers  []Header  `json:"headers,omitempty"`
	// KeyBytes and ValueBytes are the whole lengths, where Key or Value are cut.
	KeyBytes   int `json:"keyBytes"`
	ValueBytes int `json:"valueBytes"`
	// Redelivered is true of one that was handed out before.
	Redelivered bool `json:"redelivered,omitempty"`
}

// Header is a name and a value beside a message.
type Header struct {
	Name  string `json:"name"`
	Value []byte `json:"value"`
}

// Peeker shows messages and leaves them, and every consumer's place, as they
// are. It calls see with each as it comes, the oldest of a partition first, and
// ends at the first error of see's. Note says what the looking itself changes,
// for example that messages are marked as redelivered; empty: nothing.
type Peeker interface {
	Peek(ctx context.Context, r PeekRequest, see func(Message) error) error
	PeekNote(queue string) string
}

// ProduceRequest asks for a message to be written.
type ProduceRequest struct {
	Queue     string   `json:"queue"`
	Partition Count    `json:"partition"` // unknown: as the system would
	Key       []byte   `json:"key"`       // nil: none
	Value     []byte   `json:"value"`     // nil: none
	Headers   []Header `json:"headers,omitempty"`
}

// Written is where a message went.
type Written struct {
	Partition int32  `json:"partition"`
	Position  string `json:"position,omitempty"`
}

// Producer writes a message; it returns once the broker has acknowledged it.
type Producer interface {
	Produce(ctx context.Context, r ProduceRequest) (Written, error)
}

// CreateRequest asks for a queue.
type CreateRequest struct {
	Name string `json:"name"`
	Kind Kind   `json:"kind,omitempty"` // empty: the system's usual one
	// Partitions is 0 for the broker's default.
	Partitions int32             `json:"partitions,omitempty"`
	Settings   map[string]string `json:"settings,omitempty"`
}

// Creator makes and deletes queues. Both return once the broker shows it.
type Creator interface {
	Create(ctx context.Context, r CreateRequest) error
	Delete(ctx context.Context, name string) error
}

// ResetTarget is where a group is to go on.
type ResetTarget string

// The targets of a reset.
const (
	ResetStart  ResetTarget = "start"
	ResetEnd    ResetTarget = "end"
	ResetOffset ResetTarget = "offset" // Value
	ResetShift  ResetTarget = "shift"  // by Value from where it is
	ResetTime   ResetTarget = "time"   // the first message at or after Time
)

// ResetRequest asks what a reset would change.
type ResetRequest struct {
	Group     string      `json:"group"`
	Queue     string      `json:"queue"`
	Partition Count       `json:"partition"` // unknown: all
	To        ResetTarget `json:"to"`
	Value     int64       `json:"value,omitempty"`
	Time      time.Time   `json:"time,omitzero"`
}

// ResetPlan is what a reset changes.
type ResetPlan struct {
	Group   string        `json:"group"`
	Queue   string        `json:"queue"`
	Changes []ResetChange `json:"changes"`
	// Refused says why it cannot be done now: "2 members are active; stop them
	// first". Empty: it can.
	Refused string `json:"refused,omitempty"`
}

// ResetChange is the change of one partition.
type ResetChange struct {
	Partition int32 `json:"partition"`
	From      Count `json:"from"` // unknown: the group has not committed
	To        int64 `json:"to"`
	// LagBefore and LagAfter say what that means.
	LagBefore Count `json:"lagBefore"`
	LagAfter  Count `json:"lagAfter"`
}

// Resetter moves groups. Reset fails, changing nothing, where the group is not
// any more as the plan saw it.
type Resetter interface {
	PlanReset(ctx context.Context, r ResetRequest) (ResetPlan, error)
	Reset(ctx context.Context, p ResetPlan) error
}

// Dater says how old what waits for a group is: it returns the group with
// Waiting set in its offsets, where the sample could not afford to ask.
type Dater interface {
	Date(ctx context.Context, g *Group) (*Group, error)
}
