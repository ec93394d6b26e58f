package kube

import (
	"context"
	"fmt"

	"github.com/fluxcd/pkg/ssa"
	appsv1 "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// needsUnsticking reports whether an applied object is a StatefulSet that was
// changed while some of its Pods were not ready. Kubernetes then waits for a
// broken Pod to become ready before it replaces it, which never happens
// (kubernetes.io, StatefulSet, "Forced rollback").
func needsUnsticking(existing *unstructured.Unstructured, entry *ssa.ChangeSetEntry) bool {
	if existing == nil || existing.GetKind() != kindStatefulSet || entry.Action != ssa.ConfiguredAction {
		return false
	}
	wanted, found, _ := unstructured.NestedInt64(existing.Object, "spec", "replicas")
	if !found {
		wanted = 1
	}
	ready, _, _ := unstructured.NestedInt64(existing.Object, "status", "readyReplicas")
	return ready < wanted
}

// unstick deletes the StatefulSet's Pods of an older revision that are not
// ready, so that they are made anew from the newest. Claims stay.
func (c *Client) unstick(ctx context.Context, id ObjectID) error {
	err := c.await(ctx, id, "to be noticed by its controller", func(now *unstructured.Unstructured) bool {
		if now == nil {
			return true
		}
		observed, _, _ := unstructured.NestedInt64(now.Object, "status", "observedGeneration")
		return observed >= now.GetGeneration()
	})
	if err != nil {
		return err
	}
	set, err := c.typed.AppsV1().StatefulSets(id.Namespace).Get(ctx, id.Name, metav1.GetOptions{})
	if err != nil {
		return fmt.Errorf("read %s: %w", id, err)
	}
	pods, err := c.typed.CoreV1().Pods(id.Namespace).List(ctx, metav1.ListOptions{
		LabelSelector: metav1.FormatLabelSelector(set.Spec.Selector),
	})
	if err != nil {
		return fmt.Errorf("list Pods of %s: %w", id, err)
	}
	for _, pod := range pods.Items {
		current := pod.Labels[appsv1.ControllerRevisionHashLabelKey] == set.Status.UpdateRevision
		if current || isReady(&pod) || !metav1.IsControlledBy(&pod, set) {
			continue
		}
		err := c.typed.CoreV1().Pods(id.Namespace).Delete(ctx, pod.Name, metav1.DeleteOptions{
			Preconditions: metav1.NewUIDPreconditions(string(pod.UID)),
		})
		if err != nil && !apierrors.IsNotFound(err) && !apierrors.IsConflict(err) {
			return fmt.Errorf("delete pod/%s, which cannot become ready: %w", pod.Name, err)
		}
	}
	return nil
}
