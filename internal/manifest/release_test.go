package manifest

import (
	"encoding/base64"
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/diorama-dev/diorama/stacks"
)

// space is a Namespace as a chart or a manifest has it.
func space(name, position string) stacks.Object {
	return stacks.Object{Position: position, Body: map[string]any{"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{"name": name}}}
}

// deployment is a small one.
func deployment(name, image string) stacks.Object {
	labels := map[string]any{"run": name}
	return stacks.Object{Position: "web/templates/" + name + ".yaml", Body: map[string]any{
		"apiVersion": "apps/v1", "kind": "Deployment", "metadata": map[string]any{"name": name},
		"spec": map[string]any{
			"selector": map[string]any{"matchLabels": labels},
			"template": map[string]any{
				"metadata": map[string]any{"labels": labels},
				"spec":     map[string]any{"containers": []any{map[string]any{"name": name, "image": image}}},
			},
		},
	}}
}

// namesOf are the names and waves of a kind's objects.
func namesOf(result Result, kind string) map[string]int {
	found := map[string]int{}
	for i, wave := range result.Waves {
		for _, object := range wave {
			if object.GetKind() == kind {
				found[object.GetName()] = i
			}
		}
	}
	return found
}

// TestNamespacesThatAreNotTheStacks: what goes with a stack is its own.
func TestNamespacesThatAreNotTheStacks(t *testing.T) {
	in := Input{Environment: "golden", Namespace: "diorama", Stack: "shop"}
	in.Objects = []stacks.Object{space("diorama", "m.yaml:1:1"), space("apart", "m.yaml:9:1")}
	in.Releases = []Release{{Name: "web", Namespace: "diorama", Steps: [][]stacks.Object{{
		space("diorama", "web/templates/ns.yaml"), space("kube-system", "web/templates/ns.yaml"), space("default", "web/templates/ns.yaml"),
		space("own", "web/templates/ns.yaml"), deployment("web", "example.com/web:1"),
	}}}}
	result := renderRelease(t, in)
	if got := namesOf(result, "Namespace"); len(got) != 2 || got["own"] != 0 {
		t.Errorf("namespaces %v", got)
	}
	var lost []string
	for _, l := range result.Losses {
		lost = append(lost, l.Position.File+" "+l.Key)
	}
	want := "m.yaml Namespace/diorama, web/templates/ns.yaml Namespace/default, web/templates/ns.yaml Namespace/diorama, web/templates/ns.yaml Namespace/kube-system"
	if got := strings.Join(lost, ", "); got != want {
		t.Errorf("losses %s, want %s", got, want)
	}
}

// TestNamespacesComeFirst: a chart that is listed first does not say when the
// namespace is there in which another one begins.
func TestNamespacesComeFirst(t *testing.T) {
	in := Input{Environment: "golden", Namespace: "diorama", Stack: "shop"}
	in.Releases = []Release{
		{Name: "late", Namespace: "apart", Wave: 2, Steps: [][]stacks.Object{{deployment("late", "example.com/late:1")}}},
		{Name: "early", Namespace: "apart", Steps: [][]stacks.Object{{deployment("early", "example.com/early:1")}}},
		{Name: "monitor", Namespace: "kube-prometheus", Steps: [][]stacks.Object{{space("kube-prometheus", "y.yaml"), deployment("monitor", "example.com/monitor:1")}}},
		{Name: "last", Namespace: "own", Wave: 3, Steps: [][]stacks.Object{{space("own", "x.yaml"), deployment("last", "example.com/last:1")}}},
	}
	got := namesOf(renderRelease(t, in), "Namespace")
	if len(got) != 3 || got["apart"] != 0 || got["own"] != 0 || got["kube-prometheus"] != 0 {
		t.Errorf("waves of namespaces %v", got)
	}
}

// TestChartsOfAStackShareANamespace: two of them may have it just so.
func TestChartsOfAStackShareANamespace(t *testing.T) {
	in := Input{Environment: "golden", Namespace: "diorama", Stack: "shop"}
	in.Releases = []Release{
		{Name: "one", Namespace: "diorama", Steps: [][]stacks.Object{{space("own", "one.yaml")}}},
		{Name: "two", Namespace: "diorama", Steps: [][]stacks.Object{{space("own", "two.yaml")}}},
	}
	result := renderRelease(t, in)
	if len(result.Waves) != 1 || len(result.Waves[0]) != 1 {
		t.Errorf("waves %v", result.Waves)
	}
	other := space("own", "two.yaml")
	other.Body["metadata"] = map[string]any{"name": "own", "labels": map[string]any{"team": "two"}}
	in.Releases[1].Steps[0][0] = other
	if _, err := Render(in); err == nil || !strings.Contains(err.Error(), "Namespace own is made by one too") {
		t.Errorf("got %v", err)
	}
}

func TestMeshMembersOfCharts(t *testing.T) {
	in := Input{Environment: "golden", Namespace: "diorama", Stack: "shop", Mesh: true}
	in.Releases = []Release{{Name: "web", Namespace: "diorama", Steps: [][]stacks.Object{{deployment("web", "example.com/web:1")}}}}
	result := renderRelease(t, in)
	if got := meshLabels(t, result)["web"]; got[LabelSidecar] != "true" || got[LabelApp] != "web" || got[LabelVersion] != firstVersion {
		t.Errorf("labels %v", got)
	}
	selector, _, _ := unstructured.NestedStringMap(result.Waves[0][0].Object, "spec", "selector", "matchLabels")
	if len(selector) != 1 {
		t.Errorf("selector %v", selector)
	}
}

// TestSecretsOfCharts: a word that another stack has for a password is none in
// a chart that was not given it.
func TestSecretsOfCharts(t *testing.T) {
	in := Input{Environment: "golden", Namespace: "diorama", Stack: "shop", Secrets: []string{"web", "example"}}
	release := Release{Name: "web", Namespace: "diorama", Steps: [][]stacks.Object{{deployment("web", "example.com/web:1")}}}
	in.Releases = []Release{release}
	renderRelease(t, in)
	release.Secrets = []string{"example"}
	in.Releases = []Release{release}
	if _, err := Render(in); err == nil || !strings.Contains(err.Error(), "holds a credential") {
		t.Errorf("got %v", err)
	}
}

// renderRelease renders what is not ours to choose in all of its parts.
func renderRelease(t *testing.T, in Input) Result {
	t.Helper()
	result, err := Render(in)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// TestJobsStayOnceTheyHaveEnded: one that went is awaited in vain.
func TestJobsStayOnceTheyHaveEnded(t *testing.T) {
	job := func(kind string) stacks.Object {
		o := deployment("once", "example.com/once:1")
		o.Body["apiVersion"], o.Body["kind"] = "batch/v1", "Job"
		spec, _ := o.Body["spec"].(map[string]any)
		spec["ttlSecondsAfterFinished"] = 60
		delete(spec, "selector")
		if kind == "CronJob" {
			o.Body["kind"], o.Body["spec"] = kind, map[string]any{"jobTemplate": map[string]any{"spec": spec}}
		}
		return o
	}
	for _, kind := range []string{"Job", "CronJob"} {
		in := Input{Environment: "golden", Namespace: "diorama", Stack: "shop", Objects: []stacks.Object{job(kind)}}
		in.Releases = []Release{{Name: "web", Namespace: "own", Steps: [][]stacks.Object{{job(kind)}}}}
		for _, object := range slices.Concat(renderRelease(t, in).Waves...) {
			_, direct, _ := unstructured.NestedInt64(object.Object, "spec", "ttlSecondsAfterFinished")
			_, made, _ := unstructured.NestedInt64(object.Object, "spec", "jobTemplate", "spec", "ttlSecondsAfterFinished")
			if direct || made != (object.GetKind() == "CronJob") {
				t.Errorf("%s: %v", object.GetKind(), object.Object["spec"])
			}
		}
	}
}

// custom is an object of somebody's own kind.
func custom(version, kind, name string) stacks.Object {
	return stacks.Object{Position: "x.yaml", Body: map[string]any{
		"apiVersion": version, "kind": kind, "metadata": map[string]any{"name": name}, "spec": map[string]any{},
	}}
}

// TestKindsOfOtherGroups: they share no more than a word with those of
// Kubernetes, and with one another.
func TestKindsOfOtherGroups(t *testing.T) {
	objects := []stacks.Object{
		custom("gateway.networking.k8s.io/v1", "Gateway", "door"), custom("networking.istio.io/v1", "Gateway", "door"),
		custom("batch.volcano.sh/v1alpha1", "Job", "train"), custom("v1", "Service", "web"), custom("serving.knative.dev/v1", "Service", "web"),
	}
	in := Input{Environment: "golden", Namespace: "diorama", Stack: "shop", Objects: objects}
	in.Releases = []Release{{Name: "web", Namespace: "own", Steps: [][]stacks.Object{objects}}}
	result := renderRelease(t, in)
	if len(result.Workloads) > 0 {
		t.Errorf("workloads %v", result.Workloads)
	}
	for _, object := range slices.Concat(result.Waves...) {
		if _, changed, _ := unstructured.NestedMap(object.Object, "spec", "template"); changed || object.GetName() != "train" && object.GetKind() == "Job" {
			t.Errorf("%s %s was taken for a workload: %v", object.GetAPIVersion(), object.GetKind(), object.Object)
		}
	}
	leak := custom("example.com/v1", "Secret", "leak")
	leak.Body["spec"] = map[string]any{"word": "hunter2secret"}
	in.Releases = []Release{{Name: "web", Namespace: "own", Steps: [][]stacks.Object{{leak}}, Secrets: []string{"hunter2secret"}}}
	if _, err := Render(in); err == nil || !strings.Contains(err.Error(), "holds a credential") {
		t.Errorf("got %v", err)
	}
}

// TestBarePods run what is put in the place of their images, too.
func TestBarePods(t *testing.T) {
	pod := func(name string) []stacks.Object {
		o := custom("v1", "Pod", name)
		o.Body["spec"] = map[string]any{
			"initContainers": []any{map[string]any{"name": "first", "image": "first:1"}},
			"containers":     []any{map[string]any{"name": "bare", "image": "bare:1"}},
		}
		return []stacks.Object{o}
	}
	in := Input{Environment: "golden", Namespace: "diorama", Stack: "shop", Objects: pod("own")}
	in.Releases = []Release{{Name: "web", Namespace: "diorama", Steps: [][]stacks.Object{pod("charts")}}}
	in.Image = func(reference string) (string, error) { return "mirror/" + reference, nil }
	result := renderRelease(t, in)
	if got := strings.Join(result.Images, " "); got != "mirror/bare:1 mirror/first:1" {
		t.Errorf("images %s", got)
	}
	for _, object := range result.Waves[0] {
		containers, _, _ := unstructured.NestedSlice(object.Object, "spec", "containers")
		if c, _ := containers[0].(map[string]any); c["image"] != "mirror/bare:1" {
			t.Errorf("%s runs %v", object.GetName(), c["image"])
		}
	}
}

// TestLongNames are refused before anything is applied.
func TestLongNames(t *testing.T) {
	in := Input{Environment: "golden", Namespace: "diorama", Stack: "shop"}
	for length, want := range map[int]string{63: "", 64: "its name has 64 characters, at most 63 are possible"} {
		name := strings.Repeat("a", length)
		in.Releases = []Release{{Name: "web", Namespace: "diorama", Steps: [][]stacks.Object{{deployment(name, "example.com/web:1")}}}}
		if _, err := Render(in); want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%d: %v", length, err)
		}
		in.HostPorts = []HostPort{{Service: name, Name: "http", Port: 80, NodePort: 30080}}
		if _, err := Render(in); err == nil {
			t.Errorf("%d: a Service of %d characters", length, length+len(HostSuffix))
		}
		in.HostPorts = nil
	}
}

// TestSecretsInBase64 are as open as they would be without.
func TestSecretsInBase64(t *testing.T) {
	const secret = "hunter2secret"
	in := Input{Environment: "golden", Namespace: "diorama", Stack: "shop"}
	for text, want := range map[string]bool{
		base64.StdEncoding.EncodeToString([]byte(secret)):                                       true,
		"Basic " + base64.StdEncoding.EncodeToString([]byte("app:"+secret)):                     true,
		"https://example.com/t/" + base64.RawURLEncoding.EncodeToString([]byte("\xff?"+secret)): true,
		`{"auth": "` + base64.StdEncoding.EncodeToString([]byte("name:"+secret+"\n")) + `"}`:    true,
		base64.StdEncoding.EncodeToString([]byte("nothing of it")):                              false,
		"an ordinary sentence/with-words_of:many-kinds":                                         false,
	} {
		object := custom("v1", "ConfigMap", "open")
		object.Body["data"] = map[string]any{"x": text}
		in.Releases = []Release{{Name: "web", Namespace: "own", Steps: [][]stacks.Object{{object}}, Secrets: []string{secret, "", "zz"}}}
		if _, err := Render(in); (err != nil) != want {
			t.Errorf("%s: %v", text, err)
		}
	}
}
