package redis

import (
	"context"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/diorama-dev/diorama/internal/queue"
)

const (
	// scanCount is how many keys a SCAN looks at; a server needs about 2 ms.
	scanCount = 5000
	// scansFirst and scansLater bound how many SCANs of each kind a sample
	// makes: a database of 50,000 keys is known whole at once, one of a million
	// after 200 samples.
	scansFirst = 10
	scansLater = 1
	// mostKeys bounds how many streams and lists are sampled.
	mostKeys = 5000
	// emptyKept is how long a list is kept in the samples after its last
	// element: in Redis it is gone then, for its users it is an empty queue.
	emptyKept = time.Minute
)

// keys are the streams and lists that scanning has found so far. A SCAN goes on
// from sample to sample, so that a large database is not looked through at once.
type keys struct {
	known map[string]*key
	// cursors are where the scans for each kind go on.
	cursors map[queue.Kind]uint64
	// rounds are how often each scan has come to its end.
	rounds map[queue.Kind]int
	// full is set while there are more than mostKeys.
	full bool
}

// key is a stream or a list.
type key struct {
	kind queue.Kind
	// seen is when the key was last there.
	seen time.Time
	// big is set for a stream that has entries too large to be sent each time.
	big bool
}

func newKeys() *keys {
	return &keys{
		known:   make(map[string]*key),
		cursors: make(map[queue.Kind]uint64), rounds: make(map[queue.Kind]int),
	}
}

// add notes a key that is there.
func (k *keys) add(name string, kind queue.Kind, at time.Time) {
	if known := k.known[name]; known != nil {
		known.kind, known.seen = kind, at
		return
	}
	if len(k.known) >= mostKeys {
		k.full = true
		return
	}
	k.known[name] = &key{kind: kind, seen: at}
}

// complete reports whether both scans have come to their end at least once.
func (k *keys) complete() bool {
	return k.rounds[queue.KindStream] > 0 && k.rounds[queue.KindList] > 0
}

// scan goes on looking for streams and lists: https://redis.io/docs/latest/commands/scan/.
// SCAN finds every key that is there all the while, however long it takes.
func (s *source) scan(ctx context.Context, at time.Time) (requests int, err error) {
	s.mu.Lock()
	steps := scansLater
	if !s.keys.complete() {
		steps = scansFirst
	}
	s.mu.Unlock()
	for requests < steps {
		s.mu.Lock()
		streams, lists := s.keys.cursors[queue.KindStream], s.keys.cursors[queue.KindList]
		s.mu.Unlock()
		pipe := s.client.Pipeline()
		foundStreams := pipe.ScanType(ctx, streams, "*", scanCount, "stream")
		foundLists := pipe.ScanType(ctx, lists, "*", scanCount, "list")
		requests++
		if _, err := pipe.Exec(ctx); err != nil {
			return requests, err
		}
		s.mu.Lock()
		s.keys.found(queue.KindStream, foundStreams, at)
		s.keys.found(queue.KindList, foundLists, at)
		complete := s.keys.complete()
		s.mu.Unlock()
		if complete {
			break
		}
	}
	return requests, nil
}

// found takes what a SCAN gave.
func (k *keys) found(kind queue.Kind, answer *goredis.ScanCmd, at time.Time) {
	names, cursor := answer.Val()
	for _, name := range names {
		k.add(name, kind, at)
	}
	k.cursors[kind] = cursor
	if cursor == 0 {
		k.rounds[kind]++
		if kind == queue.KindStream {
			k.full = false
		}
	}
}
