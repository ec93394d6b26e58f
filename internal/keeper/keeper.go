// Package keeper owns the one background process of an environment: it runs
// plans, observes, collects logs and holds forwards, and answers the command
// line and the terminal UI over a socket that only its user can open.
package keeper

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"sync"
	"time"

	"github.com/diorama-dev/diorama/internal/engine"
	"github.com/diorama-dev/diorama/internal/env"
	"github.com/diorama-dev/diorama/internal/logs"
	"github.com/diorama-dev/diorama/internal/logs/intake"
	"github.com/diorama-dev/diorama/internal/plan"
	"github.com/diorama-dev/diorama/internal/queue"
)

// Runtime is where the keeper's environment runs.
type Runtime interface {
	engine.Executor
	// Use makes the plan the one that is executed and observed.
	Use(p plan.Plan)
	// Observe begins to emit what is observed, and goes on until Close.
	Observe(ctx context.Context) error
	Close()
}

// Workloads are what a person may do to a service.
type Workloads interface {
	Restart(ctx context.Context, service string) error
	Scale(ctx context.Context, service string, replicas int) error
}

// Options say what a keeper keeps.
type Options struct {
	Folder env.Folder
	// Build identifies the binary, so that a newer one can take over.
	Build string
	// Open makes the runtime, Brokers the sources of samples, by system.
	Open    func(ctx context.Context, t Tell) (Runtime, error)
	Brokers map[string]queue.Open
	// Owner is true where what runs is the keeper's own: it ended with an
	// earlier keeper, and this one brings it about again.
	Owner bool
	// Seed puts seeds there; nil: plans have none.
	Seed Seed
	// Explain tells what is known of a step's error; nil: nothing is.
	Explain func(error) []env.Finding
	Log     *slog.Logger
}

// Tell is whom a runtime tells.
type Tell struct {
	// Emit takes what happens.
	Emit func(env.Event)
	// Containers takes the containers that there are.
	Containers func([]logs.Container)
	// Intake takes in the containers' log files, where the runtime can read
	// those.
	Intake *intake.Intake
	// Follow has the output of the containers followed that there are, see
	// [logs.Streams], where the runtime cannot read their files; why is nil
	// where it never could.
	Follow func(why error)
	// Sink takes the lines of whoever writes to the runtime itself.
	Sink logs.Sink
	Log  *slog.Logger
}

// UpRequest asks for a plan to be run.
type UpRequest struct {
	Plan    plan.Plan     `json:"plan"`
	Timeout time.Duration `json:"timeout"`
}

// loadsAtOnce bounds the images that are imported into nodes at a time.
// Unpacking one keeps a core busy while Kubernetes comes up beside it; more
// at once would only make the image that most depends on come last.
func loadsAtOnce() int { return max(1, runtime.NumCPU()/2) }

// resumeWithin bounds how long servers may take to be ready again that ended
// with an earlier keeper.
const resumeWithin = 5 * time.Minute

// failing is how long steps under way may go on once another has failed.
const failing = 5 * time.Second

// keeper is the state of the process.
type keeper struct {
	options  Options
	store    *env.Store
	runtime  Runtime
	forwards *forwards
	brokers  *brokers
	lines    *logs.Store

	mu       sync.Mutex
	planned  []byte // the plan under way or last run, as JSON
	running  bool
	resumed  bool                    // the run under way was nobody's wish: it may be replaced by one
	cancel   context.CancelCauseFunc // of the run
	ended    chan struct{}           // closed when the run is over
	shutdown context.CancelCauseFunc
}

// Run keeps the environment until it is told to quit or ctx ends. The caller
// holds the environment's lock.
func Run(ctx context.Context, o Options) error {
	ctx, shutdown := context.WithCancelCause(ctx)
	defer shutdown(nil)
	k := &keeper{options: o, store: env.NewStore(env.Snapshot{}), shutdown: shutdown, forwards: newForwards(o.Log)}
	defer k.forwards.close()
	k.brokers = newBrokers(ctx, o)
	defer k.brokers.sampler.Close() //nolint:contextcheck // what is sampled is the sampler's for its life, not the caller's
	collector, err := newCollector(o, k)
	if err != nil {
		return err
	}
	k.lines = collector.store
	tell := Tell{
		Emit: k.store.Emit, Containers: collector.containers, Intake: collector.intake, Follow: collector.follow,
		Sink: collector.store, Log: o.Log,
	}
	if k.runtime, err = o.Open(ctx, tell); err != nil {
		return errors.Join(err, collector.store.Close())
	}
	stop := collector.start(ctx)
	defer stop()
	defer k.runtime.Close()
	k.resume(ctx)
	return k.serve(ctx)
}

