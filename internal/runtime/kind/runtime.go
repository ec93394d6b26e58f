// Package kind owns the kind runtime: clusters in containers on the local
// Docker, made, revived, filled with stacks, observed, stopped and deleted.
// It is the only importer of kind.
package kind

import (
	"context"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/diorama-dev/diorama/internal/docker"
	"github.com/diorama-dev/diorama/internal/engine"
	"github.com/diorama-dev/diorama/internal/env"
	"github.com/diorama-dev/diorama/internal/image"
	"github.com/diorama-dev/diorama/internal/kube"
	"github.com/diorama-dev/diorama/internal/logs"
	"github.com/diorama-dev/diorama/internal/plan"
)

// Options say what a runtime works with.
type Options struct {
	Engine *docker.Engine
	Folder env.Folder
	// Cache is where binaries of our own programs are kept between builds.
	Cache string
	// Executable and Arguments start the child that makes a cluster, see
	// [CreateMain]; Lock is the environment's, held by us and by the child.
	Executable string
	Arguments  []string
	Lock       *os.File
	// Emit takes what happens. It is called from several goroutines.
	Emit func(env.Event)
	// Containers takes the containers that there are, after every change. It
	// must not block.
	Containers func([]logs.Container)
	Files      LogFiles
	// GPU asks the machine's driver; nil: there is none to ask.
	GPU GPUDriver
}

// Runtime is one environment on kind. Its methods are safe for concurrent use.
type Runtime struct {
	options  Options
	observer *observer
	driver   gpuDriver
	meshes   meshes

	mu       sync.Mutex
	images   *image.Host
	plan     plan.Plan
	client   *kube.Client
	creation *creation
	watching context.CancelFunc
	watched  chan struct{}
	// reread has the readers of log files begin again; nil: none has begun.
	reread func()
}

// New returns the runtime of an environment, before anything is known of it.
func New(o Options) *Runtime {
	return &Runtime{
		options:  o,
		observer: newObserver(o),
		driver:   gpuDriver{ask: o.GPU},
	}
}

// Use makes the plan the one that is executed from now on.
func (r *Runtime) Use(p plan.Plan) {
	r.mu.Lock()
	defer r.mu.Unlock()
	more := slices.ContainsFunc(p.Namespaces(), func(n string) bool { return !slices.Contains(r.plan.Namespaces(), n) })
	r.plan = p
	r.observer.use(p)
	if more && r.reread != nil {
		r.reread()
	}
	r.images = image.NewHost(r.options.Engine, image.HostOptions{Offline: p.Offline})
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
	case env.StepNodes:
		return r.nodes(ctx, report)
	case env.StepCluster:
		return r.cluster(ctx, report)
	case env.StepLoad:
		return r.load(ctx, step.Subject, report)
	case env.StepApply:
		return r.apply(ctx, step.Subject, report)
	case env.StepWait:
		return r.wait(ctx, step.Subject, report)
	case env.StepRemove:
		return r.remove(ctx, step.Subject, report)
	case env.StepSeed: // the keeper's, on every runtime
	}
	return engine.Outcome{}, fmt.Errorf("the kind runtime has no step of the kind %q", step.Kind)
}

// Close ends observing, and gives the machine's driver for GPUs back.
func (r *Runtime) Close() {
	defer r.driver.close()
	r.unwatch()
}

// unwatch ends observing.
func (r *Runtime) unwatch() {
	r.mu.Lock()
	stop, done := r.watching, r.watched
	r.mu.Unlock()
	if stop != nil {
		stop()
		<-done
	}
}

// Observe begins to observe the cluster, where that has not begun yet. It
// goes on beyond the step that asks for it, until [Runtime.Close].
func (r *Runtime) Observe(ctx context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.watching != nil {
		return nil
	}
	client, err := r.connect()
	if err != nil {
		return err
	}
	ctx, r.watching = context.WithCancel(context.WithoutCancel(ctx))
	r.watched = make(chan struct{})
	observe := withoutRefused(ctx, func() string { return r.current().Environment }, client.DeletePod, r.observer.observe)
	go func(done chan struct{}) {
		defer close(done)
		var reading sync.WaitGroup
		defer reading.Wait()
		reading.Go(func() { r.readLogs(ctx) })
		reading.Go(func() { r.watchDoors(ctx) })
		// It ends with ctx and with nothing else: an API that does not answer
		// is an observation like others.
		// All namespaces: what the cluster's own Pods hold of a node counts.
		_ = client.Observe(ctx, "", observe)
	}(r.watched)
	return nil
}

// connect returns the client of the cluster; the lock is held.
func (r *Runtime) connect() (*kube.Client, error) {
	if r.client == nil {
		client, err := kube.Connect(r.options.Folder.Kubeconfig())
		if err != nil {
			return nil, err
		}
		r.client = client
	}
	return r.client, nil
}

// Client returns the client of the cluster.
func (r *Runtime) Client() (*kube.Client, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.connect()
}

func newTicker() *time.Ticker { return time.NewTicker(200 * time.Millisecond) }

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
