package intake_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/diorama-dev/diorama/internal/logs"
	"github.com/diorama-dev/diorama/internal/logs/intake"
	"github.com/diorama-dev/diorama/internal/logs/node"
)

// mortal is a keeper whose process can be killed: nothing is kept of what
// comes after, as of a batch that is being stored.
type mortal struct {
	mu    sync.Mutex
	lines []logs.Line
	marks map[string]int64
}

// life is a mortal keeper as one process has it.
type life struct {
	*mortal
	dead *bool
}

func (l life) Put(b logs.Batch) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if *l.dead {
		return errors.New("killed")
	}
	l.lines = append(l.lines, slices.Clone(b.Lines)...)
	for _, m := range b.Read {
		l.marks[m.File] = m.Offset
	}
	return nil
}

func (m *mortal) Mark(file string) (int64, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	offset, known := m.marks[file]
	return offset, known
}

func (*mortal) Position(string, string) logs.Position { return logs.Position{} }

// writer is a container that writes numbered lines into its files as a
// container runtime does.
type writer struct {
	t         *testing.T
	random    *rand.Rand
	folder    string
	run, n    int
	rotations int
	rotated   []string
	wrote     map[string][]string // by stream
	open      map[string]string   // what a line has so far that goes on
}

func (w *writer) current() string { return filepath.Join(w.folder, fmt.Sprintf("%d.log", w.run)) }

func (w *writer) write() {
	w.t.Helper()
	var text strings.Builder
	for range 1 + w.random.IntN(40) {
		w.n++
		stream := []string{"stdout", "stderr"}[w.random.IntN(2)]
		kind := "F"
		if w.random.IntN(5) == 0 {
			kind = "P"
		}
		message := fmt.Sprintf("%s-%d", stream, w.n)
		if w.random.IntN(6) == 0 && w.open[stream] == "" {
			message = "\t" + message // it belongs to the line before
		}
		fmt.Fprintf(&text, "%s %s %s %s\n", time.Now().UTC().Format(time.RFC3339Nano), stream, kind, message)
		w.open[stream] += message
		if kind == "F" {
			w.end(stream)
		}
	}
	f, err := os.OpenFile(w.current(), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		w.t.Fatal(err)
	}
	defer f.Close()
	s := text.String()
	cut := w.random.IntN(len(s)) // a poll may come in between
	for _, part := range []string{s[:cut], s[cut:]} {
		if _, err := f.WriteString(part); err != nil {
			w.t.Fatal(err)
		}
	}
}

func (w *writer) end(stream string) {
	if w.open[stream] != "" {
		w.wrote[stream] = append(w.wrote[stream], w.open[stream])
		w.open[stream] = ""
	}
}

func (w *writer) whole() {
	w.end("stdout")
	w.end("stderr")
}

// act does what happens to a container's files.
func (w *writer) act() {
	w.t.Helper()
	switch w.random.IntN(10) {
	case 0: // the kubelet rotates; lines go on in the next file
		w.whole()
		w.rotations++
		name := fmt.Sprintf("%s.20261127-%06d", w.current(), w.rotations)
		if err := os.Rename(w.current(), name); err == nil {
			w.rotated = append(w.rotated, name)
		}
	case 1: // and compresses all but the last
		if len(w.rotated) > 1 {
			w.zip(w.rotated[0])
			w.rotated = w.rotated[1:]
		}
	case 2: // the container is started again
		w.whole()
		w.run++
	default:
		w.write()
	}
}

func (w *writer) zip(path string) {
	w.t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		w.t.Fatal(err)
	}
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, err = z.Write(text)
	err = errors.Join(err, z.Close(), os.WriteFile(path+".tmp", packed.Bytes(), 0o600), os.Rename(path+".tmp", path+".gz"), os.Remove(path))
	if err != nil {
		w.t.Fatal(err)
	}
}

// process is a keeper's process with the reader that it has started.
type process struct {
	dead *bool
	kill func()
}

