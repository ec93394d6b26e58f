package logs

import "time"

// Bound changes how much the store may take, in bytes on disk, and how long
// lines are kept; 0 is the default. What no longer fits goes at once.
func (s *Store) Bound(bytes int64, age time.Duration) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return errClosed
	}
	o := s.options
	o.MaxBytes, o.MaxAge, o.SegmentBytes = bytes, age, 0
	s.options = o.withDefaults()
	return s.retire(0)
}
