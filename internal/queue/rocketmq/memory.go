package rocketmq

import (
	"bytes"
	"cmp"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/diorama-dev/diorama/internal/queue"
)

// The most topics and groups that a sample asks for one by one. A broker with
// no more is asked for all of them each time.
const (
	mostTopics = 256
	mostGroups = 128
)

// memory is what earlier samples found out, for what a sample does not ask.
type memory struct {
	// round counts the samples, so that what was asked longest ago is next.
	round  int
	topics map[string]topicMemory
	groups map[string]groupMemory
	// read is what groups had read at the last sample, by topic@group and queue.
	read map[string]map[int32]int64
	// The tables of what there is, as they were last sent.
	topicConfigs topicConfigs
	groupConfigs groupConfigs
	// readTopics and readingGroups are those whose offsets have changed since
	// they were last asked for.
	readTopics, readingGroups map[string]bool
	// changedTopics and changedGroups are those of which something is new since
	// the last sample; others are shown as the same values again.
	changedTopics, changedGroups map[string]bool
	shownQueues                  map[string]*queue.Queue
	shownGroups                  map[string]*queue.Group
}

type topicMemory struct {
	asked   int // the round
	stats   topicStats
	written bool // between the last two times that it was asked for
}

type groupMemory struct {
	asked   int // the round
	members connections
	kind    queue.GroupKind
}

func newMemory() memory {
	return memory{
		topics: map[string]topicMemory{}, groups: map[string]groupMemory{},
		readTopics: map[string]bool{}, readingGroups: map[string]bool{},
		changedTopics: map[string]bool{}, changedGroups: map[string]bool{},
	}
}

// begin starts a sample: what is not there any more is forgotten, and what
// groups have read since the last sample is noted.
func (m *memory) begin(seen overview, groups map[string]committed) {
	m.round++
	if !bytes.Equal(m.topicConfigs.Version, seen.topics.Version) || !bytes.Equal(m.groupConfigs.Version, seen.groups.Version) {
		m.shownQueues, m.shownGroups = nil, nil
	}
	m.topicConfigs, m.groupConfigs = seen.topics, seen.groups
	maps.DeleteFunc(m.topics, func(name string, _ topicMemory) bool { _, there := seen.topics.Topics[name]; return !there })
	maps.DeleteFunc(m.groups, func(name string, _ groupMemory) bool {
		_, configured := seen.groups.Groups[name]
		_, reads := groups[name]
		return !configured && !reads
	})
	for key, offsets := range seen.offsets.Table {
		if !maps.Equal(m.read[key], offsets) {
			topic, group, _ := strings.Cut(key, "@")
			m.readTopics[topic], m.readingGroups[group], m.changedGroups[group] = true, true, true
		}
	}
	for key := range m.read {
		if _, there := seen.offsets.Table[key]; !there {
			_, group, _ := strings.Cut(key, "@")
			m.changedGroups[group] = true
		}
	}
	maps.DeleteFunc(m.readTopics, func(name string, _ bool) bool { _, there := seen.topics.Topics[name]; return !there })
	m.read = seen.offsets.Table
}

// topicsToAsk are the topics whose offsets a sample asks for: all, where there
// are no more than mostTopics. Else those first that are read or written, and
// the others in turn; what is not asked is shown as it was.
func (m *memory) topicsToAsk(all map[string]topicConfig) []string {
	return choose(all, mostTopics, func(name string) (bool, int) {
		known := m.topics[name]
		return m.readTopics[name] || known.written, known.asked
	})
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
	return choose(all, mostGroups, func(name string) (bool, int) {
		known := m.groups[name]
		return m.readingGroups[name] || len(known.members.Members) > 0, known.asked
	})
}

// choose takes as many names as allowed: at most three quarters of them
// preferred ones, if there are others; and of each kind what was asked longest
// ago.
func choose[T any](all map[string]T, most int, about func(name string) (preferred bool, asked int)) []string {
	if len(all) <= most {
		return slices.Sorted(maps.Keys(all))
	}
	type candidate struct {
		name  string
		asked int
	}
	var first, rest []candidate
	for name := range all {
		preferred, asked := about(name)
		if preferred {
			first = append(first, candidate{name, asked})
		} else {
			rest = append(rest, candidate{name, asked})
		}
	}
	oldest := func(a, b candidate) int { return cmp.Or(cmp.Compare(a.asked, b.asked), cmp.Compare(a.name, b.name)) }
	slices.SortFunc(first, oldest)
	slices.SortFunc(rest, oldest)
	others := min(len(rest), max(most/4, most-len(first)))
	names := make([]string, 0, most)
	for _, c := range slices.Concat(first[:min(len(first), most-others)], rest[:others]) {
		names = append(names, c.name)
	}
	return names
}

// learn keeps what a sample was told.
func (m *memory) learn(stats map[string]topicStats, members map[string]connections) {
	for topic, answer := range stats {
		before := m.topics[topic]
		changed := !maps.Equal(before.stats.Table, answer.Table)
		m.changedTopics[topic] = m.changedTopics[topic] || changed
		m.topics[topic] = topicMemory{asked: m.round, stats: answer, written: before.asked > 0 && changed}
		delete(m.readTopics, topic)
	}
	for name, answer := range members {
		before := m.groups[name]
		if before.asked == 0 || !reflect.DeepEqual(before.members, answer) {
			m.changedGroups[name] = true
		}
		kind := before.kind
		switch answer.Model {
		case broadcasting:
			kind = queue.GroupBroadcast
		case "CLUSTERING":
			kind = queue.GroupCluster
		}
		m.groups[name] = groupMemory{asked: m.round, members: answer, kind: kind}
		delete(m.readingGroups, name)
	}
}

// end notes that all changes have been shown. A sample that came to nothing
// leaves them to the next.
func (m *memory) end() {
	clear(m.changedTopics)
	clear(m.changedGroups)
}
