package kind

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/diorama-dev/diorama/internal/diagnose"
	"github.com/diorama-dev/diorama/internal/env"
	"github.com/diorama-dev/diorama/internal/logs"
	"github.com/diorama-dev/diorama/internal/plan"
)

func TestConfigPublishesOnTheLoopbackOnly(t *testing.T) {
	got := config(plan.Cluster{Name: "diorama-shop", Image: "node:1", Nodes: 3, Ports: []env.PortRecord{{Node: 30000, Host: 5432}}}, "")
	if len(got.Nodes) != 3 || got.Nodes[0].Role != "control-plane" || got.Nodes[2].Role != "worker" {
		t.Errorf("nodes = %+v", got.Nodes)
	}
	if got.Networking.APIServerAddress != "127.0.0.1" {
		t.Errorf("the API listens on %s", got.Networking.APIServerAddress)
	}
	for _, node := range got.Nodes {
		for _, mapping := range node.ExtraPortMappings {
			if mapping.ListenAddress != "127.0.0.1" {
				t.Errorf("port %d listens on %q", mapping.HostPort, mapping.ListenAddress)
			}
		}
	}
	if err := got.Nodes[0].ExtraPortMappings; len(err) != 1 {
		t.Errorf("mappings = %+v", err)
	}
}

func TestKindsWordsBecomeNotices(t *testing.T) {
	var out bytes.Buffer
	logger := progressLogger{out: json.NewEncoder(&out)}
	logger.V(0).Infof(" • %s  ...\n", "Preparing nodes 📦 📦 ")
	logger.V(0).Infof(" ✓ %s\n", "Preparing nodes 📦 📦 ")
	logger.V(0).Infof(" • %s  ...\n", "Ensuring node image (lab/node:v1) 🖼️")
	logger.V(1).Info(" • not for people")
	logger.V(0).Info("Creating cluster")
	logger.Warnf("cgroup %s", "v1")
	want := `{"doing":"Preparing nodes"}
{"done":"Preparing nodes"}
{"doing":"Ensuring node image (lab/node:v1)"}
{"warning":"cgroup v1"}
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("notices (-want +got):\n%s", diff)
	}
}

func TestCreateMainRefusesNonsense(t *testing.T) {
	var out bytes.Buffer
	if code := CreateMain(strings.NewReader("nonsense\n"), &out); code == 0 || !strings.Contains(out.String(), "error") {
		t.Errorf("exit code %d, said %q", code, out.String())
	}
}

// pod is a ready Pod of the service whose container was started at an instant.
func pod(service, node string, started time.Time) corev1.Pod {
	return corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Name: service + "-0", Namespace: "diorama", UID: types.UID(service),
			Labels: map[string]string{diagnose.LabelService: service, diagnose.LabelStack: service},
		},
		Spec: corev1.PodSpec{NodeName: node},
		Status: corev1.PodStatus{
			Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}},
			ContainerStatuses: []corev1.ContainerStatus{{
				Name: service, Ready: true,
				State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: metav1.NewTime(started)}},
			}},
		},
	}
}

func TestPodsOfBeforeARestartAreNotReady(t *testing.T) {
	restart := time.Date(2026, 11, 22, 12, 0, 0, 500, time.UTC)
	observation := diagnose.Observation{Pods: []corev1.Pod{
		pod("old", "n1", restart.Add(-time.Hour)),
		pod("new", "n1", restart.Truncate(time.Second)), // Kubernetes counts in whole seconds
		pod("elsewhere", "n2", restart.Add(-time.Hour)),
	}}
	got := fresh(observation, map[string]time.Time{"n1": restart})
	for i, want := range []corev1.ConditionStatus{corev1.ConditionFalse, corev1.ConditionTrue, corev1.ConditionTrue} {
		if status := got.Pods[i].Status.Conditions[0].Status; status != want {
			t.Errorf("%s is ready: %s, want %s", got.Pods[i].Name, status, want)
		}
	}
	if observation.Pods[0].Status.Conditions[0].Status != corev1.ConditionTrue {
		t.Error("the observation itself was changed")
	}
}

// see makes the services what was seen last, each at revision "1".
func (o *observer) see(services ...env.Service) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.services, o.seen, o.revisions = services, true, make(map[string]string)
	for _, service := range services {
		o.revisions[service.Name] = "1"
	}
	close(o.changed)
	o.changed = make(chan struct{})
}

func service(name string, phase env.Phase, why ...env.Finding) env.Service {
	return env.Service{Name: name, Phase: phase, Desired: 1, Why: why}
}

func TestWait(t *testing.T) {
	slow := env.Finding{ID: "crash", Service: "b", Summary: "crashed once"}
	dead := env.Finding{ID: "image-not-found", Service: "a", Summary: "no such image", Terminal: true}
	both := map[string]string{"a": "1", "b": "1"}
	tests := map[string]struct {
		services map[string]string
		at       map[time.Duration][]env.Service // what is seen when
		ends     time.Duration
		unwell   []string // IDs of the findings
	}{
		"ready from the start": {both, map[time.Duration][]env.Service{0: {service("a", env.PhaseReady), service("b", env.PhaseReady)}}, 0, nil},
		"ready in the end": {
			both,
			map[time.Duration][]env.Service{0: {service("a", env.PhaseStarting)}, 3 * time.Second: {service("a", env.PhaseReady), service("b", env.PhaseReady)}},
			3 * time.Second, nil,
		},
		"another revision is not ours": {
			map[string]string{"a": "2"},
			map[time.Duration][]env.Service{0: {service("a", env.PhaseReady)}},
			time.Minute, nil,
		},
		"a passing trouble is waited out": {
			both,
			map[time.Duration][]env.Service{0: {service("a", env.PhaseReady), service("b", env.PhaseDegraded, slow)}, 9 * time.Second: {service("a", env.PhaseReady), service("b", env.PhaseReady)}},
			9 * time.Second, nil,
		},
		"what was so before is no news": {
			both,
			map[time.Duration][]env.Service{
				0:           {service("a", env.PhaseFailed, dead), service("b", env.PhaseReady)},
				time.Second: {service("a", env.PhaseStarting), service("b", env.PhaseReady)}, 4 * time.Second: {service("a", env.PhaseReady), service("b", env.PhaseReady)},
			},
			4 * time.Second, nil,
		},
		"a lasting one ends the wait at once": {
			both,
			map[time.Duration][]env.Service{2 * time.Second: {service("a", env.PhaseFailed, dead), service("b", env.PhaseReady)}},
			2 * time.Second,
			[]string{"image-not-found"},
		},
		"what else is wrong is gathered": {
			both,
			map[time.Duration][]env.Service{0: {service("a", env.PhaseFailed, dead), service("b", env.PhaseStarting)}, time.Second: {service("a", env.PhaseFailed, dead), service("b", env.PhaseDegraded, slow)}},
			settle,
			[]string{"image-not-found", "crash"},
		},
		"but not for ever": {
			both,
			map[time.Duration][]env.Service{0: {service("a", env.PhaseFailed, dead), service("b", env.PhaseStarting)}},
			settle + gather,
			[]string{"image-not-found"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				o := newObserver(Options{})
				for after, services := range test.at {
					time.AfterFunc(after, func() { o.see(services...) })
				}
				began := time.Now()
				err := o.wait(ctx, "stack", test.services, func(string) {})
				if got := time.Since(began); got != test.ends {
					t.Errorf("ended after %s, want %s", got, test.ends)
				}
				var ids []string
				if unwell, ok := errors.AsType[*UnwellError](err); ok {
					for _, finding := range unwell.Findings {
						ids = append(ids, finding.ID)
					}
				} else if (err != nil) != (test.ends == time.Minute) {
					t.Errorf("error = %v", err)
				}
				if diff := cmp.Diff(test.unwell, ids); diff != "" {
					t.Errorf("findings (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestContainers(t *testing.T) {
	running := pod("redis", "n1", time.Now())
	waiting := pod("kafka", "n1", time.Now())
	waiting.Status.ContainerStatuses[0].State = corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{}}
	crashed := pod("billing", "n1", time.Now())
	crashed.Status.ContainerStatuses[0].State = corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{}}
	crashed.Status.ContainerStatuses[0].RestartCount = 2
	foreign := pod("coredns", "n1", time.Now())
	foreign.Namespace = "kube-system"
	apart := pod("istiod", "n1", time.Now())
	apart.Namespace = "istio-system"
	theirs := pod("theirs", "n1", time.Now())
	theirs.Namespace, theirs.Labels = "istio-system", nil
	meshed := pod("gateway", "n1", time.Now())
	meshed.Annotations = map[string]string{"sidecar.istio.io/status": `{"initContainers":["istio-proxy"]}`}
	meshed.Status.InitContainerStatuses = []corev1.ContainerStatus{{Name: "istio-proxy", State: running.Status.ContainerStatuses[0].State}}
	got := make(map[string]logs.RunState)
	for _, c := range containers([]corev1.Pod{running, waiting, crashed, foreign, apart, theirs, meshed}, "diorama", "istio-system") {
		got[c.Service] = c.State
	}
	// What a mesh's proxy writes is asked for by its own name.
	want := map[string]logs.RunState{
		"redis": logs.Running, "kafka": logs.NotStarted, "billing": logs.Ended, "gateway": logs.Running, "istio-proxy": logs.Running, "istiod": logs.Running,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("containers (-want +got):\n%s", diff)
	}
}
