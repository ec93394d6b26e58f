package manifest

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/diorama-dev/diorama/stacks"
)

// meshLabels are the labels for a mesh of the Pods of the result's workloads.
func meshLabels(t *testing.T, result Result) map[string]map[string]string {
	t.Helper()
	all := map[string]map[string]string{}
	for _, wave := range result.Waves {
		for _, object := range wave {
			if !workload(object.GetKind()) {
				continue
			}
			labels, _, err := unstructured.NestedStringMap(object.Object, "spec", "template", "metadata", "labels")
			if err != nil {
				t.Fatal(err)
			}
			found := map[string]string{}
			for _, key := range []string{LabelSidecar, LabelApp, LabelVersion} {
				if value, ok := labels[key]; ok {
					found[key] = value
				}
			}
			all[labels[LabelService]] = found
		}
	}
	return all
}

func TestMeshMembers(t *testing.T) {
	const file = `
services:
  plain: {image: "example.com/plain:1"}
  second: {image: "example.com/second:2", labels: {app: pair, version: v2}}
  odd: {image: "example.com/odd:1", labels: {version: "not a label value!"}}
  once: {image: "example.com/once:1", restart: "no"}
`
	in := Input{Environment: "golden", Namespace: "diorama", Stack: "shop", Project: project(t, file)}
	in.Objects = []stacks.Object{{Position: "x.yaml:1:1", Body: map[string]any{
		"apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": map[string]any{"name": "agent"},
		"spec": map[string]any{
			"selector": map[string]any{"matchLabels": map[string]any{"app": "its-own"}},
			"template": map[string]any{
				"metadata": map[string]any{"labels": map[string]any{"app": "its-own"}},
				"spec":     map[string]any{"containers": []any{map[string]any{"name": "agent", "image": "example.com/agent:1"}}},
			},
		},
	}}}
	if diff := cmp.Diff(map[string]map[string]string{
		"plain": {}, "second": {}, "odd": {}, "once": {}, "agent": {LabelApp: "its-own"},
	}, meshLabels(t, render(t, in))); diff != "" {
		t.Errorf("outside of a mesh (-want +got):\n%s", diff)
	}
	in.Mesh = true
	member := func(app, version string) map[string]string {
		return map[string]string{LabelSidecar: "true", LabelApp: app, LabelVersion: version}
	}
	if diff := cmp.Diff(map[string]map[string]string{
		"plain": member("plain", "v1"), "second": member("pair", "v2"), "odd": member("odd", "v1"),
		"once": {}, "agent": member("its-own", "v1"),
	}, meshLabels(t, render(t, in))); diff != "" {
		t.Errorf("in a mesh (-want +got):\n%s", diff)
	}
}

func TestNoGPUs(t *testing.T) {
	for count, want := range map[string]int64{"0": 0, "2": 2, "all": 1} {
		result := render(t, Input{Environment: "golden", Namespace: "diorama", Stack: "shop", Project: project(t, `
services:
  model:
    image: example.com/model:1
    deploy: {resources: {reservations: {devices: [{driver: nvidia, count: `+count+`, capabilities: [gpu]}]}}}
`)})
		if got := result.Workloads[0].GPUs; got != want {
			t.Errorf("count %s: %d GPUs, want %d", count, got, want)
		}
	}
}
