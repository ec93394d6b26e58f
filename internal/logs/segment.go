package logs

import (
	"encoding/json"
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
	indexSuffix   = ".idx"
	markEvery     = 64 << 10
	scanChunk     = 256 << 10
)

func segmentPath(dir string, id uint64) string {
	return filepath.Join(dir, fmt.Sprintf("%016x%s", id, segmentSuffix))
}

func indexPath(dir string, id uint64) string {
	return filepath.Join(dir, fmt.Sprintf("%016x%s", id, indexSuffix))
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

// summary is what is known of a segment's content. It only ever grows at its
// end, so that a copy stays true while the original goes on.
type summary struct {
	Origins []origin `json:"origins"`
	// Marks are offsets of records at which reading can begin, one about
	// every 64 KiB, the first record's among them.
	Marks   []int64 `json:"marks"`
	End     int64   `json:"end"` // just after the last sound record
	Lines   int64   `json:"lines"`
	Dropped int64   `json:"dropped,omitempty"`
	First   int64   `json:"first"` // earliest and latest time, unix nanoseconds
	Last    int64   `json:"last"`
	Levels  uint16  `json:"levels"` // a bit for each level that occurs
}

func newSummary() summary {
	return summary{End: headerSize, Marks: []int64{headerSize}}
}

// add takes in the record that stands at the summary's end.
func (s *summary) add(payload []byte) {
	if s.End-s.Marks[len(s.Marks)-1] >= markEvery {
		s.Marks = append(s.Marks, s.End)
	}
	s.End += frameSize + int64(len(payload))
	switch recordKind(payload[0]) {
	case kindLine:
		if l, ok := parseLine(payload); ok {
			s.addLine(l)
		}
	case kindOrigin:
		o, _ := parseOrigin(payload) // a broken one still takes its number
		s.Origins = append(s.Origins, o)
	case kindDropped:
		s.Dropped += parseDropped(payload)
	case kindPosition:
	}
}

func (s *summary) addLine(l rawLine) {
	s.Lines++
	s.Levels |= 1 << min(l.level, 15)
	if l.time == noTime {
		return
	}
	if s.First == 0 || l.time < s.First {
		s.First = l.time
	}
	if s.Last == 0 || l.time > s.Last {
		s.Last = l.time
	}
}

// scan takes in every sound record between the summary's end and size, and
// hands each to visit, which may be nil. It stops without an error at the
// first that is not sound: the tail of a segment that is being written, or
// one torn off.
func (s *summary) scan(r io.ReaderAt, size int64, visit func(payload []byte)) error {
	buf := make([]byte, min(scanChunk, max(0, size-s.End)))
	for s.End < size {
		n := int(min(int64(len(buf)), size-s.End))
		read, err := r.ReadAt(buf[:n], s.End)
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		before := s.End
		need, state := s.addAll(buf[:read], visit)
		if state == recordBroken || read < n {
			return nil
		}
		if s.End > before {
			continue
		}
		if int64(need) > size-s.End {
			return nil
		}
		buf = make([]byte, max(need, len(buf)))
	}
	return nil
}

// addAll takes in the whole records that b begins with.
func (s *summary) addAll(b []byte, visit func([]byte)) (need int, state recordState) {
	for len(b) > 0 {
		payload, n, state := nextRecord(b)
		if state == recordWhole && !s.knows(payload) {
			state = recordBroken
		}
		if state != recordWhole {
			return n, state
		}
		s.add(payload)
		if visit != nil {
			visit(payload)
		}
		b = b[n:]
	}
	return 0, recordShort
}

// knows reports whether a record makes sense where it stands: a line's origin
// comes before the line.
func (s *summary) knows(payload []byte) bool {
	if recordKind(payload[0]) != kindLine {
		return true
	}
	l, ok := parseLine(payload)
	return ok && l.origin < len(s.Origins)
}

// readIndex reads a sealed segment's side file. Whatever is wrong with it, the
// segment itself can be scanned instead.
func readIndex(dir string, id uint64, size int64) (summary, bool) {
	data, err := os.ReadFile(indexPath(dir, id))
	if err != nil {
		return summary{}, false
	}
	var s summary
	if json.Unmarshal(data, &s) != nil || s.End < headerSize || s.End > size ||
		len(s.Marks) == 0 || s.Marks[0] != headerSize || !slices.IsSorted(s.Marks) ||
		s.Marks[len(s.Marks)-1] > s.End {
		return summary{}, false
	}
	return s, true
}

// writeIndex writes the side file whole or not at all.
func writeIndex(dir string, id uint64, s summary) error {
	data, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("encode the index of segment %d: %w", id, err)
	}
	path := indexPath(dir, id)
	temporary := path + ".new"
	if err := os.WriteFile(temporary, data, 0o600); err != nil {
		return fmt.Errorf("write the index of segment %d: %w", id, err)
	}
	if err := os.Rename(temporary, path); err != nil {
		return fmt.Errorf("write the index of segment %d: %w", id, err)
	}
	return nil
}

func readHeader(path string) (header, error) {
	f, err := os.Open(path)
	if err != nil {
		return header{}, err
	}
	defer f.Close()
	b := make([]byte, headerSize)
	if _, err := io.ReadFull(f, b); err != nil {
		return header{}, errHeader
	}
	return parseHeader(b)
}
