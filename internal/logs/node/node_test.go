package node

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/diorama-dev/diorama/internal/logs/wire"
)

const namespace = "diorama"

var noon = time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)

// bench is a node's folder and a reader of it, asked by hand.
type bench struct {
	t     *testing.T
	root  string
	r     *reader
	now   time.Time
	marks map[string]int64 // what a keeper would have stored
	known map[uint32]wire.Source
	text  map[string]string // all that came of a container
	ended []wire.Source
	seen  []string // the frames that are not chunks
	past  int64
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{t: t, root: t.TempDir(), now: noon, marks: make(map[string]int64), text: make(map[string]string)}
	b.restart()
	return b
}

// restart is a new session of a reader that knows nothing.
func (b *bench) restart() {
	if b.r != nil {
		for _, f := range b.r.files {
			f.opened.Close()
		}
	}
	b.r = newReader(Options{Root: b.root, Now: func() time.Time { return b.now }})
	b.r.namespaces = []string{namespace}
	b.known = make(map[uint32]wire.Source)
}

func (b *bench) path(pod, container, file string) string {
	return filepath.Join(b.root, namespace+"_"+pod+"_uid-"+pod, container, file)
}

func (b *bench) write(pod, container, file, text string) {
	b.t.Helper()
	path := b.path(pod, container, file)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		b.t.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		b.t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString(text); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) rename(pod, container, from, to string) {
	b.t.Helper()
	if err := os.Rename(b.path(pod, container, from), b.path(pod, container, to)); err != nil {
		b.t.Fatal(err)
	}
}

// zip compresses a rotated file as the kubelet does.
func (b *bench) zip(pod, container, file string) {
	b.t.Helper()
	path := b.path(pod, container, file)
	text, err := os.ReadFile(path)
	if err != nil {
		b.t.Fatal(err)
	}
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	if _, err := w.Write(text); err != nil {
		b.t.Fatal(err)
	}
	err = errors.Join(w.Close(), os.WriteFile(path+".tmp", packed.Bytes(), 0o600), os.Rename(path+".tmp", path+".gz"), os.Remove(path))
	if err != nil {
		b.t.Fatal(err)
	}
}

// rounds polls and takes all there is, several times.
func (b *bench) rounds(n int) {
	b.t.Helper()
	for range n {
		b.now = b.now.Add(2 * time.Second)
		b.r.poll()
		for more := true; more; {
			var frames []byte
			frames, more = b.r.take(nil)
			more = b.hear(frames) || more
		}
	}
}

// hear takes frames in as a keeper does, and answers.
func (b *bench) hear(frames []byte) (answered bool) {
	b.t.Helper()
	in := wire.NewReader(bytes.NewReader(frames))
	for {
		f, err := in.Next()
		if errors.Is(err, io.EOF) {
			return answered
		}
		if err != nil {
			b.t.Fatal(err)
		}
		source := b.known[f.File]
		switch f.Kind {
		case wire.Announce:
			if source, err = wire.ParseSource(f.Data); err != nil {
				b.t.Fatal(err)
			}
			b.known[f.File] = source
			b.seen = append(b.seen, fmt.Sprintf("announce %s/%s %d", source.Pod, source.Container, source.Run))
			b.r.start(f.File, b.marks[source.FileID()])
			answered = true
		case wire.Chunk:
			if want := b.marks[source.FileID()]; f.Offset != want {
				b.t.Fatalf("%s goes on at %d, want %d", source.FileID(), f.Offset, want)
			}
			b.marks[source.FileID()] += int64(len(f.Data))
			b.text[source.Pod+"/"+source.Container] += string(f.Data)
			b.past = f.Past
		case wire.End:
			b.ended = append(b.ended, source)
			b.seen = append(b.seen, fmt.Sprintf("end %s/%s %d", source.Pod, source.Container, source.Run))
		case wire.Listed:
			b.seen = append(b.seen, "listed")
		case wire.Broken:
			b.seen = append(b.seen, "broken")
		case wire.Past:
			b.past = f.Past
		default:
		}
	}
}

func line(n int) string {
	return fmt.Sprintf("%s stdout F line %d\n", noon.Add(time.Duration(n)*time.Millisecond).Format(time.RFC3339Nano), n)
}

func lines(from, to int) string {
	var b strings.Builder
	for n := from; n < to; n++ {
		b.WriteString(line(n))
	}
	return b.String()
}

