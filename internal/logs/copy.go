package logs

import (
	"context"
	"errors"
	"math"
)

// Bounds of how many lines are copied at a time: many, since each time a block
// is unpacked anew, and few where they are long.
const (
	copyMost  = 4000
	copyLeast = 250
	copyBytes = 8 << 20
)

// copyNext is how many lines are copied after so many of that size.
func copyNext(lines int, page []Line) int {
	size := 0
	for i := range page {
		size += len(page[i].Message)
	}
	if size > copyBytes {
		return max(copyLeast, lines/8)
	}
	if size > copyBytes/4 {
		return lines
	}
	return min(copyMost, 2*lines)
}

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
	at, limit := Cursor{}, copyLeast
	for {
		page, err := from.Forward(ctx, at, q, limit)
		if err != nil {
			return lines, err
		}
		n, err := to.Append(page.Lines)
		lines += int64(n)
		if err != nil {
			return lines, err
		}
		progress(lines)
		limit = copyNext(limit, page.Lines)
		if at = page.End; !page.More || at.Compare(end) >= 0 {
			return lines, nil
		}
	}
}
