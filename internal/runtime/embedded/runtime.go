package embedded

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/diorama-dev/diorama/internal/credentials"
	"github.com/diorama-dev/diorama/internal/engine"
	"github.com/diorama-dev/diorama/internal/env"
	"github.com/diorama-dev/diorama/internal/logs"
	"github.com/diorama-dev/diorama/internal/plan"
)

// Options say what a runtime works with.
type Options struct {
	Folder env.Folder
	// Host is where programs are found and fetched.
	Host Host
	// Executable is our own binary, which runs imitations and programs.
	Executable string
	// Emit takes what happens. It is called from several goroutines.
	Emit func(env.Event)
	// Sink takes what the servers write.
	Sink logs.Sink
	// Lost is told of lines that could not be stored.
	Lost func(service string, lines int, err error)
	// PortOwner says who holds a port of 127.0.0.1.
	PortOwner func(port int) (owner string, taken bool)
}

// Runtime is one environment of servers. Its methods are safe for concurrent
// use.
type Runtime struct {
	options Options
	life    context.Context //nolint:containedctx // of the servers: only Close ends them, in their order

	publishing sync.Mutex // held while the state is looked at and emitted
	meter      *meter

	mu      sync.Mutex
	plan    plan.Plan
	servers map[string]*supervisor // by service
	changed chan struct{}          // closed and replaced at every change
	watch   context.CancelFunc     // ends observing; nil: it has not begun
	watched chan struct{}          // closed once it has ended
}

// New returns the runtime of an environment, before anything is known of it.
// Its servers outlive ctx, until [Runtime.Close].
func New(ctx context.Context, o Options) *Runtime {
	return &Runtime{life: context.WithoutCancel(ctx), options: o, meter: newMeter(), servers: make(map[string]*supervisor), changed: make(chan struct{})}
}

// Use makes the plan the one that is executed from now on.
func (r *Runtime) Use(p plan.Plan) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.plan = p
}

func (r *Runtime) current() plan.Plan {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.plan
}

// Execute does one step of the plan.
func (r *Runtime) Execute(ctx context.Context, step env.Step, report engine.Report) (engine.Outcome, error) {
	switch step.Kind {
	case env.StepFetch:
		return r.fetch(ctx, step.Subject, report)
	case env.StepApply:
		return r.apply(ctx, step.Subject, report)
	case env.StepWait:
		return r.wait(ctx, step.Subject, report)
	case env.StepRemove:
		return r.remove(ctx, step.Subject)
	case env.StepNodes, env.StepCluster, env.StepLoad:
	case env.StepSeed: // the keeper's, on every runtime
	}
	return engine.Outcome{}, fmt.Errorf("the embedded runtime has no step of the kind %q", step.Kind)
}

// fetch has the program of a server in the cache.
func (r *Runtime) fetch(ctx context.Context, name string, report engine.Report) (engine.Outcome, error) {
	release, err := r.options.Host.release()
	if err != nil {
		return engine.Outcome{}, err
	}
	if titled(release) != name {
		return engine.Outcome{}, fmt.Errorf("the plan wants %s, this version fetches %s; run `diorama up` again", name, titled(release))
	}
	if _, ok := r.options.Host.binary(release); ok {
		return engine.Outcome{Unchanged: true, Detail: "present"}, nil
	}
	_, err = r.options.Host.Cache.Install(ctx, release, func(done, total int64) {
		report("", env.Progress{Done: done, Total: total})
	})
	return engine.Outcome{Detail: "fetched"}, err
}

// apply has the stack's servers started as the plan has them.
func (r *Runtime) apply(ctx context.Context, name string, report engine.Report) (engine.Outcome, error) {
	stack, ok := r.current().Stack(name)
	if !ok {
		return engine.Outcome{}, fmt.Errorf("the plan has no stack %s", name)
	}
	r.observe() //nolint:contextcheck // it goes on when the step is done
	if err := r.holds(name); err != nil {
		return engine.Outcome{}, err
	}
	secrets, err := credentials.Load(string(r.options.Folder))
	if err != nil {
		return engine.Outcome{}, err
	}
	started := 0
	for _, server := range stack.Servers {
		fresh, err := r.have(ctx, name, server, secrets.All(), func(what string) { report(what, env.Progress{}) })
		if err != nil {
			return engine.Outcome{}, err
		}
		if fresh {
			started++
		}
	}
	ended := r.end(func(s *supervisor) bool {
		return s.job.stack == name && !slices.ContainsFunc(stack.Servers, func(v plan.Server) bool { return v.Service == s.job.Service })
	})
	switch started + ended {
	case 0:
		return engine.Outcome{Unchanged: true, Detail: "running"}, nil
	case 1:
		return engine.Outcome{Detail: "1 server started"}, nil
	default:
		return engine.Outcome{Detail: fmt.Sprintf("%d servers started", started)}, nil
	}
}

