package kafka

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/diorama-dev/diorama/internal/queue"
)

// group is what is known of a group, from sample to sample.
type group struct {
	name    string
	kind    queue.GroupKind
	streams bool // described by a request of its own (KIP-1071)
	// told and state are what the broker calls its state, and that in words.
	told, state string
	coordinator int32
	listedIn    int   // the sample that last listed it
	trouble     error // of the last answers about it
	members     []queue.Member
	commits     []commits // by topic
	// stale: its commits have to be asked for; undescribed: its members.
	stale, undescribed bool
	// shown is how the last sample had it; nil: not as it is.
	shown  *queue.Group
	layout int // of the topics when they were looked for
}

// commits are a group's offsets in a topic.
type commits struct {
	name  string
	parts []commit // by ID
	// topic is nil where there is none of that name; moves are its, when the
	// group was last shown.
	topic *topic
	moves int
}

// commit is how far a group is in a partition.
type commit struct {
	partition int32
	offset    int64
	// lag is what the broker itself says, of a share group; -1: it does not.
	lag int64
}

// groupList is the groups that one broker coordinates.
type groupList struct {
	node   int32
	answer *kmsg.ListGroupsResponse
	err    error
}

// listGroups asks brokers for their groups; who lists a group coordinates it,
// so that no coordinator has to be looked for.
func (r *round) listGroups(ctx context.Context, nodes []int32) []*groupList {
	lists := make([]*groupList, len(nodes))
	for i, node := range nodes {
		l := &groupList{node: node}
		lists[i] = l
		r.start(func() {
			l.answer, l.err = ask[*kmsg.ListGroupsResponse](ctx, r, node, kmsg.NewPtrListGroupsRequest())
			if l.err == nil {
				l.err = why(l.answer.ErrorCode)
			}
		})
	}
	return lists
}

// list takes in which groups there are. Those of a broker that did not answer
// stay, and say so.
func (m *memory) list(lists []*groupList) {
	silent := make(map[int32]error)
	changed := false
	for _, l := range lists {
		if l.err != nil {
			silent[l.node] = l.err
			m.alarms = append(m.alarms, fmt.Sprintf("broker %d does not list its groups: %v", l.node, l.err))
			continue
		}
		for i := range l.answer.Groups {
			said := &l.answer.Groups[i]
			g := m.groups[said.Group]
			if g == nil {
				g = &group{name: said.Group, stale: true, undescribed: true}
				m.groups[g.name], changed = g, true
			}
			g.listed(said, l.node)
			g.listedIn = m.turn
		}
	}
	for name, g := range m.groups {
		if g.listedIn == m.turn {
			continue
		}
		if err, ok := silent[g.coordinator]; ok {
			g.lose(fmt.Errorf("its coordinator, broker %d, does not answer: %w", g.coordinator, err))
			continue
		}
		delete(m.groups, name)
		changed = true
	}
	if changed {
		m.ordered = slices.SortedFunc(maps.Values(m.groups), func(a, b *group) int { return strings.Compare(a.name, b.name) })
	}
}

// listed takes in what the list of groups says of one.
func (g *group) listed(said *kmsg.ListGroupsResponseGroup, node int32) {
	kind, streams := queue.GroupClassic, false
	switch strings.ToLower(said.GroupType) {
	case "consumer":
		kind = queue.GroupConsumer
	case "share":
		kind = queue.GroupShare
	case "streams":
		kind, streams = queue.GroupConsumer, true
	}
	if g.trouble != nil || kind != g.kind || node != g.coordinator {
		g.stale, g.undescribed, g.shown = true, true, nil
	}
	if said.GroupState != g.told {
		g.undescribed, g.shown = true, nil
		g.told, g.state = said.GroupState, stateName(said.GroupState)
	}
	g.kind, g.streams, g.coordinator, g.trouble = kind, streams, node, nil
	switch state := g.state; {
	case kind == queue.GroupShare:
		// What it has acknowledged is kept elsewhere, where no sign is seen.
		g.stale, g.undescribed = true, true
	case state == "", strings.HasSuffix(state, "rebalance"), state == "assigning", state == "reconciling":
		g.undescribed = true // members come and go, and nothing tells
	}
}

