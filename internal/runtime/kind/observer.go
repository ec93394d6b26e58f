package kind

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/diorama-dev/diorama/internal/diagnose"
	"github.com/diorama-dev/diorama/internal/env"
	"github.com/diorama-dev/diorama/internal/logs"
)

// observer keeps the newest observation of the cluster, for the steps that
// wait and for whoever follows logs.
type observer struct {
	emit       func(env.Event)
	containers func([]logs.Container)

	mu       sync.Mutex
	nodes    map[string]time.Time // when each node's container was started
	services []env.Service
	findings []env.Finding
	seen     bool
	changed  chan struct{} // closed and replaced at every observation
}

func newObserver(o Options) *observer {
	return &observer{emit: o.Emit, containers: o.Containers, changed: make(chan struct{}), nodes: make(map[string]time.Time)}
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
	observation = fresh(observation, o.nodes)
	o.services = diagnose.Services(observation)
	o.findings = diagnose.Explain(observation)
	o.containers(containers(observation.Pods))
	o.seen = true
	o.emit(env.Event{Time: observation.Time, Observed: &env.Observed{
		Services: o.services, Findings: clusterWide(o.findings), Usage: usage(observation),
	}})
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

func clusterWide(findings []env.Finding) []env.Finding {
	var wide []env.Finding
	for _, finding := range findings {
		if finding.Service == "" {
			wide = append(wide, finding)
		}
	}
	return wide
}

func usage(o diagnose.Observation) env.Usage {
	var sum env.Usage
	add := func(total **int64, part *int64) {
		if part == nil {
			return
		}
		if *total == nil {
			*total = new(int64)
		}
		**total += *part
	}
	for _, pod := range o.Usage {
		add(&sum.CPU, pod.CPU)
		add(&sum.Memory, pod.Memory)
	}
	return sum
}

// UnwellError is a wait that cannot succeed any more: it carries all that is
// wrong with the services that were waited for.
type UnwellError struct {
	Stack    string
	Findings []env.Finding
}

func (e *UnwellError) Error() string {
	message := fmt.Sprintf("%s will not become ready", e.Stack)
	for i, finding := range e.Findings {
		sign := ": "
		if i > 0 {
			sign = "; "
		}
		message += sign + finding.Summary
	}
	return message
}

// wait returns once all the services are ready. A cause that waiting cannot
// cure ends it at once.
func (o *observer) wait(ctx context.Context, stack string, services []string, tell func(string)) error {
	last := ""
	for {
		o.mu.Lock()
		state, why, terminal := judge(o.services, services, o.seen)
		changed := o.changed
		o.mu.Unlock()
		if terminal {
			return &UnwellError{Stack: stack, Findings: why}
		}
		if state == "" {
			return nil
		}
		if state != last {
			last = state
			tell(state)
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// judge says what the services are still waiting for; nothing when all are
// ready.
func judge(seen []env.Service, wanted []string, any bool) (state string, why []env.Finding, terminal bool) {
	if !any {
		return "waiting for the cluster's first answer", nil, false
	}
	for _, name := range wanted {
		i := slices.IndexFunc(seen, func(s env.Service) bool { return s.Name == name })
		if i < 0 {
			state = first(state, "waiting for "+name+" to appear")
			continue
		}
		service := seen[i]
		if service.Phase == env.PhaseReady {
			continue
		}
		for _, finding := range service.Why {
			why = append(why, finding)
			terminal = terminal || finding.Terminal
		}
		state = first(state, waitingFor(service))
	}
	return state, why, terminal
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

func first(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