// resume takes up the environment where an earlier keeper left it.
func (k *keeper) resume(ctx context.Context) {
	data, err := os.ReadFile(k.options.Folder.Plan())
	if err != nil {
		return // a new environment
	}
	var p plan.Plan
	if err := json.Unmarshal(data, &p); err != nil {
		k.options.Log.Error("the plan on disk cannot be read; the next `up` replaces it", "error", err)
		return
	}
	record, err := k.options.Folder.ReadRecord()
	if err != nil {
		k.options.Log.Error("the environment's record cannot be read", "error", err)
		return
	}
	if k.options.Owner && !record.Stopped {
		if err := k.up(ctx, UpRequest{Plan: p, Timeout: resumeWithin}, data); err != nil {
			k.options.Log.Error("the environment cannot be taken up", "error", err)
		}
		k.mu.Lock()
		k.resumed = k.running
		k.mu.Unlock()
		return
	}
	k.begin(p, nil) //nolint:contextcheck // what is sampled is the sampler's for its life, not the caller's
	phase, at := env.Ended{Phase: env.PhaseReady}, record.Ready
	switch {
	case record.Stopped:
		phase.Phase = env.PhaseStopped
	case !record.Cluster.Complete:
		phase = env.Ended{Phase: env.PhaseFailed, Reason: env.ReasonInterrupted, Error: "an earlier start was cut off; run `diorama up` again"}
	}
	if phase.Phase == env.PhaseReady {
		if err := k.runtime.Observe(ctx); err != nil {
			k.options.Log.Error("the environment cannot be observed", "error", err)
		}
		k.forwards.hold(ctx, p.Ports)
	}
	k.store.Emit(env.Event{Time: at, Ended: &phase})
}

// begin makes the plan the present one, with its steps or, when it is only
// taken up, none.
func (k *keeper) begin(p plan.Plan, steps []env.Step) {
	k.runtime.Use(p)
	k.brokers.use(p)
	if err := k.lines.Bound(p.Logs.Bytes, p.Logs.Age); err != nil {
		k.options.Log.Error("the bounds of the log lines cannot be changed", "error", err)
	}
	began := env.Began{Identity: p.Identity, Steps: steps, Services: planned(p), Budget: p.Memory.Budget}
	for _, e := range p.Endpoints {
		began.Endpoints = append(began.Endpoints, e.Endpoint)
	}
	k.store.Emit(env.Event{Time: time.Now(), Began: &began})
}

// planned are the services that the plan will make.
func planned(p plan.Plan) []env.Service {
	var list []env.Service
	for _, stack := range p.Stacks {
		for _, workload := range stack.Workloads {
			list = append(list, env.Service{
				Stack: stack.Name, Category: stack.Category, Name: workload.Service, Kind: workload.Kind,
				Phase: env.PhasePlanned, Desired: workload.Replicas, Why: []env.Finding{},
			})
		}
	}
	return list
}

// BusyError says that another run is under way.
type BusyError struct{ Profile string }

func (e *BusyError) Error() string {
	return fmt.Sprintf("another start, of the profile %s, is under way here; wait for it, watch it with `diorama ui`, or end it with `diorama down`", e.Profile)
}

// up starts a run of the plan, which data is as JSON; the same plan twice is one
// run.
func (k *keeper) up(ctx context.Context, request UpRequest, data []byte) error {
	k.giveWay(ctx, data)
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.running {
		if string(k.planned) == string(data) {
			return nil
		}
		return &BusyError{Profile: request.Plan.Profile}
	}
	if err := env.WriteFile(k.options.Folder.Plan(), data); err != nil {
		return err
	}
	k.planned, k.running = data, true
	k.ended = make(chan struct{})
	runCtx, cancel := context.WithCancelCause(ctx)
	k.cancel = cancel
	k.begin(request.Plan, request.Plan.Steps) //nolint:contextcheck // what is sampled is the sampler's for its life, not the caller's
	go k.run(runCtx, request)
	return nil
}

// giveWay ends a run that only takes up what was there before, where another
// plan is wanted.
func (k *keeper) giveWay(ctx context.Context, wanted []byte) {
	k.mu.Lock()
	resumed := k.running && k.resumed && string(k.planned) != string(wanted)
	k.mu.Unlock()
	if resumed {
		k.interrupt(ctx, errReplaced)
	}
}

// run does the plan and says how it ended.
func (k *keeper) run(ctx context.Context, request UpRequest) {
	executor := seeder{Executor: k.runtime, plan: request.Plan, seed: k.options.Seed, emit: k.store.Emit}
	err := engine.Run(ctx, request.Plan.Steps, executor, k.store.Emit, engine.Options{
		Timeout: request.Timeout, Failing: failing, AtOnce: map[env.StepKind]int{env.StepLoad: loadsAtOnce()},
		Explain: k.options.Explain,
	})
	if err != nil {
		k.options.Log.Error("the run failed", "error", err)
	} else {
		if !k.options.Owner { // servers have their ports themselves
			k.forwards.hold(ctx, request.Plan.Ports)
		}
		k.remember(time.Now())
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.running, k.resumed = false, false
	k.cancel(nil)
	k.store.Emit(env.Event{Time: time.Now(), Ended: ended(err)})
	close(k.ended)
}

// remember notes since when the environment is ready, for a later keeper.
func (k *keeper) remember(ready time.Time) {
	if err := k.options.Folder.Amend(func(r *env.Record) { r.Ready = ready }); err != nil {
		k.options.Log.Error("the time of readiness cannot be kept", "error", err)
	}
}

// interrupt ends the run under way and waits until it has.
func (k *keeper) interrupt(ctx context.Context, cause error) {
	k.mu.Lock()
	running, cancel, ended := k.running, k.cancel, k.ended
	k.mu.Unlock()
	if !running {
		return
	}
	cancel(cause)
	select {
	case <-ended:
	case <-ctx.Done():
	}
}
