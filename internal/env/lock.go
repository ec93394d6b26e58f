package env

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/diorama-dev/diorama/internal/filelock"
)

// Acquire takes the environment's lock, which one process at a time holds:
// its owner. It waits while another has it, until ctx ends. The lock goes with
// the file, and with the last process that inherited it.
func (f Folder) Acquire(ctx context.Context) (*os.File, error) {
	file, err := filelock.Open(f.Lock())
	if err != nil {
		return nil, fmt.Errorf("lock the environment: %w", err)
	}
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for {
		held, err := filelock.Try(file)
		switch {
		case err != nil:
			return nil, errors.Join(fmt.Errorf("lock the environment: %w", err), file.Close())
		case held && f.still(file):
			return file, nil
		case held: // whoever had it has taken the environment away
			return nil, errors.Join(fmt.Errorf("lock the environment: %w", errGone), file.Close())
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return nil, errors.Join(fmt.Errorf("lock the environment: another process has it: %w", context.Cause(ctx)), file.Close())
		}
	}
}

var errGone = errors.New("it was taken down meanwhile")

// still reports whether the locked file is the folder's: a lock on a file that
// was deleted protects nothing.
func (f Folder) still(file *os.File) bool {
	locked, err := file.Stat()
	if err != nil {
		return false
	}
	there, err := os.Stat(f.Lock())
	return err == nil && os.SameFile(locked, there)
}
