package tui

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/creack/pty"
	"github.com/hinshun/vt10x"

	"github.com/diorama-dev/diorama/internal/env"
	"github.com/diorama-dev/diorama/tui/tuitest"
)

// terminal is a program's terminal: a pty and an emulated screen. Tests read
// the screen, never the bytes: these are only what has changed.
type terminal struct {
	t       *testing.T
	keys    *os.File // what is typed
	tty     *os.File // the program's end
	screen  vt10x.Terminal
	changed chan struct{}
	mu      sync.Mutex
	bytes   []byte // all that was written
}

func newTerminal(t *testing.T, cols, rows int) *terminal {
	t.Helper()
	master, tty, err := pty.Open()
	if err != nil {
		t.Skipf("no pty here: %v", err)
	}
	if err := pty.Setsize(master, &pty.Winsize{Cols: uint16(cols), Rows: uint16(rows)}); err != nil {
		t.Fatal(err)
	}
	x := &terminal{t: t, keys: master, tty: tty, screen: vt10x.New(vt10x.WithSize(cols, rows)), changed: make(chan struct{}, 1)}
	t.Cleanup(func() { _ = master.Close(); _ = tty.Close() })
	go x.emulate()
	return x
}

func (x *terminal) emulate() {
	buf := make([]byte, 32<<10)
	cut := 0 // bytes of a character whose rest has not been read yet
	for {
		n, err := x.keys.Read(buf[cut:])
		if err != nil {
			return
		}
		x.mu.Lock()
		x.bytes = append(x.bytes, buf[cut:cut+n]...)
		x.mu.Unlock()
		end := whole(buf[:cut+n])
		_, _ = x.screen.Write(buf[:end])
		cut = copy(buf, buf[end:cut+n])
		select {
		case x.changed <- struct{}{}:
		default:
		}
	}
}

// whole is how many of the bytes are whole characters: a read may cut the last
// one, of which the emulator would make nothing.
func whole(b []byte) int {
	for i := len(b) - 1; i >= max(0, len(b)-utf8.UTFMax); i-- {
		if utf8.RuneStart(b[i]) {
			if utf8.FullRune(b[i:]) {
				break
			}
			return i
		}
	}
	return len(b)
}

// patience only ends a test that hangs.
const patience = 30 * time.Second

// receive waits for what a channel brings.
func receive[T any](t *testing.T, what string, from <-chan T) (v T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	select {
	case v = <-from:
	case <-ctx.Done():
		t.Fatalf("%s never came", what)
	}
	return v
}

// await waits until the screen shows all of the texts.
func (x *terminal) await(texts ...string) {
	x.t.Helper()
	ctx, cancel := context.WithTimeout(x.t.Context(), patience)
	defer cancel()
	for {
		shown := x.screen.String()
		if !slices.ContainsFunc(texts, func(s string) bool { return !strings.Contains(shown, s) }) {
			return
		}
		select {
		case <-x.changed:
		case <-ctx.Done():
			x.t.Fatalf("the screen never showed %q; it shows\n%s", texts, shown)
		}
	}
}

func (x *terminal) typed(keys string) {
	x.t.Helper()
	if _, err := x.keys.WriteString(keys); err != nil {
		x.t.Fatal(err)
	}
}

// ascii is a snapshot without the wide characters that the emulator does not
// know.
func ascii(s env.Snapshot) env.Snapshot {
	s.Services = slices.DeleteFunc(s.Services, func(v env.Service) bool { return v.Name == "支付" })
	s.Recent = slices.DeleteFunc(s.Recent, func(r env.Recent) bool { return r.Service == "支付" })
	s.Updated = time.Now()
	return s
}

