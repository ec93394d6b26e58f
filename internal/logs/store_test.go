package logs

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// numbered makes n lines of alternating services, a millisecond apart.
func numbered(from, n int) []Line {
	services := []string{"kafka", "redis", "billing"}
	lines := make([]Line, n)
	for i := range lines {
		k := from + i
		service := services[k%len(services)]
		lines[i] = Line{
			Time:  noon.Add(time.Duration(k) * time.Millisecond),
			Stack: "s-" + service, Service: service, Pod: service + "-0", Container: service,
			Level:   Level(k % int(LevelFatal+1)),
			Message: fmt.Sprintf("message %d of %s", k, service),
		}
	}
	return lines
}

func openStore(t *testing.T, dir string, o Options) *Store {
	t.Helper()
	s, err := Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func openReader(t *testing.T, dir string) *Files {
	t.Helper()
	r, err := OpenReader(dir)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func store(t *testing.T, s *Store, lines ...Line) {
	t.Helper()
	if n, err := s.Append(lines); err != nil || n != len(lines) {
		t.Fatalf("Append = %d, %v; want %d lines stored", n, err, len(lines))
	}
}

func readAll(t *testing.T, r Reader, q Query, step int) []Line {
	t.Helper()
	var all []Line
	var at Cursor
	for {
		page, err := r.Forward(t.Context(), at, q, step)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, page.Lines...)
		at = page.End
		if !page.More {
			return all
		}
	}
}

func readBack(t *testing.T, r Reader, q Query, step int) []Line {
	t.Helper()
	at, err := r.End(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var all []Line
	for {
		page, err := r.Backward(t.Context(), at, q, step)
		if err != nil {
			t.Fatal(err)
		}
		all = slices.Concat(page.Lines, all)
		at = page.Start
		if !page.More {
			return all
		}
	}
}

func TestLinesComeBackAsStored(t *testing.T) {
	for _, segment := range []int64{minSegment, DefaultSegmentBytes} {
		t.Run(fmt.Sprint(segment), func(t *testing.T) {
			dir := t.TempDir()
			want := numbered(0, 2000)
			s := openStore(t, dir, Options{SegmentBytes: segment, SyncEvery: -1})
			for i := 0; i < len(want); i += 137 {
				store(t, s, want[i:min(i+137, len(want))]...)
			}
			r := openReader(t, dir)
			for _, step := range []int{1 << 20, 700, 33} {
				if diff := cmp.Diff(want, readAll(t, r, Query{}, step)); diff != "" {
					t.Fatalf("forward by %d (-want +got):\n%s", step, diff)
				}
				if diff := cmp.Diff(want, readBack(t, r, Query{}, step)); diff != "" {
					t.Fatalf("backward by %d (-want +got):\n%s", step, diff)
				}
			}
		})
	}
}

func TestOnlyOneWriter(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir, Options{})
	if _, err := Open(dir, Options{}); !errors.Is(err, ErrLocked) {
		t.Fatalf("second Open = %v, want ErrLocked", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	openStore(t, dir, Options{})
}

func TestEmptyAndAbsentStores(t *testing.T) {
	r := openReader(t, t.TempDir()+"/absent")
	if got := readAll(t, r, Query{}, 10); len(got) != 0 {
		t.Errorf("an absent store has lines: %v", got)
	}
	if got := readBack(t, r, Query{}, 10); len(got) != 0 {
		t.Errorf("an absent store has lines: %v", got)
	}
	file := t.TempDir() + "/file"
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenReader(file); err == nil {
		t.Error("a file was taken for a store")
	}
}

func writeFile(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}
