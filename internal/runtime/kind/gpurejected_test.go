package kind

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/diorama-dev/diorama/internal/diagnose"
	"github.com/diorama-dev/diorama/internal/plan"
)

// unregistered is what a kubelet says of a Pod with devices that is there before
// its node's plugin.
const unregistered = "Pod was rejected: Allocate failed due to no healthy devices present; cannot allocate unhealthy devices nvidia.com/gpu, which is unexpected"

func refusedPod() corev1.Pod {
	return corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Name: "train-1", Namespace: plan.Namespace, UID: "1", Labels: map[string]string{diagnose.LabelEnvironment: "shop"},
			OwnerReferences: []metav1.OwnerReference{{Kind: "ReplicaSet", Name: "train"}},
		},
		Spec: corev1.PodSpec{Containers: []corev1.Container{{
			Resources: corev1.ResourceRequirements{Limits: corev1.ResourceList{"nvidia.com/gpu": resource.MustParse("1")}},
		}}},
		Status: corev1.PodStatus{Phase: corev1.PodFailed, Reason: refused, Message: unregistered},
	}
}

// TestOnlyOursThatTheStartRefusedAreDeleted: another's Pod, and one that would
// be refused again, is evidence.
func TestOnlyOursThatTheStartRefusedAreDeleted(t *testing.T) {
	for name, c := range map[string]struct {
		change  func(*corev1.Pod)
		deleted bool
	}{
		"before the plugin": {func(*corev1.Pod) {}, true},
		"not registered": {func(p *corev1.Pod) {
			p.Status.Message = "Pod was rejected: Allocate failed due to cannot allocate unregistered device nvidia.com/gpu, which is unexpected"
		}, true},
		"a part of a device": {func(p *corev1.Pod) {
			p.Spec.Containers[0].Resources.Limits = corev1.ResourceList{"nvidia.com/mig-1g.10gb": resource.MustParse("1")}
		}, true},
		"somebody's own":      {func(p *corev1.Pod) { p.Labels = nil }, false},
		"another environment": {func(p *corev1.Pod) { p.Labels[diagnose.LabelEnvironment] = "other" }, false},
		"another namespace":   {func(p *corev1.Pod) { p.Namespace = "default" }, false},
		"no GPU": {func(p *corev1.Pod) {
			p.Spec.Containers[0].Resources.Limits = corev1.ResourceList{"example.com/fpga": resource.MustParse("1")}
		}, false},
		"two shares": {func(p *corev1.Pod) {
			p.Status.Message = "Pod was rejected: Allocate failed due to rpc error: code = Unknown desc = invalid request: maximum request size for shared resources is 1; found 2, which is unexpected"
		}, false},
		"no ReplicaSet's": {func(p *corev1.Pod) { p.OwnerReferences[0].Kind = "Job" }, false},
		"going already":   {func(p *corev1.Pod) { p.DeletionTimestamp = &metav1.Time{} }, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				pod, deleted := refusedPod(), 0
				c.change(&pod)
				remove := func(context.Context, diagnose.PodKey, types.UID) error { deleted++; return nil }
				see := withoutRefused(t.Context(), func() string { return "shop" }, remove, func(diagnose.Observation) {})
				for range 2 {
					see(diagnose.Observation{Pods: []corev1.Pod{pod}})
					synctest.Wait()
				}
				if want := map[bool]int{true: 1}[c.deleted]; deleted != want {
					t.Errorf("deleted %d times, want %d", deleted, want)
				}
			})
		})
	}
}

func TestADeletionThatFailsIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tries := 0
		remove := func(context.Context, diagnose.PodKey, types.UID) error {
			if tries++; tries == 1 {
				return errors.New("the API does not answer")
			}
			return nil
		}
		see := withoutRefused(t.Context(), func() string { return "shop" }, remove, func(diagnose.Observation) {})
		for range 3 {
			see(diagnose.Observation{Pods: []corev1.Pod{refusedPod()}})
			synctest.Wait()
		}
		if tries != 2 {
			t.Errorf("tried %d times", tries)
		}
	})
}
