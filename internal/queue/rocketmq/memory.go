package rocketmq

import (
	"cmp"
	"maps"
	"reflect"
	"slices"

	"github.com/diorama-dev/diorama/internal/queue"
)

// The most topics and groups that a sample asks for one by one. A broker with
// no more is asked for all of them each time.
const (
	mostTopics = 1024
	mostGroups = 512
)

// memory is what earlier samples found out, for what a sample does not ask.
type memory struct {
	// round counts the samples, so that what was asked longest ago is next.
	round  int
	topics map[string]topicMemory
	groups map[string]groupMemory
	// shownQueues and shownGroups are the last sample's: what has not changed
	// is shown as the same value again.
	shownQueues map[string]*queue.Queue
	shownGroups map[string]*queue.Group
}

type topicMemory struct {
	asked int // the round
	stats topicStats
}

type groupMemory struct {
	asked   int // the round
	members connections
	kind    queue.GroupKind
	offsets committed // as they were when its members were asked for
}

func newMemory() memory {
	return memory{topics: map[string]topicMemory{}, groups: map[string]groupMemory{}}
}

// topicsToAsk are the topics whose offsets a sample asks for: all, where there
// are no more than mostTopics. Else an eighth goes to those that no group reads
// and the rest to those that one does; of both those that were asked longest
// ago come first. What is not asked is shown as it was.
func (m *memory) topicsToAsk(all map[string]topicConfig, groups map[string]committed) []string {
	m.round++
	maps.DeleteFunc(m.topics, func(name string, _ topicMemory) bool { _, there := all[name]; return !there })
	read := map[string]bool{}
	for _, offsets := range groups {
		for topic := range offsets {
			read[topic] = true
		}
	}
	return choose(all, mostTopics, func(name string) (bool, int) { return read[name], m.topics[name].asked })
}

// groupsToAsk are the groups whose members a sample asks for, in the same way:
// those first that had members or have read since.
func (m *memory) groupsToAsk(configs map[string]groupConfig, groups map[string]committed) []string {
	all := make(map[string]bool, len(configs)+len(groups))
	for name := range configs {
		all[name] = true
	}
	for name := range groups {
		all[name] = true
	}
	maps.DeleteFunc(all, func(name string, _ bool) bool { return builtInGroup(name) })
	maps.DeleteFunc(m.groups, func(name string, _ groupMemory) bool { return !all[name] })
	return choose(all, mostGroups, func(name string) (bool, int) {
		known := m.groups[name]
		alive := len(known.members.Members) > 0 || !reflect.DeepEqual(known.offsets, groups[name])
		return alive, known.asked
	})
}

// choose takes as many names as allowed: at most seven eighths of them
// preferred ones, if there are others; and of each kind what was asked longest
// ago.
func choose[T any](all map[string]T, most int, about func(name string) (preferred bool, asked int)) []string {
	if len(all) <= most {
		return slices.Sorted(maps.Keys(all))
	}
	type candidate struct {
		name      string
		preferred bool
		asked     int
	}
	var first, rest []candidate
	for name := range all {
		preferred, asked := about(name)
		if preferred {
			first = append(first, candidate{name, preferred, asked})
		} else {
			rest = append(rest, candidate{name, preferred, asked})
		}
	}
	oldest := func(a, b candidate) int { return cmp.Or(cmp.Compare(a.asked, b.asked), cmp.Compare(a.name, b.name)) }
	slices.SortFunc(first, oldest)
	slices.SortFunc(rest, oldest)
	others := min(len(rest), max(most/8, most-len(first)))
	names := make([]string, 0, most)
	for _, c := range slices.Concat(first[:min(len(first), most-others)], rest[:others]) {
		names = append(names, c.name)
	}
	return names
}

// learn keeps what a sample was told.
func (m *memory) learn(stats map[string]topicStats, members map[string]connections, offsets map[string]committed) {
	for topic, answer := range stats {
		m.topics[topic] = topicMemory{asked: m.round, stats: answer}
	}
	for name, answer := range members {
		kind := m.groups[name].kind
		switch answer.Model {
		case broadcasting:
			kind = queue.GroupBroadcast
		case "CLUSTERING":
			kind = queue.GroupCluster
		}
		m.groups[name] = groupMemory{asked: m.round, members: answer, kind: kind, offsets: offsets[name]}
	}
}

// same returns the earlier value where the new one is equal to it.
func same[T any](earlier map[string]*T, name string, now *T) *T {
	if before := earlier[name]; before != nil && reflect.DeepEqual(before, now) {
		return before
	}
	return now
}
