package rocketmq

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/diorama-dev/diorama/internal/queue"
)

// The bits of a topic's permissions (PermName of RocketMQ).
const (
	mayRead  = 4
	mayWrite = 2
)

// mostQueues bounds what is made of the number of a topic's queues alone.
const mostQueues = 1 << 16

// queues are the topics by name, with what is known of each.
func (m *memory) queues(seen overview) []*queue.Queue {
	system := make(map[string]bool, len(seen.system.Names))
	for _, name := range seen.system.Names {
		system[name] = true
	}
	shown := make(map[string]*queue.Queue, len(seen.topics.Topics))
	for name, config := range seen.topics.Topics {
		if before := m.shownQueues[name]; before != nil && !m.changedTopics[name] {
			shown[name] = before
			continue
		}
		q := m.topics[name].stats.queue(name, config)
		q.Internal = system[name] || ofTheSystem(name)
		shown[name] = q
	}
	m.shownQueues = shown
	return sortedByName(shown)
}

// proxyTopic is where proxies tell each other of their clients; each reads it as
// the group "CID_" and its name.
const proxyTopic = "DefaultHeartBeatSyncerTopic"

// ofTheSystem knows topics that RocketMQ makes, by their names: those of
// messages that are to be delivered again or were given up, and its own
// (MixAll and TopicValidator of RocketMQ).
func ofTheSystem(topic string) bool {
	for _, prefix := range []string{"%RETRY%", "%DLQ%", "RMQ_SYS_", "rmq_sys_"} {
		if strings.HasPrefix(topic, prefix) {
			return true
		}
	}
	return topic == proxyTopic
}

// queue is a topic. Where its offsets have not been asked for yet they are
// unknown.
func (s topicStats) queue(name string, config topicConfig) *queue.Queue {
	q := &queue.Queue{Name: name, Kind: queue.KindTopic}
	switch readable, writable := config.Permissions&mayRead != 0, config.Permissions&mayWrite != 0; {
	case readable && !writable:
		q.State = "read only"
	case writable && !readable:
		q.State = "write only"
	case !readable:
		q.State = "closed"
	}
	for at, offsets := range s.Table {
		q.Partitions = append(q.Partitions, queue.Partition{
			ID: at.ID, Leader: at.Broker, Start: queue.Known(offsets.Min), End: queue.Known(offsets.Max),
		})
	}
	if q.Partitions == nil {
		for id := range min(max(config.ReadQueues, config.WriteQueues, 0), mostQueues) {
			q.Partitions = append(q.Partitions, queue.Partition{ID: id})
		}
	}
	slices.SortFunc(q.Partitions, func(a, b queue.Partition) int { return cmp.Compare(a.ID, b.ID) })
	for i, p := range q.Partitions {
		depth := p.End.Minus(p.Start).AtLeast(0)
		if i == 0 {
			q.Depth, q.Written = depth, p.End
			continue
		}
		q.Depth, q.Written = q.Depth.Plus(depth), q.Written.Plus(p.End)
	}
	return q
}

// builtInGroup knows the groups that every broker has (SubscriptionGroupManager
// and MixAll of RocketMQ).
func builtInGroup(name string) bool {
	switch name {
	case "DEFAULT_CONSUMER", "DEFAULT_PRODUCER", "TOOLS_CONSUMER", "SCHEDULE_CONSUMER", "FILTERSRV_CONSUMER",
		"__MONITOR_CONSUMER", "CLIENT_INNER_PRODUCER", "SELF_TEST_P_GROUP", "SELF_TEST_C_GROUP",
		"CID_ONS-HTTP-PROXY", "CID_ONSAPI_PERMISSION", "CID_ONSAPI_OWNER", "CID_ONSAPI_PULL",
		"CID_" + proxyTopic:
		return true
	}
	return strings.HasPrefix(name, "CID_RMQ_SYS_")
}

// shownGroupsOf are the groups by name.
func (m *memory) shownGroupsOf(seen overview, offsets map[string]committed) []*queue.Group {
	names := make(map[string]bool, len(m.groups))
	for name := range seen.groups.Groups {
		names[name] = true
	}
	for name := range offsets {
		names[name] = true
	}
	shown := make(map[string]*queue.Group, len(names))
	for name := range names {
		if builtInGroup(name) {
			continue
		}
		if before := m.shownGroups[name]; before != nil && !m.changedGroups[name] && !m.inChangedTopics(name, before) {
			shown[name] = before
			continue
		}
		g := m.group(name, offsets[name])
		if config, ok := seen.groups.Groups[name]; ok && !config.Consumes {
			g.Trouble = "the broker gives it no messages: consumeEnable is false"
		}
		shown[name] = g
	}
	m.shownGroups = shown
	return sortedByName(shown)
}

// inChangedTopics reports whether something is new about a topic that a group
// has read, or means to.
func (m *memory) inChangedTopics(name string, g *queue.Group) bool {
	for topic := range m.groups[name].members.Subscriptions {
		if m.changedTopics[topic] {
			return true
		}
	}
	return slices.ContainsFunc(g.Offsets, func(o queue.Offset) bool { return m.changedTopics[o.Queue] })
}

func (m *memory) group(name string, offsets committed) *queue.Group {
	known := m.groups[name]
	g := &queue.Group{Name: name, Kind: cmp.Or(known.kind, queue.GroupCluster), State: "not online"}
	switch {
	case known.asked == 0:
		g.State = ""
	case len(known.members.Members) > 0:
		g.State = "online"
	}
	for _, member := range known.members.Members {
		g.Members = append(g.Members, queue.Member{ID: member.ID, Client: member.Language, Host: member.Address})
	}
	slices.SortFunc(g.Members, func(a, b queue.Member) int {
		return cmp.Or(cmp.Compare(a.ID, b.ID), cmp.Compare(a.Host, b.Host))
	})
	for _, topic := range topicsOf(offsets, known.members.Subscriptions) {
		g.Offsets = append(g.Offsets, m.offsets(topic, offsets[topic])...)
	}
	return g
}

// topicsOf are those that a group has offsets of, or subscribes to.
func topicsOf(offsets committed, subscriptions map[string]json.RawMessage) []string {
	topics := make(map[string]bool, len(offsets)+len(subscriptions))
	for topic := range offsets {
		topics[topic] = true
	}
	for topic := range subscriptions {
		topics[topic] = true
	}
	return slices.Sorted(maps.Keys(topics))
}

// offsets are how far a group is in the queues of a topic. The lag is what
// RocketMQ calls diff, the distance to the end: of messages that were deleted
// unread it counts those too. When the oldest unread message was written, the
// broker does not say: the time in its own statistics (GET_CONSUME_STATS) is
// that of the newest one that was read.
func (m *memory) offsets(topic string, offsets map[int32]int64) []queue.Offset {
	list := make([]queue.Offset, 0, len(offsets))
	seen := make(map[int32]bool, len(offsets))
	for at, bounds := range m.topics[topic].stats.Table {
		o := queue.Offset{Queue: topic, Partition: at.ID}
		if offset, ok := offsets[at.ID]; ok {
			o.Committed = queue.Known(offset)
			if offset <= bounds.Max { // else the end is older than the offset
				o.Lag = queue.Known(bounds.Max - offset)
			}
		}
		seen[at.ID] = true
		list = append(list, o)
	}
	for id, offset := range offsets {
		if !seen[id] {
			list = append(list, queue.Offset{Queue: topic, Partition: id, Committed: queue.Known(offset)})
		}
	}
	slices.SortFunc(list, func(a, b queue.Offset) int { return cmp.Compare(a.Partition, b.Partition) })
	return list
}
