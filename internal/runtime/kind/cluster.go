package kind

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/diorama-dev/diorama/internal/engine"
	"github.com/diorama-dev/diorama/internal/env"
	"github.com/diorama-dev/diorama/internal/kube"
	"github.com/diorama-dev/diorama/internal/plan"
)

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
	record.Cluster = env.ClusterRecord{Name: p.Cluster.Name, NodeImage: p.Cluster.Image, Nodes: p.Cluster.Nodes, Ports: p.Cluster.Ports, GPU: p.Cluster.GPU.Record()}
	record.Stacks, record.Meshes, record.Ports = nil, nil, p.Ports
	if err := r.options.Folder.WriteRecord(record); err != nil {
		return engine.Outcome{}, err
	}
	r.forget()
	gpuImage, err := r.gpuImage(ctx, report)
	if err != nil {
		return engine.Outcome{}, ofGPUs(ctx, p, err)
	}
	report("starting the nodes", env.Progress{})
	made, err := child{Executable: r.options.Executable, Arguments: r.options.Arguments, Lock: r.options.Lock}.
		create(r.options.Engine, order{Cluster: p.Cluster, Kubeconfig: r.options.Folder.Kubeconfig(), GPUImage: gpuImage})
	if err != nil {
		return engine.Outcome{}, err
	}
	// Whatever ends the run ends the child, also between its two steps.
	context.AfterFunc(ctx, made.abandon)
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
	r.unwatch() // the machine's driver serves the next one, too
	r.mu.Lock()
	defer r.mu.Unlock()
	r.client, r.watching, r.watched = nil, nil, nil
	r.observer = newObserver(r.options)
	r.observer.use(r.plan)
}

// revive starts the nodes that do not run.
func (r *Runtime) revive(ctx context.Context, nodes []Node, record env.Record, report engine.Report) (engine.Outcome, error) {
	asleep := slices.ContainsFunc(nodes, func(n Node) bool { return !n.Running })
	if asleep {
		report("starting the nodes", env.Progress{})
		if err := startNodes(ctx, r.options.Engine, nodes); err != nil {
			return engine.Outcome{}, explainGPUs(err, record.Cluster.GPU)
		}
	}
	if record.Stopped {
		if err := r.amend(func(record *env.Record) { record.Stopped = false }); err != nil {
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
	mended, err := r.mendGPUs(ctx, report)
	if err != nil {
		return engine.Outcome{}, ofGPUs(ctx, p, err)
	}
	labels := map[string]string{"app.kubernetes.io/managed-by": "diorama", "diorama.dev/environment": p.Environment}
	if err := client.EnsureNamespace(ctx, p.Namespace, labels); err != nil {
		return engine.Outcome{}, err
	}
	if err := r.Observe(ctx); err != nil {
		return engine.Outcome{}, err
	}
	return engine.Outcome{Unchanged: made == nil && !waited && !mended, Detail: count(p.Cluster.Nodes, "node")}, nil
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
	return r.amend(func(record *env.Record) { record.Cluster.Complete = true })
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
