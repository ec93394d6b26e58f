package diagnose

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/diorama-dev/diorama/internal/env"
)

// starting is a Deployment with one Pod, to be bent by tests.
func starting(category string) Observation {
	d := appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{
		Namespace: "n", Name: "db", Generation: 1, CreationTimestamp: metav1.NewTime(noon),
		Labels: map[string]string{LabelStack: "db", LabelCategory: category},
	}}
	d.Status.ObservedGeneration, d.Status.Replicas, d.Status.UpdatedReplicas = 1, 1, 1
	pod := corev1.Pod{ObjectMeta: metav1.ObjectMeta{
		Namespace: "n", Name: "db-abc-1", UID: "1", Labels: map[string]string{"pod-template-hash": "abc"},
		OwnerReferences: []metav1.OwnerReference{{Kind: "ReplicaSet", Name: "db-abc", Controller: new(true)}},
	}}
	pod.Spec.NodeName = "node"
	pod.Spec.Containers = []corev1.Container{{Name: "db"}}
	pod.Status.Phase = corev1.PodPending
	return Observation{Time: noon.Add(5 * time.Second), Deployments: []appsv1.Deployment{d}, Pods: []corev1.Pod{pod}}
}

func status(state corev1.ContainerState) []corev1.ContainerStatus {
	return []corev1.ContainerStatus{{Name: "db", State: state}}
}

func TestWaitingIsToldInPlainWords(t *testing.T) {
	creating := status(corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "ContainerCreating"}})
	running := status(corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: metav1.NewTime(noon)}})
	for want, bend := range map[string]func(*Observation){
		"creating its Pods": func(o *Observation) { o.Pods = nil },
		"waiting for a node": func(o *Observation) {
			o.Pods[0].Spec.NodeName = ""
		},
		"waiting for its volume": func(o *Observation) {
			o.Pods[0].Spec.NodeName = ""
			o.Pods[0].Spec.Volumes = []corev1.Volume{{VolumeSource: corev1.VolumeSource{
				PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: "data"},
			}}}
			o.Claims = []corev1.PersistentVolumeClaim{{
				ObjectMeta: metav1.ObjectMeta{Namespace: "n", Name: "data"},
				Status:     corev1.PersistentVolumeClaimStatus{Phase: corev1.ClaimPending},
			}}
		},
		"container starting": func(o *Observation) { o.Pods[0].Status.ContainerStatuses = creating },
		"loading its image": func(o *Observation) {
			o.Pods[0].Status.ContainerStatuses = creating
			o.Events = []corev1.Event{{
				InvolvedObject: corev1.ObjectReference{Kind: "Pod", Namespace: "n", Name: "db-abc-1", UID: "1"}, Reason: "Pulling",
			}}
		},
		"initialising: migrate": func(o *Observation) {
			o.Pods[0].Status.InitContainerStatuses = running
			o.Pods[0].Status.InitContainerStatuses[0].Name = "migrate"
			o.Pods[0].Status.ContainerStatuses = creating
		},
		"database is initialising": func(o *Observation) {
			o.Pods[0].Status.ContainerStatuses = status(running[0].State)
		},
		"stopping": func(o *Observation) { o.Pods[0].DeletionTimestamp = new(metav1.NewTime(noon)) },
		"rolling out: 0 of 1 replaced": func(o *Observation) {
			o.Deployments[0].Status.UpdatedReplicas = 0
			old := o.Pods[0].DeepCopy()
			old.Name = "db-abc-2"
			o.Pods = append(o.Pods, *old)
		},
	} {
		o := starting("database")
		bend(&o)
		s := Services(o)[0]
		if s.Waiting != want || s.Phase != env.PhaseStarting || len(s.Why) != 0 {
			t.Errorf("want %q, got %+v", want, s)
		}
	}
}

func TestPhases(t *testing.T) {
	ready := func(o *Observation) {
		o.Deployments[0].Status.AvailableReplicas = 1
		o.Pods[0].Status.Phase = corev1.PodRunning
		o.Pods[0].Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}
	}
	crashed := func(ranFor time.Duration) func(*Observation) {
		return func(o *Observation) {
			end := metav1.NewTime(noon.Add(ranFor))
			o.Time = end.Add(time.Second)
			o.Pods[0].Status.ContainerStatuses = status(corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{
				ExitCode: 1, StartedAt: metav1.NewTime(noon), FinishedAt: end,
			}})
			o.Pods[0].Status.Conditions = []corev1.PodCondition{{
				Type: corev1.PodReady, Status: corev1.ConditionFalse, LastTransitionTime: end,
			}}
		}
	}
	for name, test := range map[string]struct {
		bend func(*Observation)
		want env.Phase
	}{
		"ready":                  {ready, env.PhaseReady},
		"crashed at its start":   {crashed(time.Second), env.PhaseStarting},
		"crashed after a while":  {crashed(time.Hour), env.PhaseDegraded},
		"scaled to none":         {func(o *Observation) { o.Deployments[0].Spec.Replicas = new(int32(0)); o.Pods = nil }, env.PhaseStopped},
		"being scaled to none":   {func(o *Observation) { o.Deployments[0].Spec.Replicas = new(int32(0)) }, env.PhaseStarting},
		"not yet seen":           {func(o *Observation) { ready(o); o.Deployments[0].Generation = 2 }, env.PhaseStarting},
		"an old Pod still there": {func(o *Observation) { ready(o); o.Deployments[0].Status.Replicas = 2 }, env.PhaseStarting},
	} {
		o := starting("")
		test.bend(&o)
		if s := Services(o)[0]; s.Phase != test.want {
			t.Errorf("%s: got %s, %+v", name, s.Phase, s)
		}
	}
}

func TestUnlabelledWorkloadsAreNoServices(t *testing.T) {
	o := starting("")
	o.Deployments[0].Labels = nil
	if services := Services(o); len(services) != 0 {
		t.Errorf("got %+v", services)
	}
}

func TestOccurrencesAreTheNewEventsOnly(t *testing.T) {
	event := func(uid, reason string, count int32, at time.Duration) corev1.Event {
		return corev1.Event{
			ObjectMeta: metav1.ObjectMeta{UID: types.UID(uid)}, Reason: reason, Type: "Warning", Count: count,
			LastTimestamp:  metav1.NewTime(noon.Add(at)),
			InvolvedObject: corev1.ObjectReference{Kind: "Pod", Namespace: "n", Name: "db-abc-1"},
			Message:        uid + "\x1b[31m words",
		}
	}
	earlier, later := starting(""), starting("")
	earlier.Events = []corev1.Event{event("a", "Pulled", 1, 0), event("b", "BackOff", 1, time.Second)}
	later.Events = []corev1.Event{event("c", "Killing", 1, 3*time.Second), event("b", "BackOff", 2, 2*time.Second), earlier.Events[0]}
	got := Occurrences(earlier, later)
	want := []env.Event{
		{Time: noon.Add(2 * time.Second), Occurred: &env.Occurrence{
			Source: "kubernetes", Subject: "pod/db-abc-1", Service: "db", Warning: true, Reason: "BackOff", Message: "b words", Count: 2,
		}},
		{Time: noon.Add(3 * time.Second), Occurred: &env.Occurrence{
			Source: "kubernetes", Subject: "pod/db-abc-1", Service: "db", Warning: true, Reason: "Killing", Message: "c words", Count: 1,
		}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if got := Occurrences(Observation{}, later); len(got) != 3 {
		t.Errorf("at first all are new, got %d", len(got))
	}
}
