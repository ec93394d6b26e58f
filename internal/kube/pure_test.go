package kube

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/diorama-dev/diorama/internal/diagnose"
)

func TestIsImmutable(t *testing.T) {
	spec := field.NewPath("spec")
	invalid := func(errs ...*field.Error) error {
		return apierrors.NewInvalid(schema.GroupKind{Group: "apps", Kind: "StatefulSet"}, "redis", errs)
	}
	statefulSet := field.Forbidden(spec, "updates to statefulset spec for fields other than 'replicas' are forbidden")
	selector := field.Invalid(spec.Child("selector"), "x", "field is immutable")
	port := field.Invalid(spec.Child("port"), 99999, "must be between 1 and 65535, inclusive")
	for name, test := range map[string]struct {
		err  error
		want bool
	}{
		"one immutable field":    {invalid(selector), true},
		"a StatefulSet":          {invalid(statefulSet), true},
		"also invalid otherwise": {invalid(statefulSet, port), false},
		"only invalid":           {invalid(port), false},
		"a conflict":             {apierrors.NewConflict(schema.GroupResource{}, "x", nil), false},
	} {
		if got := isImmutable(test.err); got != test.want {
			t.Errorf("%s: got %v", name, got)
		}
	}
}

func TestClaimsLost(t *testing.T) {
	set := func(storage, whenDeleted string) *unstructured.Unstructured {
		return &unstructured.Unstructured{Object: map[string]any{
			"kind": "StatefulSet", "metadata": map[string]any{"name": "db"},
			"spec": map[string]any{
				"persistentVolumeClaimRetentionPolicy": map[string]any{"whenDeleted": whenDeleted},
				"volumeClaimTemplates": []any{map[string]any{
					"metadata": map[string]any{"name": "data"},
					"spec":     map[string]any{"resources": map[string]any{"requests": map[string]any{"storage": storage}}},
				}},
			},
		}}
	}
	for name, test := range map[string]struct {
		wanted, existing *unstructured.Unstructured
		want             []string
	}{
		"same":              {set("1Gi", "Retain"), set("1Gi", "Retain"), nil},
		"another size":      {set("2Gi", "Retain"), set("1Gi", "Retain"), []string{"data-db"}},
		"goes with its set": {set("1Gi", "Delete"), set("1Gi", "Delete"), []string{"data-db"}},
	} {
		got, err := claimsLost(test.wanted, test.existing)
		if diff := cmp.Diff(test.want, got); diff != "" || err != nil {
			t.Errorf("%s: %v\n%s", name, err, diff)
		}
	}
	namespace := &unstructured.Unstructured{Object: map[string]any{"kind": "Namespace", "metadata": map[string]any{"name": "x"}}}
	if _, err := claimsLost(namespace, namespace); err == nil {
		t.Error("a Namespace would be recreated")
	}
}

func TestFieldChanges(t *testing.T) {
	before := map[string]any{
		"metadata": map[string]any{"resourceVersion": "1", "labels": map[string]any{"a/b": "1"}},
		"data":     map[string]any{"k": "old", "gone": "x"},
		"spec":     map[string]any{"list": []any{int64(1), int64(2)}},
		"status":   map[string]any{"ready": int64(1)},
	}
	after := map[string]any{
		"metadata": map[string]any{"resourceVersion": "2", "labels": map[string]any{"a/b": "2"}},
		"data":     map[string]any{"k": "new"},
		"spec":     map[string]any{"list": []any{int64(1), int64(3)}},
	}
	want := []FieldChange{
		{Path: "/data/gone", Old: `"x"`},
		{Path: "/data/k", Old: `"old"`, New: `"new"`},
		{Path: "/metadata/labels/a~1b", Old: `"1"`, New: `"2"`},
		{Path: "/spec/list/1", Old: "2", New: "3"},
	}
	if diff := cmp.Diff(want, fieldChanges("ConfigMap", before, after)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	for _, change := range fieldChanges("Secret", before, after) {
		if strings.HasPrefix(change.Path, "/data") && (strings.Contains(change.Old, "o") || strings.Contains(change.New, "n")) {
			t.Errorf("a Secret's value shows: %+v", change)
		}
	}
}

func TestTidyKeepsEachObjectOnce(t *testing.T) {
	got := tidy([]ObjectID{
		{Version: "v1", Kind: "Service", Namespace: "n", Name: "b"},
		{Group: "x", Version: "v1beta1", Kind: "Gateway", Name: "g"},
		{Version: "v1", Kind: "Service", Namespace: "n", Name: "a"},
		{Group: "x", Version: "v1", Kind: "Gateway", Name: "g"},
	})
	want := []ObjectID{
		{Version: "v1", Kind: "Service", Namespace: "n", Name: "a"},
		{Version: "v1", Kind: "Service", Namespace: "n", Name: "b"},
		{Group: "x", Version: "v1", Kind: "Gateway", Name: "g"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestParseSummary(t *testing.T) {
	raw := `{"pods":[{"podRef":{"name":"a","namespace":"n"},"cpu":{"usageNanoCores":4500000},"memory":{"workingSetBytes":1048576}},
		{"podRef":{"name":"b","namespace":"n"},"cpu":{}}]}`
	got, err := parseSummary([]byte(raw))
	want := []diagnose.PodUsage{
		{Pod: diagnose.PodKey{Namespace: "n", Name: "a"}, CPU: new(int64(4)), Memory: new(int64(1048576))},
		{Pod: diagnose.PodKey{Namespace: "n", Name: "b"}},
	}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v\n-want +got:\n%s", err, diff)
	}
}

func FuzzParseSummary(f *testing.F) {
	f.Add([]byte(`{"pods":[{"podRef":{"name":"a"},"cpu":{"usageNanoCores":18446744073709551615}}]}`))
	f.Fuzz(func(_ *testing.T, raw []byte) { _, _ = parseSummary(raw) })
}

func TestReadLines(t *testing.T) {
	text := "2026-01-01T00:00:00Z one\n2026-01-01T00:00:01Z two \xff words\n2026-01-01T00:00:02Z\n"
	if diff := cmp.Diff([]string{"one", "two � words", ""}, readLines(strings.NewReader(text))); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	many := strings.Repeat("t line\n", 100)
	if got := len(readLines(strings.NewReader(many))); got != lastLines {
		t.Errorf("%d lines", got)
	}
}

func TestParseMetrics(t *testing.T) {
	raw := `{"items":[{"metadata":{"name":"a","namespace":"n"},"containers":[
		{"usage":{"cpu":"4500u","memory":"1Mi"}},{"usage":{"cpu":"2m","memory":"512Ki"}}]}]}`
	got, err := parseMetrics([]byte(raw))
	want := []diagnose.PodUsage{
		{Pod: diagnose.PodKey{Namespace: "n", Name: "a"}, CPU: new(int64(7)), Memory: new(int64(1536 << 10))},
	}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v\n-want +got:\n%s", err, diff)
	}
}

func FuzzParseMetrics(f *testing.F) {
	f.Add([]byte(`{"items":[{"containers":[{"usage":{"cpu":"1e99","memory":"-1"}}]}]}`))
	f.Fuzz(func(_ *testing.T, raw []byte) { _, _ = parseMetrics(raw) })
}
