package logs

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
)

// restore takes stock of what is on disk and opens the last segment for
// writing, without the torn tail that a killed process may have left.
func (s *Store) restore() error {
	if err := s.removeUnfinished(); err != nil {
		return fmt.Errorf("recover the log store: %w", err)
	}
	ids, err := listSegments(s.dir)
	if err != nil {
		return err
	}
	begin, older := false, uint64(0)
	for i, id := range ids {
		path := segmentPath(s.dir, id)
		h, err := headerOf(path)
		h.ID = id
		last := i == len(ids)-1
		switch {
		case errors.Is(err, errOlder):
			err, older = os.Remove(path), id
		case last && (errors.Is(err, errHeader) || (err == nil && !h.packed)):
			begin, err = s.reopen(h, err)
		case errors.Is(err, errHeader): // damaged; it goes when its time comes
			s.keepDamaged(id)
			err = nil
		case err == nil:
			s.segments = append(s.segments, s.sealedOf(h))
		}
		if err != nil {
			return fmt.Errorf("recover the log store: %w", err)
		}
	}
	if older > 0 {
		s.options.Report(errors.New("the log lines of an earlier version cannot be read by this one; they were discarded"))
	}
	return s.goOn(begin, older)
}

// goOn begins the next segment where there is none to go on with.
func (s *Store) goOn(begin bool, older uint64) error {
	if s.active == nil && len(s.segments) > 0 {
		if err := s.recallNewest(); err != nil {
			return fmt.Errorf("recover the log store: %w", err)
		}
		begin = true
	}
	if begin || older > 0 { // numbers grow, so that cursors stay in order
		if err := s.rollTo(max(s.nextID(), older+1)); err != nil {
			return err
		}
	}
	s.packLater()
	return s.retire(0)
}

// removeUnfinished removes the files that were being made when the process
// was killed, and the side files of an earlier version.
func (s *Store) removeUnfinished() error {
	for _, pattern := range [...]string{"*" + newSuffix, "*.idx"} {
		paths, err := filepath.Glob(filepath.Join(s.dir, pattern))
		if err != nil {
			return err
		}
		for _, path := range paths {
			if err := removeFile(path); err != nil {
				return err
			}
		}
	}
	return nil
}

// newest is the newest sealed segment, or nothing.
func (s *Store) newest() sealed {
	if len(s.segments) == 0 {
		return sealed{}
	}
	return s.segments[len(s.segments)-1]
}

func (s *Store) sealedOf(h header) sealed {
	seg := sealed{
		id: h.ID, lines: h.Lines, dropped: h.Dropped, begun: h.Begun,
		bytes: fileSize(segmentPath(s.dir, h.ID)), state: stateRaw,
	}
	if h.packed {
		seg.state = statePacked
	}
	return seg
}

// reopen makes the last segment the active one. It is removed where its writer
// was killed before it was begun as a whole: nothing can be in it. Readers may
// then have taken the one before for finished, so that the next is begun.
func (s *Store) reopen(h header, damaged error) (begin bool, err error) {
	path := segmentPath(s.dir, h.ID)
	if damaged != nil && fileSize(path) > headerSize {
		s.keepDamaged(h.ID)
		return true, nil
	}
	if damaged != nil {
		return true, os.Remove(path)
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0o600)
	if err != nil {
		return false, err
	}
	a := newActive(f, h)
	c := newContent(h)
	files := make(map[int]string)
	err = c.extend(f, fileSize(path), math.MaxInt64, func(groups []byte) {
		s.recall(c, walk(groups, h.Begun), files)
		a.next = max(a.next, len(c.origins), unused(walk(groups, h.Begun)))
	})
	if err == nil && c.end == headerSize {
		f.Close()
		return true, os.Remove(path)
	}
	if err == nil {
		err = f.Truncate(c.end)
	}
	if err != nil {
		return false, errors.Join(err, f.Close())
	}
	a.end, a.lines, a.dropped = c.end, c.lines, c.dropped
	for number := range files {
		a.files = max(a.files, number+1)
	}
	for number, o := range c.origins {
		if o == lostOrigin {
			continue
		}
		a.sources[o] = &source{origin: o, number: number, position: s.position(&Line{Pod: o.Pod, Container: o.Container})}
	}
	s.active = a
	return false, nil
}

