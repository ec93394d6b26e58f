package kind

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/diorama-dev/diorama/internal/diagnose"
	"github.com/diorama-dev/diorama/internal/env"
	"github.com/diorama-dev/diorama/internal/logs"
	"github.com/diorama-dev/diorama/internal/plan"
)

// observer keeps the newest observation of the cluster, for the steps that
// wait and for whoever follows logs.
type observer struct {
	emit       func(env.Event)
	containers func([]logs.Container)

	mu       sync.Mutex
	nodes    map[string]time.Time // when each node's container was started
	services []env.Service
	// revisions are those of the services' workloads, see [plan.Revision].
	revisions map[string]string
	// planned are the services of the plan; others are on their way out.
	planned map[string]bool
	// namespaces are those of the plan's services.
	namespaces []string
	seen       bool
	last       diagnose.Observation
	refusals   []diagnose.Refusal // of the mesh, at endpoints
	changed    chan struct{}      // closed and replaced at every observation
}

func newObserver(o Options) *observer {
	return &observer{emit: o.Emit, containers: o.Containers, changed: make(chan struct{}), namespaces: []string{plan.Namespace}, nodes: make(map[string]time.Time)}
}

// use makes the services of the plan those that are told of.
func (o *observer) use(p plan.Plan) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.planned, o.namespaces = make(map[string]bool), p.Namespaces()
	for _, stack := range p.Stacks {
		for _, workload := range stack.Workloads {
			o.planned[workload.Service] = true
		}
	}
}

// namespaceOf is where a Pod was last seen, of those that the plan is about.
func (o *observer) namespaceOf(pod, otherwise string) string {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, p := range o.last.Pods {
		if p.Name == pod && slices.Contains(o.namespaces, p.Namespace) {
			return p.Namespace
		}
	}
	return otherwise
}

// started says since when the nodes run. What the cluster's API tells of a
// container from before is out of date: after a restart it goes on calling
// Pods ready until their kubelet says otherwise.
func (o *observer) started(nodes []Node) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, node := range nodes {
		o.nodes[node.Name] = node.Started
	}
}

// observe takes a new observation in and emits what it means.
func (o *observer) observe(observation diagnose.Observation) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.take(observation)
}

// take notes what there is and tells it; the lock is held.
func (o *observer) take(observation diagnose.Observation) {
	observation = fresh(observation, o.nodes)
	observation.Refusals = o.refusals
	observed := diagnose.Observed(observation)
	observed.Services = slices.DeleteFunc(observed.Services, func(s env.Service) bool { return !o.planned[s.Name] })
	o.services, o.revisions = observed.Services, revisions(observation)
	o.containers(containers(observation.Pods, o.namespaces...))
	o.seen = true
	o.emit(env.Event{Time: observation.Time, Observed: &observed})
	for _, event := range diagnose.Occurrences(o.last, observation) {
		o.emit(event)
	}
	o.last = observation
	close(o.changed)
	o.changed = make(chan struct{})
}

// fresh takes the readiness from Pods whose containers were started before
// their node was. The observation's own Pods stay as they are.
func fresh(o diagnose.Observation, started map[string]time.Time) diagnose.Observation {
	stale := func(pod corev1.Pod) bool {
		since := started[pod.Spec.NodeName]
		return slices.ContainsFunc(pod.Status.ContainerStatuses, func(c corev1.ContainerStatus) bool {
			// Kubernetes counts in whole seconds.
			return c.State.Running != nil && c.State.Running.StartedAt.Time.Before(since.Truncate(time.Second))
		})
	}
	o.Pods = slices.Clone(o.Pods)
	for i, pod := range o.Pods {
		if !stale(pod) {
			continue
		}
		pod = *pod.DeepCopy()
		for j := range pod.Status.Conditions {
			if condition := &pod.Status.Conditions[j]; condition.Type == corev1.PodReady || condition.Type == corev1.ContainersReady {
				condition.Status, condition.Reason, condition.Message = corev1.ConditionFalse, "NodeRestarted", "its node was started again"
			}
		}
		for j := range pod.Status.ContainerStatuses {
			pod.Status.ContainerStatuses[j].Ready = false
		}
		o.Pods[i] = pod
	}
	return o
}

