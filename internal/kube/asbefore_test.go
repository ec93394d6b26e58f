package kube

import (
	"testing"

	"github.com/fluxcd/pkg/ssa/jsondiff"
	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

func definition(plural string, more map[string]any) *unstructured.Unstructured {
	object := &unstructured.Unstructured{Object: map[string]any{
		"kind": kindCRD, "metadata": map[string]any{"name": "things.example.com"},
		"spec": map[string]any{"names": map[string]any{"plural": plural}, "versions": []any{map[string]any{"name": "v1", "size": int64(1)}}},
	}}
	for key, value := range more {
		object.Object[key] = value
	}
	return object
}

// TestAsBefore: only a definition that was applied as it is wanted now, and of
// which nothing is missing, is left without a dry run.
func TestAsBefore(t *testing.T) {
	scope := Scope{Environment: "shop", Stack: "mesh", Namespace: "diorama"}
	live := func(change func(*unstructured.Unstructured)) *unstructured.Unstructured {
		object := scope.claim(definition("things", map[string]any{"status": map[string]any{"stored": true}}))
		object.SetAnnotations(scope.claim(definition("things", nil)).GetAnnotations())
		object.SetResourceVersion("7")
		change(object)
		return object
	}
	same := func(*unstructured.Unstructured) {}
	tests := map[string]struct {
		wanted, existing *unstructured.Unstructured
		want             bool
	}{
		"as it was":        {definition("things", nil), live(same), true},
		"not there":        {definition("things", nil), nil, false},
		"wanted otherwise": {definition("stuff", nil), live(same), false},
		"changed by others": {definition("things", nil), live(func(u *unstructured.Unstructured) {
			_ = unstructured.SetNestedSlice(u.Object, []any{map[string]any{"name": "v2", "size": int64(1)}}, "spec", "versions")
		}), false},
		"without its label": {definition("things", nil), live(func(u *unstructured.Unstructured) { u.SetLabels(nil) }), false},
		"applied by others": {definition("things", nil), live(func(u *unstructured.Unstructured) { u.SetAnnotations(nil) }), false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := asBefore(test.existing, scope.claim(test.wanted)); got != test.want {
				t.Errorf("got %v", got)
			}
		})
	}
	other := &unstructured.Unstructured{Object: map[string]any{"kind": kindSecret, "metadata": map[string]any{"name": "a"}}}
	if claimed := scope.claim(other); len(claimed.GetAnnotations()) > 0 || asBefore(claimed, claimed) {
		t.Error("other kinds are compared by a dry run")
	}
}

// TestIgnoreRules: pointers for all objects are one rule, as those without a
// selector would replace each other.
func TestIgnoreRules(t *testing.T) {
	got := ignoreRules([]string{"/spec/replicas", "Secret:/data", "/spec/x", "Secret/a.b:/data/c:/d"})
	want := []jsondiff.IgnoreRule{
		{Paths: []string{"/spec/replicas", "/spec/x"}},
		{Paths: []string{"/data"}, Selector: &jsondiff.Selector{Kind: "Secret"}},
		{Paths: []string{"/data/c:/d"}, Selector: &jsondiff.Selector{Kind: "Secret", Name: `a\.b`}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
