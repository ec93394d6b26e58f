package redis

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/diorama-dev/diorama/internal/queue"
)

const (
	// mostChannels bounds how many pub/sub channels a sample has.
	mostChannels = 1000
	// bigEntry is how many bytes the first and the last entry of a stream may
	// have together for XINFO STREAM, which sends both, to be asked as it is.
	bigEntry = 64 << 10
)

// withoutEntries is XINFO STREAM with the IDs of the first and last entry only.
const withoutEntries = `local r = redis.call('XINFO', 'STREAM', KEYS[1])
for i = 1, #r, 2 do
  if (r[i] == 'first-entry' or r[i] == 'last-entry') and r[i+1] then r[i+1] = {r[i+1][1]} end
end
return r`

// Sample looks for streams and lists, within bounds, and asks for all that are
// known in two round trips.
//
// Of a stream, Bytes is what the server estimates from a few of its entries. Of
// a list no counters are known: Redis keeps none. A group name is one of a
// stream's in Redis: groups of the same name become one here, with an offset
// for each stream.
func (s *source) Sample(ctx context.Context) (*queue.Sample, error) {
	var sample *queue.Sample
	err := s.do(ctx, "sample", func(ctx context.Context) (err error) {
		sample, err = s.sample(ctx, time.Now())
		return err
	})
	if err != nil {
		return nil, err
	}
	return sample, nil
}

func (s *source) sample(ctx context.Context, at time.Time) (*queue.Sample, error) {
	requests, err := s.scan(ctx, at)
	if err != nil {
		return nil, err
	}
	r, err := s.read(ctx)
	if err != nil {
		return nil, err
	}
	d, err := s.readDetails(ctx, r)
	if err != nil {
		return nil, err
	}
	sample := &queue.Sample{
		At: at, Version: r.info.version(), Nodes: queue.Nodes{Answering: 1, Known: 1},
		Alarms: r.info.alarms(), Requests: requests + 2,
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys.update(r, at)
	if s.keys.full {
		sample.Alarms = append(sample.Alarms, fmt.Sprintf("there are more than %d streams and lists: the others are not shown", mostKeys))
	}
	s.heads = d.heads
	sample.Queues, sample.Groups = r.queues(s.keys), d.groups(r)
	sample.Queues = append(sample.Queues, d.channels()...)
	slices.SortFunc(sample.Queues, func(a, b *queue.Queue) int { return cmp.Compare(a.Name, b.Name) })
	s.kinds = make(map[string]queue.Kind, len(sample.Queues))
	for _, q := range sample.Queues {
		s.kinds[q.Name] = q.Kind
	}
	return sample, nil
}

// reading is what the first round trip of a sample brought.
type reading struct {
	names    []string // of keys, sorted
	streams  map[string]stream
	lists    map[string]int64
	bytes    map[string]queue.Count
	gone     map[string]bool // is not there, or is no stream or list any more
	channels []string
	info     info
}

// stream is what XINFO says of a stream.
type stream struct {
	about  fields
	groups []fields
}

// read asks for all keys that are known, for channels and for the server's own
// state.
func (s *source) read(ctx context.Context) (*reading, error) {
	s.mu.Lock()
	names := slices.Sorted(maps.Keys(s.keys.known))
	kinds := make(map[string]key, len(names))
	for name, k := range s.keys.known {
		kinds[name] = *k
	}
	s.mu.Unlock()
	pipe := s.client.Pipeline()
	about, groups := make(map[string]*goredis.Cmd), make(map[string]*goredis.Cmd)
	lengths, bytes := make(map[string]*goredis.IntCmd), make(map[string]*goredis.IntCmd)
	for _, name := range names {
		if kinds[name].kind == queue.KindStream {
			if kinds[name].big {
				about[name] = pipe.Eval(ctx, withoutEntries, []string{name})
			} else {
				about[name] = pipe.Do(ctx, "XINFO", "STREAM", name)
			}
			groups[name] = pipe.Do(ctx, "XINFO", "GROUPS", name)
		} else {
			lengths[name] = pipe.LLen(ctx, name)
		}
		bytes[name] = pipe.MemoryUsage(ctx, name)
	}
	channels, about2 := pipe.PubSubChannels(ctx, "*"), pipe.Info(ctx)
	if _, err := pipe.Exec(ctx); err != nil && !answered(err) {
		return nil, err
	}
	r := &reading{
		names: names, streams: make(map[string]stream), lists: make(map[string]int64),
		bytes: make(map[string]queue.Count), gone: make(map[string]bool),
		channels: channels.Val(), info: parseInfo(about2.Val()),
	}
	for _, name := range names {
		switch {
		case lengths[name] != nil && lengths[name].Err() == nil:
			r.lists[name] = lengths[name].Val()
		case about[name] != nil && about[name].Err() == nil:
			r.streams[name] = stream{about: fieldsOf(about[name].Val()), groups: fieldLists(groups[name].Val())}
		case about[name] != nil && kinds[name].big && hasPrefix(about[name].Err(), "NOPERM", "NOSCRIPT"):
			// Scripts are not allowed: what XINFO GROUPS says remains.
			r.streams[name] = stream{groups: fieldLists(groups[name].Val())}
		default:
			r.gone[name] = true
		}
		if bytes[name].Err() == nil {
			r.bytes[name] = queue.Known(bytes[name].Val())
		}
	}
	return r, nil
}

// answered reports whether the failure of a pipeline is one of its commands',
// so that the others have their answers.
func answered(err error) bool {
	return isAnswer(err) && !hasPrefix(err, "LOADING", "NOAUTH", "WRONGPASS", "MASTERDOWN")
}

// update takes over which keys are there.
func (k *keys) update(r *reading, at time.Time) {
	for _, name := range r.names {
		known := k.known[name]
		switch {
		case known == nil:
		case r.gone[name]:
			delete(k.known, name)
		case known.kind == queue.KindList && r.lists[name] == 0 && at.Sub(known.seen) > emptyKept:
			delete(k.known, name)
		case known.kind == queue.KindList && r.lists[name] > 0, known.kind == queue.KindStream:
			known.seen = at
			known.big = known.big || r.streams[name].about.entryBytes() > bigEntry
		}
	}
}

// queues are the streams and lists that are known.
func (r *reading) queues(k *keys) []*queue.Queue {
	list := make([]*queue.Queue, 0, len(r.names))
	for _, name := range r.names {
		known := k.known[name]
		if known == nil {
			continue
		}
		q := &queue.Queue{Name: address{name: name}.String(), Kind: known.kind, Bytes: r.bytes[name]}
		if known.kind == queue.KindList {
			q.Depth = queue.Known(r.lists[name])
			if r.lists[name] == 0 {
				q.State, q.Bytes = "empty", queue.Known[int64](0)
			}
		} else {
			about := r.streams[name].about
			q.Depth, q.Written = about.count("length"), about.count("entries-added")
		}
		list = append(list, q)
	}
	return list
}
