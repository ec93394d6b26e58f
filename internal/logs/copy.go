package logs

import (
	"context"
	"errors"
	"math"
)

// copyLines is how many lines are copied at a time.
const copyLines = 4000

// IsStore reports whether a folder holds a log store.
func IsStore(dir string) bool {
	ids, err := listSegments(dir)
	return err == nil && len(ids) > 0
}

// Copy makes a store of the lines that a reader finds, in a folder that is not
// there yet, and returns how many those are and what they take. All that there
// is when it begins is copied, whatever its size. Progress is told the number
// of lines so far.
func Copy(ctx context.Context, dir string, from Reader, q Query, progress func(lines int64)) (lines, size int64, err error) {
	end, err := from.End(ctx)
	if err != nil {
		return 0, 0, err
	}
	to, err := Open(dir, Options{MaxBytes: math.MaxInt64, SyncEvery: -1})
	if err != nil {
		return 0, 0, err
	}
	lines, err = copyTo(ctx, to, from, q, end, progress)
	err = errors.Join(err, to.Sync())
	size = to.Counters().Bytes
	return lines, size, errors.Join(err, to.Close())
}

func copyTo(ctx context.Context, to *Store, from Reader, q Query, end Cursor, progress func(int64)) (lines int64, err error) {
	for at := (Cursor{}); ; {
		page, err := from.Forward(ctx, at, q, copyLines)
		if err != nil {
			return lines, err
		}
		n, err := to.Append(page.Lines)
		lines += int64(n)
		if err != nil {
			return lines, err
		}
		progress(lines)
		if at = page.End; !page.More || at.Compare(end) >= 0 {
			return lines, nil
		}
	}
}
