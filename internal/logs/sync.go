package logs

import (
	"errors"
	"fmt"
	"os"
	"time"
)

// Sync returns when all that was stored is on the disk itself. It also
// returns the error of a sync that was due earlier.
func (s *Store) Sync() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return errClosed
	}
	earlier := s.syncError
	s.syncError = nil
	if s.syncing != nil {
		s.syncing.Stop()
		s.syncing = nil
	}
	s.mu.Unlock()
	return errors.Join(earlier, s.syncNow())
}

// syncNow writes what waits for the disk without holding up those who store
// more meanwhile.
func (s *Store) syncNow() error {
	s.mu.Lock()
	var active segmentFile
	if s.active != nil {
		active = s.active.file
	}
	var waiting []uint64
	for _, seg := range s.segments {
		if !seg.synced {
			waiting = append(waiting, seg.id)
		}
	}
	s.mu.Unlock()
	var err error
	for _, id := range waiting {
		if one := syncPath(segmentPath(s.dir, id)); one != nil {
			err = errors.Join(err, one)
			continue
		}
		s.mu.Lock()
		if i := s.index(id); i >= 0 {
			s.segments[i].synced = true
		}
		s.mu.Unlock()
	}
	if active != nil {
		one := active.Sync()
		if errors.Is(one, os.ErrClosed) && s.isSealed(active) {
			return errors.Join(err, s.syncNow()) // by its name
		}
		err = errors.Join(err, one)
	}
	if err != nil {
		return fmt.Errorf("write the log store to disk: %w", err)
	}
	return nil
}

// syncPath syncs a file; one that is gone needs no syncing.
func syncPath(path string) error {
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

func (s *Store) syncLater() {
	if s.syncing != nil || s.options.SyncEvery < 0 {
		return
	}
	s.syncing = time.AfterFunc(s.options.SyncEvery, func() {
		s.mu.Lock()
		due := !s.closed && s.syncing != nil
		s.syncing = nil
		s.mu.Unlock()
		if !due {
			return
		}
		if err := s.syncNow(); err != nil {
			s.mu.Lock()
			known := s.syncError != nil && s.syncError.Error() == err.Error()
			s.syncError = err
			s.mu.Unlock()
			if !known {
				s.options.Report(err)
			}
		}
	})
}

// isSealed reports whether the file has become another one than the active.
func (s *Store) isSealed(file segmentFile) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.active == nil || s.active.file != file
}
