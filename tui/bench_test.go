package tui

import (
	"fmt"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/diorama-dev/diorama/internal/env"
	"github.com/diorama-dev/diorama/internal/queue"
	"github.com/diorama-dev/diorama/tui/theme"
	"github.com/diorama-dev/diorama/tui/tuitest"
)

// crowd is an environment of n services, some of them not well.
func crowd(n int) env.Snapshot {
	s := tuitest.Running()
	all := s.Services
	s.Services = nil
	for i := range n {
		svc := all[i%len(all)]
		svc.Stack, svc.Name = fmt.Sprintf("stack-%d", i/3), fmt.Sprintf("%s-%d", svc.Name, i)
		s.Services = append(s.Services, svc)
		s.Endpoints = append(s.Endpoints, env.Endpoint{Stack: svc.Stack, Service: svc.Name, Name: "x", Host: "127.0.0.1", Port: 1000 + i})
	}
	return s
}

// BenchmarkFrame draws 200 services after a key, as a person sees it: the
// update and the frame. The bound is 16 ms.
func BenchmarkFrame(b *testing.B) {
	for _, size := range [][2]int{{80, 24}, {200, 60}} {
		b.Run(fmt.Sprintf("%dx%d", size[0], size[1]), func(b *testing.B) {
			m := newModel(deps{options: Options{Theme: theme.Dark}}).resized(size[0], size[1]).at(tuitest.Noon()).received(crowd(200))
			for b.Loop() {
				next, _ := m.Update(tuitest.Key("down"))
				m, _ = next.(Model)
				_ = frame(m)
			}
		})
	}
}

// BenchmarkSnapshot takes a new snapshot of 200 services in and draws it.
func BenchmarkSnapshot(b *testing.B) {
	s := crowd(200)
	m := newModel(deps{options: Options{Theme: theme.Dark}}).resized(200, 60).at(tuitest.Noon())
	for b.Loop() {
		s.Updated = s.Updated.Add(time.Second)
		m = m.received(s)
		_ = frame(m)
	}
}

// BenchmarkLogs draws a full screen of wrapped lines as the cursor moves.
func BenchmarkLogs(b *testing.B) {
	f := newFake()
	for range 700 {
		f.lines.Add(tuitest.Story()...)
	}
	never := func(time.Duration, func(time.Time) tea.Msg) tea.Cmd { return nil }
	m := newModel(deps{ctx: b.Context(), env: f, options: Options{Theme: theme.Dark}, after: never})
	m = m.resized(200, 60).at(tuitest.Noon()).received(tuitest.Running())
	m, _ = tuitest.Drive[tea.Model](b, m, tuitest.Keys("3", "z", "up")...).(Model)
	for b.Loop() {
		next, _ := m.Update(tuitest.Key("up"))
		_ = frame(m)
		m, _ = next.(Model)
		if m.logs.View() == nil {
			b.Fatal("nothing is drawn")
		}
	}
}

// BenchmarkMesh draws the whole frame of a mesh of 200 services as the cursor
// moves. The bound is 16 ms.
func BenchmarkMesh(b *testing.B) {
	m := newModel(deps{ctx: b.Context(), env: newFake().platform(), options: Options{Theme: theme.Dark}}).resized(200, 60).at(tuitest.Noon()).received(tuitest.Running())
	m.mesh = m.mesh.WithState(tuitest.Net(200))
	shown, _ := m.show(ScreenMesh)
	m, _ = shown.(Model)
	for b.Loop() {
		next, _ := m.Update(tuitest.Key("down"))
		m, _ = next.(Model)
		_ = frame(m)
	}
}

// BenchmarkQueues draws the whole frame of 1,000 queues and 10,000 groups as
// the cursor moves. The bound is 16 ms.
func BenchmarkQueues(b *testing.B) {
	m := newModel(deps{ctx: b.Context(), env: newFake(), options: Options{Theme: theme.Dark}}).resized(200, 60).at(tuitest.Noon()).received(tuitest.Running())
	m.queues = m.queues.WithBrokers([]*queue.Broker{tuitest.Crowd(1000, 10_000)})
	shown, _ := m.show(ScreenQueues)
	m, _ = shown.(Model)
	for b.Loop() {
		next, _ := m.Update(tuitest.Key("down"))
		m, _ = next.(Model)
		_ = frame(m)
	}
}
