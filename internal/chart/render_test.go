package chart_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/diorama-dev/diorama/internal/chart"
)

const chartFile = "apiVersion: v2\nname: web\nversion: 0.1.0\nappVersion: 2.0.0\n"

// load makes a chart of files; Chart.yaml is there where it is not given.
func load(t *testing.T, files map[string]string) chart.Chart {
	t.Helper()
	c, err := chart.Load(folder(files), "test/web")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func folder(files map[string]string) fstest.MapFS {
	all := fstest.MapFS{"Chart.yaml": {Data: []byte(chartFile)}}
	for name, text := range files {
		all[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return all
}

func release() chart.Release {
	return chart.Release{Name: "front", Namespace: "shop", Kubernetes: "1.36"}
}

// outline lists the objects step by step.
func outline(r chart.Rendered) []string {
	var lines []string
	for i, step := range r.Steps {
		for _, o := range step {
			meta, _ := o.Body["metadata"].(map[string]any)
			lines = append(lines, fmt.Sprintf("%d %v/%v", i, o.Body["kind"], meta["name"]))
		}
	}
	return lines
}

func TestRenderInTheOrderOfAnInstallation(t *testing.T) {
	object := func(kind, name, rest string) string {
		return "apiVersion: v1\nkind: " + kind + "\nmetadata:\n  name: " + name + "\n" + rest
	}
	hook := func(events, weight string) string {
		return "  annotations: {helm.sh/hook: \"" + events + "\", helm.sh/hook-weight: \"" + weight + "\"}\n"
	}
	c := load(t, map[string]string{
		"templates/b.yaml":           object("Service", "front", "") + "---\n" + object("ConfigMap", "front", "data: {port: \"{{ .Values.port }}\"}\n"),
		"templates/z.yaml":           object("Namespace", "shop", ""),
		"templates/migrate.yaml":     object("Job", "migrate", hook("pre-install,pre-upgrade", "1")),
		"templates/prepare.yaml":     object("Job", "prepare", hook("pre-install", "-5")),
		"templates/after.yaml":       object("Job", "seed", hook("post-install", "0")),
		"templates/test.yaml":        object("Pod", "test", hook("test", "0")),
		"templates/gone.yaml":        object("Job", "gone", hook("pre-delete", "0")),
		"templates/list.yaml":        "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Secret, metadata: {name: of-a-list}}\n",
		"templates/_helpers.tpl":     "{{ define \"x\" }}x{{ end }}",
		"templates/NOTES.txt":        "Nobody reads this: {{ .Release.Name }}",
		"templates/empty.yaml":       "{{ if .Values.more }}nothing{{ end }}\n",
		"crds/things.yaml":           "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: things.example.com}\n",
		"charts/sub/Chart.yaml":      "apiVersion: v2\nname: sub\nversion: 1.0.0\n",
		"charts/sub/templates/s.yml": object("ServiceAccount", "sub", ""),
		"values.yaml":                "port: 80\n",
	})
	r, err := c.Render(release(), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"0 Job/prepare", "1 Job/migrate",
		"2 CustomResourceDefinition/things.example.com", "2 Namespace/shop", "2 ServiceAccount/sub", "2 Secret/of-a-list", "2 ConfigMap/front", "2 Service/front",
		"3 Job/seed",
	}
	got := outline(r)
	// A list is one of the kinds that Helm knows no place for.
	if diff := cmp.Diff(sorted(want), sorted(got)); diff != "" || got[2] != want[2] {
		t.Errorf("%s\n%v", diff, got)
	}
	var skipped []string
	for _, s := range r.Skipped {
		skipped = append(skipped, s.Kind+"/"+s.Name+": "+s.Reason)
	}
	if len(skipped) != 2 || !strings.Contains(strings.Join(skipped, "\n"), "Pod/test: a test of the chart") {
		t.Errorf("skipped %v", skipped)
	}
}

func sorted(list []string) map[string]bool {
	set := map[string]bool{}
	for _, s := range list {
		set[s] = true
	}
	return set
}

func TestRenderTakesValuesAndFacts(t *testing.T) {
	c := load(t, map[string]string{
		"templates/a.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ .Release.Name }}-{{ .Release.Namespace }}, labels: {v: \"{{ .Chart.Version }}-{{ .Chart.AppVersion }}\"}}\n" +
			"data: {k8s: \"{{ .Capabilities.KubeVersion.Version }}\", replicas: {{ .Values.replicas }}, half: {{ .Values.half }}, open: {{ .Values.open }}}\n",
		"values.yaml": "replicas: 1\nhalf: 0.5\nopen: false\nimage: {repository: docker.io/library/redis, tag: \"8\"}\n",
	})
	r := release()
	r.Version = "1.31.1"
	got, err := c.Render(r, map[string]any{"replicas": 9007199254740993, "open": true}, map[string]string{"image": "\n{{ .Values.image.repository }}:{{ .Values.image.tag }}\n"})
	if err != nil {
		t.Fatal(err)
	}
	want := []chart.Object{{Template: "web/templates/a.yaml", Body: map[string]any{
		"apiVersion": "v1", "kind": "ConfigMap",
		"metadata": map[string]any{"name": "front-shop", "labels": map[string]any{"v": "1.31.1-1.31.1"}},
		"data":     map[string]any{"k8s": "v1.36.0", "replicas": int64(9007199254740993), "half": 0.5, "open": true},
	}}}
	if diff := cmp.Diff(want, got.Objects()); diff != "" {
		t.Error(diff)
	}
	if got.Texts["image"] != "docker.io/library/redis:8" {
		t.Errorf("texts %v", got.Texts)
	}
}

// TestRenderTwiceGivesTheSame: rendering changes nothing of the chart, nor of
// the values.
func TestRenderTwiceGivesTheSame(t *testing.T) {
	c := load(t, map[string]string{
		"templates/a.yaml": "{{ $_ := set .Values \"x\" \"changed\" }}apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {x: {{ .Values.y.z }}}\n",
		"values.yaml":      "x: a\n\"y\": {z: b}\n",
	})
	values := map[string]any{"y": map[string]any{"w": "mine"}}
	first, err := c.Render(release(), values, nil)
	if err != nil {
		t.Fatal(err)
	}
	second, err := c.Render(release(), values, nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(first, second); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]any{"y": map[string]any{"w": "mine"}}, values); diff != "" {
		t.Error(diff)
	}
}

func TestRenderSaysWhatIsWrong(t *testing.T) {
	config := func(rest string) string { return "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n" + rest }
	tests := map[string]struct {
		files  map[string]string
		values map[string]any
		want   string
	}{
		"a template that fails": {
			map[string]string{"templates/a.yaml": config("data: {x: {{ required \"name the x\" .Values.x }}}")},
			nil,
			`render chart front: web/templates/a.yaml:4:13: name the x; look at the values that the template uses there`,
		},
		"a template that does not parse": {
			map[string]string{"templates/a.yaml": config("data: {{ if }}")},
			nil,
			`render chart front: web/templates/a.yaml:4: missing value for if; look at the values that the template uses there`,
		},
		"a value that is not there": {
			map[string]string{"templates/a.yaml": config("data: {x: {{ .Values.a.b }}}")},
			nil,
			`render chart front: web/templates/a.yaml:4:20: nil pointer evaluating interface {}.b (at .Values.a.b); look at the values that the template uses there`,
		},
		"a mapping that is a text": {
			map[string]string{"templates/a.yaml": config(""), "values.yaml": "resources: {limits: {}}\nnames: []\n"},
			map[string]any{"resources": "small", "names": map[string]any{}},
			`render chart front: the value names is a mapping, the chart's own is a list; the value resources is a text, the chart's own is a mapping`,
		},
		"a boolean that is a text": {
			map[string]string{"templates/a.yaml": config(""), "values.yaml": "_internal_defaults_do_not_set: {autoscale: {enabled: true}}\n"},
			map[string]any{"autoscale": map[string]any{"enabled": "no"}},
			`render chart front: the value autoscale.enabled is a text, the chart's own is true or false`,
		},
		"a boolean of the program that is a text": {
			map[string]string{"templates/a.yaml": config(""), "values.yaml": "_internal_defaults_do_not_set: {autoscale: {enabled: true}}\n"},
			map[string]any{"pilot": map[string]any{"autoscale": map[string]any{"enabled": "no"}}},
			`render chart front: the value pilot.autoscale.enabled is a text, the chart's own is true or false`,
		},
		"against the schema": {
			map[string]string{
				"templates/a.yaml":   config(""),
				"values.schema.json": `{"type": "object", "properties": {"replicas": {"type": "integer"}}, "additionalProperties": false}`,
			},
			map[string]any{"replicas": "three", "other": 1},
			`render chart front: values that the chart does not take: web: '/replicas': got string, want integer '': additional properties 'other' not allowed (values.schema.json)`,
		},
		"no YAML": {
			map[string]string{"templates/a.yaml": config("data: [}")},
			nil,
			`render chart front: web/templates/a.yaml: it makes what is no YAML: yaml: line 3: did not find expected node content; is a value of it missing, or of another type?`,
		},
		"no object": {
			map[string]string{"templates/a.yaml": "kind: ConfigMap\n"},
			nil,
			`render chart front: web/templates/a.yaml: expected Kubernetes objects with apiVersion, kind and metadata.name, found "" "ConfigMap" ""`,
		},
		"another Kubernetes": {
			map[string]string{"Chart.yaml": chartFile + "kubeVersion: \">=1.40\"\n"},
			nil,
			`render chart front: it is for Kubernetes >=1.40, the cluster has 1.36: choose another with cluster.kubernetes`,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := load(t, test.files).Render(release(), test.values, nil)
			if err == nil || err.Error() != test.want {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
		})
	}
}

func TestLoadSaysWhatIsWrong(t *testing.T) {
	for want, files := range map[string]fstest.MapFS{
		"read chart x: it has no Chart.yaml: expected the folder of a Helm chart": {"values.yaml": {Data: []byte("a: 1\n")}},
		"read chart x: validation: chart.metadata.name is required":               {"Chart.yaml": {Data: []byte("apiVersion: v2\nversion: 1.0.0\n")}},
	} {
		if _, err := chart.Load(files, "x"); err == nil || err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
}

func TestModule(t *testing.T) {
	for source, want := range map[string]string{
		"module:istio.io/istio/manifests//charts/base": "",
		"module:example.com/x//charts/base":            `chart module:example.com/x//charts/base: there is no module "example.com/x": expected istio.io/istio/manifests`,
		"module:istio.io/istio/manifests//charts/bass": "chart module:istio.io/istio/manifests//charts/bass: the module has no chart there: open Chart.yaml: file does not exist",
		"module:istio.io/istio/manifests":              "chart module:istio.io/istio/manifests: expected the chart's folder after two slashes, as in module:istio.io/istio/manifests//charts/base",
	} {
		_, err := chart.Module(source)
		if got := fmt.Sprint(err); want == "" && err != nil || want != "" && got != want {
			t.Errorf("got  %v\nwant %s", got, want)
		}
	}
}

// FuzzRender sees that no chart makes loading or rendering panic.
func FuzzRender(f *testing.F) {
	f.Add(chartFile, "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ .Values.a }}}\n", "a: b\n")
	f.Add(chartFile, "kind: List\nitems: [1, {kind: 2}]\n---\n- a\n---\n\"x\"", "a: {b: [1e9999, ~]}\n")
	f.Add("apiVersion: v2\nname: ../x\nversion: 1\n", "{{ template \"x\" }}", "- a")
	f.Fuzz(func(t *testing.T, file, template, values string) {
		c, err := chart.Load(fstest.MapFS{
			"Chart.yaml": {Data: []byte(file)}, "templates/a.yaml": {Data: []byte(template)}, "values.yaml": {Data: []byte(values)},
		}, "fuzz")
		if err != nil {
			return
		}
		r, err := c.Render(release(), nil, nil)
		if err != nil {
			return
		}
		for _, o := range r.Objects() {
			if _, ok := o.Body["kind"].(string); !ok {
				t.Errorf("an object of no kind: %v", o.Body)
			}
		}
	})
}
