package queue

import "time"

// Sample is what a broker says at an instant: its counters as they stand. It is
// a value: a source never changes one that it has returned. Queues and groups
// that have not changed since the source's last sample may be the same
// pointers, which readers may take as a sign that nothing has.
type Sample struct {
	// At is when the broker was asked, by this machine's clock.
	At      time.Time
	Version string // of the broker, where it says
	Nodes   Nodes
	Queues  []*Queue // by name
	Groups  []*Group // by name
	// Alarms are what the broker itself says is wrong: "memory alarm on
	// rabbit@localhost: publishers are made to wait".
	Alarms []string
	// Requests is how many requests the sample took.
	Requests int
}

// Nodes counts the broker's nodes.
type Nodes struct {
	Answering int `json:"answering"`
	Known     int `json:"known"`
}

// Kind is what holds messages.
type Kind string

// The kinds of queue.
const (
	KindTopic    Kind = "topic"    // of Kafka and RocketMQ
	KindClassic  Kind = "classic"  // queue of RabbitMQ
	KindQuorum   Kind = "quorum"   // queue of RabbitMQ
	KindStream   Kind = "stream"   // of RabbitMQ and Redis
	KindList     Kind = "list"     // of Redis, used as a queue
	KindChannel  Kind = "channel"  // of Redis: holds nothing, has subscribers
	KindExchange Kind = "exchange" // of RabbitMQ: holds nothing, distributes
)

// Queue is a topic, a queue or whatever else holds messages.
type Queue struct {
	Name string `json:"name"`
	Kind Kind   `json:"kind"`
	// Internal is true of what the system keeps for itself.
	Internal bool   `json:"internal,omitempty"`
	State    string `json:"state,omitempty"` // as the broker names it, where it does
	// Trouble says what is wrong with it: "partition 3 has no leader".
	Trouble string `json:"trouble,omitempty"`
	// Depth is how many messages are there. Of a topic it is the distance of
	// its offsets, which compaction and transactions make an upper bound.
	Depth Count `json:"depth"`
	// Unacknowledged are those of Depth that consumers have and did not
	// acknowledge yet.
	Unacknowledged Count `json:"unacknowledged"`
	// Consumers are clients that read from it now, where the broker knows them
	// by queue and not by group.
	Consumers Count `json:"consumers"`
	// Written and Taken count messages since the queue was made, or since the
	// broker was started: rates come of their differences.
	Written    Count       `json:"written"`
	Taken      Count       `json:"taken"`
	Bytes      Count       `json:"bytes"`
	Partitions []Partition `json:"partitions,omitempty"` // by ID; none where the system has none
}

// Partition is a part of a topic, with an order of its own.
type Partition struct {
	ID int32 `json:"partition"`
	// Start is the lowest offset that can be read, End the one that the next
	// message gets, Stable the one before which no transaction is open.
	Start  Count `json:"start"`
	End    Count `json:"end"`
	Stable Count `json:"stable"`
	Bytes  Count `json:"bytes"`
	// Leader is the node that answers for it, where the system has such.
	Leader  string `json:"leader,omitempty"`
	Trouble string `json:"trouble,omitempty"`
}

// GroupKind is how members of a group share their work.
type GroupKind string

// The kinds of group.
const (
	GroupClassic   GroupKind = "classic"   // Kafka, partitions assigned by a member
	GroupConsumer  GroupKind = "consumer"  // Kafka, partitions assigned by the broker (KIP-848)
	GroupShare     GroupKind = "share"     // Kafka, messages handed out one by one (KIP-932)
	GroupStream    GroupKind = "stream"    // Redis
	GroupCluster   GroupKind = "cluster"   // RocketMQ, each message to one member
	GroupBroadcast GroupKind = "broadcast" // RocketMQ, each message to each member
)

// Group is a set of consumers that share the messages of topics.
type Group struct {
	Name string    `json:"name"`
	Kind GroupKind `json:"kind"`
	// State is as the broker names it, in lower case: "stable", "empty",
	// "dead", "preparing rebalance"; empty where the system has none.
	State   string   `json:"state,omitempty"`
	Members []Member `json:"members,omitempty"`
	// Offsets are how far the group is, by queue and partition: all that it has
	// committed for, and all that its members read.
	Offsets []Offset `json:"offsets,omitempty"`
	Trouble string   `json:"trouble,omitempty"`
}

// Member is one consumer of a group.
type Member struct {
	ID     string `json:"id"`
	Client string `json:"client,omitempty"` // the name that it gives itself
	Host   string `json:"host,omitempty"`
	// Assigned are the partitions that it reads.
	Assigned []Assignment `json:"assigned,omitempty"`
	// Pending are messages that it has and did not acknowledge.
	Pending Count `json:"pending"`
}

// Assignment is what a member reads of a queue.
type Assignment struct {
	Queue      string  `json:"queue"`
	Partitions []int32 `json:"partitions,omitempty"`
}

// Offset is how far a group is in a partition of a queue; in a system without
// partitions, in all of it, as partition 0.
type Offset struct {
	Queue     string `json:"queue"`
	Partition int32  `json:"partition"`
	// Committed is the offset of the next message that the group wants;
	// unknown where it has not committed.
	Committed Count `json:"committed"`
	// Lag is how many messages the group has yet to read; unknown is not zero.
	Lag Count `json:"lag"`
	// Pending are messages that members have and did not acknowledge.
	Pending Count `json:"pending"`
	// Waiting is when the oldest unread message was written; zero: not known,
	// or nothing is unread.
	Waiting time.Time `json:"waiting,omitzero"`
}