// revisions are those of the plans that the workloads were last applied by, by
// service.
func revisions(o diagnose.Observation) map[string]string {
	all := make(map[string]string)
	for _, meta := range workloads(o) {
		all[meta.Labels[diagnose.LabelService]] = meta.Annotations[plan.Revision]
	}
	return all
}

// workloads are what the observation has that runs Pods, by kind.
func workloads(o diagnose.Observation) iter.Seq2[string, metav1.ObjectMeta] {
	return func(yield func(string, metav1.ObjectMeta) bool) {
		for _, w := range o.Deployments {
			if !yield("Deployment", w.ObjectMeta) {
				return
			}
		}
		for _, w := range o.StatefulSets {
			if !yield("StatefulSet", w.ObjectMeta) {
				return
			}
		}
		for _, w := range o.DaemonSets {
			if !yield("DaemonSet", w.ObjectMeta) {
				return
			}
		}
		for _, w := range o.Jobs {
			if !yield("Job", w.ObjectMeta) {
				return
			}
		}
	}
}

// UnwellError is a wait that cannot succeed any more: it carries all that is
// wrong with the services that were waited for.
type UnwellError struct {
	Stack    string
	Findings []env.Finding
}

func (e *UnwellError) Error() string {
	var names []string
	for _, finding := range e.Findings {
		names = append(names, finding.Service)
	}
	slices.Sort(names)
	return fmt.Sprintf("%s will not become ready because of %s", e.Stack, strings.Join(slices.Compact(names), ", "))
}

// gather is how long a wait that has failed goes on looking, until every
// service is either ready or explained: all that is unwell is to be said, not
// only what showed first.
const gather = 5 * time.Second

// settle is how long a wait goes on before bad news counts: an observation made
// before it, or just after, still has what was deleted for the sake of those
// that wait.
const settle = 2 * time.Second

// wait returns once all the services are ready. A cause that waiting cannot
// cure ends it.
func (o *observer) wait(ctx context.Context, stack string, services map[string]string, tell func(string)) error {
	last, began := "", time.Now()
	var enough <-chan time.Time
	settled := time.NewTimer(settle)
	defer settled.Stop()
	for {
		o.mu.Lock()
		v := o.judge(services)
		changed := o.changed
		o.mu.Unlock()
		switch {
		case v.state == "":
			return nil
		case time.Since(began) < settle:
		case v.terminal && !v.unexplained:
			return &UnwellError{Stack: stack, Findings: v.why}
		case v.terminal && enough == nil:
			timer := time.NewTimer(gather)
			defer timer.Stop()
			enough = timer.C
		}
		if v.state != last {
			last = v.state
			tell(v.state)
		}
		select {
		case <-changed:
		case <-settled.C:
		case <-enough:
			return &UnwellError{Stack: stack, Findings: v.why}
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// verdict is what an observation means for those that wait.
type verdict struct {
	state       string // what is still awaited; empty: nothing
	why         []env.Finding
	terminal    bool // waiting longer cannot help
	unexplained bool // a service is not ready, and nothing says why
}

// judge says what the services, each with the revision that it must have, are
// still waiting for. The lock is held.
func (o *observer) judge(wanted map[string]string) verdict {
	if !o.seen {
		return verdict{state: "waiting for the cluster's first answer"}
	}
	var v verdict
	for _, name := range slices.Sorted(maps.Keys(wanted)) {
		i := slices.IndexFunc(o.services, func(s env.Service) bool { return s.Name == name })
		if i < 0 || o.revisions[name] != wanted[name] {
			v.state = cmp.Or(v.state, "waiting for "+name+" to appear")
			v.unexplained = true
			continue
		}
		service := o.services[i]
		if service.Phase == env.PhaseReady {
			continue
		}
		for _, finding := range service.Why {
			v.why = append(v.why, finding)
			v.terminal = v.terminal || finding.Terminal
		}
		v.unexplained = v.unexplained || len(service.Why) == 0
		v.state = cmp.Or(v.state, waitingFor(service))
	}
	return v
}

func waitingFor(service env.Service) string {
	switch {
	case len(service.Why) > 0:
		return service.Name + ": " + service.Why[0].Summary
	case service.Waiting != "":
		return service.Name + ": " + service.Waiting
	default:
		return fmt.Sprintf("%s: %d of %d ready", service.Name, service.Ready, service.Desired)
	}
}
