package diagnose

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
)

// waiting says in a few words what a workload with nothing wrong is doing.
func waiting(f *facts, w *workload) string {
	var lagging []string
	for _, pod := range w.pods {
		if text := podWaiting(f, pod); text != "" {
			lagging = append(lagging, text)
		}
	}
	switch {
	case w.kind == "Job" && len(lagging) == 0:
		return "running"
	case len(lagging) > 0 && len(w.pods) <= max(1, w.desired):
		return lagging[0]
	case len(w.pods) == 0:
		return "creating its Pods"
	case w.updated < w.desired || len(w.pods) > w.desired:
		return fmt.Sprintf("rolling out: %d of %d replaced", min(w.updated, w.desired), w.desired)
	case len(lagging) > 0:
		return lagging[0]
	default:
		return "settling"
	}
}

// podWaiting says what a Pod that is not ready is doing; empty when it is ready.
func podWaiting(f *facts, pod *podFacts) string {
	switch {
	case pod.DeletionTimestamp != nil:
		return "stopping"
	case pod.Status.Phase == corev1.PodSucceeded, podReady(pod):
		return ""
	case pod.Spec.NodeName == "" && hasPendingClaim(f, pod):
		return "waiting for its volume"
	case pod.Spec.NodeName == "":
		return "waiting for a node"
	}
	for _, container := range pod.containers {
		if text := containerWaiting(container); text != "" {
			return text
		}
	}
	if len(pod.Status.ContainerStatuses) == 0 {
		return "container starting"
	}
	return "waiting to be called ready"
}

func containerWaiting(c containerFacts) string {
	status := c.status
	switch {
	case c.init && status.State.Running != nil && !(status.Started != nil && *status.Started && status.Ready):
		return "initialising: " + clean(status.Name)
	case c.init:
		return ""
	case status.State.Waiting != nil && status.State.Waiting.Reason == "PodInitializing":
		return ""
	case status.State.Waiting != nil && isPulling(c):
		return "loading its image"
	case status.State.Waiting != nil:
		return "container starting"
	case c.sidecar && status.State.Running != nil && !status.Ready:
		return "waiting for its sidecar " + clean(status.Name)
	case status.State.Running != nil && !c.well():
		return initialising(c.pod)
	default:
		return ""
	}
}

// isPulling reports whether the newest word on images is that one is pulled.
func isPulling(c containerFacts) bool {
	event, ok := c.pod.lastEvent("Pulling", "Pulled", "Created", "Started", "Failed")
	return ok && event.Reason == "Pulling"
}

// initialising says what a container that runs and is not ready is doing, by
// the kind of its stack.
func initialising(pod *podFacts) string {
	category := pod.Labels[LabelCategory]
	if pod.owner != nil && category == "" {
		category = pod.owner.labels[LabelCategory]
	}
	switch category {
	case "database":
		return "database is initialising"
	case "queue":
		return "broker is starting"
	case "cache":
		return "cache is starting"
	default:
		return "started, not ready yet"
	}
}

// podReady reports whether the Pod is ready, and not called so only because its
// container has been begun once more.
func podReady(pod *podFacts) bool {
	return !slices.ContainsFunc(pod.containers, containerFacts.relapsing) && slices.ContainsFunc(pod.Status.Conditions, func(c corev1.PodCondition) bool {
		return c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue
	})
}

func hasPendingClaim(f *facts, pod *podFacts) bool {
	for _, volume := range pod.Spec.Volumes {
		if volume.PersistentVolumeClaim == nil {
			continue
		}
		for _, claim := range f.Claims {
			if claim.Namespace == pod.Namespace && claim.Name == volume.PersistentVolumeClaim.ClaimName &&
				claim.Status.Phase == corev1.ClaimPending {
				return true
			}
		}
	}
	return false
}
