package redis

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/diorama-dev/diorama/internal/queue"
)

// streamGroup is a consumer group of a stream.
type streamGroup struct{ stream, group string }

// head is a place in a stream: the entry after the last that a group has got.
// As long as all of it stays the same, so does that entry.
type head struct {
	streamGroup
	delivered, first, deleted string
}

// details are what the second round trip of a sample brought.
type details struct {
	consumers map[streamGroup][]fields
	heads     map[head]time.Time
	at        map[streamGroup]head
	subs      map[string]int64
	patterns  int64
}

// readDetails asks for the members of groups, for the entries that wait for
// them, and for the subscribers of channels.
func (s *source) readDetails(ctx context.Context, r *reading) (*details, error) {
	d := &details{
		consumers: make(map[streamGroup][]fields), heads: make(map[head]time.Time), at: make(map[streamGroup]head),
	}
	s.mu.Lock()
	known := s.heads // never changed, only replaced
	s.mu.Unlock()
	pipe := s.client.Pipeline()
	consumers, entries := make(map[streamGroup]*goredis.Cmd), make(map[head]*goredis.Cmd)
	for name, about := range r.streams {
		for _, group := range about.groups {
			g := streamGroup{name, group.text("name")}
			consumers[g] = pipe.Do(ctx, "XINFO", "CONSUMERS", g.stream, g.group)
			if about.lag(group).Or(1) == 0 {
				continue
			}
			h := head{g, group.text("last-delivered-id"), about.about.entryID("first-entry"), about.about.text("max-deleted-entry-id")}
			d.at[g] = h
			if at, ok := known[h]; ok {
				d.heads[h] = at
			} else {
				entries[h] = pipe.Eval(ctx, firstAfter, []string{name}, "("+h.delivered)
			}
		}
	}
	channels := r.channels[:min(len(r.channels), mostChannels)]
	subscribers, patterns := pipe.PubSubNumSub(ctx, channels...), pipe.PubSubNumPat(ctx)
	if _, err := pipe.Exec(ctx); err != nil && !answered(err) {
		return nil, err
	}
	for g, answer := range consumers {
		d.consumers[g] = fieldLists(answer.Val())
	}
	for h, answer := range entries {
		id, _ := answer.Val().(string)
		if at, ok := idTime(id); ok {
			d.heads[h] = at
		}
	}
	d.subs, d.patterns = subscribers.Val(), patterns.Val()
	return d, nil
}

// firstAfter is the ID of the first entry from a place on, without the entry:
// https://redis.io/docs/latest/commands/xrange/.
const firstAfter = `local r = redis.call('XRANGE', KEYS[1], ARGV[1], '+', 'COUNT', 1)
return r[1] and r[1][1]`

// lag is how many entries a group has yet to get. Redis does not know it after
// entries were deleted, and before version 7 not at all; but of a group that
// got the last one it is none. Where the server has not counted what the group
// read, its lag can be right only of a group that is at the first entry or
// before it: an imitation of Redis gives the length of the stream for all.
func (s stream) lag(group fields) queue.Count {
	last, delivered := s.about.text("last-generated-id"), group.text("last-delivered-id")
	if (last != "" && delivered == last) || s.about.count("length").Or(1) == 0 {
		return queue.Known[int64](0)
	}
	first := s.about.entryID("first-entry") // none: compared as 0-0
	if !group.count("entries-read").IsKnown() && compareIDs(delivered, first) > 0 {
		return queue.Count{}
	}
	return group.count("lag").AtLeast(0)
}

// groups are the consumer groups of all streams, by name.
func (d *details) groups(r *reading) []*queue.Group {
	byName := make(map[string]*queue.Group)
	members := make(map[[2]string]int) // by group and name
	for _, name := range r.names {
		about := r.streams[name]
		for _, f := range about.groups {
			g := streamGroup{name, f.text("name")}
			group := byName[g.group]
			if group == nil {
				group = &queue.Group{Name: g.group, Kind: queue.GroupStream}
				byName[g.group] = group
			}
			stream := address{name: name}.String()
			group.Offsets = append(group.Offsets, queue.Offset{
				Queue: stream, Committed: f.count("entries-read"), Lag: about.lag(f),
				Pending: f.count("pending"), Waiting: d.heads[d.at[g]],
			})
			for _, consumer := range d.consumers[g] {
				member := [2]string{g.group, consumer.text("name")}
				i, ok := members[member]
				if !ok {
					i = len(group.Members)
					members[member] = i
					group.Members = append(group.Members, queue.Member{ID: member[1], Client: member[1], Pending: queue.Known[int64](0)})
				}
				m := &group.Members[i]
				m.Assigned = append(m.Assigned, queue.Assignment{Queue: stream})
				m.Pending = m.Pending.Plus(consumer.count("pending"))
			}
		}
	}
	list := make([]*queue.Group, 0, len(byName))
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		list = append(list, byName[name])
	}
	return list
}

// channels are the pub/sub channels that have subscribers by name. Clients may
// subscribe to patterns as well; of those only the number is known.
func (d *details) channels() []*queue.Queue {
	var list []*queue.Queue
	for name, n := range d.subs {
		q := &queue.Queue{Name: address{name: name, channel: true}.String(), Kind: queue.KindChannel, Consumers: queue.Known(n)}
		if d.patterns > 0 {
			q.State = fmt.Sprintf("and %d patterns", d.patterns)
		}
		list = append(list, q)
	}
	return list
}
