package diagnose

import (
	"cmp"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// facts are an observation, indexed for the rules.
type facts struct {
	Observation
	workloads []*workload
	pods      []*podFacts
	events    map[objectKey][]corev1.Event // oldest first
	lines     map[containerKey][]string
	usage     map[PodKey]PodUsage
}

// objectKey names an object that events are about.
type objectKey struct{ kind, namespace, name string }

// containerKey names a container.
type containerKey struct {
	pod  PodKey
	name string
}

// podFacts are a Pod, its workload and what happened to it.
type podFacts struct {
	*corev1.Pod
	key    PodKey
	owner  *workload // nil for Pods of nobody that we know
	events []corev1.Event
	// containers have a state; those that run first stand before the others.
	containers []containerFacts
}

// containerFacts are a container of a Pod, its state and its specification.
type containerFacts struct {
	pod    *podFacts
	now    time.Time // of the observation
	status corev1.ContainerStatus
	spec   corev1.Container
	// init is true for those that begin before the others, and sidecar for those
	// of them that go on beside the others, where init is false again.
	init    bool
	sidecar bool
	lines   []string
}

// index sorts an observation's facts. It takes anything, also what no cluster
// would say.
func index(o Observation) *facts {
	f := &facts{
		Observation: o,
		workloads:   workloadsOf(o),
		events:      map[objectKey][]corev1.Event{},
		lines:       map[containerKey][]string{},
		usage:       map[PodKey]PodUsage{},
	}
	for _, event := range o.Events {
		about := event.InvolvedObject
		key := objectKey{about.Kind, about.Namespace, about.Name}
		f.events[key] = append(f.events[key], event)
	}
	for _, events := range f.events {
		slices.SortStableFunc(events, func(a, b corev1.Event) int { return eventTime(a).Compare(eventTime(b)) })
	}
	for _, lines := range o.Lines {
		f.lines[containerKey{lines.Pod, lines.Container}] = lines.Lines
	}
	for _, usage := range o.Usage {
		f.usage[usage.Pod] = usage
	}
	for i := range o.Pods {
		f.addPod(&o.Pods[i])
	}
	slices.SortFunc(f.pods, func(a, b *podFacts) int {
		return cmp.Or(cmp.Compare(a.key.Namespace, b.key.Namespace), cmp.Compare(a.key.Name, b.key.Name))
	})
	for _, pod := range f.pods {
		if pod.owner != nil {
			pod.owner.pods = append(pod.owner.pods, pod)
		}
	}
	for _, w := range f.workloads {
		w.bound()
	}
	return f
}

func (f *facts) addPod(pod *corev1.Pod) {
	facts := &podFacts{Pod: pod, key: PodKey{pod.Namespace, pod.Name}}
	for _, event := range f.events[objectKey{"Pod", pod.Namespace, pod.Name}] {
		if event.InvolvedObject.UID == "" || event.InvolvedObject.UID == pod.UID {
			facts.events = append(facts.events, event)
		}
	}
	facts.owner = ownerOf(pod, f.workloads)
	facts.containers = f.containersOf(facts)
	f.pods = append(f.pods, facts)
}

func (f *facts) containersOf(pod *podFacts) []containerFacts {
	var out []containerFacts
	add := func(statuses []corev1.ContainerStatus, specs []corev1.Container, init bool) {
		for _, status := range statuses {
			at := slices.IndexFunc(specs, func(c corev1.Container) bool { return c.Name == status.Name })
			c := containerFacts{pod: pod, now: f.Time, status: status, init: init, lines: f.lines[containerKey{pod.key, status.Name}]}
			if at >= 0 {
				c.spec = specs[at]
			}
			if init && sidecar(c.spec) {
				c.init, c.sidecar = false, true
			}
			out = append(out, c)
		}
	}
	add(pod.Status.InitContainerStatuses, pod.Spec.InitContainers, true)
	add(pod.Status.ContainerStatuses, pod.Spec.Containers, false)
	return out
}

// eachContainer calls see for every container of every Pod that matters.
func (f *facts) eachContainer(see func(containerFacts)) {
	for _, pod := range f.pods {
		if pod.DeletionTimestamp != nil {
			continue
		}
		for _, container := range pod.containers {
			see(container)
		}
	}
}

// service is the name of the service that the Pod belongs to.
func (p *podFacts) service() string {
	if p.owner != nil {
		return p.owner.service()
	}
	return p.Labels[LabelService]
}

// stack is the name of the stack that the Pod belongs to.
func (p *podFacts) stack() string {
	if p.owner != nil {
		return p.owner.labels[LabelStack]
	}
	return p.Labels[LabelStack]
}

func (p *podFacts) subject() string { return "pod/" + clean(p.Name) }

// lastEvent is the newest of the Pod's events with one of the reasons.
func (p *podFacts) lastEvent(reasons ...string) (corev1.Event, bool) {
	for _, event := range slices.Backward(p.events) {
		if slices.Contains(reasons, event.Reason) {
			return event, true
		}
	}
	return corev1.Event{}, false
}

func eventTime(event corev1.Event) time.Time {
	for _, t := range []time.Time{event.LastTimestamp.Time, event.EventTime.Time, event.FirstTimestamp.Time} {
		if !t.IsZero() {
			return t
		}
	}
	return event.CreationTimestamp.Time
}

func firstSeen(event corev1.Event) time.Time {
	if !event.FirstTimestamp.IsZero() {
		return event.FirstTimestamp.Time
	}
	return eventTime(event)
}

// eventCount is how often an event was seen, at least once.
func eventCount(event corev1.Event) int {
	count := max(1, int(event.Count))
	if event.Series != nil {
		count = max(count, int(event.Series.Count))
	}
	return count
}

// ownerOf finds the workload that made the Pod.
func ownerOf(pod *corev1.Pod, workloads []*workload) *workload {
	owner := metav1.GetControllerOf(pod)
	if owner == nil {
		return nil
	}
	kind, name := owner.Kind, owner.Name
	if kind == "ReplicaSet" {
		kind = "Deployment"
		name = strings.TrimSuffix(name, "-"+pod.Labels["pod-template-hash"])
	}
	for _, w := range workloads {
		if w.kind == kind && w.name == name && w.namespace == pod.Namespace {
			return w
		}
	}
	return nil
}
