package logs

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// rawStore is a store whose sealed segments are not compressed.
func rawStore(t *testing.T, o Options, lines []Line) *Store {
	t.Helper()
	s := openStore(t, t.TempDir(), o)
	s.mu.Lock()
	s.packing = math.MaxUint64
	s.mu.Unlock()
	store(t, s, lines...)
	s.mu.Lock()
	s.packing = 0
	s.mu.Unlock()
	return s
}

func (s *Store) packAll() {
	s.mu.Lock()
	s.packLater()
	s.mu.Unlock()
	s.packs.Wait()
}

// cursors are the places around each line.
func cursors(t *testing.T, r Reader) []Cursor {
	t.Helper()
	var all []Cursor
	for at := (Cursor{}); ; {
		page, err := r.Forward(t.Context(), at, Query{}, 1)
		if err != nil {
			t.Fatal(err)
		}
		if len(page.Lines) == 0 {
			return all
		}
		back, err := r.Backward(t.Context(), page.End, Query{}, 1)
		if err != nil || !slices.Equal(back.Lines, page.Lines) {
			t.Fatalf("back from %v: %v, %v; want %v", page.End, back.Lines, err, page.Lines)
		}
		all = append(all, back.Start, page.End)
		at = page.End
	}
}

// TestPackingChangesNothing reads a store before and after its segments are
// compressed, with a reader that knew them before, and a new one.
func TestPackingChangesNothing(t *testing.T) {
	lines := numbered(0, 1500)
	lines[7].Message, lines[8].Message = "", "a\nb\x00c"
	s := rawStore(t, Options{SegmentBytes: 16 << 10, SyncEvery: -1}, lines)
	old := openReader(t, s.dir)
	before := cursors(t, old)
	size := folderSize(t, s.dir)
	s.packAll()
	if now := folderSize(t, s.dir); now >= size*2/3 || now != s.Counters().Bytes {
		t.Errorf("%d bytes were %d before, %d are counted", now, size, s.Counters().Bytes)
	}
	for _, r := range []*Files{old, openReader(t, s.dir)} {
		if diff := cmp.Diff(lines, readAll(t, r, Query{}, 100)); diff != "" {
			t.Fatalf("lines (-before +after):\n%s", diff)
		}
		if diff := cmp.Diff(before, cursors(t, r)); diff != "" {
			t.Fatalf("cursors (-before +after):\n%s", diff)
		}
	}
}

// TestASegmentThatIsOpenStays packs and discards segments while they are open.
func TestASegmentThatIsOpenStays(t *testing.T) {
	s := rawStore(t, Options{SegmentBytes: 16 << 10, SyncEvery: -1}, numbered(0, 1500))
	r := openReader(t, s.dir)
	seg, err := r.open(1)
	if err != nil || seg == nil {
		t.Fatal(seg, err)
	}
	defer seg.close()
	u := r.unpacker()
	before, err := u.load(seg, &seg.blocks[0])
	if err != nil || len(before) == 0 {
		t.Fatal(len(before), err)
	}
	before = bytes.Clone(before)
	s.packAll()
	if after, err := u.load(seg, &seg.blocks[0]); err != nil || !bytes.Equal(before, after) {
		t.Errorf("after packing: %d bytes, %v", len(after), err)
	}
	if err := os.Remove(segmentPath(s.dir, 1)); err != nil {
		t.Fatal(err)
	}
	if after, err := u.load(seg, &seg.blocks[0]); err != nil || !bytes.Equal(before, after) {
		t.Errorf("after discarding: %d bytes, %v", len(after), err)
	}
}

// TestKilledWhilePacking leaves the new file behind at every length.
func TestKilledWhilePacking(t *testing.T) {
	lines := numbered(0, 1000)
	s := rawStore(t, Options{SegmentBytes: 16 << 10, SyncEvery: -1}, lines)
	packed, err := s.packer.pack(segmentPath(s.dir, 1), math.MaxInt64, false, func() bool { return false })
	if err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(packed)
	if err != nil {
		t.Fatal(err)
	}
	for size := 0; size <= len(whole); size += 1 + len(whole)/40 {
		killed := copyStore(t, s.dir)
		left := filepath.Join(killed, filepath.Base(packed))
		writeFile(t, left, whole[:size])
		r := openReader(t, killed)
		if diff := cmp.Diff(lines, readAll(t, r, Query{}, 100)); diff != "" {
			t.Fatalf("%d bytes, before (-want +got):\n%s", size, diff)
		}
		again := openStore(t, killed, Options{SegmentBytes: 16 << 10, SyncEvery: -1})
		again.packs.Wait()
		if diff := cmp.Diff(lines, readAll(t, r, Query{}, 100)); diff != "" {
			t.Fatalf("%d bytes, after (-want +got):\n%s", size, diff)
		}
		if c := again.Counters(); c.Lines != int64(len(lines)) || c.Bytes != folderSize(t, killed) {
			t.Errorf("counters %+v, %d bytes on disk", c, folderSize(t, killed))
		}
		for _, seg := range again.segments {
			if seg.state != statePacked {
				t.Errorf("segment %d is not compressed", seg.id)
			}
		}
		if _, err := os.Stat(left); err == nil {
			t.Error("the unfinished file is still there")
		}
	}
}

