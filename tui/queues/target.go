package queues

import (
	"slices"
	"strings"

	"github.com/diorama-dev/diorama/internal/queue"
	"github.com/diorama-dev/diorama/tui/intent"
	"github.com/diorama-dev/diorama/tui/layout"
)

// The intents for what the cursor is on.
const (
	Peek    intent.Intent = "peek"
	Produce intent.Intent = "produce"
	Create  intent.Intent = "create a queue"
	Delete  intent.Intent = "delete a queue"
	Reset   intent.Intent = "reset offsets"
)

// target is what the cursor is on.
type target struct {
	stack, system string
	queue         string
	kind          queue.Kind
	internal      bool
	group         string
	broadcast     bool
	partition     queue.Count // unknown: all
	live          bool
}

// address is how the target's queue is spoken of everywhere: "kafka/orders".
func (t target) address() string { return layout.Safe(t.stack) + "/" + layout.Safe(t.queue) }

// target is what the cursor is on now.
func (m Model) target() target {
	t := target{stack: m.Stack()}
	if tr, ok := m.track(t.stack); ok {
		t.system, t.live = tr.broker.System, tr.live()
	}
	if len(m.pages) > 0 {
		p := m.top()
		t.queue, t.group, t.partition = p.names()
	} else {
		t.queue, t.group = m.chosenNames()
	}
	if s := m.topicStatus(Key{t.stack, t.queue}); s != nil {
		t.kind, t.internal = s.Kind, s.Internal
	}
	if g := m.groupRow(Key{t.stack, t.group}); g != nil {
		t.broadcast = g.status.Kind == queue.GroupBroadcast
	}
	return t
}

// chosenNames are the queue and the group that the lists' cursors are on.
func (m Model) chosenNames() (name, group string) {
	if m.view.focus == onGroups {
		g, ok := chosen(m.view.groups, m.groups.shown)
		if !ok {
			return "", ""
		}
		if len(g.status.Queues) == 1 {
			name = g.status.Queues[0].Queue
		}
		return name, g.key.Name
	}
	if t, ok := chosen(m.view.topics, m.topics.shown); ok {
		name = t.key.Name
	}
	if r, ok := chosen(m.view.readers, m.readers); ok && m.view.focus == onReaders {
		group = r.group.key.Name
	}
	return name, group
}

// topicStatus and groupRow are the newest of a name; nil: there is none.
func (m Model) topicStatus(k Key) *queue.Status {
	t, _ := m.track(k.Stack)
	if r := named(t.topics, k.Name); r != nil {
		return r.status
	}
	return nil
}

func (m Model) groupRow(k Key) *group {
	t, _ := m.track(k.Stack)
	return named(t.groups, k.Name)
}

// named is the row of a name; the zero one where there is none. Rows are by
// name; those of a broker that does not keep to it are looked through.
func named[R interface {
	row
	tag() label
}](rows []R, name string,
) (r R) {
	at, ok := slices.BinarySearchFunc(rows, name, func(r R, want string) int { return strings.Compare(r.tag().key.Name, want) })
	if !ok {
		at = slices.IndexFunc(rows, func(r R) bool { return r.tag().key.Name == name })
	}
	if at < 0 {
		return r
	}
	return rows[at]
}

// operations are the bindings for what the cursor is on, but for some.
func (m Model) operations(but ...intent.Intent) []intent.Binding {
	list := []intent.Binding{
		{Keys: []string{"p"}, Help: "peek: look at messages", Intent: Peek, Hint: "peek"},
		{Keys: []string{"P"}, Help: "produce a message…", Intent: Produce, Hint: "produce"},
		{Keys: []string{"O"}, Help: "reset the offsets of the group…", Intent: Reset, Hint: "reset offsets…"},
		{Keys: []string{"C"}, Help: "create a queue…", Intent: Create},
		{Keys: []string{"D"}, Help: "delete the queue…", Intent: Delete},
		{Keys: []string{"y"}, Help: "copy the queue's address", Intent: Address, Hint: "copy"},
	}
	list = slices.DeleteFunc(list, func(b intent.Binding) bool { return slices.Contains(but, b.Intent) })
	t := m.target()
	for i := range list {
		list[i].Off = m.refusal(list[i].Intent, t)
	}
	return list
}

// refusal says why an intent cannot be had for a target; empty: it can.
func (m Model) refusal(i intent.Intent, t target) string {
	if i != Create && i != Reset && t.queue == "" {
		return "no queue is selected"
	}
	if i == Address {
		return ""
	}
	switch {
	case t.stack == "":
		return "no broker is selected: b chooses one"
	case !t.live:
		return layout.Safe(t.stack) + " does not answer"
	case m.deps.Source.Operator == nil, i == Reset && m.deps.Source.Resetter == nil:
		return "the queues of this environment can only be looked at"
	}
	switch i {
	case Peek:
		return noMessages(t)
	case Delete:
		if t.internal {
			return layout.Safe(t.stack) + " keeps " + layout.Safe(t.queue) + " for itself"
		}
	case Reset:
		return noReset(t)
	}
	return ""
}

func noMessages(t target) string {
	switch t.kind {
	case queue.KindExchange:
		return "an exchange holds no messages: look into the queues behind it"
	case queue.KindChannel:
		return "a channel holds no messages: who listens gets them, or nobody"
	case queue.KindTopic, queue.KindClassic, queue.KindQuorum, queue.KindStream, queue.KindList:
	}
	return ""
}

func noReset(t target) string {
	switch {
	case t.kind == queue.KindList:
		return "a Redis list has no offsets: a message leaves it when it is taken"
	case t.kind == queue.KindClassic, t.kind == queue.KindQuorum:
		return "a RabbitMQ queue has no offsets: a message leaves it when it is acknowledged"
	case t.kind == queue.KindStream && t.system == "rabbitmq":
		return "who reads a RabbitMQ stream keeps the offset itself"
	case t.kind == queue.KindExchange, t.kind == queue.KindChannel:
		return noMessages(t)
	case t.group == "":
		return "no group is selected: tab goes to the groups"
	case t.broadcast:
		return "the members of a broadcast group keep their offsets themselves"
	case t.queue == "":
		return layout.Safe(t.group) + " reads several queues: enter shows them, choose one there"
	}
	return ""
}
