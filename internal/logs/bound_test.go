package logs

import (
	"testing"
	"time"
)

func TestBoundIsKeptAtOnce(t *testing.T) {
	dir := t.TempDir()
	clock := newClock()
	s, err := Open(dir, Options{SegmentBytes: 16 << 10, SyncEvery: -1, now: clock.now})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for i := range 100 {
		if _, err := s.Append(numbered(100*i, 100)); err != nil {
			t.Fatal(err)
		}
	}
	s.packs.Wait()
	before := s.Counters()
	if err := s.Bound(before.Bytes/2, 0); err != nil {
		t.Fatal(err)
	}
	half := s.Counters()
	if half.Bytes > before.Bytes/2 || half.Lines == 0 || half.Limit != before.Bytes/2 || half.AgeLimit != DefaultMaxAge {
		t.Errorf("bounded to %d: %+v", before.Bytes/2, half)
	}
	clock.pass(2 * time.Hour)
	if err := s.Bound(0, time.Hour); err != nil {
		t.Fatal(err)
	}
	if old := s.Counters(); old.Lines >= half.Lines || old.Limit != DefaultMaxBytes || old.AgeLimit != time.Hour {
		t.Errorf("bounded to an hour: %+v", old)
	}
}
