package diagnose

import (
	"cmp"
	"slices"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// workload is a Deployment, StatefulSet, DaemonSet or Job, all alike.
type workload struct {
	kind, namespace, name string
	labels                map[string]string
	created               time.Time
	desired, ready        int
	updated               int  // Pods of the newest template
	seen                  bool // its controller has seen the newest specification
	failed                bool // a Job that has given up
	pods                  []*podFacts
}

// service is the name that people know the workload by.
func (w *workload) service() string { return cmp.Or(w.labels[LabelService], w.name) }

// bound takes the count of ready Pods down to those that are: a controller's
// own count is late, by many seconds when a node has been started again.
func (w *workload) bound() {
	if w.kind == "Job" {
		return
	}
	ready := 0
	for _, pod := range w.pods {
		if podReady(pod) {
			ready++
		}
	}
	w.ready = min(w.ready, ready)
}

func (w *workload) done() bool {
	return w.seen && !w.failed && w.ready >= w.desired && w.updated >= w.desired
}

// workloadsOf lists an observation's workloads in a stable order.
func workloadsOf(o Observation) []*workload {
	var out []*workload
	for _, d := range o.Deployments {
		out = append(out, ofDeployment(d))
	}
	for _, s := range o.StatefulSets {
		out = append(out, ofStatefulSet(s))
	}
	for _, d := range o.DaemonSets {
		out = append(out, ofDaemonSet(d))
	}
	for _, j := range o.Jobs {
		out = append(out, ofJob(j))
	}
	slices.SortFunc(out, func(a, b *workload) int {
		return cmp.Or(cmp.Compare(a.labels[LabelStack], b.labels[LabelStack]),
			cmp.Compare(a.service(), b.service()), cmp.Compare(a.kind, b.kind),
			cmp.Compare(a.namespace, b.namespace), cmp.Compare(a.name, b.name))
	})
	return out
}

func common(kind string, meta metav1.ObjectMeta) *workload {
	return &workload{
		kind: kind, namespace: meta.Namespace, name: meta.Name,
		labels: meta.Labels, created: meta.CreationTimestamp.Time,
	}
}

func ofDeployment(d appsv1.Deployment) *workload {
	w := common("Deployment", d.ObjectMeta)
	w.desired, w.ready = replicas(d.Spec.Replicas), int(d.Status.AvailableReplicas)
	w.updated = int(d.Status.UpdatedReplicas)
	// An old Pod that still counts is not yet the rollout's end.
	w.seen = d.Status.ObservedGeneration >= d.Generation && d.Status.Replicas == d.Status.UpdatedReplicas
	return w
}

func ofStatefulSet(s appsv1.StatefulSet) *workload {
	w := common("StatefulSet", s.ObjectMeta)
	w.desired, w.ready = replicas(s.Spec.Replicas), int(s.Status.AvailableReplicas)
	w.updated = int(s.Status.UpdatedReplicas)
	if s.Spec.UpdateStrategy.Type == appsv1.OnDeleteStatefulSetStrategyType ||
		s.Status.CurrentRevision == s.Status.UpdateRevision {
		w.updated = w.desired
	}
	w.seen = s.Status.ObservedGeneration >= s.Generation
	return w
}

func ofDaemonSet(d appsv1.DaemonSet) *workload {
	w := common("DaemonSet", d.ObjectMeta)
	w.desired, w.ready = int(d.Status.DesiredNumberScheduled), int(d.Status.NumberAvailable)
	w.updated = int(d.Status.UpdatedNumberScheduled)
	if d.Spec.UpdateStrategy.Type == appsv1.OnDeleteDaemonSetStrategyType {
		w.updated = w.desired
	}
	w.seen = d.Status.ObservedGeneration >= d.Generation
	return w
}

func ofJob(j batchv1.Job) *workload {
	w := common("Job", j.ObjectMeta)
	w.desired, w.ready = replicas(j.Spec.Completions), int(j.Status.Succeeded)
	w.seen = true
	for _, condition := range j.Status.Conditions {
		if condition.Status != corev1.ConditionTrue {
			continue
		}
		switch condition.Type {
		case batchv1.JobComplete:
			w.ready = w.desired
		case batchv1.JobFailed:
			w.failed = true
		}
	}
	w.updated = w.ready
	return w
}

// replicas is a number of Pods; Kubernetes takes none given as one.
func replicas(n *int32) int {
	if n == nil {
		return 1
	}
	return max(0, int(*n))
}
