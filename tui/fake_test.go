package tui

import (
	"context"
	"errors"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/diorama-dev/diorama/internal/env"
	store "github.com/diorama-dev/diorama/internal/logs"
	"github.com/diorama-dev/diorama/tui/gpu"
	"github.com/diorama-dev/diorama/tui/logs"
	"github.com/diorama-dev/diorama/tui/mesh"
	"github.com/diorama-dev/diorama/tui/queues"
	"github.com/diorama-dev/diorama/tui/theme"
	"github.com/diorama-dev/diorama/tui/tuitest"
)

// fake is an environment that remembers what it was asked for.
type fake struct {
	mu        sync.Mutex
	updates   chan env.Snapshot
	endpoints []env.Endpoint
	lines     *tuitest.Lines
	brokers   *tuitest.Brokers
	devices   *tuitest.Devices // nil: nobody looks for GPUs
	net       *tuitest.Mesh    // nil: there is no mesh
	acted     []Action
	asked     chan Action // every action, for whoever waits for one
	shells    []string
	err       error // of every method that can fail
}

func newFake() *fake {
	return &fake{
		updates: make(chan env.Snapshot, 1), asked: make(chan Action, 8),
		lines: tuitest.NewLines(tuitest.Story()...), brokers: tuitest.NewBrokers(),
		endpoints: []env.Endpoint{
			{Stack: "kafka", Name: "bootstrap", URL: "127.0.0.1:9092"},
			{Stack: "postgres", Name: "sql", URL: "postgres://app:s3cret@127.0.0.1:15432/app?sslmode=disable"},
			{Stack: "demo", Name: "http", URL: "http://127.0.0.1:8080", Web: true},
		},
	}
}

func (f *fake) Watch(context.Context) <-chan env.Snapshot { return f.updates }

func (f *fake) Act(_ context.Context, a Action) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.acted = append(f.acted, a)
	select {
	case f.asked <- a:
	default: // nobody waits
	}
	return f.err
}

func (f *fake) Endpoints(context.Context) ([]env.Endpoint, error) { return f.endpoints, f.err }

func (f *fake) Sources() Sources {
	s := Sources{Logs: f.lines, Query: f.query, Systems: []logs.System{
		{Name: "loki", Open: func(context.Context) (store.Reader, error) { return tuitest.NewLines(tuitest.Numbered(0, 30)...), nil }},
		{Name: "elasticsearch\x1b[2J", Open: func(context.Context) (store.Reader, error) {
			return nil, errors.New("elasticsearch at 127.0.0.1:9200 does not answer: connection refused; `diorama status` says how it is\x1b]0;x\x07")
		}},
	}}
	if f.brokers != nil {
		s.Queues = queues.Source{Watcher: f.brokers, Operator: f.brokers, Resetter: f.brokers}
	}
	if f.devices != nil {
		s.GPU = gpu.Source{Watcher: f.devices}
	}
	if f.net != nil {
		s.Mesh = mesh.Source{Watcher: f.net, Editor: f.net}
	}
	return s
}

// platform is the fake with a mesh and GPUs.
func (f *fake) platform() *fake {
	f.devices, f.net = &tuitest.Devices{}, &tuitest.Mesh{}
	return f
}

// query understands one word: a text that lines hold.
func (f *fake) query(_ context.Context, text string) (store.Reader, store.Query, error) {
	if text == "x" {
		return nil, store.Query{}, errors.New("x: a query begins with {, as in {service=\"gateway\"}")
	}
	return f.lines, store.Query{Text: text}, nil
}

func (f *fake) Shell(ctx context.Context, service string) (*exec.Cmd, error) {
	f.shells = append(f.shells, service)
	return exec.CommandContext(ctx, "true"), f.err
}

var errFake = errors.New("the keeper does not answer; run `diorama up` again")

// model is the UI of the fake, without a clock, at a size and with a snapshot.
func model(t *testing.T, f *fake, v theme.Variant, width, height int, s env.Snapshot) Model {
	t.Helper()
	never := func(time.Duration, func(time.Time) tea.Msg) tea.Cmd { return nil }
	m := newModel(deps{ctx: t.Context(), env: f, options: Options{Theme: v}, after: never})
	m = m.resized(width, height).at(tuitest.Noon())
	for _, brokers := range tuitest.Queues() {
		m.queues = m.queues.WithBrokers(brokers)
	}
	if f.devices != nil {
		for _, state := range tuitest.GPUs() {
			m.gpu = m.gpu.WithState(state)
		}
	}
	if f.net != nil {
		m.mesh = m.mesh.WithState(tuitest.Routed())
	}
	return drive(t, m, snapshotMsg{snapshot: s})
}

// drive gives the model messages and whatever comes of them.
func drive(t *testing.T, m Model, msgs ...tea.Msg) Model {
	t.Helper()
	out, ok := tuitest.Drive[tea.Model](t, m, msgs...).(Model)
	if !ok {
		t.Fatal("the model became another type")
	}
	return out
}

// press gives the model keys.
func press(t *testing.T, m Model, keys ...string) Model {
	t.Helper()
	return drive(t, m, tuitest.Keys(keys...)...)
}

// frame is what the model draws.
func frame(m Model) string { return strings.Join(m.lines(), "\n") }