func (b *bench) want(container, text string) {
	b.t.Helper()
	if got := b.text[container]; got != text {
		b.t.Errorf("of %s came %d bytes, want %d:\n%.300s", container, len(got), len(text), got)
	}
}

func TestFollow(t *testing.T) {
	b := newBench(t)
	b.write("web-0", "web", "0.log", lines(0, 10))
	b.write("web-0", "side", "0.log", "") // it has said nothing yet
	if err := os.MkdirAll(filepath.Join(b.root, "other_web-0_uid-x", "web"), 0o755); err != nil {
		t.Fatal(err)
	}
	b.rounds(1)
	b.want("web-0/web", lines(0, 10))
	b.write("web-0", "web", "0.log", lines(10, 20)+line(20)[:15])
	b.write("web-0", "side", "0.log", line(3))
	b.write("web-1", "web", "0.log", line(4))
	b.rounds(1)
	b.want("web-0/web", lines(0, 20)) // the line that is not whole waits
	b.want("web-0/side", line(3))
	b.want("web-1/web", line(4))
	b.write("web-0", "web", "0.log", line(20)[15:])
	b.rounds(1)
	b.want("web-0/web", lines(0, 21))
	if len(b.ended) != 0 || b.past < b.now.Add(-time.Second).UnixNano() {
		t.Errorf("ended %v; it is past %s at %s", b.ended, time.Unix(0, b.past).UTC(), b.now)
	}
}

func TestRotation(t *testing.T) {
	b := newBench(t)
	b.write("p", "c", "0.log", lines(0, 10))
	b.rounds(1)
	b.rename("p", "c", "0.log", "0.log.20261127-120000")
	b.rounds(4)
	if len(b.ended) != 0 {
		t.Fatal("a file ended that nothing follows yet")
	}
	b.write("p", "c", "0.log.20261127-120000", lines(10, 20)) // its writer goes on until it is told
	b.write("p", "c", "0.log", lines(20, 30))
	b.rounds(4)
	b.want("p/c", lines(0, 30))
	if len(b.ended) != 1 {
		t.Errorf("%d files ended, want 1", len(b.ended))
	}
	b.zip("p", "c", "0.log.20261127-120000")
	b.rename("p", "c", "0.log", "0.log.20261127-130000")
	b.write("p", "c", "0.log", lines(30, 40))
	b.write("p", "c", "1.log", lines(40, 50))
	b.rounds(6)
	b.want("p/c", lines(0, 50))
	b.restart()
	b.seen = nil
	b.rounds(5)
	b.want("p/c", lines(0, 50))
	if got := strings.Join(b.seen, ", "); got != "announce p/c 0, announce p/c 0, announce p/c 0, announce p/c 1, listed, end p/c 0, end p/c 0, end p/c 0" {
		t.Error(got)
	}
}

// What was rotated, compressed and begun while nobody read is read in order.
func TestBacklog(t *testing.T) {
	b := newBench(t)
	b.write("p", "c", "0.log.20261127-110000", lines(0, 5000))
	b.zip("p", "c", "0.log.20261127-110000")
	b.write("p", "c", "0.log.20261127-120000", lines(5000, 9000))
	b.write("p", "c", "0.log", lines(9000, 9010))
	b.write("p", "c", "10.log", lines(9020, 9030))
	b.write("p", "c", "2.log", lines(9010, 9020))
	b.rounds(8)
	b.want("p/c", lines(0, 9030))
	if len(b.ended) != 4 {
		t.Errorf("%d files ended, want 4", len(b.ended))
	}
}

// A file is rotated while a reader that has just begun lists the folder: what
// it held is read before what follows it.
func TestRotatedWhileListed(t *testing.T) {
	for _, zip := range []bool{false, true} {
		b := newBench(t)
		b.write("p", "c", "0.log.20261127-120000", lines(0, 10))
		b.write("p", "c", "0.log", lines(10, 20))
		listed := 0
		b.r.root.names = func(path string) ([]string, error) {
			names, err := readNames(path)
			if filepath.Base(path) != "c" {
				return names, err
			}
			if listed++; listed == 1 {
				b.rename("p", "c", "0.log", "0.log.20261127-130000")
				b.write("p", "c", "0.log", lines(20, 30))
				if zip {
					b.zip("p", "c", "0.log.20261127-120000")
				}
			}
			return names, err
		}
		b.rounds(6)
		b.want("p/c", lines(0, 30))
		if got := strings.Count(strings.Join(b.seen, " "), "announce"); got != 3 {
			t.Errorf("%d files are announced: %v", got, b.seen)
		}
	}
}

