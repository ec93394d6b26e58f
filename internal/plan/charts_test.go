package plan_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/diorama-dev/diorama/internal/chart"
	"github.com/diorama-dev/diorama/internal/env"
	"github.com/diorama-dev/diorama/internal/manifest"
	"github.com/diorama-dev/diorama/internal/plan"
	"github.com/diorama-dev/diorama/profiles"
)

// profile is the input with a profile of that text.
func profile(t *testing.T, in plan.Input, text string, set ...string) plan.Input {
	t.Helper()
	file := filepath.Join(t.TempDir(), "p.yaml")
	if err := os.WriteFile(file, []byte("name: p\n"+text), 0o600); err != nil {
		t.Fatal(err)
	}
	loaded, err := profiles.Library{WorkingFolder: t.TempDir()}.Load(profiles.Request{Name: file, Catalogue: in.Catalogue, Set: set})
	if err != nil {
		t.Fatal(err)
	}
	in.Profile = loaded
	return in
}

// listing is a line for each object: what is rendered is Istio's to say.
func listing(stack plan.Stack) []byte {
	var lines []string
	for i, wave := range stack.Waves {
		for _, o := range wave {
			lines = append(lines, strings.TrimSpace(fmt.Sprintf("%d %s %s/%s", i, o.GetKind(), o.GetNamespace(), o.GetName())))
		}
	}
	for _, w := range stack.Workloads {
		lines = append(lines, fmt.Sprintf("service %s in %s wave %d: %s", w.Service, w.Namespace, w.Wave, w.Image))
	}
	for _, image := range stack.Images {
		lines = append(lines, "image "+image)
	}
	return []byte(strings.Join(lines, "\n"))
}

func TestIstio(t *testing.T) {
	for _, mode := range []string{"sidecar", "ambient"} {
		t.Run(mode, func(t *testing.T) {
			in := profile(t, input(t), "stacks: [istio]\nparameters: {istio: {ambient: "+fmt.Sprint(mode == "ambient")+"}}\n")
			stack, _ := resolve(t, in).Stack("istio")
			golden(t, "istio-"+mode+".txt", listing(stack))
			for _, o := range stack.Objects() {
				labels := o.GetLabels()
				if labels[manifest.LabelEnvironment] != "shop" || labels[manifest.LabelStack] != "istio" {
					t.Errorf("%s %s is not labelled as ours: %v", o.GetKind(), o.GetName(), labels)
				}
				if labels["app.kubernetes.io/version"] == "1.0.0" {
					t.Errorf("%s %s has the chart's placeholder for a version", o.GetKind(), o.GetName())
				}
				if workload := o.GetKind() == "Deployment" || o.GetKind() == "DaemonSet"; workload && o.GetAnnotations()[plan.Revision] == "" {
					t.Errorf("%s %s has no revision to be awaited by", o.GetKind(), o.GetName())
				}
			}
			if len(stack.Losses) > 0 {
				t.Errorf("losses %v", stack.Losses)
			}
		})
	}
}

// TestIstioOfAMirror: what istiod puts into Pods comes from where images are
// put in the place of others, as what stands in Pods does.
func TestIstioOfAMirror(t *testing.T) {
	in := profile(t, input(t), "stacks: [istio]\nparameters: {istio: {values: {global: {tag: own}}}}\n")
	in.Substitute = func(reference string) (string, error) {
		return strings.Replace(reference, "docker.io/istio/", "mirror.example.com/mesh/", 1), nil
	}
	stack, _ := resolve(t, in).Stack("istio")
	want := []string{"mirror.example.com/mesh/pilot:own", "mirror.example.com/mesh/proxyv2:own"}
	if diff := cmp.Diff(want, stack.Images); diff != "" {
		t.Error(diff)
	}
	i := slices.IndexFunc(stack.Objects(), func(o *unstructured.Unstructured) bool {
		return o.GetName() == "istio-sidecar-injector" && o.GetKind() == "ConfigMap"
	})
	values, _, _ := unstructured.NestedString(stack.Objects()[i].Object, "data", "values")
	if !strings.Contains(values, `"image": "mirror.example.com/mesh/proxyv2:own"`) {
		t.Errorf("istiod puts other proxies into Pods: %s", values)
	}
}

