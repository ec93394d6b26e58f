package logs

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/diorama-dev/diorama/internal/env"
)

// copyStore copies a store's files as a killed writer leaves them.
func copyStore(t *testing.T, from string) string {
	t.Helper()
	to := t.TempDir()
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	return to
}

// lastSegment is the path of the newest segment.
func lastSegment(t *testing.T, dir string) string {
	t.Helper()
	ids, err := listSegments(dir)
	if err != nil || len(ids) == 0 {
		t.Fatalf("segments of %s: %v, %v", dir, ids, err)
	}
	return segmentPath(dir, ids[len(ids)-1])
}

// TestATornTailIsCutOff cuts a store at every byte of its last records and
// looks that all whole lines are there, and that writing goes on after them.
func TestATornTailIsCutOff(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir, Options{SyncEvery: -1})
	lines := numbered(0, 40)
	var ends []int64
	for _, l := range lines {
		store(t, s, l)
		ends = append(ends, fileSize(lastSegment(t, dir)))
	}
	for cut := ends[len(ends)-4]; cut <= ends[len(ends)-1]; cut++ {
		whole := 0
		for _, end := range ends {
			if end <= cut {
				whole++
			}
		}
		torn := copyStore(t, dir)
		if err := os.Truncate(lastSegment(t, torn), cut); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(lines[:whole], readAll(t, openReader(t, torn), Query{}, 7)); diff != "" {
			t.Fatalf("cut at %d, before the repair (-want +got):\n%s", cut, diff)
		}
		again := openStore(t, torn, Options{SyncEvery: -1})
		store(t, again, lines[whole:]...)
		if diff := cmp.Diff(lines, readAll(t, openReader(t, torn), Query{}, 7)); diff != "" {
			t.Fatalf("cut at %d, after the repair (-want +got):\n%s", cut, diff)
		}
	}
}

// TestADamagedTailIsCutOff turns bytes of the last record around, and fills
// the end with zeros as some file systems do after a loss of power.
func TestADamagedTailIsCutOff(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir, Options{SyncEvery: -1})
	lines := numbered(0, 9)
	store(t, s, lines[:8]...)
	before := fileSize(lastSegment(t, dir))
	store(t, s, lines[8])
	for at := before; at < fileSize(lastSegment(t, dir)); at++ {
		damaged := copyStore(t, dir)
		path := lastSegment(t, damaged)
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		data[at] ^= 0x41
		if err := os.WriteFile(path, append(data, make([]byte, 100)...), 0o600); err != nil {
			t.Fatal(err)
		}
		again := openStore(t, damaged, Options{SyncEvery: -1})
		store(t, again, lines[8])
		if diff := cmp.Diff(lines, readAll(t, openReader(t, damaged), Query{}, 100)); diff != "" {
			t.Fatalf("damage at %d (-want +got):\n%s", at, diff)
		}
	}
}

// TestDamageInTheMiddleCostsLittle damages one record of a sealed segment.
func TestDamageInTheMiddleCostsLittle(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir, Options{SegmentBytes: 512 << 10, SyncEvery: -1})
	lines := numbered(0, 60000)
	store(t, s, lines...)
	s.packs.Wait()
	ids, err := listSegments(dir)
	if err != nil || len(ids) < 3 {
		t.Fatalf("%d segments, %v", len(ids), err)
	}
	path := segmentPath(dir, ids[1])
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	data[len(data)/2] ^= 0xff
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	got := readAll(t, openReader(t, dir), Query{}, 1<<20)
	lost := len(lines) - len(got)
	if lost == 0 || lost > blockBytes/20 {
		t.Errorf("%d of %d lines are lost, want those of one block at most", lost, len(lines))
	}
	if diff := cmp.Diff(lines[len(lines)-100:], got[len(got)-100:]); diff != "" {
		t.Errorf("the newest lines (-want +got):\n%s", diff)
	}
}

func TestASegmentKilledWhileItWasBegun(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir, Options{SegmentBytes: minSegment, SyncEvery: -1})
	lines := numbered(0, 500)
	store(t, s, lines[:400]...)
	s.packs.Wait()
	for _, size := range []int{0, 5, int(headerSize) - 1} {
		killed := copyStore(t, dir)
		ids, err := listSegments(killed)
		if err != nil {
			t.Fatal(err)
		}
		path := segmentPath(killed, ids[len(ids)-1]+1)
		if err := os.WriteFile(path, header{ID: 9}.bytes()[:size], 0o600); err != nil {
			t.Fatal(err)
		}
		early := openReader(t, killed)
		readAll(t, early, Query{}, 1000)
		again := openStore(t, killed, Options{SegmentBytes: minSegment, SyncEvery: -1})
		if got, want := again.Counters(), s.Counters(); got.Lines != want.Lines || got.Generation != want.Generation {
			t.Errorf("counters %+v, want %+v", got, want)
		}
		store(t, again, lines[400:]...)
		if diff := cmp.Diff(lines, readAll(t, early, Query{}, 1000)); diff != "" {
			t.Fatalf("header of %d bytes (-want +got):\n%s", size, diff)
		}
		if got := again.Counters().Lines; got != int64(len(lines)) {
			t.Errorf("%d lines are counted, want %d", got, len(lines))
		}
	}
}

