package logs

import (
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"
)

// fussy is a sink that refuses lines for as long as it is full.
type fussy struct {
	mu      sync.Mutex
	full    bool
	lines   []Line
	dropped int64
}

func (f *fussy) Append(lines []Line) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.full {
		return 0, errors.New("no space left on device")
	}
	f.lines = append(f.lines, lines...)
	return len(lines), nil
}

func (f *fussy) Position(string, string) Position { return Position{} }

func (f *fussy) Dropped(n int64) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.dropped += n
	return nil
}

// copying copies text into the sink; between its parts, then is called.
func (f *fussy) copying(t *testing.T, between func(), parts ...string) (lost []int) {
	t.Helper()
	r, w := io.Pipe()
	var all sync.WaitGroup
	all.Go(func() {
		Output{Sink: f, Report: func(n int, err error) {
			if err == nil {
				t.Error("reported without a reason")
			}
			lost = append(lost, n)
		}}.Copy(r)
	})
	for i, part := range parts {
		if i > 0 {
			between()
		}
		if _, err := io.WriteString(w, part); err != nil {
			t.Error(err)
		}
	}
	w.Close()
	all.Wait()
	return lost
}

// TestLostOutputIsCounted has a full disk for a while, or to the end.
func TestLostOutputIsCounted(t *testing.T) {
	const written = 100_000
	text := strings.Repeat("\n", written) // lines take memory also where they say nothing
	sink := &fussy{full: true}
	lost := sink.copying(t, nil, text)
	if len(lost) != 2 || lost[0] != 0 || lost[1] != written || sink.dropped != written {
		t.Errorf("reported %v, counted %d; all %d lines are lost", lost, sink.dropped, written)
	}
	sink = &fussy{full: true}
	lost = sink.copying(t, func() {
		sink.mu.Lock()
		defer sink.mu.Unlock()
		sink.full = false
	}, text, "last\n")
	sum := 0
	for _, n := range lost {
		sum += n
	}
	if len(sink.lines)+sum != written+1 || int64(sum) != sink.dropped || sink.lines[len(sink.lines)-1].Message != "last" {
		t.Errorf("%d lines are stored, %d lost, %d counted, of %d", len(sink.lines), sum, sink.dropped, written+1)
	}
}

// TestABacklogIsBounded counts what empty lines take.
func TestABacklogIsBounded(t *testing.T) {
	var b backlog
	for range 3_000_000 {
		b.add(Line{})
	}
	if len(b.lines) > outputBytes/lineBytes || b.lost+len(b.lines) != 3_000_000 {
		t.Errorf("%d lines wait, %d are lost", len(b.lines), b.lost)
	}
	b.drop(len(b.lines))
	if b.bytes != 0 {
		t.Errorf("%d bytes wait of no line", b.bytes)
	}
}

// TestLongOutputIsSplit splits lines as those of containers are.
func TestLongOutputIsSplit(t *testing.T) {
	for name, line := range map[string]string{
		"just one": strings.Repeat("x", MaxMessage), "characters": strings.Repeat("绝", MaxMessage), "none": "",
	} {
		t.Run(name, func(t *testing.T) {
			sink := &fussy{}
			sink.copying(t, nil, line+"\r\nnext")
			var whole strings.Builder
			for i, l := range sink.lines[:len(sink.lines)-1] {
				if i > 0 && !strings.HasPrefix(l.Message, CutMark) || strings.ContainsRune(l.Message, utf8.RuneError) {
					t.Errorf("piece %d begins with %.10q", i, l.Message)
				}
				whole.WriteString(strings.TrimSuffix(strings.TrimPrefix(l.Message, CutMark), CutMark))
			}
			if whole.String() != line || (len(line) <= MaxMessage && len(sink.lines) != 2) {
				t.Errorf("%d bytes came in %d lines, want %d", whole.Len(), len(sink.lines), len(line))
			}
			if last := sink.lines[len(sink.lines)-1].Message; last != "next" {
				t.Errorf("then %q", last)
			}
		})
	}
}
