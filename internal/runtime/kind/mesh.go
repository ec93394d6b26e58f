package kind

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/diorama-dev/diorama/internal/diagnose"
	"github.com/diorama-dev/diorama/internal/kube"
	"github.com/diorama-dev/diorama/internal/mesh"
	"github.com/diorama-dev/diorama/internal/mesh/istio"
	"github.com/diorama-dev/diorama/internal/plan"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// secondLook is how long a first look at a mesh waits for a second: proxies count
// since they were started, and only what came between two looks is known to
// have been routed as it is now.
const secondLook = 2 * time.Second

// settles is how many looks a question waits for at most, where the rules change
// from each to the next.
const settles = 3

// categoryMesh is that of stacks that others run by.
const categoryMesh = "mesh"

// meshes is what the runtime remembers of the mesh.
type meshes struct {
	edits sync.Mutex // held from reading what an edit changes until it is changed

	mu     sync.Mutex // held while the mesh is looked at
	memory istio.Memory
	turns  turns
	client *kube.Client // of the cluster that is remembered
	pods   *http.Client // whose connections end in that cluster's Pods
}

// Mesh looks at the mesh once, and folds that with what was seen before.
func (r *Runtime) Mesh(ctx context.Context) (mesh.State, error) {
	r.meshes.mu.Lock()
	defer r.meshes.mu.Unlock()
	for look := 1; ; look++ {
		o, err := r.lookAtMesh(ctx)
		if none, ok := errors.AsType[*absentError](err); ok {
			return mesh.State{
				Time: time.Now(), Absence: none.why, Services: []mesh.Service{}, Workloads: []mesh.Workload{},
			}, nil
		}
		if err != nil {
			return mesh.State{}, err
		}
		ready := r.meshes.memory.Ready(o.Time)
		r.meshes.memory = r.meshes.memory.With(o)
		if ready && !r.meshes.memory.Changed() || look == settles {
			return istio.Fold(o, r.meshes.memory), nil
		}
		if err := pause(ctx, secondLook); err != nil {
			return mesh.State{}, err
		}
	}
}

// pause waits for a while.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// DraftMesh says what an edit would apply; the cluster has checked it, and
// nothing was changed.
func (r *Runtime) DraftMesh(ctx context.Context, e mesh.Edit) (mesh.Draft, error) {
	planned, _, err := r.planMesh(ctx, e)
	return planned.Draft, err
}

// ApplyMesh does an edit. One with a base that is not any more is refused.
func (r *Runtime) ApplyMesh(ctx context.Context, e mesh.Edit) error {
	r.meshes.edits.Lock()
	defer r.meshes.edits.Unlock()
	planned, client, err := r.planMesh(ctx, e)
	if err != nil {
		return err
	}
	defer r.lookAgain(ctx)
	for _, object := range planned.Objects {
		if err := r.applyMesh(ctx, client, object); err != nil {
			return err
		}
	}
	return nil
}

func (r *Runtime) planMesh(ctx context.Context, e mesh.Edit) (istio.Planned, *kube.Client, error) {
	o, client, err := r.meshObjects(ctx)
	if err != nil {
		return istio.Planned{}, nil, err
	}
	planned, err := istio.Plan(o, e, time.Now())
	if err != nil {
		return istio.Planned{}, nil, err
	}
	if err := client.Try(ctx, objectsOf(planned.Objects)); err != nil {
		return istio.Planned{}, nil, istio.Explain(err)
	}
	return planned, client, nil
}

// applyMesh applies an object as one of the stack that it belongs to: what the
// next `up` does not want goes with it. What `up` has changed since the object
// was read is left as it is.
func (r *Runtime) applyMesh(ctx context.Context, client *kube.Client, object istio.Object) error {
	u := &unstructured.Unstructured{Object: object}
	return istio.Explain(client.ApplyAsRead(ctx, r.meshScope(u), u))
}

const (
	// takeUp is how long proxies are given to take up a change.
	takeUp = 300 * time.Millisecond
	// lookedWithin bounds the look after a change.
	lookedWithin = 5 * time.Second
)

