package diagnose

import (
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// meshed is a service of one Pod to which a mesh gave a proxy: a container that
// sets the network up, and one that begins before the service's and goes on
// beside it.
func meshed(proxy corev1.ContainerStatus) Observation {
	o := starting("app")
	pod := &o.Pods[0]
	pod.Annotations = map[string]string{annotationInjected: `{"initContainers":["istio-init","istio-proxy"],"containers":null,"revision":"default"}`}
	limits := func(memory string) corev1.ResourceRequirements {
		return corev1.ResourceRequirements{Limits: corev1.ResourceList{corev1.ResourceMemory: resource.MustParse(memory)}}
	}
	pod.Spec.InitContainers = []corev1.Container{
		{Name: "istio-init", Resources: limits("1Gi")},
		{Name: "istio-proxy", Image: "docker.io/istio/proxyv2:1.31.1", Resources: limits("256Mi"), RestartPolicy: new(corev1.ContainerRestartPolicyAlways)},
	}
	pod.Spec.Containers[0].Resources = limits("64Mi")
	proxy.Name = "istio-proxy"
	ended := corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{Reason: "Completed"}}
	pod.Status.InitContainerStatuses = []corev1.ContainerStatus{{Name: "istio-init", Ready: true, State: ended}, proxy}
	pod.Status.ContainerStatuses = status(corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: metav1.NewTime(noon)}})
	pod.Status.ContainerStatuses[0].Ready = true
	return o
}

func running() corev1.ContainerState {
	return corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: metav1.NewTime(noon)}}
}

func TestAProxyThatIsWell(t *testing.T) {
	o := meshed(corev1.ContainerStatus{Ready: true, Started: new(true), RestartCount: 2, State: running()})
	o.Deployments[0].Status.AvailableReplicas = 1
	o.Pods[0].Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}
	s := Services(o)[0]
	if s.Ready != 1 || s.Desired != 1 || s.Restarts != 2 || len(s.Why) != 0 {
		t.Errorf("%d of %d ready, %d restarts, why %v", s.Ready, s.Desired, s.Restarts, s.Why)
	}
	if limit := s.Usage.MemoryLimit; limit == nil || *limit != (64+256)<<20 {
		t.Errorf("memory limit %v, want that of both together", limit)
	}
}

// TestAProxyThatIsNotReadyYet holds its service's own container up, or only
// that it is called ready.
func TestAProxyThatIsNotReadyYet(t *testing.T) {
	for name, started := range map[string]bool{"starting": false, "started": true} {
		o := meshed(corev1.ContainerStatus{Started: &started, State: running()})
		if !started {
			o.Pods[0].Status.ContainerStatuses = status(corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "PodInitializing"}})
		}
		if got := Services(o)[0].Waiting; got != "waiting for its sidecar istio-proxy" {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestAProxyThatCrashes(t *testing.T) {
	end := &corev1.ContainerStateTerminated{ExitCode: 255, Reason: "Error", FinishedAt: metav1.NewTime(noon)}
	waiting := corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff"}}
	again := corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: metav1.NewTime(noon.Add(4 * time.Second))}}
	for name, status := range map[string]corev1.ContainerStatus{
		"between two runs": {RestartCount: 3, State: waiting},
		"running again":    {RestartCount: 3, State: again, Started: new(true)},
	} {
		status.LastTerminationState.Terminated = end
		o := meshed(status)
		o.Lines = []ContainerLines{{Pod: PodKey{"n", "db-abc-1"}, Container: "istio-proxy", Lines: []string{"failed to connect to istiod"}}}
		why := Services(o)[0].Why
		if len(why) != 1 || !strings.HasPrefix(why[0].Summary, "its sidecar istio-proxy: crashed 3 times (exit 255), last 5 s ago: failed to connect to istiod") {
			t.Errorf("%s: %+v", name, why)
			continue
		}
		if !slices.ContainsFunc(why[0].Advice, func(a string) bool { return strings.Contains(a, "diorama logs istio-proxy") }) {
			t.Errorf("%s: no way to the proxy's lines in %q", name, why[0].Advice)
		}
	}
}

func TestAProbeOfAProxy(t *testing.T) {
	o := meshed(corev1.ContainerStatus{Started: new(true), State: running()})
	o.Time = noon.Add(time.Minute)
	o.Events = []corev1.Event{{
		InvolvedObject: corev1.ObjectReference{Kind: "Pod", Namespace: "n", Name: "db-abc-1", UID: "1", FieldPath: "spec.initContainers{istio-proxy}"},
		Reason:         "Unhealthy", Message: "Readiness probe failed: HTTP probe failed with statuscode: 503", LastTimestamp: metav1.NewTime(noon.Add(50 * time.Second)),
	}}
	why := Services(o)[0].Why
	if len(why) != 1 || !strings.HasPrefix(why[0].Summary, "its sidecar istio-proxy: runs, but its readiness probe failed") {
		t.Errorf("%+v", why)
	}
}

func TestInjected(t *testing.T) {
	pod := meshed(corev1.ContainerStatus{}).Pods[0]
	for name, want := range map[string]bool{"istio-init": true, "istio-proxy": true, "db": false, "": false} {
		if Injected(pod, name) != want {
			t.Errorf("%q: injected %t", name, !want)
		}
	}
	pod.Annotations[annotationInjected] = "{"
	if Injected(pod, "istio-proxy") || Injected(corev1.Pod{}, "istio-proxy") {
		t.Error("injected without a word of it")
	}
}
