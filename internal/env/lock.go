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
	held, err := await(file, ctx.Done())
	switch {
	case err != nil:
	case !held:
		err = fmt.Errorf("another process has it: %w", context.Cause(ctx))
	case !f.still(file): // whoever had it has taken the environment away
		err = errGone
	default:
		return file, nil
	}
	return nil, errors.Join(fmt.Errorf("lock the environment: %w", err), file.Close())
}

// await waits until this process holds the file, or something comes of over: then
// it does not.
func await[T any](file *os.File, over <-chan T) (held bool, err error) {
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for {
		if held, err = filelock.Try(file); held || err != nil {
			return held, err
		}
		select {
		case <-ticker.C:
		case <-over:
			return false, nil
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
