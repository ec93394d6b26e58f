package logs

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"slices"
)

// restore takes stock of what is on disk and opens the last segment for
// writing, without the torn tail that a killed process may have left.
func (s *Store) restore() error {
	ids, torn, err := s.begun()
	if err != nil {
		return fmt.Errorf("recover the log store: %w", err)
	}
	for i, id := range ids {
		h, err := readHeader(segmentPath(s.dir, id))
		h.ID = id
		switch {
		case errors.Is(err, errHeader): // damaged; it goes when its time comes
			h = header{ID: id, Lines: s.linesBefore(), Dropped: s.droppedBefore()}
			s.segments, err = append(s.segments, s.sealedOf(h)), nil
		case err == nil && i == len(ids)-1:
			err = s.reopen(h)
		case err == nil:
			err = s.indexMissing(id)
			s.segments = append(s.segments, s.sealedOf(h))
		}
		if err != nil {
			return fmt.Errorf("recover the log store: %w", err)
		}
	}
	if torn { // readers may have taken the one before for finished
		if err := s.roll(); err != nil {
			return err
		}
	}
	return s.retire()
}

// begun lists the segments, and removes a last one whose writer was killed
// before its header was whole: nothing can be in it.
func (s *Store) begun() (ids []uint64, torn bool, err error) {
	ids, err = listSegments(s.dir)
	if err != nil || len(ids) == 0 {
		return ids, false, err
	}
	path := segmentPath(s.dir, ids[len(ids)-1])
	if _, err := readHeader(path); !errors.Is(err, errHeader) || fileSize(path) > headerSize {
		return ids, false, nil
	}
	return ids[:len(ids)-1], true, os.Remove(path)
}

func (s *Store) linesBefore() int64 {
	if len(s.segments) == 0 {
		return 0
	}
	return s.segments[len(s.segments)-1].lines
}

func (s *Store) droppedBefore() int64 {
	if len(s.segments) == 0 {
		return 0
	}
	return s.segments[len(s.segments)-1].dropped
}

func (s *Store) sealedOf(h header) sealed {
	return sealed{
		id: h.ID, lines: h.Lines, dropped: h.Dropped,
		bytes: fileSize(segmentPath(s.dir, h.ID)) + fileSize(indexPath(s.dir, h.ID)),
	}
}

func fileSize(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return info.Size()
}

// reopen makes the last segment the active one.
func (s *Store) reopen(h header) error {
	path := segmentPath(s.dir, h.ID)
	f, err := os.OpenFile(path, os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	a := &active{file: f, header: h, sum: newSummary(), numbers: make(map[origin]int)}
	err = a.sum.scan(f, fileSize(path), func(payload []byte) { s.recall(a, payload) })
	if err == nil {
		err = f.Truncate(a.sum.End)
	}
	if err != nil {
		return errors.Join(err, f.Close())
	}
	for number, o := range a.sum.Origins {
		a.numbers[o] = number
	}
	if err := removeFile(indexPath(s.dir, h.ID)); err != nil { // it had been sealed
		return errors.Join(err, f.Close())
	}
	s.active = a
	return nil
}

// recall takes up the positions that a record of the last segment bears witness of.
func (s *Store) recall(a *active, payload []byte) {
	switch recordKind(payload[0]) {
	case kindPosition:
		if at, p, ok := parsePosition(payload); ok {
			s.positions[at] = p
		}
	case kindLine:
		if l, ok := parseLine(payload); ok && l.origin < len(a.sum.Origins) {
			o := a.sum.Origins[l.origin]
			s.position(Line{Pod: o.Pod, Container: o.Container}).add(l.time)
		}
	case kindOrigin, kindDropped:
	}
}

// indexMissing writes the side file of a sealed segment whose writer was
// killed before it could.
func (s *Store) indexMissing(id uint64) error {
	path := segmentPath(s.dir, id)
	if _, ok := readIndex(s.dir, id, fileSize(path)); ok {
		return nil
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	sum := newSummary()
	if err := sum.scan(f, fileSize(path), nil); err != nil {
		return err
	}
	return writeIndex(s.dir, id, sum)
}

// roll seals the active segment and begins the next.
func (s *Store) roll() error {
	next := header{ID: s.nextID()}
	if a := s.active; a != nil {
		next.Lines = a.header.Lines + a.sum.Lines
		next.Dropped = a.header.Dropped + a.sum.Dropped
	} else if n := len(s.segments); n > 0 {
		var err error
		if next, err = s.after(s.segments[n-1], next); err != nil {
			return err
		}
	}
	a, err := createActive(s.dir, next)
	if err != nil {
		return err
	}
	if err := a.writeRecords(s.rememberPositions()); err != nil {
		return errors.Join(fmt.Errorf("begin a segment of the log store: %w", err), a.file.Close(), os.Remove(a.file.Name()))
	}
	err = s.seal()
	s.active = a
	return err
}

func (s *Store) nextID() uint64 {
	id := uint64(0)
	if n := len(s.segments); n > 0 {
		id = s.segments[n-1].id
	}
	if s.active != nil {
		id = s.active.header.ID
	}
	return id + 1
}

// after counts on from a sealed segment.
func (s *Store) after(last sealed, next header) (header, error) {
	if err := s.indexMissing(last.id); err != nil {
		return header{}, fmt.Errorf("count the lines of the log store: %w", err)
	}
	sum, _ := readIndex(s.dir, last.id, fileSize(segmentPath(s.dir, last.id)))
	next.Lines = last.lines + sum.Lines
	next.Dropped = last.dropped + sum.Dropped
	return next, nil
}

// seal closes the active segment and writes its side file. Only a missing side
// file comes of a failure: readers then scan the segment.
func (s *Store) seal() error {
	a := s.active
	if a == nil {
		return nil
	}
	err := errors.Join(s.syncNow(), a.file.Close(), writeIndex(s.dir, a.header.ID, a.sum))
	s.segments = append(s.segments, s.sealedOf(a.header))
	s.active = nil
	return err
}

// rememberPositions writes down how far each container is stored, so that the
// new segment alone is enough to go on after a restart.
func (s *Store) rememberPositions() []byte {
	places := make([]place, 0, len(s.positions))
	for at := range s.positions {
		places = append(places, at)
	}
	slices.SortFunc(places, func(a, b place) int {
		return cmp.Or(s.positions[b].Last().Compare(s.positions[a].Last()),
			cmp.Compare(a.pod, b.pod), cmp.Compare(a.container, b.container))
	})
	// Together they take an eighth of the segment at most.
	moments := int(s.options.SegmentBytes/8) / (momentBytes * max(1, min(len(places), maxPositions)))
	var records []byte
	for i, at := range places {
		if i >= maxPositions {
			delete(s.positions, at)
			continue
		}
		s.positions[at].trim(moments)
		records = appendPosition(records, at, s.positions[at])
	}
	return records
}

// retire removes the oldest segments until the store is within its bound.
func (s *Store) retire() error {
	total := int64(0)
	for _, seg := range s.segments {
		total += seg.bytes
	}
	if s.active != nil {
		total += s.active.sum.End
	}
	for len(s.segments) > 0 && total > s.options.MaxBytes {
		oldest := s.segments[0]
		err := errors.Join(removeFile(segmentPath(s.dir, oldest.id)), removeFile(indexPath(s.dir, oldest.id)))
		if err != nil {
			return fmt.Errorf("discard the oldest log lines: %w", err)
		}
		total -= oldest.bytes
		s.segments = s.segments[1:]
	}
	return nil
}

func removeFile(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}
