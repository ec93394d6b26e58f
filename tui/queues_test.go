package tui

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/diorama-dev/diorama/internal/queue"
	"github.com/diorama-dev/diorama/tui/theme"
	"github.com/diorama-dev/diorama/tui/tuitest"
)

// TestQueuesInATerminal types through the queues screen as a broker of many
// queues sends its states.
func TestQueuesInATerminal(t *testing.T) {
	x, f := newTerminal(t, 100, 30), newFake()
	f.brokers.States = make(chan []*queue.Broker, 1)
	state := tuitest.Crowd(1000, 10_000)
	state.Sampled.At = time.Now()
	f.brokers.States <- []*queue.Broker{state}
	over := make(chan error, 1)
	go func() {
		_, err := Run(t.Context(), f, Options{Input: x.tty, Output: x.tty, Environ: []string{"TERM=xterm-256color"}})
		over <- err
	}()
	f.updates <- ascii(tuitest.Running())
	x.await("kafka · queue")
	x.typed("2")
	x.await("BROKER", "topic-00000", "group-00000", "kafka · sampled")
	x.typed("/0099")
	x.await("topic-00990", "topic-00999", "group-00099", "enter keep")
	x.typed("\rg")
	x.await("group-00990", "QUEUES", "CAUGHT UP")
	x.typed("gp")
	x.await("kafka/topic-00099", "order-1", "looking changes nothing")
	x.typed("\x1b[A\x1b[A\r") // two up: the first message
	x.await("value · JSON", `"model": "resnet50"`)
	silent := *state
	silent.Phase, silent.Since, silent.Why = queue.PhaseSilent, time.Now().Add(-5*time.Second), "connection refused"
	f.brokers.States <- []*queue.Broker{&silent}
	x.await("kafka: no answer for", "connection refused")
	x.typed("P")
	x.await("kafka does not answer")
	x.typed("q")
	if err := <-over; err != nil {
		t.Fatal(err)
	}
}

// TestWithoutQueues checks that the tab says why there is nothing to see.
func TestWithoutQueues(t *testing.T) {
	f := newFake()
	f.brokers = nil
	m := press(t, model(t, f, theme.Dark, 100, 30, tuitest.Running()), "2")
	if got := bottom(m); m.screen == ScreenQueues || !strings.HasPrefix(got, "no stack of this environment has queues") {
		t.Errorf("the bottom line of %q is %q", m.screen, got)
	}
}

// TestFromQueuesToLogs checks that the broker's service is what the keys of a
// service are for.
func TestFromQueuesToLogs(t *testing.T) {
	m := press(t, model(t, newFake(), theme.Dark, 100, 30, tuitest.Running()), "2", "enter", "l")
	if got := m.logs.Query().Services; m.screen != ScreenLogs || !slices.Equal(got, []string{"kafka"}) {
		t.Errorf("%q of %q", m.screen, got)
	}
}

// TestFromAMessageToItsTrace goes from a message to the log lines of the trace
// that it names.
func TestFromAMessageToItsTrace(t *testing.T) {
	f := newFake()
	f.brokers.Messages = []queue.Message{{Value: []byte(`{"user":"u","trace":"77ab03"}`)}}
	m := press(t, model(t, f, theme.Dark, 100, 30, tuitest.Running()), "2", "enter", "p", "down", "down", "enter", "t")
	if m.screen != ScreenLogs || !strings.Contains(text(m), "77ab03") {
		t.Errorf("%q:\n%s", m.screen, text(m))
	}
}

// TestBrokersAreNotRestartedFromTheirQueues checks that the keys that change a
// service do nothing here.
func TestBrokersAreNotRestartedFromTheirQueues(t *testing.T) {
	f := newFake()
	press(t, model(t, f, theme.Dark, 100, 30, tuitest.Running()), "2", "r", "+", "-", "enter", "r", "p", "r")
	if len(f.acted) != 0 {
		t.Errorf("asked for %v", f.acted)
	}
}

// TestFormsTakeEveryKey checks that what is typed into a form is no command,
// and that leaving it leaves nothing else.
func TestFormsTakeEveryKey(t *testing.T) {
	m := press(t, model(t, newFake(), theme.Dark, 100, 30, tuitest.Running()), "2", "P", "q", "1", "?", ":", "/")
	if m.screen != ScreenQueues || m.outcome != "" || m.overlay.kind != overlayNone || !strings.Contains(text(m), "q1?:/") {
		t.Errorf("keys of a form do something else:\n%s", text(m))
	}
	if m = press(t, m, "esc"); m.queues.Asking() || m.screen != ScreenQueues {
		t.Error("esc does not close the form alone")
	}
	if m = press(t, m, "P", "ctrl+c"); m.outcome != OutcomeQuit {
		t.Errorf("ctrl-c in a form ends with %q", m.outcome)
	}
}
