package kube_test

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/diorama-dev/diorama/internal/diagnose"
	"github.com/diorama-dev/diorama/internal/env"
	"github.com/diorama-dev/diorama/internal/kube"
)

// The recorder makes bad situations happen in a real cluster and records what
// is observed then, as test data of package diagnose. It needs a kind cluster
// of one node that nobody else uses; the node's container is named by
// DIORAMA_TEST_NODE.
var record = flag.Bool("record", false, "make trouble in the test cluster and record what is observed")

// only records the scenarios whose name contains it.
var only = flag.String("only", "", "record only scenarios whose name contains this")

const recorded = "../diagnose/testdata/recorded"

// recordPatience bounds a run of the recorder.
const recordPatience = 9 * time.Minute

func TestRecord(t *testing.T) {
	node := recordNode(t)
	c := connect(t)
	prepareNode(t, node)
	pending := map[kube.Scope]scenario{}
	for _, s := range scenarios() {
		if !strings.Contains(s.name, *only) {
			continue
		}
		scope := namespace(t, c)
		scope.Stack = s.name
		pending[scope] = s
		objects := objects(t, scope, s.yaml)
		if _, err := c.Apply(within(t, time.Minute), objects, kube.ApplyOptions{Scope: scope}); err != nil {
			t.Fatalf("%s: %v", s.name, err)
		}
		t.Cleanup(func() { _, _ = c.Delete(context.WithoutCancel(t.Context()), scope, kube.Staying{}) })
	}
	finished := errors.New("finished")
	ctx, cancel := context.WithCancelCause(within(t, recordPatience))
	err := c.Observe(ctx, "", func(o diagnose.Observation) {
		for scope, s := range pending {
			part := narrow(o, scope.Namespace, s.whole)
			if s.reached(part) {
				save(t, s.name, part)
				delete(pending, scope)
			}
		}
		if len(pending) == 0 {
			cancel(finished)
		}
	})
	if errors.Is(err, finished) {
		return
	}
	for _, s := range pending {
		t.Errorf("%s never came about: %v", s.name, err)
	}
}

// recordNode is the container of the node to make trouble for.
func recordNode(t *testing.T) string {
	t.Helper()
	if !*record {
		t.Skip("records only with -record")
	}
	node := os.Getenv("DIORAMA_TEST_NODE")
	if node == "" {
		t.Fatal("name the node's container in DIORAMA_TEST_NODE")
	}
	return node
}

// reached reports whether the observation shows what the scenario is about.
func (s scenario) reached(o diagnose.Observation) bool {
	if s.want == "" {
		services := diagnose.Services(o)
		return len(services) > 0 && services[0].Phase == env.PhaseReady
	}
	return slices.ContainsFunc(diagnose.Explain(o), func(f env.Finding) bool {
		spoke := slices.ContainsFunc(f.Evidence, func(line string) bool { return strings.HasPrefix(line, "log: ") })
		return f.ID == s.want && (f.Terminal || !s.terminal) && (spoke || !s.lines)
	})
}

// prepareNode builds the troublemaker, puts it into the node and starts its registry.
func prepareNode(t *testing.T, node string) {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "trouble")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", binary, "./testdata/trouble")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	docker(t, "exec", node, "mkdir", "-p", "/opt/trouble")
	docker(t, "exec", node, "sh", "-c", "pkill trouble || true")
	docker(t, "cp", binary, node+":/opt/trouble/trouble")
	docker(t, "exec", "-d", node, "/opt/trouble/trouble", "registry", ":5000")
}

func docker(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "docker", args...).CombinedOutput()
	if err != nil {
		t.Fatalf("docker %s: %v: %s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

// narrow keeps what belongs to the namespace, or to the cluster itself too.
func narrow(o diagnose.Observation, namespace string, whole bool) diagnose.Observation {
	in := func(name string) bool { return name == namespace || whole && name == "kube-system" }
	o.Pods = keep(o.Pods, func(p corev1.Pod) bool { return in(p.Namespace) })
	o.Deployments = keep(o.Deployments, func(d appsv1.Deployment) bool { return d.Namespace == namespace })
	o.StatefulSets = keep(o.StatefulSets, func(s appsv1.StatefulSet) bool { return s.Namespace == namespace })
	o.DaemonSets = nil
	o.Jobs = keep(o.Jobs, func(j batchv1.Job) bool { return j.Namespace == namespace })
	o.Claims = keep(o.Claims, func(c corev1.PersistentVolumeClaim) bool { return c.Namespace == namespace })
	o.Events = keep(o.Events, func(e corev1.Event) bool {
		return e.InvolvedObject.Namespace == namespace || whole && e.InvolvedObject.Kind == "Node"
	})
	o.Lines = keep(o.Lines, func(l diagnose.ContainerLines) bool { return l.Pod.Namespace == namespace })
	o.Usage = keep(o.Usage, func(u diagnose.PodUsage) bool { return u.Pod.Namespace == namespace })
	for i, pod := range o.Pods { // what images the cluster's own Pods have is no matter
		if pod.Namespace != "kube-system" {
			continue
		}
		copied := pod.DeepCopy()
		for j := range copied.Spec.Containers {
			copied.Spec.Containers[j].Image = ""
		}
		copied.Status.ContainerStatuses = nil
		copied.Spec.InitContainers, copied.Status.InitContainerStatuses = nil, nil
		o.Pods[i] = *copied
	}
	o.Nodes = slices.Clone(o.Nodes)
	for i := range o.Nodes {
		o.Nodes[i].Status.Images = nil
		o.Nodes[i].Status.NodeInfo = corev1.NodeSystemInfo{
			Architecture: o.Nodes[i].Status.NodeInfo.Architecture, KubeletVersion: o.Nodes[i].Status.NodeInfo.KubeletVersion,
		}
	}
	return o
}

func keep[T any](list []T, wanted func(T) bool) []T {
	var out []T
	for _, item := range list {
		if wanted(item) {
			out = append(out, item)
		}
	}
	return out
}

func save(t *testing.T, name string, o diagnose.Observation) {
	t.Helper()
	raw, err := json.MarshalIndent(o, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(recorded, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(recorded, name+".json"), append(raw, '\n'), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Logf("recorded %s", name)
}