// TestOnlyPackedSegmentsAreLeft opens a store whose active segment is lost.
func TestOnlyPackedSegmentsAreLeft(t *testing.T) {
	lines := numbered(0, 1000)
	s := rawStore(t, Options{SegmentBytes: 16 << 10, SyncEvery: -1}, lines)
	put(t, s, Batch{Read: []Mark{{"f", 9}}})
	s.mu.Lock()
	err := s.roll()
	s.mu.Unlock()
	if err != nil {
		t.Fatal(err)
	}
	s.packAll()
	lost := copyStore(t, s.dir)
	if err := os.Remove(lastSegment(t, lost)); err != nil {
		t.Fatal(err)
	}
	again := openStore(t, lost, Options{SegmentBytes: 16 << 10, SyncEvery: -1})
	wantMark(t, again, "f", 9)
	if got := again.Position("kafka-0", "kafka"); !got.Last().Equal(lines[999].Time) {
		t.Errorf("the last line of kafka is of %v, want %v", got.Last(), lines[999].Time)
	}
	if c := again.Counters(); c.Lines != 1000 {
		t.Errorf("counters %+v", c)
	}
	store(t, again, lines[0])
	if got := readAll(t, openReader(t, lost), Query{}, 100); len(got) != 1001 {
		t.Errorf("%d lines", len(got))
	}
}

func TestAnEarlierVersionIsDiscarded(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, segmentPath(dir, 8), []byte(olderMagic+strings.Repeat("x", 100)))
	writeFile(t, segmentPath(dir, 9), []byte(olderMagic+strings.Repeat("x", 100)))
	writeFile(t, filepath.Join(dir, "0000000000000008.idx"), []byte("{}"))
	if got := readAll(t, openReader(t, dir), Query{}, 9); len(got) != 0 {
		t.Errorf("lines %v", got)
	}
	var told []error
	s := openStore(t, dir, Options{Report: func(err error) { told = append(told, err) }})
	store(t, s, numbered(0, 3)...)
	ids, err := listSegments(dir)
	if err != nil || !slices.Equal(ids, []uint64{10}) || len(told) != 1 {
		t.Errorf("segments %v, %v; told %v", ids, err, told)
	}
}

func TestAFullDiskKeepsSegmentsRaw(t *testing.T) {
	lines := numbered(0, 2000)
	var told []error
	o := Options{SegmentBytes: 16 << 10, SyncEvery: -1, Report: func(err error) { told = append(told, err) }}
	s := rawStore(t, o, lines[:1000])
	blocked := segmentPath(s.dir, 1) + newSuffix // a folder stands in the way
	if err := os.Mkdir(blocked, 0o700); err != nil {
		t.Fatal(err)
	}
	s.packAll()
	if len(told) != 1 {
		t.Errorf("told %v", told)
	}
	if err := os.Remove(blocked); err != nil {
		t.Fatal(err)
	}
	store(t, s, lines[1000:]...)
	s.packs.Wait()
	for _, seg := range s.segments {
		if seg.state != statePacked {
			t.Errorf("segment %d is not compressed once there is room", seg.id)
		}
	}
	if diff := cmp.Diff(lines, readAll(t, openReader(t, s.dir), Query{}, 100)); diff != "" {
		t.Fatalf("lines (-want +got):\n%s", diff)
	}
}