// TestInjectionIsAskedForByPods: no Pod waits for istiod that does not ask for a
// proxy by a label.
func TestInjectionIsAskedForByPods(t *testing.T) {
	stack, _ := resolve(t, profile(t, input(t), "stacks: [istio]\n")).Stack("istio")
	for _, o := range stack.Objects() {
		if o.GetKind() != "MutatingWebhookConfiguration" {
			continue
		}
		webhooks, _, _ := unstructured.NestedSlice(o.Object, "webhooks")
		for _, item := range webhooks {
			webhook, _ := item.(map[string]any)
			asked := false
			for _, selector := range []string{"namespaceSelector", "objectSelector"} {
				expressions, _, _ := unstructured.NestedSlice(webhook, selector, "matchExpressions")
				for _, e := range expressions {
					expression, _ := e.(map[string]any)
					asked = asked || expression["operator"] == "In" || expression["operator"] == "Exists"
				}
			}
			if !asked {
				t.Errorf("%v is asked about every Pod", webhook["name"])
			}
		}
	}
	if len(stack.Waves) < 3 {
		t.Error("nothing waits for istiod")
	}
}

// TestMeshGoesLast: Pods lose their proxies, or go, before what serves these
// goes, under whatever name.
func TestMeshGoesLast(t *testing.T) {
	in := profile(t, input(t), "stacks: [redis, postgres]\n")
	for _, name := range []string{"istio", "sidecars"} {
		in.Record = env.Record{}
		in.Record.Gain("memcached")
		in.Record.Gain("redis")
		in.Record.Gain("postgres")
		in.Record.GainMesh(name)
		for _, step := range resolve(t, in).Steps {
			if step.Kind != env.StepRemove {
				continue
			}
			for _, before := range []string{"wait/redis", "wait/postgres", "remove/memcached"} {
				if slices.Contains(step.Needs, before) != (step.Subject == name) {
					t.Errorf("%s goes once there are %v", step.Subject, step.Needs)
				}
			}
		}
	}
}

