// Package kind owns the kind runtime: clusters in containers on the local
// Docker, made, revived, filled with stacks, observed, stopped and deleted.
// It is the only importer of kind.
package kind

import (
	"context"
	"errors"
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
}

// Runtime is one environment on kind. Its methods are safe for concurrent use.
type Runtime struct {
	options  Options
	observer *observer

	mu       sync.Mutex
	images   *image.Host
	plan     plan.Plan
	client   *kube.Client
	creation *creation
	watching context.CancelFunc
	watched  chan struct{}
}

// New returns the runtime of an environment, before anything is known of it.
func New(o Options) *Runtime {
	return &Runtime{
		options:  o,
		observer: newObserver(o),
	}
}

// Use makes the plan the one that is executed from now on.
func (r *Runtime) Use(p plan.Plan) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.plan = p
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
	case env.StepSeed:
	}
	return engine.Outcome{}, fmt.Errorf("the kind runtime has no step of the kind %q", step.Kind)
}

// Settle ends what a run that was cut short has left running.
func (r *Runtime) Settle() {
	r.mu.Lock()
	creation := r.creation
	r.creation = nil
	r.mu.Unlock()
	if creation != nil {
		creation.abandon()
	}
}

// Close ends observing.
func (r *Runtime) Close() {
	r.Settle()
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
	go func(done chan struct{}) {
		defer close(done)
		// It ends with ctx and with nothing else: an API that does not answer
		// is an observation like others.
		_ = client.Observe(ctx, r.plan.Namespace, r.observer.observe)
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

// nodes has the node containers run: those that are there, or new ones. What
// is there and half-made is deleted first.
func (r *Runtime) nodes(ctx context.Context, report engine.Report) (engine.Outcome, error) {
	p := r.current()
	record, err := r.record(p)
	if err != nil {
		return engine.Outcome{}, err
	}
	nodes, err := Nodes(ctx, r.options.Engine, p.Cluster.Name)
	if err != nil {
		return engine.Outcome{}, err
	}
	if record.Cluster.Complete && len(nodes) == record.Cluster.Nodes {
		return r.revive(ctx, nodes, record, report)
	}
	if len(nodes) > 0 {
		if record.Cluster.Name != p.Cluster.Name {
			return engine.Outcome{}, &ForeignClusterError{Cluster: p.Cluster.Name}
		}
		report("deleting what an earlier start left half-made", env.Progress{})
		if err := DeleteNodes(ctx, r.options.Engine, nodes); err != nil {
			return engine.Outcome{}, err
		}
	}
	return r.make(ctx, record, report)
}

// ForeignClusterError says that a cluster of the name is there which is not
// known to be ours.
type ForeignClusterError struct{ Cluster string }

func (e *ForeignClusterError) Error() string {
	return fmt.Sprintf("a kind cluster %s is there which this machine's records do not know, so it is not touched; delete it with `kind delete cluster --name %s`, or choose another --name",
		e.Cluster, e.Cluster)
}

func (r *Runtime) make(ctx context.Context, record env.Record, report engine.Report) (engine.Outcome, error) {
	p := r.current()
	// Ours from now on, whatever happens: so that it can be deleted.
	record.Cluster = env.ClusterRecord{Name: p.Cluster.Name, NodeImage: p.Cluster.Image, Nodes: p.Cluster.Nodes, Ports: p.Cluster.Ports}
	record.Stacks, record.Ports = nil, p.Ports
	if err := r.options.Folder.WriteRecord(record); err != nil {
		return engine.Outcome{}, err
	}
	r.forget()
	report("starting the nodes", env.Progress{})
	made, err := child{Executable: r.options.Executable, Arguments: r.options.Arguments, Lock: r.options.Lock}.
		create(r.options.Engine, p.Cluster, r.options.Folder.Kubeconfig())
	if err != nil {
		return engine.Outcome{}, err
	}
	r.mu.Lock()
	r.creation = made
	r.mu.Unlock()
	if err := made.await(ctx, made.prepared, func(stage string) { report(stage, env.Progress{}) }); err != nil {
		return engine.Outcome{}, err
	}
	return engine.Outcome{Detail: count(p.Cluster.Nodes, "node") + " started"}, nil
}

// forget drops what belongs to a cluster that is no more.
func (r *Runtime) forget() {
	r.Close()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.client, r.watching, r.watched = nil, nil, nil
	r.observer = newObserver(r.options)
}

// revive starts the nodes that do not run.
func (r *Runtime) revive(ctx context.Context, nodes []Node, record env.Record, report engine.Report) (engine.Outcome, error) {
	asleep := slices.ContainsFunc(nodes, func(n Node) bool { return !n.Running })
	if asleep {
		report("starting the nodes", env.Progress{})
		if err := startNodes(ctx, r.options.Engine, nodes); err != nil {
			return engine.Outcome{}, err
		}
	}
	if record.Stopped {
		record.Stopped = false
		if err := r.options.Folder.WriteRecord(record); err != nil {
			return engine.Outcome{}, err
		}
	}
	nodes, err := Nodes(ctx, r.options.Engine, record.Cluster.Name)
	if err != nil {
		return engine.Outcome{}, err
	}
	r.observer.started(nodes)
	if asleep {
		return engine.Outcome{Detail: count(len(nodes), "node") + " started"}, nil
	}
	return engine.Outcome{Unchanged: true}, nil
}

// cluster has Kubernetes run on the nodes and observes it from then on.
func (r *Runtime) cluster(ctx context.Context, report engine.Report) (engine.Outcome, error) {
	p := r.current()
	r.mu.Lock()
	made := r.creation
	r.mu.Unlock()
	if made != nil {
		err := made.await(ctx, made.ended, func(stage string) { report(stage, env.Progress{}) })
		if err = errors.Join(err, made.err()); err != nil {
			return engine.Outcome{}, err
		}
		r.mu.Lock()
		r.creation = nil
		r.mu.Unlock()
		if err := r.complete(ctx); err != nil {
			return engine.Outcome{}, err
		}
	}
	client, err := r.Client()
	if err != nil {
		return engine.Outcome{}, err
	}
	waited, err := awaitAPI(ctx, client, report)
	if err != nil {
		return engine.Outcome{}, err
	}
	labels := map[string]string{"app.kubernetes.io/managed-by": "diorama", "diorama.dev/environment": p.Environment}
	if err := client.EnsureNamespace(ctx, p.Namespace, labels); err != nil {
		return engine.Outcome{}, err
	}
	if err := r.Observe(ctx); err != nil {
		return engine.Outcome{}, err
	}
	return engine.Outcome{Unchanged: made == nil && !waited, Detail: count(p.Cluster.Nodes, "node")}, nil
}

// complete marks the cluster as made.
func (r *Runtime) complete(ctx context.Context) error {
	record, err := r.options.Folder.ReadRecord()
	if err != nil {
		return err
	}
	nodes, err := Nodes(ctx, r.options.Engine, record.Cluster.Name)
	if err != nil {
		return err
	}
	r.observer.started(nodes)
	record.Cluster.Complete = true
	return r.options.Folder.WriteRecord(record)
}

// awaitAPI waits until the cluster's API answers, and reports whether it had to.
func awaitAPI(ctx context.Context, client *kube.Client, report engine.Report) (waited bool, err error) {
	ticker := newTicker()
	defer ticker.Stop()
	for {
		err := client.Ready(ctx)
		if err == nil {
			return waited, nil
		}
		waited = true
		report("waiting for the cluster's API: "+err.Error(), env.Progress{})
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return waited, context.Cause(ctx)
		}
	}
}

// record returns the environment's record, a new one where there is none.
func (r *Runtime) record(p plan.Plan) (env.Record, error) {
	record, err := r.options.Folder.ReadRecord()
	if errors.Is(err, os.ErrNotExist) {
		record, err = env.Record{Created: time.Now()}, nil
	}
	record.Identity = p.Identity
	return record, err
}

func newTicker() *time.Ticker { return time.NewTicker(200 * time.Millisecond) }

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
