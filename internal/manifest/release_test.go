package manifest

import (
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
		{Name: "last", Namespace: "own", Wave: 3, Steps: [][]stacks.Object{{space("own", "x.yaml"), deployment("last", "example.com/last:1")}}},
	}
	got := namesOf(renderRelease(t, in), "Namespace")
	if len(got) != 2 || got["apart"] != 0 || got["own"] != 0 {
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
