package queues

import (
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"github.com/diorama-dev/diorama/internal/queue"
	"github.com/diorama-dev/diorama/tui/tuitest"
)

func TestClicks(t *testing.T) {
	m := press(t, screen(t, tuitest.NewBrokers(), 80, 19, tuitest.AtRest()), "b") // head 2, title 1
	m, _ = m.Click(5, 5)
	if got := m.target().queue; got != "inference-completed" {
		t.Errorf("a click on the third topic chooses %q", got)
	}
	m, _ = m.Click(5, 11)
	if got := m.target().group; got != "log" {
		t.Errorf("a click on the third group chooses %q:\n%s", got, ansi.Strip(strings.Join(m.View(), "\n")))
	}
	m, _ = m.Click(5, 11)
	if got := m.top(); len(m.pages) != 1 || got.kind != pageGroup || got.key.Name != "log" {
		t.Errorf("a second click opens %+v", got.key)
	}
	m, _ = m.Handle(Out)
	m, _ = m.Click(30, 0)
	if m.view.stack != "rabbitmq" {
		t.Errorf("a click on the second broker shows %q", m.view.stack)
	}
}

func TestWatch(t *testing.T) {
	b := &tuitest.Brokers{States: make(chan []*queue.Broker, 1)}
	m, cmd := screen(t, b, 80, 19).Show(true)
	b.States <- tuitest.AtRest()
	for _, msg := range tuitest.Run(cmd) {
		m, cmd = m.Update(msg)
	}
	if len(m.tracks) != 4 {
		t.Fatalf("%d brokers are shown", len(m.tracks))
	}
	epoch := m.watch.epoch
	close(b.States)
	for _, msg := range tuitest.Run(cmd) {
		m, _ = m.Update(msg)
	}
	if m.Status() != "not watched any more" {
		t.Errorf("after the end the status is %q", m.Status())
	}
	m, _ = m.Show(false)
	m, _ = m.Show(true)
	m, _ = m.Update(stateMsg{epoch: epoch, brokers: nil})
	if len(m.tracks) != 4 {
		t.Error("a state that was sent to an earlier watch is shown")
	}
}
