package kafka

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/diorama-dev/diorama/internal/queue"
)

const (
	// mostFetched and mostDescribed are how many groups one request asks for: so
	// many that the brokers' lanes are used, so few that an answer stays small.
	mostFetched   = 2500
	mostDescribed = 500
)

// commits asks coordinators for the offsets of stale groups (OffsetFetch from
// version 8 on takes many groups, KIP-709: Kafka 3.0). What it returns takes
// the answers in.
func (r *round) commits(ctx context.Context, m *memory) []func() {
	var takes []func()
	stale := func(g *group) bool { return g.stale && g.trouble == nil && g.kind != queue.GroupShare }
	for node, list := range m.byCoordinator(stale) {
		for some := range slices.Chunk(list, mostFetched) {
			var answer *kmsg.OffsetFetchResponse
			var err error
			r.start(func() { answer, err = r.offsetFetch(ctx, node, some) })
			takes = append(takes, func() {
				if err != nil {
					uncommitted(some, err)
					return
				}
				m.takeCommits(answer)
			})
		}
	}
	shares := func(g *group) bool { return g.stale && g.trouble == nil && g.kind == queue.GroupShare }
	for node, list := range m.byCoordinator(shares) {
		for some := range slices.Chunk(list, mostDescribed) {
			takes = append(takes, r.shareOffsets(ctx, m, node, some))
		}
	}
	return takes
}

// byCoordinator are groups by the broker that has to be asked about them.
func (m *memory) byCoordinator(which func(*group) bool) map[int32][]*group {
	lists := make(map[int32][]*group)
	for _, g := range m.changed {
		if which(g) {
			lists[g.coordinator] = append(lists[g.coordinator], g)
		}
	}
	return lists
}

func uncommitted(groups []*group, err error) {
	for _, g := range groups {
		g.loseCommits(err)
	}
}

func (r *round) offsetFetch(ctx context.Context, node int32, groups []*group) (*kmsg.OffsetFetchResponse, error) {
	request := kmsg.NewPtrOffsetFetchRequest()
	request.Groups = make([]kmsg.OffsetFetchRequestGroup, len(groups))
	for i, g := range groups {
		request.Groups[i] = kmsg.NewOffsetFetchRequestGroup()
		request.Groups[i].Group = g.name // no topics: all that it has committed for
	}
	answer, err := ask[*kmsg.OffsetFetchResponse](ctx, r, node, request)
	if err == nil && answer.Version < 8 {
		err = fmt.Errorf("%s is older than Kafka 3.0: it does not tell the offsets of many groups at once", r.at(node))
	}
	return answer, err
}

func (m *memory) takeCommits(answer *kmsg.OffsetFetchResponse) {
	for i := range answer.Groups {
		said := &answer.Groups[i]
		g := m.groups[said.Group]
		if g == nil {
			continue
		}
		if err := why(said.ErrorCode); err != nil {
			g.loseCommits(fmt.Errorf("its offsets are not told: %w", err))
			continue
		}
		list := make([]commits, 0, len(said.Topics))
		for k := range said.Topics {
			c := commits{name: m.named(said.Topics[k].Topic), parts: make([]commit, 0, len(said.Topics[k].Partitions))}
			for _, p := range said.Topics[k].Partitions {
				offset := p.Offset
				if err := why(p.ErrorCode); err != nil {
					offset = -1
					g.trouble = fmt.Errorf("its offset in %s, partition %d, is not told: %w", c.name, p.Partition, err)
				}
				c.parts = append(c.parts, commit{partition: p.Partition, offset: offset, lag: -1})
			}
			slices.SortFunc(c.parts, func(a, b commit) int { return cmp.Compare(a.partition, b.partition) })
			list = append(list, c)
		}
		g.committed(list)
	}
}

// named is the topic's name as it is kept already, where it is.
func (m *memory) named(topic string) string {
	if t := m.topics[topic]; t != nil {
		return t.name
	}
	return topic
}

// committed takes in all commits of a group.
func (g *group) committed(list []commits) {
	slices.SortFunc(list, func(a, b commits) int { return strings.Compare(a.name, b.name) })
	g.stale = false
	same := func(a, b commits) bool { return a.name == b.name && slices.Equal(a.parts, b.parts) }
	if g.trouble == nil && slices.EqualFunc(g.commits, list, same) {
		return
	}
	g.commits, g.shown, g.layout = list, nil, 0
}

// shareOffsets asks a coordinator how far share groups are (KIP-932): the first
// offset that is not acknowledged by all, and from version 1 on the lag.
func (r *round) shareOffsets(ctx context.Context, m *memory, node int32, groups []*group) func() {
	request := kmsg.NewPtrDescribeShareGroupOffsetsRequest()
	for _, g := range groups {
		asked := kmsg.NewDescribeShareGroupOffsetsRequestGroup()
		asked.GroupID = g.name // no topics: all that it reads
		request.Groups = append(request.Groups, asked)
	}
	var answer *kmsg.DescribeShareGroupOffsetsResponse
	var err error
	r.start(func() { answer, err = ask[*kmsg.DescribeShareGroupOffsetsResponse](ctx, r, node, request) })
	return func() {
		if err != nil {
			uncommitted(groups, err)
			return
		}
		for i := range answer.Groups {
			m.takeShare(&answer.Groups[i], answer.Version)
		}
	}
}

func (m *memory) takeShare(said *kmsg.DescribeShareGroupOffsetsResponseGroup, version int16) {
	g := m.groups[said.GroupID]
	if g == nil {
		return
	}
	if err := told(said.ErrorCode, said.ErrorMessage); err != nil {
		g.loseCommits(fmt.Errorf("its offsets are not told: %w", err))
		return
	}
	var list []commits
	for i := range said.Topics {
		c := commits{name: m.named(said.Topics[i].Topic)}
		for _, p := range said.Topics[i].Partitions {
			at := commit{partition: p.Partition, offset: p.StartOffset, lag: -1}
			if err := told(p.ErrorCode, p.ErrorMessage); err != nil {
				at.offset = -1
				g.trouble = fmt.Errorf("its offset in %s, partition %d, is not told: %w", c.name, p.Partition, err)
			} else if version >= 1 {
				at.lag = p.Lag
			}
			c.parts = append(c.parts, at)
		}
		slices.SortFunc(c.parts, func(a, b commit) int { return cmp.Compare(a.partition, b.partition) })
		list = append(list, c)
	}
	g.committed(list)
}
