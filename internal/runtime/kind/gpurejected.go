package kind

import (
	"context"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/diorama-dev/diorama/internal/diagnose"
	"github.com/diorama-dev/diorama/internal/kube"
	"github.com/diorama-dev/diorama/internal/plan"
)

// refused is how a kubelet calls a Pod that it does not take back: after its
// node was started, a Pod with devices is there before the plugin has
// registered (kubernetes/kubernetes#118559).
const refused = "UnexpectedAdmissionError"

// withoutRefused passes observations on, and deletes the Pods that a kubelet
// has refused to take back and a Deployment has replaced: they would stay for
// ever, and say that something is wrong. Other controllers delete theirs.
func withoutRefused(ctx context.Context, client *kube.Client, observe func(diagnose.Observation)) func(diagnose.Observation) {
	asked := make(map[types.UID]bool) // of one observer: not used by two at once
	return func(o diagnose.Observation) {
		observe(o)
		for _, pod := range o.Pods {
			if pod.Namespace != plan.Namespace || !isRefused(pod) || asked[pod.UID] {
				continue
			}
			asked[pod.UID] = true
			go func() {
				// One that cannot be deleted is only litter.
				_ = client.DeletePod(ctx, diagnose.PodKey{Namespace: pod.Namespace, Name: pod.Name}, pod.UID)
			}()
		}
	}
}

func isRefused(pod corev1.Pod) bool {
	return pod.Status.Phase == corev1.PodFailed && pod.Status.Reason == refused && pod.DeletionTimestamp == nil &&
		slices.ContainsFunc(pod.OwnerReferences, func(o metav1.OwnerReference) bool { return o.Kind == "ReplicaSet" })
}
