package logs

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestARefusedBatchNumbersNothing has a batch refused since no room can be
// made for it: the origins that it would have named are named by the next.
func TestARefusedBatchNumbersNothing(t *testing.T) {
	for name, again := range map[string]func(*Store, []Line) error{
		"put":    func(s *Store, lines []Line) error { return s.Put(Batch{Lines: lines}) },
		"append": func(s *Store, lines []Line) error { _, err := s.Append(lines); return err },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			s := openStore(t, dir, Options{SyncEvery: -1, SegmentBytes: 8 << 10})
			for len(s.segments) < 2 {
				store(t, s, Line{Time: noon, Pod: "old", Message: strings.Repeat("x", 500)})
			}
			s.packs.Wait()
			oldest := segmentPath(dir, s.segments[0].id)
			data, err := os.ReadFile(oldest)
			if err != nil {
				t.Fatal(err)
			}
			// A folder that is not empty cannot be removed as a file is.
			if err := os.Remove(oldest); err != nil {
				t.Fatal(err)
			}
			if err := os.MkdirAll(filepath.Join(oldest, "x"), 0o700); err != nil {
				t.Fatal(err)
			}
			limit := s.options.MaxBytes
			s.options.MaxBytes = 1
			lines := []Line{{Time: noon, Service: "new", Pod: "new", Message: "new"}}
			if err := again(s, lines); err == nil {
				t.Fatal("the batch was not refused")
			}
			if err := os.RemoveAll(oldest); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(oldest, data, 0o600); err != nil {
				t.Fatal(err)
			}
			s.options.MaxBytes = limit
			if err := again(s, lines); err != nil {
				t.Fatal(err)
			}
			if n := count(readAll(t, openReader(t, dir), Query{}, 100), "new"); n != 1 {
				t.Errorf("the line is found %d times", n)
			}
		})
	}
}

func count(lines []Line, message string) int {
	return len(slices.DeleteFunc(slices.Clone(lines), func(l Line) bool { return l.Message != message }))
}

// TestNumbersOfLostOriginsStayUnused damages the batches that named two
// origins: what comes later is not taken for theirs, nor theirs for it.
func TestNumbersOfLostOriginsStayUnused(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir, Options{SyncEvery: -1})
	from := func(pod string) Line { return Line{Time: noon, Service: pod, Pod: pod, Message: "of " + pod} }
	store(t, s, from("a"))
	path := lastSegment(t, dir)
	begin := fileSize(path)
	store(t, s, from("b"))
	second := fileSize(path)
	store(t, s, from("c"))
	store(t, s, from("b"), from("c"))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	data[begin+frameSize+3] ^= 0xff
	data[second+frameSize+3] ^= 0xff
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	s = openStore(t, dir, Options{SyncEvery: -1})
	for _, pod := range []string{"d", "e", "f"} {
		store(t, s, from(pod), from("a"))
	}
	for _, l := range readAll(t, openReader(t, dir), Query{}, 100) {
		if l.Message != "of "+l.Pod {
			t.Errorf("%q is said to be of %q", l.Message, l.Pod)
		}
	}
}