// lookAgain notes what proxies have counted at a change, so that the next look
// tells what came after it. What cannot be noted is not known then. Nobody
// waits for it: the change is made, whether or not somebody looks.
func (r *Runtime) lookAgain(ctx context.Context) {
	ctx = context.WithoutCancel(ctx)
	go func() {
		ctx, cancel := context.WithTimeout(ctx, lookedWithin)
		defer cancel()
		if pause(ctx, takeUp) != nil {
			return
		}
		r.meshes.mu.Lock()
		defer r.meshes.mu.Unlock()
		if o, err := r.lookAtMesh(ctx); err == nil {
			r.meshes.memory = r.meshes.memory.With(o)
		}
	}()
}

func (r *Runtime) meshScope(object *unstructured.Unstructured) kube.Scope {
	p := r.current()
	return kube.Scope{Environment: p.Environment, Stack: object.GetLabels()[diagnose.LabelStack], Namespace: p.Namespace}
}

func objectsOf(objects []istio.Object) []*unstructured.Unstructured {
	var out []*unstructured.Unstructured
	for _, object := range objects {
		out = append(out, &unstructured.Unstructured{Object: object})
	}
	return out
}

// meshObjects are what configures the mesh, without asking its proxies.
func (r *Runtime) meshObjects(ctx context.Context) (istio.Observation, *kube.Client, error) {
	client, err := r.Client()
	if err != nil {
		return istio.Observation{}, nil, err
	}
	if err := r.observing().first(ctx); err != nil {
		return istio.Observation{}, nil, err
	}
	o, err := r.meshFrame()
	if err != nil {
		return istio.Observation{}, nil, err
	}
	o.Objects, err = listMesh(ctx, client)
	return o, client, err
}

// absentError says why there is no mesh to look at.
type absentError struct{ why string }

func (e *absentError) Error() string { return e.why }

// meshFrame is an observation with what is known without asking anybody: the
// Pods, and whose mesh it is.
func (r *Runtime) meshFrame() (istio.Observation, error) {
	p := r.current()
	seen := r.observing().newest()
	o := istio.Observation{
		Time: time.Now(), Environment: p.Environment, Namespace: p.Namespace, Stack: "istio", Title: "istio", Doors: doorsOf(p),
	}
	i := slices.IndexFunc(p.Stacks, func(s plan.Stack) bool { return s.Category == categoryMesh })
	if i >= 0 {
		o.Stack, o.Title = p.Stacks[i].Name, p.Stacks[i].Stack
	}
	for _, pod := range seen.Pods {
		if pod.Labels["app"] == "istiod" {
			o.Root = pod.Namespace
		}
		if m, ok := meshPod(pod, p.Namespace); ok {
			o.Pods = append(o.Pods, m)
		}
	}
	switch {
	case seen.API.Error != "":
		return o, fmt.Errorf("the cluster does not answer: %s", seen.API.Error)
	case o.Root != "":
		return o, nil
	case i < 0:
		return o, &absentError{"this environment has no mesh: add istio to the stacks of its profile, or run `diorama up mesh`"}
	default:
		return o, &absentError{o.Stack + " is not there yet: none of its Pods runs; `diorama status` says why"}
	}
}

// observing is the observer of the cluster that there is: another cluster has
// another.
func (r *Runtime) observing() *observer {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.observer
}

// observedWithin bounds how long a question waits for the first observation of
// a cluster, as after the keeper's start.
const observedWithin = 10 * time.Second

// first waits for the first observation of the cluster.
func (o *observer) first(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, observedWithin, errors.New("the cluster does not run, or was not looked at yet; `diorama status` says how it is"))
	defer cancel()
	for {
		o.mu.Lock()
		seen, changed := o.seen, o.changed
		o.mu.Unlock()
		if seen {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// newest is the newest observation of the cluster.
func (o *observer) newest() diagnose.Observation {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.last
}

// titled is a mesh's name with its version's first two numbers.
func titled(name string, syncs []istio.Sync) string {
	for _, s := range syncs {
		parts := strings.SplitN(s.Version, ".", 3)
		if len(parts) >= 2 {
			return name + " " + parts[0] + "." + parts[1]
		}
	}
	return name
}
