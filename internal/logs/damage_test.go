package logs

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

// TestMarksOutliveALastSegmentOfZeros fills the last segment with zeros, as a
// loss of power may: what the one before says is gone on from.
func TestMarksOutliveALastSegmentOfZeros(t *testing.T) {
	dir := t.TempDir()
	var reported []error
	o := Options{SyncEvery: -1, SegmentBytes: 8 << 10, Report: func(err error) { reported = append(reported, err) }}
	s := openStore(t, dir, o)
	n := int64(0)
	fill := func(s *Store, segments int) {
		for len(s.segments) < segments {
			n++
			put(t, s, Batch{
				Lines: []Line{{Time: noon, Pod: "p", Message: strings.Repeat("x", 500) + fmt.Sprint(n)}}, Read: []Mark{{"f", n}}, Lost: 1,
			})
		}
	}
	fill(s, 3)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(lastSegment(t, dir), make([]byte, 4096), 0o600); err != nil {
		t.Fatal(err)
	}
	whole := n - 1 // one line is in the last segment
	during, err := openReader(t, dir).Counters(t.Context())
	if err != nil || during.Lines != whole || during.Dropped != whole {
		t.Errorf("a reader counts %+v, %v; want %d lines", during, err, whole)
	}
	s = openStore(t, dir, o)
	wantMark(t, s, "f", whole)
	if c := s.Counters(); c.Lines != whole || c.Dropped != whole {
		t.Errorf("the store counts %+v, want %d lines", c, whole)
	}
	fill(s, 7)
	s.packs.Wait()
	if len(reported) > 0 {
		t.Errorf("reported: %v", reported)
	}
	if got := len(readAll(t, openReader(t, dir), Query{}, 1000)); int64(got) != n-1 {
		t.Errorf("%d lines are found, want %d", got, n-1)
	}
}

// sick is a file on a disk that does not sync.
type sick struct{ segmentFile }

func (sick) Sync() error { return errors.New("input/output error") }

// TestASyncThatFailsIsReported looks that nobody has to ask for it.
func TestASyncThatFailsIsReported(t *testing.T) {
	reported := make(chan error, 10)
	s := openStore(t, t.TempDir(), Options{SyncEvery: time.Millisecond, Report: func(err error) { reported <- err }})
	store(t, s, Line{Time: noon, Message: "a"})
	s.mu.Lock()
	s.active.file = sick{s.active.file}
	s.mu.Unlock()
	store(t, s, Line{Time: noon, Message: "b"})
	if err := <-reported; !strings.Contains(err.Error(), "input/output error") {
		t.Error(err)
	}
	s.mu.Lock()
	s.active.file = s.active.file.(sick).segmentFile
	s.mu.Unlock()
}
