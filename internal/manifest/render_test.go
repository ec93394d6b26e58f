package manifest

import (
	"encoding/base64"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/diorama-dev/diorama/internal/compose"
	"github.com/diorama-dev/diorama/stacks"
)

// project loads Compose text.
func project(t *testing.T, text string) compose.Project {
	t.Helper()
	p, err := compose.LoadStack(t.Context(), fstest.MapFS{"compose.yaml": {Data: []byte(text)}}, "test", nil)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func input(t *testing.T, text string) Input {
	t.Helper()
	return Input{Environment: "e", Namespace: "diorama", Stack: "s", Project: project(t, text)}
}

// object finds an object by kind and the beginning of its name.
func object(t *testing.T, result Result, kind, name string) *unstructured.Unstructured {
	t.Helper()
	for _, wave := range result.Waves {
		for _, o := range wave {
			if o.GetKind() == kind && (o.GetName() == name || kind == kindJob && strings.HasPrefix(o.GetName(), name+"-")) {
				return o
			}
		}
	}
	t.Fatalf("there is no %s %s", kind, name)
	return nil
}

func asText(t *testing.T, o *unstructured.Unstructured) string {
	t.Helper()
	data, err := yaml.Marshal(o.Object)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestCredentials(t *testing.T) {
	in := input(t, `
services:
  app:
    image: app
    environment:
      PASSWORD: hunter2hunter2
      URL: postgres://app:hunter2hunter2@db/app
      PLAIN: nothing
    command: ["serve", "--password=hunter2hunter2", "--key=other$$(x)secret", "$$HOME"]
    healthcheck:
      test: [CMD, check, --pass, hunter2hunter2]
  probed:
    image: app
    healthcheck:
      test: "check hunter2hunter2 && echo fine"
    configs: [{source: settings, target: /settings}]
configs:
  settings: {content: "password: hunter2hunter2"}
`)
	in.Secrets = []string{"", "hunter2", "hunter2hunter2", "secret"}
	result := render(t, in)
	for _, wave := range result.Waves {
		for _, o := range wave {
			if data := asText(t, o); o.GetKind() != "Secret" && (strings.Contains(data, "hunter2") || strings.Contains(data, "secret\n")) {
				t.Errorf("a credential stands in the open:\n%s", data)
			}
		}
	}
	data, _, _ := unstructured.NestedStringMap(object(t, result, "Secret", "app.environment").Object, "data")
	if got, _ := base64.StdEncoding.DecodeString(data["URL"]); string(got) != "postgres://app:hunter2hunter2@db/app" {
		t.Errorf("the Secret holds %q for URL", got)
	}
	app := asText(t, object(t, result, kindDeployment, "app"))
	for _, want := range []string{
		"- --password=$(PASSWORD)\n",              // the variable that holds it already
		"- --key=other$$(x)$(DIORAMA_SECRET_0)\n", // a variable for it, the rest escaped
		"- $HOME\n",                  // nothing to escape
		"value: nothing\n",           // not a credential
		"eval \"$DIORAMA_SECRET_1\"", // probes are not filled in by Kubernetes
		"key: PASSWORD\n              name: app.environment", // and so on
	} {
		if !strings.Contains(app, want) {
			t.Errorf("the Deployment lacks %q:\n%s", want, app)
		}
	}
	object(t, result, "Secret", "s.config-settings") // not a ConfigMap
}

func TestConfigHashFollowsContent(t *testing.T) {
	hashOf := func(content string) string {
		result := render(t, input(t, "services: {a: {image: a, configs: [c]}}\nconfigs: {c: {content: "+content+"}}\n"))
		value, _, _ := unstructured.NestedString(object(t, result, kindDeployment, "a").Object,
			"spec", "template", "metadata", "annotations", AnnotationConfig)
		return value
	}
	if one, same, other := hashOf("x"), hashOf("x"), hashOf("y"); one == "" || one != same || one == other {
		t.Errorf("hashes %q, %q for the same content, %q for another", one, same, other)
	}
}

func TestKinds(t *testing.T) {
	for _, test := range []struct{ name, service, others, want string }{
		{"nothing said", "{image: a}", "", kindDeployment},
		{"a named volume", "{image: a, volumes: [\"vol:/v\"]}", "", kindStatefulSet},
		{"an anonymous volume", "{image: a, volumes: [/v]}", "", kindDeployment},
		{"never restarted", "{image: a, restart: \"no\"}", "", kindJob},
		{"never restarted, with a volume", "{image: a, restart: \"no\", volumes: [\"vol:/v\"]}", "", kindJob},
		{"never restarted, but serves", "{image: a, restart: \"no\", ports: [\"80\"]}", "", kindDeployment},
		{"never restarted, but has a health", "{image: a, restart: \"no\", healthcheck: {test: x}}", "", kindDeployment},
		{"never restarted, awaited as healthy", "{image: a, restart: \"no\"}", "o: {image: o, depends_on: {a: {condition: service_healthy}}}", kindDeployment},
		{"awaited as completed", "{image: a, ports: [\"80\"]}", "o: {image: o, depends_on: {a: {condition: service_completed_successfully}}}", kindJob},
		{"restarted on failure", "{image: a, restart: on-failure}", "", kindDeployment},
		{"on every node", "{image: a, deploy: {mode: global}}", "", kindDaemonSet},
		{"a swarm's job", "{image: a, deploy: {mode: replicated-job}}", "", kindJob},
	} {
		t.Run(test.name, func(t *testing.T) {
			result := render(t, input(t, "services:\n  a: "+test.service+"\n  "+test.others+"\nvolumes: {vol: {}}\n"))
			if got := result.Workloads[0].Kind; got != test.want {
				t.Errorf("%s, want %s", got, test.want)
			}
		})
	}
}

func TestWaves(t *testing.T) {
	result := render(t, input(t, `
services:
  db: {image: a, healthcheck: {test: x}}
  cache: {image: a}
  migrate: {image: a, depends_on: {db: {condition: service_healthy}}}
  web:
    image: a
    depends_on: {migrate: {condition: service_completed_successfully}, cache: {condition: service_started}}
  proxy: {image: a, depends_on: [web]}
  optional: {image: a, depends_on: {gone: {condition: service_healthy, required: false}}}
  gone: {image: a, profiles: [other]}
`))
	got := map[string]int{}
	for _, w := range result.Workloads {
		got[w.Service] = w.Wave
	}
	want := map[string]int{"db": 0, "cache": 0, "optional": 0, "migrate": 1, "web": 2, "proxy": 2}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if len(result.Waves) != 3 {
		t.Errorf("%d waves, want 3", len(result.Waves))
	}
	for _, o := range slices.Concat(result.Waves[1:]...) {
		if rank(o) < 3 {
			t.Errorf("%s %s comes late: names must resolve from the start", o.GetKind(), o.GetName())
		}
	}
}

func TestJobNames(t *testing.T) {
	name := func(command string) string {
		return render(t, input(t, `services: {a: {image: a, restart: "no", command: `+command+"}}")).Workloads[0].Name
	}
	if one, same, other := name("x"), name("x"), name("y"); one != same || one == other {
		t.Errorf("names %s, %s for the same Job, %s for another", one, same, other)
	}
}

func TestProbesOfTheStack(t *testing.T) {
	for name, test := range map[string]struct {
		probe stacks.Probe
		want  string
	}{
		"http": {stacks.Probe{HTTP: &stacks.HTTPProbe{Port: 80, Path: "/ready"}}, "httpGet"},
		"tcp":  {stacks.Probe{TCP: 80}, "tcpSocket"},
		"exec": {stacks.Probe{Exec: []string{"x"}}, "exec"},
	} {
		in := input(t, "services: {a: {image: a, healthcheck: {test: other}}}")
		in.Probes = map[string]stacks.Probe{"a": test.probe}
		containers, _, _ := unstructured.NestedSlice(object(t, render(t, in), kindDeployment, "a").Object, "spec", "template", "spec", "containers")
		c := containers[0].(map[string]any)
		for _, kind := range []string{"startupProbe", "readinessProbe"} {
			if probe, _ := c[kind].(map[string]any); probe[test.want] == nil {
				t.Errorf("%s: %s is %v", name, kind, probe)
			}
		}
		if c["livenessProbe"] != nil {
			t.Errorf("%s: a failing healthcheck would restart the container", name)
		}
	}
}

func TestImages(t *testing.T) {
	in := input(t, `
services:
  b: {image: "redis:8"}
  a: {image: "redis:8"}
  built: {build: .}
  named: {build: ., image: "acme/named:1"}
`)
	var asked []string
	in.Image = func(reference string) (string, error) {
		asked = append(asked, reference)
		return "mirror/" + reference, nil
	}
	result := render(t, in)
	want := []string{"mirror/acme/named:1", "mirror/diorama.local/e/built", "mirror/redis:8"}
	if diff := cmp.Diff(want, result.Images); diff != "" {
		t.Error(diff)
	}
	if !slices.Contains(asked, "diorama.local/e/built") {
		t.Errorf("asked for %v", asked)
	}
	for _, w := range result.Workloads {
		if (w.Build != nil) != (w.Service == "built" || w.Service == "named") || w.Image != "mirror/"+w.Requested {
			t.Errorf("workload %+v", w)
		}
	}
	in.Image = func(string) (string, error) { return "", errors.New("no such image") }
	if _, err := Render(in); err == nil || !strings.Contains(err.Error(), "no such image") {
		t.Errorf("error %v", err)
	}
}

func TestSharedVolumeIsOneClaim(t *testing.T) {
	result := render(t, input(t, `
services:
  one: {image: a, volumes: ["vol:/a", "vol:/b"]}
  two: {image: a, volumes: ["vol:/c:ro"]}
volumes: {vol: {labels: {diorama.dev/size: 3Gi}}}
`))
	claims := 0
	for _, o := range slices.Concat(result.Waves...) {
		if o.GetKind() == "PersistentVolumeClaim" {
			claims++
		}
	}
	if claims != 1 {
		t.Errorf("%d claims for one volume", claims)
	}
	if claim := asText(t, object(t, result, "PersistentVolumeClaim", "s.vol")); !strings.Contains(claim, "storage: 3Gi") {
		t.Errorf("the size is not the volume's:\n%s", claim)
	}
}

func TestUnknownKeyIsALoss(t *testing.T) {
	result := render(t, input(t, `
services:
  web:
    image: a
    x-note: fine
    cgroup_parent: /x
    network_mode: ${MODE:-bridge}
    environment: {x-y: "1", network_mode: host}
`))
	want := []string{"test/compose.yaml:6:5: services.web.cgroup_parent: the nodes' kubelet decides; there is no such setting for a Pod"}
	var got []string
	for _, l := range result.Losses {
		got = append(got, l.String())
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
