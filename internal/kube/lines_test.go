package kube

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/diorama-dev/diorama/internal/diagnose"
)

// TestLastLinesAreKeptBetweenCrashes: a container that crashes again and again is
// called ready now and then; what it said before goes on to explain it until it
// has said more.
func TestLastLinesAreKeptBetweenCrashes(t *testing.T) {
	now := time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)
	k := newLineKeeper(nil)
	pod := diagnose.PodKey{Namespace: "n", Name: "crasher"}
	k.runs[containerRun{types.UID("1"), "c", 0, true}] = diagnose.ContainerLines{Pod: pod, Container: "c", Lines: []string{"the disk is on fire"}}
	k.runs[containerRun{types.UID("1"), "c", 1, false}] = diagnose.ContainerLines{Pod: pod, Container: "c", Lines: []string{"the disk is on fire"}}
	running := corev1.ContainerStatus{
		Name: "c", Ready: true, RestartCount: 1,
		State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: metav1.NewTime(now.Add(-time.Second))}},
		LastTerminationState: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{
			ExitCode: 3, StartedAt: metav1.NewTime(now.Add(-12 * time.Second)), FinishedAt: metav1.NewTime(now.Add(-11 * time.Second)),
		}},
	}
	look := func(at time.Time) int {
		k.want(t.Context(), diagnose.Observation{Time: at, Pods: []corev1.Pod{{
			ObjectMeta: metav1.ObjectMeta{UID: "1", Namespace: "n", Name: "crasher"},
			Status:     corev1.PodStatus{ContainerStatuses: []corev1.ContainerStatus{running}},
		}}})
		return len(k.held())
	}
	if look(now) != 1 {
		t.Errorf("it has only just begun again, and %v is held", k.held())
	}
	if look(now.Add(time.Minute)) != 0 {
		t.Errorf("it is well, and %v is held", k.held())
	}
}
