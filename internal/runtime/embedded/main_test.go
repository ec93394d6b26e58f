//go:build unix

package embedded_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/diorama-dev/diorama/internal/credentials"
	"github.com/diorama-dev/diorama/internal/engine"
	"github.com/diorama-dev/diorama/internal/env"
	"github.com/diorama-dev/diorama/internal/logs"
	"github.com/diorama-dev/diorama/internal/plan"
	"github.com/diorama-dev/diorama/internal/runtime/embedded"
	"github.com/diorama-dev/diorama/internal/runtime/embedded/imitation"
	"github.com/diorama-dev/diorama/stacks"
)

// TestMain is, beside the tests, the binary that the runtime runs as its own.
func TestMain(m *testing.M) {
	if len(os.Args) < 3 || os.Args[1] != "internal" {
		os.Exit(m.Run())
	}
	ctx := context.Background() //nolint:forbidigo // this is main here
	if err := own(ctx, os.Args[2], os.Args[3:]); err != nil {
		fmt.Fprintln(os.Stdout, err)
		os.Exit(1)
	}
}

func own(ctx context.Context, command string, args []string) error {
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		cancel()
	}()
	switch command {
	case embedded.Imitate:
		return imitation.Main(ctx, args[0], os.Getenv, os.Stdout)
	case embedded.Demo:
		switch args[0] {
		case "fails":
			return errors.New("boom: " + os.Getenv("SECRET_LENGTH"))
		case "deaf": // to the end of its keeper
			fmt.Fprintln(os.Stdout, "deaf")
			<-make(chan int)
		}
		<-ctx.Done()
		return nil
	case "keeper": // one that is killed
		return keep(ctx, args[0])
	default:
		return fmt.Errorf("there is no %q", command)
	}
}

// world is an environment of servers without a keeper.
type world struct {
	*embedded.Runtime
	folder env.Folder
	store  *logs.Store
	state  *env.Store
}

var password = map[string]string{"REDIS_PASSWORD": "Secret0redis", "POSTGRES_PASSWORD": "Secret0postgres"}

func folderWith(t *testing.T) env.Folder {
	t.Helper()
	folder := env.Folder(filepath.Join(t.TempDir(), "shop"))
	if err := folder.Make(); err != nil {
		t.Fatal(err)
	}
	needs := []credentials.Need{
		{Instance: "redis", Credentials: map[string]stacks.Credential{"REDIS_PASSWORD": {Generate: 8}}, Fixed: map[string]string{"REDIS_PASSWORD": password["REDIS_PASSWORD"]}},
		{Instance: "postgres", Credentials: map[string]stacks.Credential{"POSTGRES_PASSWORD": {Generate: 8}}, Fixed: map[string]string{"POSTGRES_PASSWORD": password["POSTGRES_PASSWORD"]}},
	}
	set, _, err := credentials.Set{}.Fill(needs, nil)
	if err == nil {
		err = credentials.Save(string(folder), set)
	}
	if err == nil {
		err = folder.WriteRecord(env.Record{Identity: env.Identity{Environment: "shop", Runtime: "embedded"}})
	}
	if err != nil {
		t.Fatal(err)
	}
	return folder
}

func newWorld(t *testing.T, folder env.Folder) *world {
	t.Helper()
	w, err := open(t.Context(), folder)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		w.Close()
		if err := w.store.Close(); err != nil {
			t.Error(err)
		}
		if err := embedded.Reap(context.WithoutCancel(t.Context()), folder); err != nil {
			t.Error(err)
		}
	})
	return w
}

func open(ctx context.Context, folder env.Folder) (*world, error) {
	executable, err := os.Executable()
	if err != nil {
		return nil, err
	}
	w := &world{folder: folder, state: env.NewStore(env.Snapshot{})}
	if w.store, err = logs.Open(folder.Logs(), logs.Options{}); err != nil {
		return nil, err
	}
	w.Runtime = embedded.New(ctx, embedded.Options{
		Folder: folder, Executable: executable, Emit: w.state.Emit, Sink: w.store,
		Host: embedded.Host{Path: os.Getenv("PATH")},
		Lost: func(service string, lines int, err error) {
			slog.Error("lost", "service", service, "lines", lines, "error", err)
		},
		PortOwner: func(int) (string, bool) { return "nginx (process 7)", true },
	})
	return w, nil
}

// up runs the plan's steps.
func (w *world) up(ctx context.Context, p plan.Plan) error {
	for _, stack := range p.Stacks {
		p.Steps = append(p.Steps,
			env.Step{ID: "apply/" + stack.Name, Kind: env.StepApply, Subject: stack.Name},
			env.Step{ID: "wait/" + stack.Name, Kind: env.StepWait, Subject: stack.Name, Needs: []string{"apply/" + stack.Name}})
	}
	w.Use(p)
	began := env.Began{Steps: p.Steps}
	w.state.Emit(env.Event{Time: time.Now(), Began: &began})
	return engine.Run(ctx, p.Steps, w, w.state.Emit, engine.Options{})
}

// await returns the first snapshot that is as wanted.
func (w *world) await(t *testing.T, what string, wanted func(env.Snapshot) bool) env.Snapshot {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // only ends a test that hangs
	defer cancel()
	for s := range w.state.Watch(ctx) {
		if wanted(s) {
			return s
		}
	}
	t.Fatalf("never saw %s; last %+v", what, w.state.Snapshot().Services)
	return env.Snapshot{}
}

// service returns the state of a service.
func service(s env.Snapshot, name string) env.Service {
	for _, v := range s.Services {
		if v.Name == name {
			return v
		}
	}
	return env.Service{}
}

// output is all that a service has written.
func (w *world) output(t *testing.T, service string) string {
	t.Helper()
	reader, err := logs.OpenReader(w.folder.Logs())
	if err != nil {
		t.Fatal(err)
	}
	page, err := reader.Forward(t.Context(), logs.Cursor{}, logs.Query{Services: []string{service}}, 1000)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, line := range page.Lines {
		b.WriteString(line.Message + "\n")
	}
	return b.String()
}

// planOf is a plan of servers, a stack each.
func planOf(servers ...plan.Server) plan.Plan {
	var p plan.Plan
	for _, s := range servers {
		p.Stacks = append(p.Stacks, plan.Stack{Name: s.Service, Category: "queue", Servers: []plan.Server{s}})
	}
	return p
}