func TestGoesOnWhereTheKeeperSays(t *testing.T) {
	b := newBench(t)
	b.write("p", "c", "0.log", lines(0, 1000))
	b.rounds(1)
	b.write("p", "c", "0.log", lines(1000, 2000))
	b.rename("p", "c", "0.log", "0.log.20261127-120000")
	b.zip("p", "c", "0.log.20261127-120000")
	b.write("p", "c", "0.log", lines(2000, 2001))
	b.restart()
	b.rounds(4)
	b.want("p/c", lines(0, 2001))
}

// A file that is deleted or renamed over while it waits is read all the same.
func TestDeletedWhileOpen(t *testing.T) {
	b := newBench(t)
	b.write("p", "c", "0.log.20261127-120000", lines(0, 10))
	b.write("p", "c", "0.log", lines(10, 20))
	b.r.poll() // it is seen, and the pipe is full
	if err := errors.Join(os.Remove(b.path("p", "c", "0.log.20261127-120000")), os.RemoveAll(filepath.Dir(filepath.Dir(b.path("p", "c", ""))))); err != nil {
		t.Fatal(err)
	}
	b.rounds(6)
	b.want("p/c", lines(0, 20))
	if len(b.ended) != 2 || len(b.r.files) != 0 || len(b.r.containers) != 0 {
		t.Errorf("%d ended; %d files and %d containers are left", len(b.ended), len(b.r.files), len(b.r.containers))
	}
}

func TestTruncated(t *testing.T) {
	b := newBench(t)
	b.write("p", "c", "0.log", lines(0, 100))
	b.rounds(1)
	if err := os.Truncate(b.path("p", "c", "0.log"), 0); err != nil {
		t.Fatal(err)
	}
	b.rounds(3)
	b.write("p", "c", "0.log", lines(100, 110))
	b.rounds(3)
	b.want("p/c", lines(0, 110))
}

func TestBrokenArchive(t *testing.T) {
	b := newBench(t)
	b.write("p", "c", "0.log.20261127-120000", lines(0, 5000))
	b.zip("p", "c", "0.log.20261127-120000")
	path := b.path("p", "c", "0.log.20261127-120000.gz")
	packed, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := len(packed) / 2; i < len(packed)/2+100; i++ {
		packed[i] = 0xff
	}
	if err := os.WriteFile(path, packed, 0o600); err != nil {
		t.Fatal(err)
	}
	b.write("p", "c", "0.log", lines(5000, 5010))
	b.rounds(4)
	if got := b.text["p/c"]; !strings.HasPrefix(got, line(0)) || !strings.HasSuffix(got, lines(5000, 5010)) || !strings.Contains(strings.Join(b.seen, " "), "broken") {
		t.Errorf("%d bytes; %v", len(got), b.seen)
	}
}

// A line longer than a chunk comes in pieces, and one without end too.
func TestLongLine(t *testing.T) {
	b := newBench(t)
	long := noon.Format(time.RFC3339Nano) + " stdout F " + strings.Repeat("x", 3*chunkBytes) + "\n"
	b.write("p", "c", "0.log", line(0)+long+line(1)+strings.Repeat("y", 100))
	b.rounds(2)
	b.want("p/c", line(0)+long+line(1))
	b.write("p", "c", "1.log", line(2))
	b.rounds(4)
	b.want("p/c", line(0)+long+line(1)+strings.Repeat("y", 100)+line(2))
}

