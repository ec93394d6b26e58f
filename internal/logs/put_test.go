package logs

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func put(t *testing.T, s *Store, b Batch) {
	t.Helper()
	if err := s.Put(b); err != nil {
		t.Fatal(err)
	}
}

func wantMark(t *testing.T, s *Store, file string, offset int64) {
	t.Helper()
	if got, known := s.Mark(file); !known || got != offset {
		t.Errorf("Mark(%q) = %d, %v; want %d", file, got, known, offset)
	}
}

// TestABatchIsKeptWholeOrNotAtAll cuts a store at every byte of its last batch.
func TestABatchIsKeptWholeOrNotAtAll(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir, Options{SyncEvery: -1})
	lines := numbered(0, 30)
	put(t, s, Batch{Lines: lines[:10], Read: []Mark{{"a", 10}, {"b", 20}}, Lost: 1})
	before := fileSize(lastSegment(t, dir))
	long := lines[10:]
	for i := range long { // so that the batch has several groups
		long[i].Message += strings.Repeat("x", 8<<10)
	}
	put(t, s, Batch{Lines: long, Read: []Mark{{"b", 21}, {"c", 30}}, Lost: 2})
	after := fileSize(lastSegment(t, dir))
	// Every byte of the beginning and the end, and some between.
	for cut := before; cut <= after; cut++ {
		if cut > before+100 && cut < after-100 && cut%1997 != 0 {
			continue
		}
		torn := copyStore(t, dir)
		if err := os.Truncate(lastSegment(t, torn), cut); err != nil {
			t.Fatal(err)
		}
		want, b, lost := lines[:10], int64(20), int64(1)
		if cut == after {
			want, b, lost = lines, 21, 3
		}
		if diff := cmp.Diff(want, readAll(t, openReader(t, torn), Query{}, 7)); diff != "" {
			t.Fatalf("cut at %d, before the repair (-want +got):\n%s", cut, diff)
		}
		again, err := Open(torn, Options{SyncEvery: -1})
		if err != nil {
			t.Fatal(err)
		}
		wantMark(t, again, "a", 10)
		wantMark(t, again, "b", b)
		if _, known := again.Mark("c"); known != (cut == after) {
			t.Errorf("cut at %d: mark of c known: %v", cut, known)
		}
		if c := again.Counters(); c.Lines != int64(len(want)) || c.Dropped != lost {
			t.Errorf("cut at %d: counters %+v", cut, c)
		}
		put(t, again, Batch{Lines: lines[len(want):], Read: []Mark{{"b", 99}}})
		if diff := cmp.Diff(lines, readAll(t, openReader(t, torn), Query{}, 7)); diff != "" {
			t.Fatalf("cut at %d, after the repair (-want +got):\n%s", cut, diff)
		}
		if err := again.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestADamagedBatchIsLeftOut turns around bytes of a batch between two others.
func TestADamagedBatchIsLeftOut(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir, Options{SyncEvery: -1})
	lines := numbered(0, 9)
	put(t, s, Batch{Lines: lines[:3]})
	from := fileSize(lastSegment(t, dir))
	put(t, s, Batch{Lines: lines[3:6]})
	to := fileSize(lastSegment(t, dir))
	put(t, s, Batch{Lines: lines[6:]})
	data, err := os.ReadFile(lastSegment(t, dir))
	if err != nil {
		t.Fatal(err)
	}
	for at := from + 4; at < to; at++ { // after the length of the first group
		damaged := copyStore(t, dir)
		other := slices.Clone(data)
		other[at] ^= 0x55
		writeFile(t, lastSegment(t, damaged), other)
		want := slices.Concat(lines[:3], lines[6:])
		if diff := cmp.Diff(want, readAll(t, openReader(t, damaged), Query{}, 7)); diff != "" {
			t.Fatalf("damaged at %d (-want +got):\n%s", at, diff)
		}
	}
}

func TestMarksAreCarriedOn(t *testing.T) {
	dir := t.TempDir()
	o := Options{SegmentBytes: 16 << 10, MaxBytes: 128 << 10, SyncEvery: -1}
	s := openStore(t, dir, o)
	put(t, s, Batch{Read: []Mark{{"idle", 7}, {"twice", 1}, {"twice", 2}}})
	for i := range 300 {
		put(t, s, Batch{Lines: numbered(i*100, 100), Read: []Mark{{fmt.Sprintf("file %d", i%9), int64(i)}}})
	}
	put(t, s, Batch{Read: []Mark{{"twice", 3}}})
	s.packs.Wait()
	if ids, err := listSegments(dir); err != nil || ids[0] == 1 {
		t.Fatalf("nothing was discarded: %v, %v", ids, err)
	}
	again := openStore(t, copyStore(t, dir), o)
	for _, one := range []*Store{s, again} {
		wantMark(t, one, "idle", 7)
		wantMark(t, one, "twice", 3)
		for i := range 9 {
			wantMark(t, one, fmt.Sprintf("file %d", i), int64(299-(299-i)%9))
		}
	}
	if _, known := again.Mark("absent"); known {
		t.Error("a file that was never read has a mark")
	}
}

func TestMarksAreBounded(t *testing.T) {
	s := openStore(t, t.TempDir(), Options{SyncEvery: -1})
	const files = 2*maxMarks + 10
	for i := 0; i < files; i += 1000 {
		var read []Mark
		for k := i; k < min(files, i+1000); k++ {
			read = append(read, Mark{fmt.Sprintf("file %d", k), int64(k)})
		}
		put(t, s, Batch{Read: append(read, Mark{"always", int64(i)})})
	}
	put(t, s, Batch{Read: []Mark{{strings.Repeat("x", maxFile+1), 1}}})
	if n := len(s.marks); n > 2*maxMarks {
		t.Errorf("%d marks are kept", n)
	}
	wantMark(t, s, fmt.Sprintf("file %d", files-1), files-1)
	wantMark(t, s, "always", files/1000*1000)
	if _, known := s.Mark("file 0"); known {
		t.Error("the mark that was used the longest ago is still kept")
	}
}

