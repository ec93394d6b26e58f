package logs

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/diorama-dev/diorama/internal/env"
	"github.com/diorama-dev/diorama/internal/filelock"
)

// Bounds of what an [Options] leaves open.
const (
	DefaultMaxBytes     = 1 << 30
	DefaultMaxAge       = 7 * 24 * time.Hour
	DefaultSegmentBytes = 8 << 20
	DefaultSyncEvery    = time.Second
	// MaxMessage is the longest message that is kept as one line, in bytes.
	// What follows longer lines splits them; the store cuts off the rest.
	MaxMessage = 64 << 10
	// maxPositions bounds how many containers' positions are carried on.
	maxPositions = 1000
	minSegment   = 4 << 10
)

// Options bound a store. The zero value takes the defaults.
type Options struct {
	// MaxBytes is how much the store may take on disk; the oldest lines go.
	MaxBytes int64
	// MaxAge is how long lines are kept; older ones go when new ones come.
	// Negative: for as long as there is room.
	MaxAge time.Duration
	// SegmentBytes is the size at which a new file is begun; an eighth of
	// MaxBytes at most. A batch is never divided, so that one larger than a
	// segment makes a larger segment.
	SegmentBytes int64
	// SyncEvery is how long stored lines may be lost by a machine that loses
	// its power. (A killed process loses none.) Negative: only [Store.Sync].
	SyncEvery time.Duration
	// Report is told what goes wrong where nobody waits for it: lines of an
	// earlier version that are discarded, a segment that cannot be compressed, a
	// disk that does not take what is stored.
	// Nil: nobody is.
	Report func(error)

	now func() time.Time
}

func (o Options) withDefaults() Options {
	o.MaxBytes = cmp.Or(max(0, o.MaxBytes), DefaultMaxBytes)
	o.MaxAge = cmp.Or(o.MaxAge, DefaultMaxAge)
	o.SegmentBytes = cmp.Or(max(0, o.SegmentBytes), DefaultSegmentBytes)
	o.SegmentBytes = max(minSegment, min(o.SegmentBytes, o.MaxBytes/8))
	o.SyncEvery = cmp.Or(o.SyncEvery, DefaultSyncEvery)
	if o.Report == nil {
		o.Report = func(error) {}
	}
	if o.now == nil {
		o.now = time.Now
	}
	return o
}

// ErrLocked says that another process has the store open for writing.
var ErrLocked = errors.New("the log store is being written by another process; one keeper per environment writes it")

var errClosed = errors.New("the log store is closed")

// Store writes log lines to a folder. One process has it open at a time; any
// number of [Files] read it meanwhile. It is safe for concurrent use.
type Store struct {
	dir     string
	options Options
	lock    *os.File

	mu        sync.Mutex
	segments  []sealed // all but the active one, oldest first
	active    *active
	positions map[place]*Position
	marks     map[string]*fileMark
	uses      uint64      // of marks
	syncing   *time.Timer // set while lines wait for the disk
	syncError error       // of the last sync that nobody waited for
	packing   uint64      // the segment that is being compressed; 0: none
	packs     sync.WaitGroup
	packer    *packer // of the goroutine that compresses
	closed    bool
}

// sealed is a segment that is written no more.
type sealed struct {
	id      uint64
	bytes   int64
	lines   int64 // ever stored before it
	dropped int64 // ever lost before it
	begun   int64
	wrote   int64 // when the last of it was stored, at the latest; 0: not known
	state   sealedState
	synced  bool // nothing of it can be lost with the power
}

// sealedState is how a sealed segment is kept.
type sealedState uint8

const (
	statePacked sealedState = iota
	stateRaw
	stateRefused // raw; it could not be compressed when that was last tried
	stateDamaged // it cannot be read
)

// Open opens the store in a folder for writing and makes the folder where it
// is not there. What a killed process left half written at the end is cut off.
func Open(dir string, o Options) (*Store, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the log store's folder: %w", err)
	}
	lock, err := lockFolder(dir)
	if err != nil {
		return nil, err
	}
	s := &Store{
		dir: dir, options: o.withDefaults(), lock: lock,
		positions: make(map[place]*Position), marks: make(map[string]*fileMark),
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.packer, err = newPacker()
	if err == nil {
		err = s.restore()
	}
	if err != nil {
		s.closed = true
		return nil, errors.Join(err, lock.Close())
	}
	return s, nil
}

func lockFolder(dir string) (*os.File, error) {
	f, err := filelock.Open(filepath.Join(dir, "lock"))
	if err != nil {
		return nil, fmt.Errorf("lock the log store: %w", err)
	}
	locked, err := filelock.Try(f)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("lock the log store: %w", err), f.Close())
	}
	if !locked {
		return nil, errors.Join(ErrLocked, f.Close())
	}
	return f, nil
}

// Counters say how much the store holds. They are recovered when it is opened;
// the generation never goes back.
func (s *Store) Counters() env.LogCounters {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := append(slices.Clone(s.segments), s.activeSealed()...)
	c := countersOf(all)
	c.Limit, c.AgeLimit = s.options.MaxBytes, max(0, s.options.MaxAge)
	if s.active != nil {
		c.Lines += s.active.lines
		c.Dropped += s.active.dropped
		c.Generation += uint64(s.active.lines + s.active.dropped)
	}
	return c
}

// activeSealed is the active segment as a list of one, or none.
func (s *Store) activeSealed() []sealed {
	if s.active == nil {
		return nil
	}
	h := s.active.header
	return []sealed{{id: h.ID, bytes: s.active.end, lines: h.Lines, dropped: h.Dropped, begun: h.Begun, wrote: s.active.wrote, state: stateRaw}}
}

// countersOf counts all segments but the content of the last. A generation is
// all lines that ever were, and the segments that are gone.
func countersOf(all []sealed) env.LogCounters {
	var c env.LogCounters
	if len(all) == 0 {
		return c
	}
	first, last := all[0], all[len(all)-1]
	c.Lines = last.lines - first.lines
	c.Dropped = last.dropped
	c.Generation = uint64(last.lines) + uint64(last.dropped) + first.id
	for _, seg := range all {
		c.Bytes += seg.bytes
	}
	return c
}

// Close syncs and lets another process write.
func (s *Store) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	if s.syncing != nil {
		s.syncing.Stop()
		s.syncing = nil
	}
	s.mu.Unlock()
	s.packs.Wait()
	err := s.syncNow()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.active != nil {
		err = errors.Join(err, s.active.file.Close())
	}
	return errors.Join(err, s.lock.Close())
}
