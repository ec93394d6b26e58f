package logs

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/diorama-dev/diorama/internal/env"
)

// Files reads a store straight from its files, in the process that writes it
// or in any other. It holds nothing open between calls.
type Files struct {
	dir string

	mu    sync.Mutex
	views map[uint64]*content // never changed, only replaced
	idle  []*unpacker
}

var _ Reader = (*Files)(nil)

// OpenReader opens the store in a folder for reading. A folder that is not
// there yet is an empty store.
func OpenReader(dir string) (*Files, error) {
	if info, err := os.Stat(dir); err == nil && !info.IsDir() {
		return nil, fmt.Errorf("open the log store: %s is not a folder", dir)
	}
	return &Files{dir: dir, views: make(map[uint64]*content)}, nil
}

// End returns the place after the newest line.
func (f *Files) End(context.Context) (Cursor, error) {
	ids, err := f.list()
	if err != nil || len(ids) == 0 {
		return Cursor{}, err
	}
	last := ids[len(ids)-1]
	c, err := f.view(last)
	if err != nil {
		return Cursor{}, err
	}
	return Cursor{Segment: last, Offset: c.end}, nil
}

// Counters say how much the store holds; the limits are the writer's to know,
// and zero here.
func (f *Files) Counters(context.Context) (env.LogCounters, error) {
	ids, err := f.list()
	if err != nil {
		return env.LogCounters{}, err
	}
	all := make([]sealed, 0, len(ids))
	for _, id := range ids {
		all = append(all, sealed{id: id, bytes: fileSize(segmentPath(f.dir, id))})
	}
	if len(all) == 0 {
		return env.LogCounters{}, nil
	}
	oldest, err := f.sound(slices.Values(ids))
	if err != nil {
		return env.LogCounters{}, err
	}
	newest, err := f.sound(backward(ids))
	if err != nil {
		return env.LogCounters{}, err
	}
	last := &all[len(all)-1]
	last.lines, last.dropped = newest.header.Lines, newest.header.Dropped
	all[0].lines, all[0].dropped = oldest.header.Lines, oldest.header.Dropped
	c := countersOf(all)
	c.Lines += newest.lines
	c.Dropped += newest.dropped
	c.Generation += uint64(newest.lines + newest.dropped)
	return c, nil
}

// sound is what is known of the first segment that can be read; of the last
// one the header may not be written yet.
func (f *Files) sound(ids iter.Seq[uint64]) (*content, error) {
	for id := range ids {
		c, err := f.view(id)
		if err != nil || c.header.ID == id {
			return c, err
		}
	}
	return newContent(header{}), nil
}

func backward(ids []uint64) iter.Seq[uint64] {
	return func(yield func(uint64) bool) {
		for _, id := range slices.Backward(ids) {
			if !yield(id) {
				return
			}
		}
	}
}

// list returns the segments that are there and forgets what it knew of others.
func (f *Files) list() ([]uint64, error) {
	ids, err := listSegments(f.dir)
	if err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for id := range f.views {
		if len(ids) == 0 || id < ids[0] {
			delete(f.views, id)
		}
	}
	return ids, nil
}

// known is what is known of a packed segment, which never changes; nil where
// nothing is.
func (f *Files) known(id uint64) *content {
	f.mu.Lock()
	defer f.mu.Unlock()
	if c := f.views[id]; c != nil && c.header.packed {
		return c
	}
	return nil
}

// view is what is known of a segment. One that has gone meanwhile, or is
// damaged, is an empty one.
func (f *Files) view(id uint64) (*content, error) {
	if c := f.known(id); c != nil {
		return c, nil
	}
	seg, err := f.open(id)
	if err != nil || seg == nil {
		return newContent(header{}), err
	}
	defer seg.close()
	return seg.content, nil
}

// openSegment is a segment that is open for reading. Whatever becomes of it
// meanwhile, what was opened stays.
type openSegment struct {
	*content
	file *os.File
	uses atomic.Int32
	// filters are those of all blocks, where they were asked for.
	filters []byte
}

func (s *openSegment) use() { s.uses.Add(1) }

func (s *openSegment) close() {
	if s.uses.Add(-1) == 0 {
		s.file.Close()
	}
}

// open opens a segment and brings what is known of it up to date. It is nil
// where the segment has gone or is damaged.
func (f *Files) open(id uint64) (*openSegment, error) {
	file, err := os.Open(segmentPath(f.dir, id))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the log store: %w", err)
	}
	c, err := f.learn(id, file)
	if err != nil || c == nil {
		file.Close()
		return nil, err
	}
	s := &openSegment{content: c, file: file}
	s.use()
	return s, nil
}

// learn reads what has to be known of a segment.
func (f *Files) learn(id uint64, file *os.File) (*content, error) {
	h, err := readHeader(file)
	if errors.Is(err, errHeader) || errors.Is(err, errOlder) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the log store: %w", err)
	}
	info, err := file.Stat()
	if err != nil {
		return nil, fmt.Errorf("read the log store: %w", err)
	}
	f.mu.Lock()
	c := f.views[id]
	f.mu.Unlock()
	switch {
	case c != nil && c.header.packed == h.packed && (h.packed || c.end == info.Size()):
		return c, nil
	case h.packed:
		u := f.unpacker()
		c, err = readIndex(h, file, info.Size(), u.decoder)
		f.release(u)
	default:
		if c == nil || c.header.packed {
			c = newContent(h)
		} else {
			c = c.snapshot()
		}
		err = c.extend(file, info.Size(), time.Now().UnixNano()+ahead, nil)
	}
	if errors.Is(err, errIndex) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the log store: %w", err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.views[id] = c
	return c, nil
}