func TestProgram(t *testing.T) {
	x, f := newTerminal(t, 100, 30), newFake()
	f.lines = tuitest.NewLines(tuitest.Numbered(0, 100)...)
	type result struct {
		outcome Outcome
		err     error
	}
	over := make(chan result, 1)
	go func() {
		o, err := Run(t.Context(), f, Options{Input: x.tty, Output: x.tty, Environ: []string{"TERM=xterm-256color"}})
		over <- result{o, err}
	}()

	f.updates <- ascii(tuitest.ComingUp())
	x.await("streaming", "coming up", "Longest chain: cluster", "waiting for its image")
	f.updates <- ascii(tuitest.Running())
	x.typed("1")
	x.await("kafka · queue", "killed 6 times", "127.0.0.1:15432")
	x.typed("l")
	x.await("services: kafka", "no line passes the filter")
	x.typed("\x1b[Z\x1b[Z\x1b[Z") // shift+tab three times: by way of queues and services to events
	x.await("Last run: 14 steps")
	x.typed("3i")
	x.await("line 99", "following")
	f.lines.Add(tuitest.Numbered(100, 5)...)
	x.await("line 104")
	x.typed("/line 7")
	x.await("line 79", "enter keep")
	x.typed("\r1r")
	receive(t, "the restart", f.asked) // what it says of that goes by too fast to be waited for
	x.typed("D")
	x.await("Take ai-platform down?")
	x.typed("y")
	got := receive(t, "the end", over)
	if got.err != nil || got.outcome != OutcomeDown {
		t.Errorf("ended with %q, %v", got.outcome, got.err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.acted) != 1 || f.acted[0].Verb != VerbRestart {
		t.Errorf("asked for %v", f.acted)
	}
}

// TestLogsInATerminal goes through what the logs screen does, in a terminal.
func TestLogsInATerminal(t *testing.T) {
	x, f := newTerminal(t, 100, 30), newFake()
	lines := tuitest.Numbered(0, 5000)
	lines[4000].Message = `{"msg":"charged","ms":812,"trace":"9f2c41"}`
	lines[100].Message = "charge failed trace=9f2c41\n\tat billing.charge"
	f.lines = tuitest.NewLines(lines...)
	over := make(chan error, 1)
	go func() {
		_, err := Run(t.Context(), f, Options{Input: x.tty, Output: x.tty, Environ: []string{"TERM=xterm-256color"}})
		over <- err
	}()
	f.updates <- ascii(tuitest.Running())
	x.await("kafka · queue")
	x.typed("3")
	x.await("line 4999", "following", "5,000")
	x.typed("/ms>500")
	x.await("charged", "1 of", "enter keep")
	x.typed("\r\r\x1b[F\x1b[A") // the fields; to their end, and up to the trace
	x.await("a line of gateway", "trace  9f2c41", "only these")
	x.typed("t")
	x.await("trace 9f2c41", "charge failed", "at billing.charge", "paused at 2 of 2")
	x.typed("\x1b")
	x.await("/ ms>500", "1 of")
	x.typed("\x1b")
	x.await("line 4999", "following")
	x.typed("/re:(")
	x.await("missing closing )")
	x.typed("\x1b")
	x.await("space pause")
	path := filepath.Join(t.TempDir(), "out.txt")
	x.typed("S\x15" + path + "\r")
	x.await("saved 5,000 lines")
	x.typed("O")
	x.await("where the lines come from", "loki")
	x.typed("\x1b[B\r")
	x.await("from loki", "line 29")
	x.typed("q")
	if err := receive(t, "the end", over); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file saved: %v, %v", info, err)
	}
}

func TestRunEndsWithItsContext(t *testing.T) {
	x, f := newTerminal(t, 80, 24), newFake()
	ctx, cancel := context.WithCancelCause(t.Context())
	over := make(chan error, 1)
	go func() {
		_, err := Run(ctx, f, Options{Input: x.tty, Output: x.tty, Environ: []string{"TERM=xterm-256color"}})
		over <- err
	}()
	f.updates <- ascii(tuitest.Running())
	x.await("kafka")
	cancel(errFake)
	if err := receive(t, "the end", over); err != errFake { //nolint:errorlint // the very cause
		t.Errorf("ended with %v", err)
	}
}

// TestColoursObeyTheTerminal checks what reaches the terminal: colours where it
// has them, none where NO_COLOR asks for none.
func TestColoursObeyTheTerminal(t *testing.T) {
	coloured := regexp.MustCompile(`\x1b\[[0-9;]*[34]8;[25];`)
	for environ, want := range map[string]bool{"COLORTERM=truecolor": true, "NO_COLOR=1": false} {
		t.Run(environ, func(t *testing.T) {
			x, f := newTerminal(t, 80, 24), newFake()
			over := make(chan error, 1)
			go func() {
				_, err := Run(t.Context(), f, Options{Input: x.tty, Output: x.tty, Environ: []string{"TERM=xterm-256color", environ}})
				over <- err
			}()
			f.updates <- ascii(tuitest.Running())
			x.await("kafka", "killed 6 times")
			x.typed("q")
			if err := receive(t, "the end", over); err != nil {
				t.Fatal(err)
			}
			x.mu.Lock()
			defer x.mu.Unlock()
			if got := coloured.Match(x.bytes); got != want {
				t.Errorf("coloured: %v, want %v", got, want)
			}
		})
	}
}
