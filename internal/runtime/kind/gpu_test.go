package kind

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/diorama-dev/diorama/internal/diagnose"
	"github.com/diorama-dev/diorama/internal/env"
	"github.com/diorama-dev/diorama/internal/logs"
)

// TestGPUsOfAnObservation: MIG devices of several kinds are resources of their
// own.
func TestGPUsOfAnObservation(t *testing.T) {
	o := newObserver(Options{Emit: func(env.Event) {}, Containers: func([]logs.Container) {}})
	amounts := corev1.ResourceList{
		"nvidia.com/gpu": resource.MustParse("0"), "nvidia.com/mig-1g.10gb": resource.MustParse("7"),
		"nvidia.com/gpu.shared": resource.MustParse("4"), "cpu": resource.MustParse("8"),
	}
	o.observe(diagnose.Observation{
		Time:  time.Unix(1, 0),
		Nodes: []corev1.Node{{ObjectMeta: metav1.ObjectMeta{Name: "node"}, Status: corev1.NodeStatus{Allocatable: amounts}}},
		Pods: []corev1.Pod{{ObjectMeta: metav1.ObjectMeta{Name: "one"}, Spec: corev1.PodSpec{Containers: []corev1.Container{
			{Resources: corev1.ResourceRequirements{Limits: corev1.ResourceList{"nvidia.com/mig-1g.10gb": resource.MustParse("2"), "cpu": resource.MustParse("1")}}},
			{Resources: corev1.ResourceRequirements{Limits: corev1.ResourceList{"nvidia.com/gpu": resource.MustParse("1")}}},
		}}}},
	})
	counted, pods := o.gpus()
	want := map[string]map[string]int64{"node": {"nvidia.com/gpu": 0, "nvidia.com/gpu.shared": 4, "nvidia.com/mig-1g.10gb": 7}}
	if diff := cmp.Diff(want, counted); diff != "" {
		t.Error(diff)
	}
	if len(pods) != 1 || pods[0].Asked != 3 {
		t.Errorf("%+v", pods)
	}
}
