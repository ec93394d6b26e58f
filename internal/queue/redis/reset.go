package redis

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/diorama-dev/diorama/internal/queue"
)

// PlanReset says what moving a group of a stream would change. Places in a
// stream are IDs of two numbers; the plan has the first, milliseconds where the
// server chose it: From is that of the last entry that the group got, To that
// of the first entry that it is to get. What members did not acknowledge stays
// theirs.
func (s *source) PlanReset(ctx context.Context, r queue.ResetRequest) (queue.ResetPlan, error) {
	if err := noPartition(r.Partition); err != nil {
		return queue.ResetPlan{}, err
	}
	a := parseAddress(r.Queue)
	about, group, err := s.findGroup(ctx, a, r.Group)
	if err != nil {
		return queue.ResetPlan{}, err
	}
	delivered := group.text("last-delivered-id")
	change := queue.ResetChange{From: milliseconds(delivered), LagBefore: about.lag(group)}
	switch r.To {
	case queue.ResetStart:
		change.To, change.LagAfter = 0, about.about.count("length")
	case queue.ResetEnd:
		change.To, change.LagAfter = milliseconds(about.about.text("last-generated-id")).Or(0)+1, queue.Known[int64](0)
	case queue.ResetTime:
		change.To = max(r.Time.UnixMilli(), 0)
	default:
		return queue.ResetPlan{}, &queue.CannotError{
			What: "a group of a Redis stream has no offset to count from: move it to the start, to the end or to a time",
		}
	}
	s.mu.Lock()
	s.planned[streamGroup{a.name, r.Group}] = delivered
	s.mu.Unlock()
	return queue.ResetPlan{Group: r.Group, Queue: a.String(), Changes: []queue.ResetChange{change}}, nil
}

// setWhere moves a group where it is still at the entry that is expected.
const setWhere = `for _, g in ipairs(redis.call('XINFO', 'GROUPS', KEYS[1])) do
  local f = {}
  for i = 1, #g, 2 do f[g[i]] = g[i+1] end
  if f['name'] == ARGV[1] then
    if f['last-delivered-id'] ~= ARGV[2] then return f['last-delivered-id'] end
    redis.call('XGROUP', 'SETID', KEYS[1], ARGV[1], ARGV[3])
    return ''
  end
end
return 'nowhere'`

// Reset moves a group, where it still is as the plan saw it.
func (s *source) Reset(ctx context.Context, p queue.ResetPlan) error {
	if p.Refused != "" || len(p.Changes) != 1 {
		return &queue.CannotError{What: "the plan of the reset cannot be done: " + p.Refused}
	}
	a, change := parseAddress(p.Queue), p.Changes[0]
	about, group, err := s.findGroup(ctx, a, p.Group)
	if err != nil {
		return err
	}
	s.mu.Lock()
	planned, exact := s.planned[streamGroup{a.name, p.Group}]
	s.mu.Unlock()
	now := group.text("last-delivered-id")
	if milliseconds(now) != change.From || (exact && milliseconds(planned) == change.From && now != planned) {
		return movedError(p.Group, now)
	}
	return s.do(ctx, "reset group "+p.Group+" of "+a.String(), func(ctx context.Context) error {
		to := before(change.To, about.about.text("last-generated-id"))
		is, err := s.client.Eval(ctx, setWhere, []string{a.name}, p.Group, now, to).Text()
		if err == nil && is != "" {
			err = movedError(p.Group, is)
		}
		return err
	})
}

func movedError(group, now string) error {
	return fmt.Errorf("group %s has moved since the reset was planned, to %s: plan again", group, now)
}

// before is the ID that a group has got last which is to go on at a
// millisecond: the last one possible before it, or the last one that there is,
// since a later one would skip what is still to come.
func before(at int64, last string) string {
	switch {
	case at <= 0:
		return "0-0"
	case at > milliseconds(last).Or(0):
		return last
	default:
		return strconv.FormatInt(at-1, 10) + "-" + strconv.FormatUint(math.MaxUint64, 10)
	}
}

// milliseconds is the first number of an ID.
func milliseconds(id string) queue.Count {
	text, _, _ := strings.Cut(id, "-")
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return queue.Count{}
	}
	return queue.Known(n)
}

// findGroup asks for a stream and one of its groups.
func (s *source) findGroup(ctx context.Context, a address, name string) (stream, fields, error) {
	var about stream
	var group fields
	err := s.do(ctx, "look at group "+name+" of "+a.String(), func(ctx context.Context) (err error) {
		about, group, err = s.askGroup(ctx, a, name)
		return err
	})
	if err != nil {
		return stream{}, nil, err
	}
	return about, group, nil
}

func (s *source) askGroup(ctx context.Context, a address, name string) (stream, fields, error) {
	if a.channel {
		return stream{}, nil, &queue.CannotError{What: "a channel of Redis has no groups"}
	}
	pipe := s.client.Pipeline()
	keyType := pipe.Type(ctx, a.name)
	about, groups := pipe.Do(ctx, "XINFO", "STREAM", a.name), pipe.Do(ctx, "XINFO", "GROUPS", a.name)
	if _, err := pipe.Exec(ctx); err != nil && !answered(err) {
		return stream{}, nil, err
	}
	switch keyType.Val() {
	case "stream":
	case "list":
		return stream{}, nil, &queue.CannotError{What: "a Redis list has no groups"}
	default:
		return stream{}, nil, &queue.NotFoundError{What: "stream", Name: a.String()}
	}
	found := stream{about: fieldsOf(about.Val()), groups: fieldLists(groups.Val())}
	for _, group := range found.groups {
		if group.text("name") == name {
			return found, group, nil
		}
	}
	return stream{}, nil, &queue.NotFoundError{What: "group", Name: name}
}