// unused is a number above those of all lines: where the record of an origin
// is lost, its number must not become another's.
func unused(w walker) int {
	next := 0
	for w.step() {
		if w.line() {
			next = max(next, w.number+1)
		}
	}
	return next
}

// keepDamaged lists a segment of which nothing can be read.
func (s *Store) keepDamaged(id uint64) {
	before := s.newest()
	seg := s.sealedOf(header{ID: id, Lines: before.lines, Dropped: before.dropped, Begun: before.begun})
	seg.state = stateDamaged
	s.segments = append(s.segments, seg)
}

// recall takes up the positions and marks that a batch bears witness of.
func (s *Store) recall(c *content, w walker, files map[int]string) {
	for w.step() {
		switch {
		case w.kind == kindPosition:
			if at, p, ok := parsePosition(w.body); ok {
				s.positions[at] = p
			}
		case w.kind == kindFile || w.kind == kindMark:
			s.recallMark(&w, files, c.header.ID)
		case w.line() && w.number < len(c.origins) && c.origins[w.number] != lostOrigin:
			o := c.origins[w.number]
			s.position(&Line{Pod: o.Pod, Container: o.Container}).add(w.time)
		}
	}
}

// recallNewest takes up the positions and marks of the newest segment that can
// be read, where none can be gone on with.
func (s *Store) recallNewest() error {
	f, seg, err := s.openNewest()
	if err != nil || seg == nil {
		return err
	}
	defer seg.close()
	u, files := f.unpacker(), make(map[int]string)
	for i := range seg.blocks {
		w, err := u.walk(seg, &seg.blocks[i], false)
		if err != nil {
			return err
		}
		s.recall(seg.content, w, files)
	}
	return nil
}

// openNewest opens the newest sealed segment that can be read; nil where there
// is none. One that is damaged bears witness of nothing, but the one before it
// does.
func (s *Store) openNewest() (*Files, *openSegment, error) {
	f, err := OpenReader(s.dir)
	if err != nil {
		return nil, nil, err
	}
	for _, sealed := range slices.Backward(s.segments) {
		if seg, err := f.open(sealed.id); err != nil || seg != nil {
			return f, seg, err
		}
	}
	return f, nil, nil
}

// roll seals the active segment and begins the next.
func (s *Store) roll() error { return s.rollTo(s.nextID()) }

func (s *Store) rollTo(id uint64) error {
	next := header{ID: id, Begun: s.options.now().UnixNano()}
	if a := s.active; a != nil {
		next.Lines = a.header.Lines + a.lines
		next.Dropped = a.header.Dropped + a.dropped
	} else if len(s.segments) > 0 {
		var err error
		if next, err = s.goingOn(next); err != nil {
			return fmt.Errorf("count the lines of the log store: %w", err)
		}
	}
	if err := s.retire(headerSize); err != nil {
		return err
	}
	a, err := createActive(s.dir, next, func(g *groupWriter) int {
		s.rememberPositions(g)
		return s.rememberMarks(g, next.ID)
	})
	if err != nil {
		return err
	}
	if before := s.active; before != nil {
		s.segments = append(s.segments, s.activeSealed()...)
		err = before.file.Close()
	}
	s.active = a
	s.retryPacking()
	return err
}

func (s *Store) nextID() uint64 {
	if s.active != nil {
		return s.active.header.ID + 1
	}
	return s.newest().id + 1
}

// goingOn counts on from the newest segment that can be read.
func (s *Store) goingOn(next header) (header, error) {
	_, seg, err := s.openNewest()
	if err != nil {
		return next, err
	}
	last := s.newest()
	next.Lines, next.Dropped = last.lines, last.dropped
	if seg == nil {
		return next, nil
	}
	defer seg.close()
	next.Lines = max(next.Lines, seg.header.Lines+seg.lines)
	next.Dropped = max(next.Dropped, seg.header.Dropped+seg.dropped)
	return next, nil
}
