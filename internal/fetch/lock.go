package fetch

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"
)

// lock holds a file's lock for as long as the file is open. It waits while
// another process has it, which is fetching the same, until ctx ends. The file
// stays: a lock on a deleted one protects nothing.
func lock(ctx context.Context, path string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for {
		locked, err := tryLock(file)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("lock %s: %w", path, err), file.Close())
		}
		if locked {
			return file, nil
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return nil, errors.Join(fmt.Errorf("wait for another process that holds %s: %w", path, context.Cause(ctx)), file.Close())
		}
	}
}
