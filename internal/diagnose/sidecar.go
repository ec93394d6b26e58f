package diagnose

import (
	"encoding/json"
	"slices"

	corev1 "k8s.io/api/core/v1"
)

// annotationInjected is where Istio's webhook notes what it gave a Pod
// (pkg/kube/inject: SidecarInjectionStatus).
const annotationInjected = "sidecar.istio.io/status"

// Injected reports whether a container is none of the Pod's own: a mesh gave it
// to the Pod. What it writes is not the service's.
func Injected(pod corev1.Pod, container string) bool {
	var given struct {
		InitContainers []string `json:"initContainers"`
		Containers     []string `json:"containers"`
	}
	note := pod.Annotations[annotationInjected]
	if note == "" || json.Unmarshal([]byte(note), &given) != nil {
		return false
	}
	return slices.Contains(given.InitContainers, container) || slices.Contains(given.Containers, container)
}

// sidecar reports whether a container that begins before the others goes on
// beside them (Kubernetes 1.29: an init container that is always restarted).
func sidecar(spec corev1.Container) bool {
	return spec.RestartPolicy != nil && *spec.RestartPolicy == corev1.ContainerRestartPolicyAlways
}

// sidecars are the Pod's containers that go on beside its own.
func sidecars(pod *corev1.Pod) []corev1.Container {
	var list []corev1.Container
	for _, container := range pod.Spec.InitContainers {
		if sidecar(container) {
			list = append(list, container)
		}
	}
	return list
}

// beside names a container in a sentence about its service, where it is not
// the service's own.
func (c containerFacts) beside() string {
	if c.sidecar || Injected(*c.pod.Pod, c.status.Name) {
		return "its sidecar " + clean(c.status.Name) + ": "
	}
	return ""
}
