package keeper_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/diorama-dev/diorama/internal/engine"
	"github.com/diorama-dev/diorama/internal/env"
	"github.com/diorama-dev/diorama/internal/keeper"
	"github.com/diorama-dev/diorama/internal/plan"
)

// fake is a runtime whose steps end when the test says so.
type fake struct {
	started chan string // a step's ID as it starts
	finish  chan error  // what the next step ends with
	mu      sync.Mutex
	used    plan.Plan
	watched bool
}

func newFake() *fake {
	return &fake{started: make(chan string, 100), finish: make(chan error)}
}

func (f *fake) Execute(ctx context.Context, step env.Step, _ engine.Report) (engine.Outcome, error) {
	f.started <- step.ID
	select {
	case err := <-f.finish:
		return engine.Outcome{}, err
	case <-ctx.Done():
		return engine.Outcome{}, context.Cause(ctx)
	}
}

func (f *fake) Use(p plan.Plan) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.used = p
}

func (f *fake) Observe(context.Context) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.watched = true
	return nil
}

func (*fake) Logs(context.Context, string, string, time.Time, bool) (io.ReadCloser, error) {
	return nil, errors.New("no logs here")
}

func (*fake) Close() {}

// run starts a keeper on the folder and returns its client.
func run(t *testing.T, folder env.Folder, runtime keeper.Runtime) *keeper.Client {
	t.Helper()
	return runWith(t, folder, runtime, func(*keeper.Options) {})
}

// runWith is run with other options.
func runWith(t *testing.T, folder env.Folder, runtime keeper.Runtime, change func(*keeper.Options)) *keeper.Client {
	t.Helper()
	if err := folder.Make(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		options := keeper.Options{
			Folder: folder, Build: "test", Log: slog.New(slog.DiscardHandler),
			Open: func(context.Context, keeper.Tell) (keeper.Runtime, error) {
				return runtime, nil
			},
		}
		change(&options)
		ended <- keeper.Run(ctx, options)
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the keeper ended with %v", err)
		}
	})
	client := keeper.NewClient(folder)
	for {
		_, err := client.Hello(ctx)
		if err == nil {
			return client
		}
		select {
		case err := <-ended:
			t.Fatalf("the keeper did not start: %v", err)
		case <-time.After(time.Millisecond):
		}
	}
}

// folder is short: a socket's path is bounded.
func folder(t *testing.T) env.Folder {
	t.Helper()
	root, err := os.MkdirTemp("", "keeper")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(root) })
	return env.FolderOf(root, "shop")
}

func planOf(profile string, steps ...string) plan.Plan {
	p := plan.Plan{Identity: env.Identity{Environment: "shop", Profile: profile}}
	for _, id := range steps {
		p.Steps = append(p.Steps, env.Step{ID: id, Kind: env.StepApply, Subject: id})
	}
	return p
}

// until watches until the environment is in the phase.
func until(t *testing.T, client *keeper.Client, phase env.Phase) env.Snapshot {
	t.Helper()
	var last env.Snapshot
	if err := client.Watch(t.Context(), func(s env.Snapshot) bool { last = s; return s.Phase != phase }); err != nil {
		t.Fatalf("waiting for %s: %v; last %+v", phase, err, last)
	}
	return last
}

func up(t *testing.T, client *keeper.Client, p plan.Plan) {
	t.Helper()
	if err := client.Up(t.Context(), keeper.UpRequest{Plan: p}); err != nil {
		t.Fatal(err)
	}
}

func TestARunGoesOnWithoutItsClient(t *testing.T) {
	runtime, at := newFake(), folder(t)
	up(t, run(t, at, runtime), planOf("one", "a"))
	<-runtime.started
	// Another client, which has not asked for it, sees how it goes.
	other := keeper.NewClient(at)
	if s := until(t, other, env.PhaseStarting); len(s.Steps) != 1 || s.Steps[0].Phase != env.StepRunning && s.Steps[0].Phase != env.StepPending {
		t.Errorf("steps = %+v", s.Steps)
	}
	runtime.finish <- nil
	if s := until(t, other, env.PhaseReady); s.Steps[0].Phase != env.StepDone {
		t.Errorf("steps = %+v", s.Steps)
	}
}

func TestTheSamePlanTwiceIsOneRun(t *testing.T) {
	runtime := newFake()
	client := run(t, folder(t), runtime)
	up(t, client, planOf("one", "a"))
	<-runtime.started
	up(t, client, planOf("one", "a"))
	err := client.Up(t.Context(), keeper.UpRequest{Plan: planOf("two", "a")})
	if err == nil || !strings.Contains(err.Error(), "of the profile two, is under way") && !strings.Contains(err.Error(), "under way") {
		t.Errorf("another plan beside it: error = %v", err)
	}
	runtime.finish <- nil
	until(t, client, env.PhaseReady)
	if n := len(runtime.started); n != 0 {
		t.Errorf("%d more steps were started", n)
	}
}

