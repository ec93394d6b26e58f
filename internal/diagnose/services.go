package diagnose

import (
	"cmp"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/diorama-dev/diorama/internal/env"
)

// Services tells the state of every workload that belongs to a stack, ordered
// by stack and name. A service's Why holds its own findings.
func Services(o Observation) []env.Service {
	f := index(o)
	return f.tell(explain(f))
}

// tell makes the services of what was found.
func (f *facts) tell(all []found) []env.Service {
	why := map[*workload][]env.Finding{}
	for _, found := range all {
		if found.owner != nil {
			why[found.owner] = append(why[found.owner], found.Finding)
		}
	}
	services := []env.Service{}
	for _, w := range f.workloads {
		if w.labels[LabelStack] != "" {
			services = append(services, f.service(w, why[w]))
		}
	}
	return services
}

// Observed is the whole observable state of an environment: its services, the
// findings that belong to no service, and the usage of all Pods together.
func Observed(o Observation) env.Observed {
	f := index(o)
	all := explain(f)
	out := env.Observed{Services: f.tell(all)}
	for _, found := range all {
		if found.owner == nil || found.owner.labels[LabelStack] == "" {
			out.Findings = append(out.Findings, found.Finding)
		}
	}
	for _, usage := range o.Usage {
		out.Usage.CPU = sum(out.Usage.CPU, usage.CPU)
		out.Usage.Memory = sum(out.Usage.Memory, usage.Memory)
	}
	for _, node := range o.Nodes {
		if memory := node.Status.Allocatable.Memory().Value(); memory > 0 {
			out.Usage.MemoryLimit = sum(out.Usage.MemoryLimit, &memory)
		}
	}
	return out
}

func (f *facts) service(w *workload, why []env.Finding) env.Service {
	service := env.Service{
		Stack: clean(w.labels[LabelStack]), Category: clean(w.labels[LabelCategory]),
		Name: clean(w.service()), Kind: w.kind,
		Ready: w.ready, Desired: w.desired,
		Restarts: 0, Created: w.created,
		Why: why,
	}
	if service.Why == nil {
		service.Why = []env.Finding{}
	}
	for _, pod := range w.pods {
		service.Pods = append(service.Pods, clean(pod.Name))
		service.Restarts += restarts(pod)
		service.Usage.CPU = sum(service.Usage.CPU, f.usage[pod.key].CPU)
		service.Usage.Memory = sum(service.Usage.Memory, f.usage[pod.key].Memory)
		service.Usage.MemoryLimit = sum(service.Usage.MemoryLimit, memoryLimit(pod))
	}
	service.Phase = phase(w, why)
	if service.Phase != env.PhaseReady && service.Phase != env.PhaseStopped && len(why) == 0 {
		service.Waiting = waiting(f, w)
	}
	return service
}

// phase is where a workload stands: what has failed for good, what is as
// wanted, what was and no longer is, and what is on its way.
func phase(w *workload, why []env.Finding) env.Phase {
	terminal := slices.ContainsFunc(why, func(f env.Finding) bool { return f.Terminal })
	switch {
	case w.failed, terminal && !w.done():
		return env.PhaseFailed
	case w.seen && w.desired == 0 && w.kind != "DaemonSet":
		if len(w.pods) > 0 {
			return env.PhaseStarting // on its way to none
		}
		return env.PhaseStopped
	case w.done():
		return env.PhaseReady
	case len(why) > 0 && (w.ready > 0 || slices.ContainsFunc(w.pods, wasReady)):
		return env.PhaseDegraded
	default:
		return env.PhaseStarting
	}
}

// readyFor is how long a Pod must have run before the end of its readiness to
// count as having been ready: one without a probe is called so before it crashes.
const readyFor = 10 * time.Second

// wasReady reports whether the Pod was ready and no longer is: its readiness
// then ended after a container of it had started; before that it never began.
func wasReady(pod *podFacts) bool {
	var started time.Time
	for _, status := range pod.Status.ContainerStatuses {
		for _, state := range []corev1.ContainerState{status.State, status.LastTerminationState} {
			switch {
			case state.Running != nil:
				started = earlier(started, state.Running.StartedAt.Time)
			case state.Terminated != nil:
				started = earlier(started, state.Terminated.StartedAt.Time)
			}
		}
	}
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodReady && condition.Status == corev1.ConditionFalse {
			return !started.IsZero() && condition.LastTransitionTime.Sub(started) >= readyFor
		}
	}
	return false
}

func earlier(a, b time.Time) time.Time {
	if a.IsZero() || (!b.IsZero() && b.Before(a)) {
		return b
	}
	return a
}

func restarts(pod *podFacts) int {
	n := 0
	for _, c := range pod.containers {
		if !c.init {
			n += int(c.status.RestartCount)
		}
	}
	return n
}

// memoryLimit is what a Pod's containers may use together; nil where one of
// them is not bound.
func memoryLimit(pod *podFacts) *int64 {
	var total int64
	for _, container := range slices.Concat(pod.Spec.Containers, sidecars(pod.Pod)) {
		limit := container.Resources.Limits.Memory().Value()
		if limit <= 0 {
			return nil
		}
		total += limit
	}
	if total == 0 {
		return nil
	}
	return &total
}

// sum adds what is known; what is not known adds nothing.
func sum(a, b *int64) *int64 {
	if b == nil {
		return a
	}
	total := *b
	if a != nil {
		total += *a
	}
	return &total
}

// Terminal picks the findings that waiting cannot mend, first seen first.
func Terminal(findings []env.Finding) []env.Finding {
	var out []env.Finding
	for _, finding := range findings {
		if finding.Terminal {
			out = append(out, finding)
		}
	}
	slices.SortStableFunc(out, func(a, b env.Finding) int {
		return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(a.Subject, b.Subject))
	})
	return out
}
