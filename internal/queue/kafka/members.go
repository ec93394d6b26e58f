package kafka

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/diorama-dev/diorama/internal/queue"
)

// describe asks coordinators for the members of groups that may have changed.
// What it returns takes the answers in.
func (r *round) describe(ctx context.Context, m *memory) []func() {
	var takes []func()
	for _, protocol := range []struct {
		is  func(*group) bool
		ask func(node int32, groups []*group) (func(), error)
	}{
		{func(g *group) bool { return g.kind == queue.GroupClassic }, func(node int32, groups []*group) (func(), error) {
			return r.describeClassic(ctx, m, node, groups)
		}},
		{func(g *group) bool { return g.kind == queue.GroupConsumer && !g.streams }, func(node int32, groups []*group) (func(), error) {
			return r.describeConsumer(ctx, m, node, groups)
		}},
		{func(g *group) bool { return g.kind == queue.GroupShare }, func(node int32, groups []*group) (func(), error) {
			return r.describeShare(ctx, m, node, groups)
		}},
	} {
		for node, list := range m.byCoordinator(func(g *group) bool {
			return protocol.is(g) && g.undescribed && g.trouble == nil && !g.leave()
		}) {
			for some := range slices.Chunk(list, mostDescribed) {
				var take func()
				var err error
				r.start(func() { take, err = protocol.ask(node, some) })
				takes = append(takes, func() {
					if err != nil {
						for _, g := range some {
							g.loseMembers(err)
						}
						return
					}
					take()
				})
			}
		}
	}
	return takes
}

// leave takes the members away from a group that is said to have none, and
// reports whether that was so: such a group need not be described.
func (g *group) leave() bool {
	if !g.empty() {
		return false
	}
	if len(g.members) > 0 {
		g.members, g.shown = nil, nil
	}
	g.undescribed = false
	return true
}

// described takes in what a coordinator says of a group.
func (g *group) described(err error, state string, members []queue.Member) {
	if err != nil {
		g.loseMembers(fmt.Errorf("its members are not told: %w", err))
		return
	}
	slices.SortFunc(members, func(a, b queue.Member) int { return strings.Compare(a.ID, b.ID) })
	g.undescribed = false
	name := stateName(state)
	if name != g.state {
		g.told = state // the next list is compared with what was said last
	}
	if name != g.state || !reflect.DeepEqual(members, g.members) {
		g.state, g.members, g.shown = name, members, nil
	}
}

func names(groups []*group) []string {
	list := make([]string, len(groups))
	for i, g := range groups {
		list[i] = g.name
	}
	return list
}

func (r *round) describeClassic(ctx context.Context, m *memory, node int32, groups []*group) (func(), error) {
	request := kmsg.NewPtrDescribeGroupsRequest()
	request.Groups = names(groups)
	answer, err := ask[*kmsg.DescribeGroupsResponse](ctx, r, node, request)
	if err != nil {
		return nil, err
	}
	return func() {
		for i := range answer.Groups {
			said := &answer.Groups[i]
			g := m.groups[said.Group]
			if g == nil {
				continue
			}
			var members []queue.Member
			for k := range said.Members {
				s := &said.Members[k]
				var list []queue.Assignment
				if said.ProtocolType == "consumer" {
					list = assigned(s.MemberAssignment)
				}
				members = append(members, member(s.MemberID, s.ClientID, s.ClientHost, list))
			}
			g.described(why(said.ErrorCode), said.State, members)
		}
	}, nil
}

// assigned is what a classic member was told by its group's leader; nothing
// where that cannot be read, for it is the members' own affair.
func assigned(data []byte) []queue.Assignment {
	if len(data) == 0 {
		return nil
	}
	said := kmsg.NewConsumerMemberAssignment()
	if said.ReadFrom(data) != nil {
		return nil
	}
	var list []queue.Assignment
	for _, t := range said.Topics {
		list = append(list, assignment(t.Topic, t.Partitions))
	}
	return list
}

func assignment(topic string, partitions []int32) queue.Assignment {
	partitions = slices.Clone(partitions)
	slices.Sort(partitions)
	return queue.Assignment{Queue: topic, Partitions: partitions}
}

func byQueue(list []queue.Assignment) []queue.Assignment {
	slices.SortFunc(list, func(a, b queue.Assignment) int { return strings.Compare(a.Queue, b.Queue) })
	return list
}

// member is one as a coordinator tells of it. Java puts a slash before the
// address.
func member(id, client, host string, assigned []queue.Assignment) queue.Member {
	return queue.Member{ID: id, Client: client, Host: strings.TrimPrefix(host, "/"), Assigned: byQueue(assigned)}
}

func (r *round) describeConsumer(ctx context.Context, m *memory, node int32, groups []*group) (func(), error) {
	request := kmsg.NewPtrConsumerGroupDescribeRequest()
	request.Groups = names(groups)
	answer, err := ask[*kmsg.ConsumerGroupDescribeResponse](ctx, r, node, request)
	if err != nil {
		return nil, err
	}
	return func() {
		for i := range answer.Groups {
			said := &answer.Groups[i]
			g := m.groups[said.Group]
			if g == nil {
				continue
			}
			var members []queue.Member
			for k := range said.Members {
				s := &said.Members[k]
				var assigned []queue.Assignment
				for _, t := range s.Assignment.TopicPartitions {
					assigned = append(assigned, assignment(t.Topic, t.Partitions))
				}
				members = append(members, member(s.MemberID, s.ClientID, s.ClientHost, assigned))
			}
			g.described(told(said.ErrorCode, said.ErrorMessage), said.State, members)
		}
	}, nil
}

func (r *round) describeShare(ctx context.Context, m *memory, node int32, groups []*group) (func(), error) {
	request := kmsg.NewPtrShareGroupDescribeRequest()
	request.GroupIDs = names(groups)
	answer, err := ask[*kmsg.ShareGroupDescribeResponse](ctx, r, node, request)
	if err != nil {
		return nil, err
	}
	return func() {
		for i := range answer.Groups {
			said := &answer.Groups[i]
			g := m.groups[said.GroupID]
			if g == nil {
				continue
			}
			var members []queue.Member
			for k := range said.Members {
				s := &said.Members[k]
				var assigned []queue.Assignment
				for _, t := range s.Assignment.TopicPartitions {
					assigned = append(assigned, assignment(t.Topic, t.Partitions))
				}
				members = append(members, member(s.MemberID, s.ClientID, s.ClientHost, assigned))
			}
			g.described(told(said.ErrorCode, said.ErrorMessage), said.GroupState, members)
		}
	}, nil
}