func TestHowARunEnds(t *testing.T) {
	for name, test := range map[string]struct {
		end    func(*testing.T, *fake, *keeper.Client)
		reason env.Reason
		text   string
	}{
		"a step fails": {
			func(_ *testing.T, f *fake, _ *keeper.Client) { f.finish <- errors.New("the image is nowhere") },
			env.ReasonFailed, "the image is nowhere",
		},
		"it is cancelled": {
			func(t *testing.T, _ *fake, c *keeper.Client) {
				if err := c.Cancel(t.Context()); err != nil {
					t.Error(err)
				}
			},
			env.ReasonInterrupted, "interrupted",
		},
	} {
		t.Run(name, func(t *testing.T) {
			runtime := newFake()
			client := run(t, folder(t), runtime)
			up(t, client, planOf("one", "a"))
			<-runtime.started
			test.end(t, runtime, client)
			s := until(t, client, env.PhaseFailed)
			if s.Reason != test.reason || !strings.Contains(s.Error, test.text) {
				t.Errorf("ended as %q: %q; want %q with %q", s.Reason, s.Error, test.reason, test.text)
			}
			// It can be tried again.
			up(t, client, planOf("one", "a"))
			<-runtime.started
			runtime.finish <- nil
			until(t, client, env.PhaseReady)
		})
	}
}

func TestATimeoutIsToldFromAFailure(t *testing.T) {
	runtime := newFake()
	client := run(t, folder(t), runtime)
	if err := client.Up(t.Context(), keeper.UpRequest{Plan: planOf("one", "a"), Timeout: time.Millisecond}); err != nil {
		t.Fatal(err)
	}
	if s := until(t, client, env.PhaseFailed); s.Reason != env.ReasonTimeout {
		t.Errorf("reason = %q (%s), want %q", s.Reason, s.Error, env.ReasonTimeout)
	}
}

func TestALaterKeeperTakesUp(t *testing.T) {
	at := folder(t)
	if err := at.Make(); err != nil {
		t.Fatal(err)
	}
	t.Run("first", func(t *testing.T) {
		runtime := newFake()
		client := run(t, at, runtime)
		up(t, client, planOf("one", "a"))
		<-runtime.started
		runtime.finish <- nil
		until(t, client, env.PhaseReady)
	})
	record := env.Record{Identity: env.Identity{Environment: "shop"}, Cluster: env.ClusterRecord{Complete: true}}
	for name, test := range map[string]struct {
		change  func(*env.Record)
		phase   env.Phase
		watches bool
	}{
		"running":   {func(*env.Record) {}, env.PhaseReady, true},
		"stopped":   {func(r *env.Record) { r.Stopped = true }, env.PhaseStopped, false},
		"half-made": {func(r *env.Record) { r.Cluster.Complete = false }, env.PhaseFailed, false},
	} {
		t.Run(name, func(t *testing.T) {
			changed := record
			test.change(&changed)
			if err := at.WriteRecord(changed); err != nil {
				t.Fatal(err)
			}
			runtime := newFake()
			s := until(t, run(t, at, runtime), test.phase)
			if s.Profile != "one" {
				t.Errorf("profile = %q, want one", s.Profile)
			}
			if runtime.watched != test.watches {
				t.Errorf("observed: %t, want %t", runtime.watched, test.watches)
			}
		})
	}
}

func TestOnlyTheUserMayOpenTheSocket(t *testing.T) {
	at := folder(t)
	run(t, at, newFake())
	info, err := os.Stat(at.Socket())
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v; want 0600", info.Mode(), err)
	}
}

func TestNobodyAnswers(t *testing.T) {
	_, err := keeper.NewClient(folder(t)).Snapshot(t.Context())
	if _, gone := errors.AsType[*keeper.GoneError](err); !gone {
		t.Errorf("error = %v, want a GoneError", err)
	}
}

// TestForward reaches a stack that was added later on the port that it prefers.
func TestForward(t *testing.T) {
	server, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	go func() {
		conn, err := server.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		_, _ = io.Copy(conn, conn)
	}()
	runtime := newFake()
	client := run(t, folder(t), runtime)
	preferred := freePort(t)
	p := planOf("one", "a")
	p.Ports = map[string]env.PortRecord{"echo/x": {Host: server.Addr().(*net.TCPAddr).Port, Preferred: preferred}}
	up(t, client, p)
	<-runtime.started
	runtime.finish <- nil
	until(t, client, env.PhaseReady)
	conn, err := net.DialTCP("tcp", nil, &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: preferred})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write([]byte("hello")); err != nil {
		t.Fatal(err)
	}
	if err := conn.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(conn); err != nil || string(got) != "hello" {
		t.Errorf("the echo was %q, %v", got, err)
	}
}

func freePort(t *testing.T) int {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port
}