// have has one server supervised as planned. It reports whether it is started
// for that.
func (r *Runtime) have(ctx context.Context, stack string, server plan.Server, secrets map[string]map[string]string, tell func(string)) (bool, error) {
	rule, err := recipeOf(server.Kind)
	if err != nil {
		return false, err
	}
	j, err := r.job(stack, server, rule, secrets)
	if err != nil {
		return false, err
	}
	revision, err := json.Marshal(struct {
		Server                     plan.Server
		Secrets, Environment       map[string]string
		Folder, Data, Binary, Home string
	}{server, j.secrets, j.environment, j.folder, j.data, j.executable, j.home})
	if err != nil {
		return false, fmt.Errorf("start %s: %w", server.Service, err)
	}
	r.mu.Lock()
	known := r.servers[server.Service]
	r.mu.Unlock()
	if known != nil && known.revision == string(revision) {
		return known.retry(), nil
	}
	if known != nil {
		tell("stopping " + server.Service + " to start it anew")
		r.end(func(s *supervisor) bool { return s == known })
	}
	lock, err := takeOver(ctx, j.home)
	if err != nil {
		return false, fmt.Errorf("start %s: %w", server.Service, err)
	}
	s := newSupervisor(r.life, j, rule, string(revision), lock, told{ //nolint:contextcheck // servers outlive the step that starts them
		changed: r.change, sink: r.options.Sink, lost: r.options.Lost, portOwner: r.options.PortOwner,
		occurred: func(o env.Occurrence) { r.options.Emit(env.Event{Time: time.Now(), Occurred: &o}) },
	})
	r.mu.Lock()
	r.servers[server.Service] = s
	r.mu.Unlock()
	go s.run() //nolint:contextcheck // the same
	return true, nil
}

// change wakes whoever waits for a change.
func (r *Runtime) change() {
	r.mu.Lock()
	defer r.mu.Unlock()
	close(r.changed)
	r.changed = make(chan struct{})
}

// end ends the servers that are meant and forgets them; it returns how many
// there were.
func (r *Runtime) end(meant func(*supervisor) bool) int {
	r.mu.Lock()
	var list []*supervisor
	for service, s := range r.servers {
		if meant(s) {
			list = append(list, s)
			delete(r.servers, service)
		}
	}
	r.mu.Unlock()
	for _, s := range list {
		s.end(false)
	}
	for _, s := range list {
		<-s.done
	}
	return len(list)
}

// remove ends the servers of a stack that left the profile; their data stays.
func (r *Runtime) remove(_ context.Context, name string) (engine.Outcome, error) {
	ended := r.end(func(s *supervisor) bool { return s.job.stack == name })
	r.change()
	err := r.amend(func(record *env.Record) { record.Lose(name) })
	return engine.Outcome{Unchanged: ended == 0, Detail: fmt.Sprintf("%d servers ended", ended)}, err
}

// holds remembers that the environment may have data of the stack, and that
// it is not stopped any more.
func (r *Runtime) holds(stack string) error {
	return r.amend(func(record *env.Record) {
		record.Gain(stack)
		record.Stopped = false
	})
}

// amend changes the record of the environment.
func (r *Runtime) amend(change func(*env.Record)) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.options.Folder.Amend(change)
}

// closeWithin bounds how long all servers together may take to end in good
// order; what is left then is ended by force.
const closeWithin = 20 * time.Second

// Close ends all servers, those first that others do not need.
func (r *Runtime) Close() {
	timer := time.AfterFunc(closeWithin, func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		for _, s := range r.servers {
			s.end(true)
		}
	})
	defer timer.Stop()
	stacks := r.current().Stacks
	for _, stack := range slices.Backward(stacks) {
		r.end(func(s *supervisor) bool { return s.job.stack == stack.Name })
	}
	r.end(func(*supervisor) bool { return true })
	r.mu.Lock()
	stop, done := r.watch, r.watched
	r.mu.Unlock()
	if stop != nil {
		stop()
		<-done
	}
}

// errNoService says that no server goes by the name.
var errNoService = errors.New("the environment has no such service")

// Restart ends a server's process in good order and starts another.
func (r *Runtime) Restart(_ context.Context, service string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	s, ok := r.servers[service]
	if !ok {
		return fmt.Errorf("restart %s: %w", service, errNoService)
	}
	s.restart()
	return nil
}

// Scale refuses: each server is one process.
func (*Runtime) Scale(context.Context, string, int) error {
	return errors.New("without a cluster every server is one process: run the environment on kind to scale it")
}
