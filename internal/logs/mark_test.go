package logs

import (
	"fmt"
	"testing"
)

// TestMarksInUseAreKept stores the marks of very many files while one is only
// asked for.
func TestMarksInUseAreKept(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir, Options{SyncEvery: -1})
	put(t, s, Batch{Read: []Mark{{"idle", 7}, {"gone", 8}}})
	for n := range 3 * maxMarks / 100 {
		marks := make([]Mark, 100)
		for i := range marks {
			marks[i] = Mark{fmt.Sprint("file ", n, i), 1}
		}
		put(t, s, Batch{Read: marks})
		wantMark(t, s, "idle", 7)
	}
	if _, known := s.Mark("gone"); known {
		t.Error("a mark that nobody asks for is kept")
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	wantMark(t, openStore(t, dir, Options{SyncEvery: -1}), "idle", 7)
}