// own is the input with a stack of the user's own, made of the files.
func own(t *testing.T, files map[string]string) plan.Input {
	t.Helper()
	folder := t.TempDir()
	for name, text := range files {
		file := filepath.Join(folder, "mine", name)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	in := input(t)
	var err error
	if in.Catalogue, err = in.Catalogue.WithFolders(folder); err != nil {
		t.Fatal(err)
	}
	return profile(t, in, "stacks: [mine]\n")
}

const (
	ownChart = "apiVersion: v2\nname: web\nversion: 0.1.0\n"
	ownStack = `
name: mine
title: Mine
category: app
summary: Of mine.
parameters:
  replicas: {type: int, default: 2, description: d}
  values: {type: map, description: d}
credentials: {MINE_PASSWORD: {generate: 24}}
endpoints:
  web: {service: front, port: 80, hostPort: 8090, url: "http://${HOST}:${PORT}", env: MINE}
charts:
  - name: front
    chart: ./web
    values: {replicas: "${replicas}", password: "${MINE_PASSWORD}", where: "${NAMESPACE}/${INSTANCE}"}
    merge: [values]
`
	ownTemplate = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: {{ .Release.Name }}, labels: {app.kubernetes.io/name: web}}
spec:
  replicas: {{ .Values.replicas }}
  selector: {matchLabels: {app.kubernetes.io/name: web}}
  template:
    metadata: {labels: {app.kubernetes.io/name: web}}
    spec: {containers: [{name: web, image: "example.com/web:1", resources: {requests: {memory: 10Mi}}}]}
`
)

// TestOwnStackOfAChart: a folder beside stack.yaml is enough.
func TestOwnStackOfAChart(t *testing.T) {
	in := own(t, map[string]string{
		"stack.yaml": ownStack, "web/Chart.yaml": ownChart, "web/templates/web.yaml": ownTemplate,
		"web/templates/test.yaml": "apiVersion: v1\nkind: Pod\nmetadata: {name: test, annotations: {helm.sh/hook: test}}\n",
	})
	in.Credentials["mine"] = map[string]string{"MINE_PASSWORD": "Secret0"}
	p := resolve(t, in)
	stack, _ := p.Stack("mine")
	want := []manifest.Workload{{Service: "front", Kind: "Deployment", Name: "front", Image: "example.com/web:1", Requested: "example.com/web:1", Replicas: 2, Memory: 20 << 20}}
	if diff := cmp.Diff(want, stack.Workloads); diff != "" {
		t.Error(diff)
	}
	deployment := stack.Objects()[slices.IndexFunc(stack.Objects(), func(o *unstructured.Unstructured) bool { return o.GetKind() == "Deployment" })]
	selector, _, _ := unstructured.NestedStringMap(deployment.Object, "spec", "selector", "matchLabels")
	labels, _, _ := unstructured.NestedStringMap(deployment.Object, "spec", "template", "metadata", "labels")
	if len(selector) != 1 || labels["app.kubernetes.io/name"] != "web" || labels[manifest.LabelService] != "front" || deployment.GetNamespace() != plan.Namespace {
		t.Errorf("selector %v, labels %v", selector, labels)
	}
	if len(stack.Losses) != 1 || !strings.Contains(stack.Losses[0].String(), "Pod/test: a test of the chart") {
		t.Errorf("losses %v", stack.Losses)
	}
	if len(p.Endpoints) != 1 || p.Endpoints[0].Port != 8090 {
		t.Errorf("endpoints %v", p.Endpoints)
	}
}

func TestChartsSayWhatIsWrong(t *testing.T) {
	tests := map[string]struct{ stack, template, want string }{
		"no rendering": {ownStack, "{{ fail \"no luck\" }}", "stack.yaml:13:5: render chart front: web/templates/web.yaml:1:3: no luck; look at"},
		"a credential in the open": {
			ownStack, ownTemplate + "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {p: {{ .Values.password }}}\n",
			"chart front: web/templates/web.yaml: data.p of ConfigMap a holds a credential, which everybody could read there",
		},
		"another service": {ownStack, "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n", `endpoint web names the service "front", which is not there`},
		"no such module": {
			strings.Replace(ownStack, "./web", "module:example.com/x//y", 1), "", `chart module:example.com/x//y: there is no module "example.com/x": expected istio.io/istio/manifests`,
		},
		"two of a name": {ownStack, ownTemplate + "---" + ownTemplate, "chart front: there are two workloads called front"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			in := own(t, map[string]string{"stack.yaml": test.stack, "web/Chart.yaml": ownChart, "web/templates/web.yaml": test.template})
			in.Credentials["mine"] = map[string]string{"MINE_PASSWORD": "Secret0"}
			if _, err := plan.Resolve(t.Context(), in); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// TestChartsOfRegistries are fetched before anything is rendered; offline, all
// that are missing are named.
func TestChartsOfRegistries(t *testing.T) {
	stack := strings.Replace(ownStack, "./web", "oci://example.com/web:1.0.0", 1) + "  - {name: other, chart: \"oci://example.com/other:2.0.0\"}\n"
	in := own(t, map[string]string{"stack.yaml": stack})
	in.Credentials["mine"] = map[string]string{"MINE_PASSWORD": "Secret0"}
	in.Chart = func(context.Context, string) (chart.Chart, error) { return chart.Chart{}, chart.ErrOffline }
	_, err := plan.Resolve(t.Context(), in)
	if err == nil || !strings.Contains(err.Error(), "oci://example.com/web:1.0.0, oci://example.com/other:2.0.0") {
		t.Errorf("got %v", err)
	}
	in.Chart = func(_ context.Context, source string) (chart.Chart, error) {
		return chart.Load(os.DirFS(writeChart(t)), source)
	}
	p := resolve(t, in)
	if stack, _ := p.Stack("mine"); len(stack.Workloads) != 2 {
		t.Errorf("workloads %v", stack.Workloads)
	}
}

func writeChart(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	for name, text := range map[string]string{"Chart.yaml": ownChart, "templates/web.yaml": ownTemplate, "values.yaml": "replicas: 1\n"} {
		file := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}
