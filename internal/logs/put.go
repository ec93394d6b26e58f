package logs

// Put stores a batch.
func (s *Store) Put(b Batch) error {
	if _, err := s.Append(b.Lines); err != nil {
		return err
	}
	s.mu.Lock()
	for _, m := range b.Read {
		s.marks[m.File] = m.Offset
	}
	s.mu.Unlock()
	if b.Lost > 0 {
		return s.Dropped(b.Lost)
	}
	return nil
}

// Mark is how far a file is stored.
func (s *Store) Mark(file string) (int64, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	offset, known := s.marks[file]
	return offset, known
}