// TestADamagedIndexCostsItsSegment spoils the end of one packed segment.
func TestADamagedIndexCostsItsSegment(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir, Options{SegmentBytes: minSegment, SyncEvery: -1})
	lines := numbered(0, 500)
	store(t, s, lines...)
	s.packs.Wait()
	for name, spoil := range map[string]func(b []byte) []byte{
		"empty":     func([]byte) []byte { return nil },
		"cut":       func(b []byte) []byte { return b[:len(b)-1] },
		"no place":  func(b []byte) []byte { b[len(b)-trailerSize+7] = 0x7f; return b },
		"no length": func(b []byte) []byte { b[len(b)-trailerSize+11] = 0x7f; return b },
		"changed":   func(b []byte) []byte { b[len(b)-trailerSize-1] ^= 1; return b },
	} {
		spoilt := copyStore(t, dir)
		path := segmentPath(spoilt, 2)
		data, err := os.ReadFile(path)
		if err != nil || string(data[:8]) != packedMagic {
			t.Fatalf("segment 2 is not packed: %v", err)
		}
		writeFile(t, path, spoil(data))
		if got := readAll(t, openReader(t, spoilt), Query{}, 100); len(got) >= len(lines) || len(got) < len(lines)/2 {
			t.Errorf("%s: %d lines", name, len(got))
		}
		again := openStore(t, spoilt, Options{SegmentBytes: minSegment})
		store(t, again, lines[0])
	}
}

func TestCountersAndPositionsAreRecovered(t *testing.T) {
	dir := t.TempDir()
	o := Options{SegmentBytes: minSegment, MaxBytes: 14 << 10, SyncEvery: -1}
	s := openStore(t, dir, o)
	if err := s.Dropped(3); err != nil {
		t.Fatal(err)
	}
	var last env.LogCounters
	for i := range 40 {
		store(t, s, numbered(i*50, 50)...)
		s.packs.Wait()
		now := s.Counters()
		if now.Generation <= last.Generation {
			t.Fatalf("generation went from %d to %d", last.Generation, now.Generation)
		}
		if now.Bytes > o.MaxBytes || now.Lines > int64(50*(i+1)) || now.Dropped != 3 {
			t.Fatalf("counters %+v after %d lines", now, 50*(i+1))
		}
		last = now
		killed := copyStore(t, dir)
		read, err := openReader(t, killed).Counters(t.Context())
		read.Limit, read.AgeLimit = last.Limit, last.AgeLimit // the writer's to know
		if err != nil || read != last {
			t.Fatalf("a reader counts %+v, %v; want %+v", read, err, last)
		}
		again := openStore(t, killed, o)
		if diff := cmp.Diff(last, again.Counters()); diff != "" {
			t.Fatalf("counters after recovery (-want +got):\n%s", diff)
		}
		for _, name := range []string{"kafka", "redis", "billing"} {
			want, got := s.Position(name+"-0", name), again.Position(name+"-0", name)
			want.trimmed()
			got.trimmed()
			if diff := cmp.Diff(want, got, cmp.AllowUnexported(Position{}, moment{})); diff != "" {
				t.Fatalf("position of %s after recovery (-want +got):\n%s", name, diff)
			}
		}
	}
	if last.Lines >= 2000 {
		t.Errorf("nothing was discarded: %+v", last)
	}
}

func (p *Position) trimmed() {
	p.floor, p.moments = noTime, p.moments[max(0, len(p.moments)-20):]
}

