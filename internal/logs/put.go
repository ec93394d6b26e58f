package logs

import "fmt"

// Put stores a batch: all of it, or nothing where it returns an error, also
// where the process is killed meanwhile. Readers see it when it returns.
func (s *Store) Put(b Batch) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(b.Lines) == 0 && len(b.Read) == 0 && b.Lost == 0 {
		return nil
	}
	if err := s.ready(); err != nil {
		return err
	}
	a := s.active
	a.begin()
	if b.Lost != 0 {
		a.groups.buf = appendDropped(a.groups.buf, b.Lost)
	}
	s.writeMarks(b.Read)
	for i := range b.Lines {
		a.add(&b.Lines[i], s.position)
	}
	if err := s.commit(b.Lines); err != nil {
		return fmt.Errorf("store log lines: %w", err)
	}
	a.dropped += b.Lost
	s.keepMarks(b.Read)
	return nil
}

// Append stores lines in the order given and returns how many it stored: all
// of them, or those before an error. Readers see them when it returns, and a
// process that is killed afterwards does not lose them.
func (s *Store) Append(lines []Line) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	stored := 0
	for stored < len(lines) {
		if err := s.ready(); err != nil {
			return stored, err
		}
		a, n := s.active, 0
		a.begin()
		for n < len(lines)-stored && (n == 0 || a.end+int64(len(a.groups.buf)) < s.options.SegmentBytes) {
			a.add(&lines[stored+n], s.position)
			n++
		}
		if err := s.commit(lines[stored : stored+n]); err != nil {
			return stored, fmt.Errorf("store log lines: %w", err)
		}
		stored += n
	}
	return stored, nil
}

// Dropped records that n lines were lost before they could be read.
func (s *Store) Dropped(n int64) error { return s.Put(Batch{Lost: n}) }

// ready makes sure that there is a segment to write to.
func (s *Store) ready() error {
	if s.closed {
		return errClosed
	}
	if a := s.active; a != nil && !a.full(s.options.SegmentBytes) && !a.aged(s.options.now(), s.options.MaxAge) {
		return nil
	}
	return s.roll()
}

// commit writes the active segment's batch, in which those lines are. Room for
// it is made first.
func (s *Store) commit(lines []Line) error {
	a := s.active
	if err := s.retire(int64(len(a.groups.buf))); err != nil {
		a.forget()
		return err
	}
	if err := a.write(); err != nil {
		return err
	}
	a.wrote = s.options.now().UnixNano()
	for i, src := range a.touched {
		src.position.add(nanos(lines[i].Time))
	}
	s.syncLater()
	return nil
}

func (s *Store) position(l *Line) *Position {
	at := placeOf(l.Pod, l.Container)
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
	if p := s.positions[placeOf(pod, container)]; p != nil {
		return p.clone()
	}
	return Position{}
}
