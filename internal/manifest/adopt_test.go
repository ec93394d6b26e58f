package manifest

import (
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/diorama-dev/diorama/stacks"
)

const agent = `apiVersion: v1
kind: ServiceAccount
metadata: {name: agent}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: agent}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: agent}
subjects: [{kind: ServiceAccount, name: agent}, {kind: User, name: agent}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: agent}
rules: []
---
apiVersion: v1
kind: ConfigMap
metadata: {name: agent}
data: {config: "to http://store:3100/push, by agent"}
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent, labels: {own: label}}
spec:
  selector: {matchLabels: {app: agent}}
  template:
    metadata: {labels: {app: agent}}
    spec:
      serviceAccountName: agent
      containers:
        - name: agent
          image: agent:1
          args: ["--to=http://store:3100"]
          env: [{name: STORE_HOST, value: store}]
          resources: {requests: {memory: 32Mi}}
      volumes: [{name: config, configMap: {name: agent}}, {name: other, configMap: {name: kube-root-ca.crt}}]
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: sweep}
spec:
  schedule: "17 * * * *"
  jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: sweep, image: "sweep:1"}]}}}}
---
apiVersion: batch/v1
kind: Job
metadata: {name: once}
spec: {template: {spec: {restartPolicy: Never, containers: [{name: once, image: "once:1"}]}}}
`

// adopted renders the objects beside a store, as an instance of another name.
func adopted(t *testing.T, manifests string) Result {
	t.Helper()
	return render(t, second(t, manifests))
}

func second(t *testing.T, manifests string) Input {
	t.Helper()
	in := input(t, "services: {store: {image: store, expose: [\"3100\"]}}")
	in.Stack = "second"
	in.Rename = func(name string) string { return "second-" + name }
	in.Image = func(reference string) (string, error) { return "mirror/" + reference, nil }
	in.Objects = objectsOf(t, manifests)
	return in
}

func objectsOf(t *testing.T, manifests string) []stacks.Object {
	t.Helper()
	var list []stacks.Object
	for part := range strings.SplitSeq(manifests, "---\n") {
		var body map[string]any
		if err := yaml.Unmarshal([]byte(part), &body); err != nil {
			t.Fatal(err)
		}
		list = append(list, stacks.Object{Position: "agent.yaml:1:1", Body: body})
	}
	return list
}

// TestAdopted: the stack's own objects get names, labels, images and references
// like those of a Compose file.
func TestAdopted(t *testing.T) {
	result := adopted(t, agent)
	set := asText(t, object(t, result, kindDaemonSet, "second-agent"))
	for _, want := range []string{
		"image: mirror/agent:1\n", "imagePullPolicy: IfNotPresent\n", "enableServiceLinks: false\n", "minReadySeconds: 3\n",
		"serviceAccountName: second-agent\n", "configMap:\n          name: second-agent\n", "name: kube-root-ca.crt\n",
		"--to=http://second-store:3100\n", "value: second-store\n", "own: label\n", "diorama.dev/config-hash:",
		"matchLabels:\n      app: agent\n      diorama.dev/service: second-agent\n      diorama.dev/stack: second\n",
	} {
		if !strings.Contains(set, want) {
			t.Errorf("%q is missing:\n%s", want, set)
		}
	}
	binding := asText(t, object(t, result, "ClusterRoleBinding", "diorama-e-second-agent"))
	for _, want := range []string{
		"kind: ClusterRole\n  name: diorama-e-second-agent\n", "name: second-agent\n  namespace: diorama\n", "kind: User\n  name: agent\n",
	} {
		if !strings.Contains(binding, want) {
			t.Errorf("%q is missing:\n%s", want, binding)
		}
	}
	if config := asText(t, object(t, result, "ConfigMap", "second-agent")); !strings.Contains(config, "http://second-store:3100/push, by agent") {
		t.Errorf("the text does not follow the service:\n%s", config)
	}
	if sweep := asText(t, object(t, result, kindCronJob, "second-sweep")); !strings.Contains(sweep, "image: mirror/sweep:1\n") || strings.Contains(sweep, "\n  template:") {
		t.Errorf("a CronJob's Pods are in its jobTemplate:\n%s", sweep)
	}
	want := []string{"mirror/agent:1", "mirror/once:1", "mirror/store", "mirror/sweep:1"}
	if !slices.Equal(result.Images, want) {
		t.Errorf("images %v, want %v", result.Images, want)
	}
}

// TestAdoptedWorkloads: they come after what the Compose file has, and all but
// CronJobs are awaited.
func TestAdoptedWorkloads(t *testing.T) {
	result := adopted(t, agent)
	var names []string
	for _, w := range result.Workloads {
		names = append(names, w.Kind+"/"+w.Service)
		if w.Service == "second-agent" && (w.Memory != 32<<20 || w.Requested != "agent:1") {
			t.Errorf("%+v", w)
		}
	}
	slices.Sort(names)
	if want := []string{"DaemonSet/second-agent", "Deployment/second-store", "Job/second-once"}; !slices.Equal(names, want) {
		t.Errorf("workloads %v, want %v", names, want)
	}
	if len(result.Waves) != 2 || len(result.Waves[1]) != 2 {
		t.Fatalf("%d waves", len(result.Waves))
	}
	first, second := kinds(result.Waves[0]), kinds(result.Waves[1])
	if slices.Index(first, "ServiceAccount") > slices.Index(first, "ConfigMap") || slices.Contains(second, kindDeployment) {
		t.Errorf("waves %v and %v", first, second)
	}
}

// TestAdoptedConfigRollsOut: a changed ConfigMap changes the Pods that mount it.
func TestAdoptedConfigRollsOut(t *testing.T) {
	before := object(t, adopted(t, agent), kindDaemonSet, "second-agent")
	after := object(t, adopted(t, strings.Replace(agent, "by agent", "by another", 1)), kindDaemonSet, "second-agent")
	if asText(t, before) == asText(t, after) {
		t.Error("the Pods stay as they were")
	}
}

func kinds(wave []*unstructured.Unstructured) []string {
	var list []string
	for _, o := range wave {
		list = append(list, o.GetKind())
	}
	return list
}

func TestAdoptedClash(t *testing.T) {
	in := input(t, "services: {agent: {image: store}}")
	in.Objects = objectsOf(t, agent)
	if _, err := Render(in); err == nil || !strings.Contains(err.Error(), `agent.yaml:1:1: the service "agent" has the name of the DaemonSet`) {
		t.Errorf("error %v", err)
	}
}