func TestTheOldestLinesGo(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir, Options{SegmentBytes: minSegment, MaxBytes: 40 << 10, SyncEvery: -1})
	r := openReader(t, dir)
	lines := numbered(0, 3000)
	store(t, s, lines[:100]...)
	page, err := r.Forward(t.Context(), Cursor{}, Query{}, 10)
	if err != nil {
		t.Fatal(err)
	}
	store(t, s, lines[100:]...)
	got := readAll(t, r, Query{}, 100)
	if len(got) == len(lines) || len(got) < 100 {
		t.Fatalf("%d of %d lines are left", len(got), len(lines))
	}
	if diff := cmp.Diff(lines[len(lines)-len(got):], got); diff != "" {
		t.Fatalf("what is left (-want +got):\n%s", diff)
	}
	next, err := r.Forward(t.Context(), page.End, Query{}, 1)
	if err != nil || len(next.Lines) != 1 || !next.Lines[0].Time.Equal(got[0].Time) {
		t.Errorf("a cursor whose line went reads on at %v, %v; want the oldest line", next.Lines, err)
	}
	size := int64(0)
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		size += fileSize(filepath.Join(dir, e.Name()))
	}
	if size > 40<<10 {
		t.Errorf("the store takes %d bytes, more than its bound", size)
	}
}

const writerVariable = "DIORAMA_TEST_LOG_WRITER"

// TestMain also is the writer that TestAKilledWriterLosesNothing kills.
func TestMain(m *testing.M) {
	dir := os.Getenv(writerVariable)
	if dir == "" {
		code := m.Run()
		shared.remove()
		os.Exit(code)
	}
	s, err := Open(dir, Options{SegmentBytes: 64 << 10})
	if err != nil {
		os.Exit(3)
	}
	for i := 0; ; i += 10 {
		if _, err := s.Append(numbered(i, 10)); err != nil {
			os.Exit(4)
		}
		fmt.Fprintf(os.Stdout, "%d\n", i+10)
	}
}

func TestAKilledWriterLosesNothing(t *testing.T) {
	dir := t.TempDir()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), writerVariable+"="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	stored, reader, told := 0, openReader(t, dir), bufio.NewScanner(out)
	for told.Scan() {
		if _, err := fmt.Sscan(told.Text(), &stored); err != nil {
			t.Fatal(err)
		}
		if stored == 5000 { // while it is written: nothing half, nothing out of order
			if got := readAll(t, reader, Query{}, 999); len(got) < stored || cmp.Diff(numbered(0, len(got)), got) != "" {
				t.Fatalf("%d lines while it was written, or wrong ones; want %d", len(got), stored)
			}
			if _, err := Open(dir, Options{}); !errors.Is(err, ErrLocked) {
				t.Errorf("a second writer: %v", err)
			}
		}
		if stored == 20000 {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := cmd.Wait(); err == nil || !strings.Contains(err.Error(), "killed") {
		t.Fatalf("the writer ended by itself: %v", err)
	}
	again := openStore(t, dir, Options{SegmentBytes: 64 << 10})
	got := readAll(t, reader, Query{}, 10000)
	if len(got) < stored {
		t.Fatalf("%d lines, want the %d at least that were stored", len(got), stored)
	}
	if diff := cmp.Diff(numbered(0, len(got)), got); diff != "" {
		t.Fatalf("lines (-want +got):\n%s", diff)
	}
	if c := again.Counters(); c.Lines != int64(len(got)) {
		t.Errorf("%d lines are counted, want %d", c.Lines, len(got))
	}
}

// TestFollowingGoesOnAfterAKill stores one stream, kills the store at every
// batch, and follows on from what is left.
func TestFollowingGoesOnAfterAKill(t *testing.T) {
	lines := numbered(0, 300)
	for i := range lines {
		lines[i].Pod, lines[i].Container = "p", "c"
		lines[i].Time = noon.Add(lines[i].Time.Sub(noon) / 3) // three with nearly the same time
	}
	dir := t.TempDir()
	for kills := 0; ; kills++ {
		s := openStore(t, dir, Options{SegmentBytes: minSegment, SyncEvery: -1})
		p := s.Position("p", "c")
		stored := p.Stored()
		n := 0
		for _, l := range lines {
			if l.Time.Before(p.Since()) || stored(l.Time) {
				continue
			}
			store(t, s, l)
			if n++; n == 7 {
				break
			}
		}
		if n == 0 {
			break
		}
		s.packs.Wait()
		next := copyStore(t, dir)
		if err := os.Truncate(lastSegment(t, next), max(headerSize, fileSize(lastSegment(t, next))-int64(kills%40))); err != nil {
			t.Fatal(err)
		}
		dir = next
	}
	if diff := cmp.Diff(messagesOf(lines), messagesOf(readAll(t, openReader(t, dir), Query{}, 100))); diff != "" {
		t.Fatalf("stored (-want +got):\n%s", diff)
	}
}

func messagesOf(lines []Line) []string {
	var all []string
	for _, l := range lines {
		all = append(all, l.Message)
	}
	return all
}