// Of containers with very different rates, none gets far ahead of the others.
func TestOrderOfTimes(t *testing.T) {
	b := newBench(t)
	b.write("busy", "c", "0.log", lines(0, 60000))
	slow, quarter := "", ""
	for n := 0; n < 60000; n += 1000 {
		slow += line(n)
	}
	for n := 0; n < 60000; n += 250 {
		quarter += line(n)
	}
	b.write("slow", "c", "0.log", slow)
	b.write("quarter", "c", "0.log", quarter)
	b.now = b.now.Add(time.Hour)
	b.r.poll()
	var stamps wire.Stamps
	newest, past, furthest := int64(0), int64(0), int64(0)
	for more := true; more; {
		var frames []byte
		frames, more = b.r.take(nil)
		in := wire.NewReader(bytes.NewReader(frames))
		for {
			f, err := in.Next()
			if err != nil {
				break
			}
			switch f.Kind {
			case wire.Announce:
				b.r.start(f.File, 0)
				more = true
			case wire.Chunk:
				stamp, _ := stamps.Parse(string(f.Data[:min(40, len(f.Data))]))
				if stamp.UnixNano() < past {
					t.Fatalf("a chunk begins %s before what was said to be past", time.Duration(past-stamp.UnixNano()))
				}
				furthest = max(furthest, newest-stamp.UnixNano())
				newest = max(newest, b.r.lastTime(f.Data, 0, math.MaxInt64))
				past = f.Past
			default:
			}
		}
	}
	if furthest > int64(2*slack) {
		t.Errorf("a chunk is %s behind another", time.Duration(furthest))
	}
}

func TestNames(t *testing.T) {
	for text, want := range map[string]name{
		"0.log": {}, "12.log": {run: 12}, "0.log.20261127-070000": {rotated: "20261127-070000"},
		"3.log.20261127-070000.gz": {run: 3, rotated: "20261127-070000", zipped: true},
	} {
		if got, ok := parseName(text); !ok || got != want {
			t.Errorf("%s is %v, %v", text, got, ok)
		}
	}
	for _, text := range []string{"0.log.gz", "x.log", "0.log.20261127-070000.tmp", "0.log.20261127-070000.gz.tmp", "-1.log", "log", "0.logs"} {
		if got, ok := parseName(text); ok {
			t.Errorf("%s is %v", text, got)
		}
	}
}

// The program ends with the keeper's pipe, even where nobody reads its own.
func TestRunEndsWithItsInput(t *testing.T) {
	b := newBench(t)
	b.write("p", "c", "0.log", lines(0, 10000))
	in, keeper := io.Pipe()
	out, blocked := io.Pipe()
	over := make(chan error, 1)
	go func() { over <- Run(context.WithoutCancel(t.Context()), Options{Root: b.root}, in, blocked) }()
	w := wire.NewWriter(keeper, false)
	if err := errors.Join(w.Write(wire.Frame{Kind: wire.Start, Data: []byte(namespace)}), w.Flush()); err != nil {
		t.Fatal(err)
	}
	r := wire.NewReader(out)
	if f, err := r.Next(); err != nil || f.Kind != wire.Hello || f.Offset != wire.Version {
		t.Fatalf("it says %v, %v", f, err)
	}
	keeper.Close()
	if err := <-over; err != nil {
		t.Error(err)
	}
}

func FuzzNames(f *testing.F) {
	f.Add("0.log.20261127-070000.gz")
	f.Fuzz(func(t *testing.T, text string) {
		if n, ok := parseName(text); ok && (n.run < 0 || n.before(n) != 0) {
			t.Errorf("%q is %v", text, n)
		}
	})
}

// What is rotated away while the keeper takes nothing is not held open without
// end: the oldest files are given up, and the keeper is told.
func TestRotatedAwayUnread(t *testing.T) {
	b := newBench(t)
	rotate := func(n int) {
		b.write("p", "c", "0.log", line(n))
		b.now = b.now.Add(2 * time.Second)
		b.r.poll()
		b.rename("p", "c", "0.log", fmt.Sprintf("0.log.20261127-%06d", n))
		if n >= 4 { // as the kubelet does
			if err := os.Remove(b.path("p", "c", fmt.Sprintf("0.log.20261127-%06d", n-4))); err != nil {
				t.Fatal(err)
			}
		}
	}
	for n := range 40 {
		rotate(n)
	}
	b.write("p", "c", "0.log", line(40))
	b.now = b.now.Add(2 * time.Second)
	b.r.poll()
	held := len(b.r.containers[0].files)
	if held > 5+unnamed || held != len(b.r.files) {
		t.Errorf("%d files are held open, %d numbered", held, len(b.r.files))
	}
	b.rounds(40)
	b.want("p/c", lines(41-held, 41))
	if n := strings.Count(strings.Join(b.seen, " "), "broken"); n != 41-held {
		t.Errorf("%d files were told to be lost, want %d", n, 41-held)
	}
}
