package kind

import (
	"context"
	"slices"
	"strings"
	"sync"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/diorama-dev/diorama/internal/diagnose"
	"github.com/diorama-dev/diorama/internal/plan"
)

// refused is how a kubelet calls a Pod that it does not take back: after its
// node was started, a Pod with devices is there before the plugin has
// registered (kubernetes/kubernetes#118559).
const refused = "UnexpectedAdmissionError"

// withoutRefused passes observations on, and deletes the environment's Pods
// that a kubelet has refused to take back and a Deployment has replaced: they
// would stay for ever, and say that something is wrong. Other controllers
// delete theirs. Remove deletes the Pod of the key and UID.
func withoutRefused(ctx context.Context, environment func() string, remove func(context.Context, diagnose.PodKey, types.UID) error,
	observe func(diagnose.Observation),
) func(diagnose.Observation) {
	var mu sync.Mutex
	asked := make(map[types.UID]bool)
	return func(o diagnose.Observation) {
		observe(o)
		name := environment()
		for _, pod := range o.Pods {
			if pod.Namespace != plan.Namespace || name == "" || pod.Labels[diagnose.LabelEnvironment] != name || !isRefused(pod) {
				continue
			}
			mu.Lock()
			again := asked[pod.UID]
			asked[pod.UID] = true
			mu.Unlock()
			if again {
				continue
			}
			go func() {
				// One that cannot be deleted now is only litter: the next
				// observation that has it tries again.
				if remove(ctx, diagnose.PodKey{Namespace: pod.Namespace, Name: pod.Name}, pod.UID) != nil {
					mu.Lock()
					defer mu.Unlock()
					delete(asked, pod.UID)
				}
			}()
		}
	}
}

// isRefused reports whether the Pod of a ReplicaSet was refused because its
// node's plugin had not registered. Whatever else a kubelet refuses so, such as
// two shares of a device, would be refused again: that is evidence, and stays.
func isRefused(pod corev1.Pod) bool {
	return pod.Status.Phase == corev1.PodFailed && pod.Status.Reason == refused && pod.DeletionTimestamp == nil &&
		askedGPUs(pod) > 0 && isUnregistered(pod.Status.Message) &&
		slices.ContainsFunc(pod.OwnerReferences, func(o metav1.OwnerReference) bool { return o.Kind == "ReplicaSet" })
}

// isUnregistered knows what a kubelet says while a plugin has not registered
// since the node was started, or has not listed its devices yet (Kubernetes,
// pkg/kubelet/cm/devicemanager, devicesToAllocate).
func isUnregistered(message string) bool {
	return strings.Contains(message, "no healthy devices") || strings.Contains(message, "unregistered device")
}