// lose makes all that only a coordinator knows unknown.
func (g *group) lose(err error) {
	g.loseMembers(err)
	g.loseCommits(err)
	g.told, g.state = "", ""
}

func (g *group) loseMembers(err error) {
	g.trouble, g.shown, g.undescribed, g.members = err, nil, true, nil
}

func (g *group) loseCommits(err error) {
	g.trouble, g.shown, g.stale = err, nil, true
	for i := range g.commits {
		for k := range g.commits[i].parts {
			g.commits[i].parts[k] = commit{partition: g.commits[i].parts[k].partition, offset: -1, lag: -1}
		}
	}
}

// empty reports whether the group cannot have members.
func (g *group) empty() bool { return g.state == "empty" || g.state == "dead" }

// stateName is a state as the broker names it, in words: "PreparingRebalance"
// is "preparing rebalance".
func stateName(state string) string {
	var b strings.Builder
	for i, c := range state {
		if i > 0 && c >= 'A' && c <= 'Z' {
			b.WriteByte(' ')
		}
		b.WriteString(strings.ToLower(string(c)))
	}
	return b.String()
}

// group is the group as a sample has it.
func (g *group) group() *queue.Group {
	if g.fits() {
		return g.shown
	}
	shown := &queue.Group{Name: g.name, Kind: g.kind, State: g.state, Members: g.members, Offsets: g.offsets()}
	if g.trouble != nil {
		shown.Trouble = g.trouble.Error()
	}
	g.shown = shown
	for i := range g.commits {
		if c := &g.commits[i]; c.topic != nil {
			c.moves = c.topic.moves
		}
	}
	return shown
}

// fits reports whether the group is as it was last shown, by itself and by the
// ends of what it reads.
func (g *group) fits() bool {
	if g.shown == nil {
		return false
	}
	for i := range g.commits {
		if c := &g.commits[i]; c.topic != nil && c.topic.moves != c.moves {
			return false
		}
	}
	return true
}

// find finds the topics that a group has committed for, where those that there
// are have changed since it was last looked at.
func (g *group) find(m *memory) {
	if g.layout == m.layout {
		return
	}
	g.layout = m.layout
	for i := range g.commits {
		c := &g.commits[i]
		if t := m.topics[c.name]; t != c.topic {
			c.topic, g.shown = t, nil
		}
	}
}

// offsets are what the group has committed, and what its members read without
// having committed. A lag is what Kafka's own tools print: the log's end less
// the offset, whatever the log's start is by now.
func (g *group) offsets() []queue.Offset {
	n := 0
	for i := range g.commits {
		n += len(g.commits[i].parts)
	}
	list := make([]queue.Offset, 0, n)
	for i := range g.commits {
		c := &g.commits[i]
		t := c.topic
		for _, p := range c.parts {
			o := queue.Offset{Queue: c.name, Partition: p.partition}
			if p.offset >= 0 {
				o.Committed = queue.Known(p.offset)
			}
			switch {
			case g.kind == queue.GroupShare:
				if p.lag >= 0 {
					o.Lag = queue.Known(p.lag)
				}
			case t != nil && p.partition >= 0 && int(p.partition) < len(t.parts):
				o.Lag = t.parts[p.partition].end.Minus(o.Committed)
			}
			list = append(list, o)
		}
	}
	return g.uncommitted(list)
}

// uncommitted adds what members read and have not committed for.
func (g *group) uncommitted(list []queue.Offset) []queue.Offset {
	type place struct {
		queue     string
		partition int32
	}
	var there map[place]bool
	for i := range g.members {
		for _, a := range g.members[i].Assigned {
			for _, id := range a.Partitions {
				if there == nil {
					there = make(map[place]bool, len(list))
					for k := range list {
						there[place{list[k].Queue, list[k].Partition}] = true
					}
				}
				if at := (place{a.Queue, id}); !there[at] {
					there[at] = true
					list = append(list, queue.Offset{Queue: a.Queue, Partition: id})
				}
			}
		}
	}
	if there != nil {
		slices.SortFunc(list, func(a, b queue.Offset) int {
			return cmp.Or(strings.Compare(a.Queue, b.Queue), cmp.Compare(a.Partition, b.Partition))
		})
	}
	return list
}