// fullDisk is a file on a disk that is full after so many more bytes.
type fullDisk struct {
	segmentFile
	room    int
	refuses bool // to be cut off, too
}

func (f *fullDisk) WriteAt(b []byte, at int64) (int, error) {
	if len(b) <= f.room {
		f.room -= len(b)
		return f.segmentFile.WriteAt(b, at)
	}
	n, err := f.segmentFile.WriteAt(b[:f.room], at)
	return n, errors.Join(err, syscall.ENOSPC)
}

func (f *fullDisk) Truncate(size int64) error {
	if f.refuses {
		return syscall.EIO
	}
	return f.segmentFile.Truncate(size)
}

func TestAFullDiskTakesABatchBack(t *testing.T) {
	for _, refuses := range []bool{false, true} {
		for _, room := range []int{0, 1, 9, 100, 500} {
			dir := t.TempDir()
			s := openStore(t, dir, Options{SyncEvery: -1})
			lines := numbered(0, 60)
			put(t, s, Batch{Lines: lines[:20], Read: []Mark{{"a", 1}}})
			file := s.active.file
			s.active.file = &fullDisk{file, room, refuses}
			fresh := slices.Clone(lines[20:])
			fresh[0].Pod, fresh[0].Service = "new-0", "new"
			for range 2 {
				if err := s.Put(Batch{Lines: fresh, Read: []Mark{{"a", 2}, {"b", 1}}, Lost: 5}); err == nil {
					t.Fatal("a batch was stored on a full disk")
				} else if !refuses && !errors.Is(err, syscall.ENOSPC) {
					t.Fatalf("a full disk is told as %v", err)
				}
				if refuses {
					break
				}
			}
			wantMark(t, s, "a", 1)
			if c := s.Counters(); c.Lines != 20 || c.Dropped != 0 {
				t.Errorf("counters %+v", c)
			}
			if diff := cmp.Diff(lines[:20], readAll(t, openReader(t, dir), Query{}, 7)); diff != "" {
				t.Fatalf("room of %d (-want +got):\n%s", room, diff)
			}
			s.active.file = file
			put(t, s, Batch{Lines: fresh, Read: []Mark{{"a", 2}}})
			want := slices.Concat(lines[:20], fresh)
			if diff := cmp.Diff(want, readAll(t, openReader(t, dir), Query{}, 7)); diff != "" {
				t.Fatalf("with room again (-want +got):\n%s", diff)
			}
			s.packs.Wait()
			again := openStore(t, copyStore(t, dir), Options{SyncEvery: -1})
			wantMark(t, again, "a", 2)
			p := again.Position("new-0", fresh[0].Container)
			if !p.Last().Equal(fresh[0].Time) {
				t.Errorf("position of the new container: %v", p.Last())
			}
			if diff := cmp.Diff(want, readAll(t, openReader(t, again.dir), Query{}, 7)); diff != "" {
				t.Fatalf("opened again (-want +got):\n%s", diff)
			}
		}
	}
}

// TestLinesGoWithTheirAge stores a little every hour.
func TestLinesGoWithTheirAge(t *testing.T) {
	clock := newClock()
	o := Options{MaxAge: 24 * time.Hour, SyncEvery: -1, now: clock.now}
	s := openStore(t, t.TempDir(), o)
	for range 100 {
		now := clock.now()
		put(t, s, Batch{Lines: []Line{{Time: now, Pod: "p", Message: now.String()}}, Read: []Mark{{"f", now.Unix()}}})
		clock.pass(time.Hour)
	}
	got := readAll(t, openReader(t, s.dir), Query{}, 100)
	if oldest := clock.now().Sub(got[0].Time); oldest < 24*time.Hour || oldest > 29*time.Hour {
		t.Errorf("the oldest line is %v old, want a day and a little at most", oldest)
	}
	if c := s.Counters(); c.AgeLimit != 24*time.Hour || c.Lines != int64(len(got)) {
		t.Errorf("counters %+v with %d lines", c, len(got))
	}
	clock.pass(10 * 24 * time.Hour)
	put(t, s, Batch{Lines: []Line{{Message: "after a long time"}}})
	if got := readAll(t, openReader(t, s.dir), Query{}, 100); len(got) > 1 {
		t.Errorf("%d lines are left after ten days", len(got))
	}
}

// TestTheBoundHoldsWithoutCompression keeps the compressor from working.
func TestTheBoundHoldsWithoutCompression(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir, Options{MaxBytes: 1 << 20, SegmentBytes: 64 << 10, SyncEvery: -1})
	s.mu.Lock()
	s.packing = 1 << 40
	s.mu.Unlock()
	lines := numbered(0, 100000)
	for i := 0; i < len(lines); i += 500 {
		put(t, s, Batch{Lines: lines[i : i+500]})
		if c := s.Counters(); c.Bytes > c.Limit || c.Bytes != folderSize(t, dir) {
			t.Fatalf("%d bytes are counted, %d are taken, at a bound of %d", c.Bytes, folderSize(t, dir), c.Limit)
		}
	}
	got := readAll(t, openReader(t, dir), Query{}, 10000)
	if len(got) < 10000 || cmp.Diff(lines[len(lines)-len(got):], got) != "" {
		t.Errorf("%d lines are left, or wrong ones", len(got))
	}
}

func folderSize(t *testing.T, dir string) int64 {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	size := int64(0)
	for _, e := range entries {
		size += fileSize(dir + "/" + e.Name())
	}
	return size
}