// packedFile is a small packed segment.
func packedFile(tb testing.TB) []byte {
	tb.Helper()
	dir := tb.TempDir()
	s, err := Open(dir, Options{SyncEvery: -1})
	if err != nil {
		tb.Fatal(err)
	}
	defer s.Close()
	lines := numbered(0, 300)
	lines[5].Message = strings.Repeat("long ", 20000)
	for i := 0; i < len(lines); i += 100 {
		if _, err := s.Append(lines[i : i+100]); err != nil {
			tb.Fatal(err)
		}
	}
	path, err := s.packer.pack(segmentPath(dir, 1), math.MaxInt64, false, func() bool { return false })
	if err != nil {
		tb.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	return data
}

// readEverything asks all that a reader can be asked.
func readEverything(t *testing.T, dir string) []Line {
	t.Helper()
	r := openReader(t, dir)
	lines := readAll(t, r, Query{}, 50)
	for _, q := range []Query{{Text: "message 2"}, {Services: []string{"kafka"}, MinLevel: LevelWarn}} {
		readBack(t, r, q, 50)
		if _, err := r.Count(t.Context(), q, Span{From: noon, To: noon.Add(1e9), Parts: 7}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := r.At(t.Context(), noon); err != nil {
		t.Fatal(err)
	}
	return lines
}

// FuzzPackedSegment reads a packed segment of any bytes.
func FuzzPackedSegment(f *testing.F) {
	whole := packedFile(f)
	f.Add(whole)
	f.Add(whole[:len(whole)-9])
	f.Fuzz(func(t *testing.T, data []byte) {
		dir := t.TempDir()
		writeFile(t, segmentPath(dir, 1), data)
		readEverything(t, dir)
	})
}

// FuzzIndex takes any index for that of a sound file.
func FuzzIndex(f *testing.F) {
	p, err := newPacker()
	if err != nil {
		f.Fatal(err)
	}
	c := newContent(header{ID: 1, packed: true})
	c.takeGroups(groupsOf(func(g *groupWriter) {
		g.buf = appendOrigin(g.buf, 0, origin{Service: "kafka"})
		g.line(LevelInfo, 0, 5, "hello")
	}), headerSize, 9)
	f.Add(c.appendIndex(nil))
	f.Fuzz(func(t *testing.T, index []byte) {
		dir := t.TempDir()
		file := header{ID: 1, packed: true}.bytes()
		file = append(file, make([]byte, 1000)...)
		packed := p.encoder.EncodeAll(index, nil)
		file = appendTrailer(append(file, packed...), int64(len(file)), packed)
		writeFile(t, segmentPath(dir, 1), file)
		readEverything(t, dir)
	})
}

// TestDamagedPackedSegments changes bytes at random: what still comes is what
// was stored.
func TestDamagedPackedSegments(t *testing.T) {
	whole := packedFile(t)
	dir := t.TempDir()
	writeFile(t, segmentPath(dir, 1), whole)
	known := make(map[string]bool)
	for _, l := range readEverything(t, dir) {
		known[l.Message] = true
	}
	if len(known) != 300 {
		t.Fatalf("%d lines", len(known))
	}
	random := rand.New(rand.NewPCG(3, 4))
	for range 300 {
		data := bytes.Clone(whole)
		for range 1 + random.IntN(3) {
			data[random.IntN(len(data))] ^= byte(1 + random.IntN(255))
		}
		writeFile(t, segmentPath(dir, 1), data)
		for _, l := range readEverything(t, dir) {
			if !known[l.Message] {
				t.Fatalf("a line that was never stored: %.200q", l.Message)
			}
		}
	}
}

// TestReadersBesidePackingAndDiscarding reads in several ways while segments
// are compressed and the oldest go.
func TestReadersBesidePackingAndDiscarding(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir, Options{SegmentBytes: 16 << 10, MaxBytes: 200 << 10, SyncEvery: -1})
	r := openReader(t, dir)
	over := make(chan struct{})
	var group sync.WaitGroup
	for n := range 3 {
		group.Go(func() {
			at := Cursor{}
			for last := -1; ; {
				page, err := r.Forward(t.Context(), at, Query{Services: []string{"kafka"}}, 100)
				if err != nil {
					t.Error(err)
					return
				}
				for _, l := range page.Lines {
					k := 0
					if _, err := fmt.Sscanf(l.Message, "message %d of kafka", &k); err != nil || k <= last {
						t.Errorf("reader %d: after line %d came %q", n, last, l.Message)
						return
					}
					last = k
				}
				if _, err := r.Backward(t.Context(), page.End, Query{Text: "7 of kafka"}, 10); err != nil {
					t.Error(err)
				}
				if _, err := r.Count(t.Context(), Query{}, Span{From: noon, To: noon.Add(1e11), Parts: 10}); err != nil {
					t.Error(err)
				}
				at = page.End
				select {
				case <-over:
					return
				default:
				}
			}
		})
	}
	for i := range 400 {
		put(t, s, Batch{Lines: numbered(i*100, 100)})
	}
	close(over)
	group.Wait()
	if c := s.Counters(); c.Bytes > 200<<10 || c.Lines == 40000 {
		t.Errorf("counters %+v", c)
	}
}

func TestClosingStopsPacking(t *testing.T) {
	s := rawStore(t, Options{SegmentBytes: 16 << 10, SyncEvery: -1}, numbered(0, 5000))
	s.mu.Lock()
	s.packLater()
	s.mu.Unlock()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Put(Batch{Lost: 1}); !errors.Is(err, errClosed) {
		t.Errorf("Put = %v", err)
	}
	if left, err := filepath.Glob(filepath.Join(s.dir, "*"+newSuffix)); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	if got := readAll(t, openReader(t, s.dir), Query{}, 1000); len(got) != 5000 {
		t.Errorf("%d lines", len(got))
	}
}
