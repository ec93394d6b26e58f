package logs

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

const (
	segmentSuffix = ".log"
	newSuffix     = ".new" // of a file that is not finished
	scanChunk     = 1 << 20
)

func segmentPath(dir string, id uint64) string {
	return filepath.Join(dir, fmt.Sprintf("%016x%s", id, segmentSuffix))
}

// listSegments returns the segments of a folder, oldest first. A folder that
// is not there has none.
func listSegments(dir string) ([]uint64, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list the log store: %w", err)
	}
	var ids []uint64
	for _, e := range entries {
		name, ok := strings.CutSuffix(e.Name(), segmentSuffix)
		if !ok || len(name) != 16 {
			continue
		}
		if id, err := strconv.ParseUint(name, 16, 64); err == nil {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids, nil
}

func readHeader(r io.ReaderAt) (header, error) {
	b := make([]byte, headerSize)
	n, err := r.ReadAt(b, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return header{}, err
	}
	return parseHeader(b[:n])
}

func headerOf(path string) (header, error) {
	f, err := os.Open(path)
	if err != nil {
		return header{}, err
	}
	defer f.Close()
	return readHeader(f)
}

func fileSize(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return info.Size()
}

func removeFile(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// extend takes in what a raw segment of that size holds after the content's
// end: each batch that is there as a whole, and hands its groups to visit,
// which may be nil. What is damaged is passed over where another batch begins
// right after it; else the scan stops there without an error: at the tail of a
// segment that is being written, or at one torn off.
func (c *content) extend(r io.ReaderAt, size, latest int64, visit func(groups []byte)) error {
	buf := make([]byte, min(scanChunk, max(0, size-c.end)))
	at := c.end // of what has not been looked at
	for at < size {
		want := int(min(int64(len(buf)), size-at))
		n, err := r.ReadAt(buf[:want], at)
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		used, whole := c.takeBatches(buf[:n], at, latest, visit)
		at += int64(used)
		switch {
		case !whole || n < want:
			return nil
		case used > 0:
		case int64(len(buf)) < size-at: // a batch that is longer
			buf = make([]byte, min(2*int64(len(buf)), size-at))
		default:
			return nil
		}
	}
	return nil
}

// takeBatches takes in the batches that b begins with and returns how many
// bytes it is done with, and whether more may follow.
func (c *content) takeBatches(b []byte, offset, latest int64, visit func([]byte)) (used int, more bool) {
	begun := -1 // where a batch begins that has not ended
	for at := 0; ; {
		flags, size, state := nextGroup(b[at:])
		switch state {
		case groupShort:
			return used, true
		case groupNone:
			return used, false
		case groupBroken:
			begun, at = -1, at+size
			used = at
			continue
		case groupWhole:
		}
		if flags&flagFirst != 0 {
			begun, used = at, at
		}
		at += size
		if begun < 0 {
			used = at
		}
		if begun >= 0 && flags&flagLast != 0 {
			c.takeGroups(b[begun:at], offset+int64(begun), latest)
			if visit != nil {
				visit(b[begun:at])
			}
			begun, used = -1, at
		}
	}
}
