package logs

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/diorama-dev/diorama/internal/env"
	"github.com/diorama-dev/diorama/internal/filelock"
)

// Bounds of what an [Options] leaves open.
const (
	DefaultMaxBytes     = 1 << 30
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
	// SegmentBytes is the size at which a new file is begun; an eighth of
	// MaxBytes at most.
	SegmentBytes int64
	// SyncEvery is how long stored lines may be lost by a machine that loses
	// its power. (A killed process loses none.) Negative: only [Store.Sync].
	SyncEvery time.Duration
}

func (o Options) withDefaults() Options {
	o.MaxBytes = cmp.Or(max(0, o.MaxBytes), DefaultMaxBytes)
	o.SegmentBytes = cmp.Or(max(0, o.SegmentBytes), DefaultSegmentBytes)
	o.SegmentBytes = max(minSegment, min(o.SegmentBytes, o.MaxBytes/8))
	o.SyncEvery = cmp.Or(o.SyncEvery, DefaultSyncEvery)
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
	marks     map[string]int64
	syncing   *time.Timer // set while lines wait for the disk
	syncError error       // of a sync that nobody waited for
	closed    bool
}

// sealed is a segment that is written no more.
type sealed struct {
	id      uint64
	bytes   int64 // with its side file
	lines   int64 // ever stored before it
	dropped int64 // ever lost before it
}

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
	s := &Store{dir: dir, options: o.withDefaults(), lock: lock, positions: make(map[place]*Position), marks: make(map[string]int64)}
	if err := s.restore(); err != nil {
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

// Append stores lines in the order given and returns how many it stored: all
// of them, or those before an error. Readers see them when it returns, and a
// process that is killed afterwards does not lose them.
func (s *Store) Append(lines []Line) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return 0, errClosed
	}
	stored := 0
	for stored < len(lines) {
		if s.active == nil || s.active.full(s.options.SegmentBytes) {
			if err := s.roll(); err != nil {
				return stored, err
			}
		}
		n, err := s.active.write(lines[stored:], s.options.SegmentBytes)
		if err != nil {
			return stored, fmt.Errorf("store log lines: %w", err)
		}
		for _, l := range lines[stored : stored+n] {
			s.position(l).add(nanos(l.Time))
		}
		stored += n
	}
	s.syncLater()
	return stored, s.retire()
}

func (s *Store) position(l Line) *Position {
	at := place{l.Pod, l.Container}
	p := s.positions[at]
	if p == nil {
		p = newPosition()
		s.positions[at] = p
	}
	return p
}

// Position is how far the output of a container is stored.
func (s *Store) Position(pod, container string) Position {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.positions[place{pod, container}]; p != nil {
		return p.clone()
	}
	return Position{}
}

// Dropped records that n lines were lost before they could be read.
func (s *Store) Dropped(n int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return errClosed
	}
	if s.active == nil {
		if err := s.roll(); err != nil {
			return err
		}
	}
	if err := s.active.writeRecords(appendDropped(nil, n)); err != nil {
		return fmt.Errorf("store a count of lost lines: %w", err)
	}
	return nil
}

// Counters say how much the store holds. They are recovered when it is opened;
// the generation never goes back.
func (s *Store) Counters() env.LogCounters {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := append(slices.Clone(s.segments), s.activeSealed()...)
	c := countersOf(all)
	c.Limit = s.options.MaxBytes
	if s.active != nil {
		c.Lines += s.active.sum.Lines
		c.Dropped += s.active.sum.Dropped
		c.Generation += uint64(s.active.sum.Lines + s.active.sum.Dropped)
	}
	return c
}

// activeSealed is the active segment as a list of one, or none.
func (s *Store) activeSealed() []sealed {
	if s.active == nil {
		return nil
	}
	h := s.active.header
	return []sealed{{id: h.ID, bytes: s.active.sum.End, lines: h.Lines, dropped: h.Dropped}}
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

// Sync returns when all that was stored is on the disk itself. It also
// returns the error of a sync that was due earlier.
func (s *Store) Sync() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return errClosed
	}
	err := errors.Join(s.syncError, s.syncNow())
	s.syncError = nil
	return err
}

func (s *Store) syncNow() error {
	if s.syncing != nil {
		s.syncing.Stop()
		s.syncing = nil
	}
	if s.active == nil {
		return nil
	}
	if err := s.active.file.Sync(); err != nil {
		return fmt.Errorf("write the log store to disk: %w", err)
	}
	return nil
}

func (s *Store) syncLater() {
	if s.syncing != nil || s.options.SyncEvery < 0 {
		return
	}
	s.syncing = time.AfterFunc(s.options.SyncEvery, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if !s.closed && s.syncing != nil {
			s.syncError = errors.Join(s.syncError, s.syncNow())
		}
	})
}

// Close syncs and lets another process write.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	err := s.syncNow()
	s.closed = true
	if s.active != nil {
		err = errors.Join(err, s.active.file.Close())
	}
	return errors.Join(err, s.lock.Close())
}

// clean makes a message fit for a record: valid UTF-8 and bounded.
func clean(message string) string {
	if len(message) > 2*MaxMessage {
		message = message[:2*MaxMessage]
	}
	return strings.ToValidUTF8(message, "\uFFFD")
}
