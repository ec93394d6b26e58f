package diagnose

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/diorama-dev/diorama/internal/env"
)

// TestACrashIsNotOverWhereItBeginsAgain: without a probe a container is called
// ready while it runs, also one that ends badly after each short run.
func TestACrashIsNotOverWhereItBeginsAgain(t *testing.T) {
	at := func(d time.Duration) metav1.Time { return metav1.NewTime(noon.Add(d)) }
	for name, c := range map[string]struct {
		lasted time.Duration // of the run that ended badly
		runs   time.Duration // of the one since
		exit   int32
		ends   int32 // beside the last one
		lost   bool
		probe  *corev1.Probe
		phase  env.Phase
		found  bool
	}{
		"just begun again":                          {lasted: time.Second, runs: 2 * time.Second, exit: 3, phase: env.PhaseStarting, found: true},
		"just begun again, and long since given up": {lasted: time.Second, runs: 2 * time.Second, exit: 3, ends: 50, phase: env.PhaseStarting, found: true},
		"the node had lost it":                      {lost: true, runs: 2 * time.Second, exit: 137, phase: env.PhaseReady},
		"the node's clock is ahead":                 {lasted: time.Second, runs: -time.Minute, exit: 3, phase: env.PhaseReady},
		"it runs on":                                {lasted: time.Second, runs: 10 * time.Second, exit: 3, phase: env.PhaseReady},
		"it had run for a while":                    {lasted: time.Minute, runs: 2 * time.Second, exit: 3, phase: env.PhaseReady},
		"it ended well":                             {lasted: time.Second, runs: 2 * time.Second, phase: env.PhaseReady},
		"a probe says it is well":                   {lasted: time.Second, runs: 2 * time.Second, exit: 3, probe: &corev1.Probe{}, phase: env.PhaseReady},
	} {
		t.Run(name, func(t *testing.T) {
			o := starting("")
			o.Deployments[0].Status.AvailableReplicas = 1
			o.Pods[0].Spec.Containers[0].ReadinessProbe = c.probe
			o.Pods[0].Status.Phase = corev1.PodRunning
			o.Pods[0].Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}
			o.Pods[0].Status.ContainerStatuses = []corev1.ContainerStatus{{
				Name: "db", Ready: true, RestartCount: 1 + c.ends, Started: new(true),
				State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: at(0)}},
				LastTerminationState: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{
					ExitCode: c.exit, StartedAt: at(-20*time.Second - c.lasted), FinishedAt: at(-20 * time.Second),
				}},
			}}
			if c.lost {
				ended := o.Pods[0].Status.ContainerStatuses[0].LastTerminationState.Terminated
				ended.Reason, ended.StartedAt, ended.FinishedAt = "ContainerStatusUnknown", metav1.Time{}, metav1.Time{}
			}
			o.Lines = []ContainerLines{{Pod: PodKey{"n", "db-abc-1"}, Container: "db", Lines: []string{"the disk is on fire"}}}
			o.Time = noon.Add(c.runs)
			service := Services(o)[0]
			if service.Phase != c.phase || (len(service.Why) > 0) != c.found {
				t.Errorf("it is %s because of %v; want %s, a finding: %v", service.Phase, service.Why, c.phase, c.found)
			}
		})
	}
}
