package embedded

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/diorama-dev/diorama/internal/env"
)

// holder is the process that a server's folder belongs to, as its file says.
// It counts only while the folder's lock is held, which the server inherits.
type holder struct {
	PID    int    `json:"pid"`
	Born   string `json:"born,omitempty"`
	Signal int    `json:"signal"` // that ends it in good order
	// Beside are the processes that run beside it.
	Beside []holder `json:"beside,omitempty"`
}

func holderFile(folder string) string { return filepath.Join(folder, "process.json") }

func writeHolder(folder string, s signal, pid int, beside ...int) error {
	h := holder{PID: pid, Born: bornAt(pid), Signal: int(s)}
	for _, other := range beside {
		h.Beside = append(h.Beside, holder{PID: other, Born: bornAt(other), Signal: int(sigterm)})
	}
	data, err := json.Marshal(h)
	if err != nil {
		return fmt.Errorf("note the process: %w", err)
	}
	return env.WriteFile(holderFile(folder), data)
}

// Bounds of how long what an earlier keeper left behind may take to end: by
// itself, asked, and by force.
const (
	orphanAlone = time.Second
	orphanAsked = 8 * time.Second
	orphanForce = 5 * time.Second
)

// HeldError says that a server's folder belongs to a process that does not end.
type HeldError struct {
	Folder string
	PID    int
	Err    error
}

func (e *HeldError) Error() string {
	return fmt.Sprintf("%s belongs to a process (pid %d) that does not end: %v; end it and try again", e.Folder, e.PID, e.Err)
}

// Unwrap returns what was tried last.
func (e *HeldError) Unwrap() error { return e.Err }

// takeOver returns the lock of a server's folder, once whoever an earlier
// keeper has left there is gone. Those end by themselves on most systems, as
// soon as their keeper has.
func takeOver(ctx context.Context, folder string) (*os.File, error) {
	var last error
	for _, try := range []struct {
		within time.Duration
		before func(holder) error
	}{
		{orphanAlone, func(holder) error { return nil }},
		{orphanAsked, func(h holder) error { return h.send(signal(h.Signal)) }},
		{orphanForce, func(h holder) error { return h.send(sigkill) }},
	} {
		held, err := readHolder(folder)
		if err != nil {
			return nil, err
		}
		last = try.before(held)
		waiting, cancel := context.WithTimeoutCause(ctx, try.within, fmt.Errorf("not released within %s", try.within))
		lock, err := env.Folder(folder).Acquire(waiting)
		cancel()
		if err == nil {
			return lock, nil
		}
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		last = errors.Join(last, err)
	}
	held, err := readHolder(folder)
	return nil, errors.Join(&HeldError{Folder: folder, PID: held.PID, Err: last}, err)
}

func readHolder(folder string) (holder, error) {
	data, err := os.ReadFile(holderFile(folder))
	if errors.Is(err, fs.ErrNotExist) {
		return holder{}, nil
	}
	if err != nil {
		return holder{}, fmt.Errorf("read whose %s is: %w", folder, err)
	}
	var h holder
	if err := json.Unmarshal(data, &h); err != nil {
		return holder{}, nil //nolint:nilerr // as if there were none: the lock alone counts
	}
	return h, nil
}

// send signals the process, if it still is the one that was noted.
func (h holder) send(s signal) error {
	var errs []error
	for _, one := range append([]holder{h}, h.Beside...) {
		if one.PID > 1 && one.Born == bornAt(one.PID) {
			errs = append(errs, signalOrphan(one.PID, s))
		}
	}
	return errors.Join(errs...)
}

// Reap ends whatever servers an environment's keeper has left behind, and
// returns once nobody has their folders any more.
func Reap(ctx context.Context, folder env.Folder) error {
	entries, err := os.ReadDir(folder.Servers())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("end the environment's servers: %w", err)
	}
	var errs []error
	for _, entry := range entries {
		if !entry.IsDir() {
			continue
		}
		lock, err := takeOver(ctx, filepath.Join(folder.Servers(), entry.Name()))
		if err == nil {
			err = lock.Close()
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// Owns reports whether a process is a server of the environment, or a part of
// one: a child of its keeper, or one that the folder names. Which process has a
// port cannot always be told (0); then it is taken for one.
func Owns(folder env.Folder, keeper, pid int) bool {
	if pid == 0 || parentOf(pid) == keeper {
		return true
	}
	files, err := filepath.Glob(holderFile(filepath.Join(folder.Servers(), "*")))
	if err != nil {
		return false
	}
	return slices.ContainsFunc(files, func(file string) bool {
		h, err := readHolder(filepath.Dir(file))
		return err == nil && h.PID == pid && h.Born == bornAt(pid)
	})
}
