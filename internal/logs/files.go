package logs

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"

	"github.com/diorama-dev/diorama/internal/env"
)

// Files reads a store straight from its files, in the process that writes it
// or in any other. It holds nothing open between calls.
type Files struct {
	dir string

	mu    sync.Mutex
	views map[uint64]*view
}

var _ Reader = (*Files)(nil)

// view is what is known of a segment so far.
type view struct {
	header   header
	sum      summary
	complete bool // the segment is sealed and the summary covers it all
}

// OpenReader opens the store in a folder for reading. A folder that is not
// there yet is an empty store.
func OpenReader(dir string) (*Files, error) {
	if info, err := os.Stat(dir); err == nil && !info.IsDir() {
		return nil, fmt.Errorf("open the log store: %s is not a folder", dir)
	}
	return &Files{dir: dir, views: make(map[uint64]*view)}, nil
}

// End returns the place after the newest line.
func (f *Files) End(context.Context) (Cursor, error) {
	ids, err := f.list()
	if err != nil || len(ids) == 0 {
		return Cursor{}, err
	}
	last := ids[len(ids)-1]
	v, err := f.view(last, false)
	if err != nil {
		return Cursor{}, err
	}
	return Cursor{Segment: last, Offset: v.sum.End}, nil
}

// Counters say how much the store holds; the limit is the writer's to know,
// and zero here.
func (f *Files) Counters(context.Context) (env.LogCounters, error) {
	ids, err := f.list()
	if err != nil {
		return env.LogCounters{}, err
	}
	var all []sealed
	var last view
	for i, id := range ids {
		seg := sealed{id: id, bytes: fileSize(segmentPath(f.dir, id)) + fileSize(indexPath(f.dir, id))}
		if i == 0 || i == len(ids)-1 {
			if last, err = f.view(id, i < len(ids)-1); err != nil {
				return env.LogCounters{}, err
			}
			seg.lines, seg.dropped = last.header.Lines, last.header.Dropped
		}
		all = append(all, seg)
	}
	c := countersOf(all)
	c.Lines += last.sum.Lines
	c.Dropped += last.sum.Dropped
	c.Generation += uint64(last.sum.Lines + last.sum.Dropped)
	return c, nil
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

// view brings what is known of a segment up to date. A segment that has gone
// meanwhile, or is damaged, is an empty one.
func (f *Files) view(id uint64, isSealed bool) (view, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	v := f.views[id]
	if v != nil && v.complete {
		return *v, nil
	}
	file, err := os.Open(segmentPath(f.dir, id))
	if errors.Is(err, os.ErrNotExist) {
		return view{sum: newSummary()}, nil
	}
	if err != nil {
		return view{}, fmt.Errorf("read the log store: %w", err)
	}
	defer file.Close()
	if v == nil {
		b := make([]byte, headerSize)
		n, _ := file.ReadAt(b, 0)
		h, err := parseHeader(b[:n])
		if err != nil {
			return view{sum: newSummary()}, nil
		}
		v = &view{header: h, sum: newSummary()}
		f.views[id] = v
	}
	if err := v.extend(f.dir, id, file, isSealed); err != nil {
		return view{}, fmt.Errorf("read the log store: %w", err)
	}
	return *v, nil
}

func (v *view) extend(dir string, id uint64, file *os.File, isSealed bool) error {
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if isSealed {
		if sum, ok := readIndex(dir, id, info.Size()); ok {
			v.sum, v.complete = sum, true
			return nil
		}
	}
	if err := v.sum.scan(file, info.Size(), nil); err != nil {
		return err
	}
	v.complete = isSealed
	return nil
}
