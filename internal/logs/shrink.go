package logs

import (
	"errors"
	"fmt"
	"os"
	"slices"
)

// retire removes the oldest segments until the store is within its bounds and
// has room for so many more bytes.
func (s *Store) retire(more int64) error {
	total := more
	for _, seg := range s.segments {
		total += seg.bytes
		if seg.id == s.packing {
			total += seg.bytes // its new file grows beside it
		}
	}
	if s.active != nil {
		total += s.active.end
	}
	for len(s.segments) > 0 && (total > s.options.MaxBytes || s.outlived()) {
		oldest := s.segments[0]
		if err := removeFile(segmentPath(s.dir, oldest.id)); err != nil {
			return fmt.Errorf("discard the oldest log lines: %w", err)
		}
		total -= oldest.bytes
		s.segments = s.segments[1:]
	}
	return nil
}

// outlived reports whether all lines of the oldest segment are too old.
func (s *Store) outlived() bool {
	if s.options.MaxAge < 0 {
		return false
	}
	wrote := s.segments[0].wrote
	if wrote == 0 && len(s.segments) > 1 {
		wrote = s.segments[1].begun // at the latest
	} else if wrote == 0 && s.active != nil {
		wrote = s.active.header.Begun
	}
	return wrote != 0 && s.options.now().UnixNano()-wrote > int64(s.options.MaxAge)
}

// index is where a sealed segment stands in the list; -1 where it is gone.
func (s *Store) index(id uint64) int {
	return slices.IndexFunc(s.segments, func(seg sealed) bool { return seg.id == id })
}

// packLater has the sealed segments compressed that are not yet, in the
// background, one after the other.
func (s *Store) packLater() {
	if s.packing != 0 || s.closed || s.nextRaw() < 0 {
		return
	}
	s.packing = s.segments[s.nextRaw()].id
	s.packs.Go(func() {
		for s.packOne() {
			continue
		}
	})
}

func (s *Store) nextRaw() int {
	return slices.IndexFunc(s.segments, func(seg sealed) bool { return seg.state == stateRaw })
}

// packOne compresses the segment that is to be compressed, and reports whether
// there is a next one. The new file takes the place of the old one, under its
// name, in one instant: a segment is there once, whenever the process dies.
func (s *Store) packOne() bool {
	s.mu.Lock()
	id, latest := s.packing, s.options.now().UnixNano()+ahead
	s.mu.Unlock()
	path := segmentPath(s.dir, id)
	gone := func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.closed || s.index(id) < 0
	}
	packed, err := s.packer.pack(path, latest, s.options.SyncEvery >= 0, gone)

	s.mu.Lock()
	defer s.mu.Unlock()
	if err = s.replace(id, packed, err); err != nil && !errors.Is(err, errPackStopped) && !errors.Is(err, os.ErrNotExist) {
		s.options.Report(fmt.Errorf("compress segment %d of the log store: %w", id, err))
	}
	s.packing = 0
	next := s.nextRaw()
	if s.closed || next < 0 {
		return false
	}
	s.packing = s.segments[next].id
	return true
}

// replace puts a packed file in the place of the raw one, unless that has been
// discarded meanwhile.
func (s *Store) replace(id uint64, packed string, err error) error {
	i := s.index(id)
	if err != nil || i < 0 {
		if i >= 0 {
			s.segments[i].state = stateRefused
		}
		if packed != "" {
			err = errors.Join(err, removeFile(packed))
		}
		return err
	}
	size := fileSize(packed)
	if err := os.Rename(packed, segmentPath(s.dir, id)); err != nil {
		s.segments[i].state = stateRefused
		return errors.Join(err, removeFile(packed))
	}
	seg := &s.segments[i]
	seg.bytes, seg.state, seg.synced = size, statePacked, s.options.SyncEvery >= 0
	return nil
}

// retryPacking has those tried again that could not be compressed, as on a
// full disk.
func (s *Store) retryPacking() {
	for i := range s.segments {
		if s.segments[i].state == stateRefused {
			s.segments[i].state = stateRaw
		}
	}
	s.packLater()
}