// start begins a process; killed, it leaves everything as it is.
func (m *mortal) start(t *testing.T, root string) process {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	dead := new(bool)
	fromKeeper, toNode, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	fromNode, toKeeper, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	in := intake.New(life{m, dead}, intake.Options{Hold: time.Nanosecond, Patience: 10 * time.Millisecond})
	var all sync.WaitGroup
	all.Go(func() {
		_ = node.Run(ctx, node.Options{Root: root, Every: time.Millisecond}, fromKeeper, toKeeper)
		toKeeper.Close()
	})
	all.Go(func() { in.Run(ctx) })
	all.Go(func() { _ = in.Take(ctx, namespace, fromNode, toNode) })
	return process{dead: dead, kill: func() {
		m.mu.Lock()
		*dead = true
		m.mu.Unlock()
		cancel()
		toNode.Close()
		all.Wait()
		fromNode.Close()
		fromKeeper.Close()
	}}
}

// TestNothingIsLost lets containers write, rotate, compress and start again
// while keepers and readers are killed at any moment: every line is stored
// once, in the order of its stream.
func TestNothingIsLost(t *testing.T) {
	for seed := range uint64(6) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 1))
			root := t.TempDir()
			writers := make([]*writer, 5)
			for i := range writers {
				folder := filepath.Join(root, fmt.Sprintf("%s_pod-%d_uid-%d", namespace, i, i), "main")
				if err := os.MkdirAll(folder, 0o755); err != nil {
					t.Fatal(err)
				}
				writers[i] = &writer{t: t, random: random, folder: folder, wrote: make(map[string][]string), open: make(map[string]string)}
			}
			keeper := &mortal{marks: make(map[string]int64)}
			p := keeper.start(t, root)
			for range 600 {
				writers[random.IntN(len(writers))].act()
				if random.IntN(40) == 0 {
					p.kill()
					p = keeper.start(t, root)
				}
				if random.IntN(20) == 0 {
					<-time.After(5 * time.Millisecond) // so that some is stored
				}
			}
			for _, w := range writers {
				w.whole()
				w.run++
				w.write()
				w.whole()
				w.run++
				w.n++
				text := fmt.Sprintf("%s stdout F last\n", time.Now().UTC().Format(time.RFC3339Nano))
				if err := os.WriteFile(w.current(), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			keeper.await(t, len(writers))
			p.kill()
			for i, w := range writers {
				keeper.want(t, fmt.Sprintf("pod-%d", i), w)
			}
		})
	}
}

// await waits until the last line of each writer is stored.
func (m *mortal) await(t *testing.T, writers int) {
	t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for {
		m.mu.Lock()
		n := 0
		for _, l := range m.lines {
			if l.Message == "last" {
				n++
			}
		}
		m.mu.Unlock()
		if n >= writers {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d of %d last lines", n, writers)
		}
		<-time.After(10 * time.Millisecond)
	}
}

func (m *mortal) want(t *testing.T, pod string, w *writer) {
	t.Helper()
	got := make(map[string][]string)
	for _, l := range m.lines {
		if l.Pod != pod || l.Message == "last" {
			continue
		}
		for message := range strings.SplitSeq(l.Message, "\n") {
			stream, _, _ := strings.Cut(strings.TrimSpace(message), "-")
			got[stream] = append(got[stream], message)
		}
	}
	for _, stream := range []string{"stdout", "stderr"} {
		if slices.Equal(got[stream], w.wrote[stream]) {
			continue
		}
		t.Errorf("%s of %s: %d lines, want %d", stream, pod, len(got[stream]), len(w.wrote[stream]))
		for i := range min(len(got[stream]), len(w.wrote[stream])) {
			if got[stream][i] != w.wrote[stream][i] {
				t.Errorf("line %d is %q, want %q", i, got[stream][i], w.wrote[stream][i])
				break
			}
		}
	}
}
