package kube

import (
	"fmt"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// TestTakeBack: a port whose number somebody has changed stands beside ours after
// an apply, and does not once the list is ours. What else they have set stays theirs.
func TestTakeBack(t *testing.T) {
	containers := field.NewPath("spec", "template", "spec", "containers")
	for name, c := range map[string]struct {
		kind    string
		ports   func(*unstructured.Unstructured) []any
		refused *field.Path
		also    func(*unstructured.Unstructured)
		stays   func(*unstructured.Unstructured) any
	}{
		"service": {
			kind: "service", refused: field.NewPath("spec", "ports").Index(1).Child("name"),
			ports: func(o *unstructured.Unstructured) []any { return at(o.Object, "spec", "ports").([]any) },
			also:  func(o *unstructured.Unstructured) { o.SetLabels(map[string]string{"theirs": "yes"}) },
			stays: func(o *unstructured.Unstructured) any { return o.GetLabels()["theirs"] },
		},
		"deployment": {
			kind: "deployment", refused: containers.Index(0).Child("ports").Index(1).Child("name"),
			ports: func(o *unstructured.Unstructured) []any { return container(o, 0)["ports"].([]any) },
			also: func(o *unstructured.Unstructured) {
				all := at(o.Object, "spec", "template", "spec", "containers").([]any)
				set(at(o.Object, "spec", "template", "spec"), "containers", append(all, map[string]any{"name": "debug", "image": "theirs"}))
			},
			stays: func(o *unstructured.Unstructured) any { return container(o, 2)["name"] },
		},
	} {
		t.Run(name, func(t *testing.T) {
			wanted := parsed(t, appliedKinds()[c.kind])
			cluster := clusterFor(t, wanted)
			before := cluster.create(wanted)
			changed := before.DeepCopy()
			for _, key := range []string{"port", "containerPort"} {
				if port := c.ports(changed)[0].(map[string]any); port[key] != nil {
					port[key] = int64(8080)
				}
			}
			c.also(changed)
			changed = cluster.update(before, changed)

			twice := cluster.apply(changed, wanted)
			if fmt.Sprint(c.ports(twice)) == fmt.Sprint(c.ports(before)) {
				t.Fatal("an apply alone puts it right: nothing to take back")
			}
			entries, err := displaced(changed, refusedFor(c.refused))
			if err != nil || entries == nil {
				t.Fatalf("entries %v, %v", entries, err)
			}
			taken := changed.DeepCopy()
			taken.SetManagedFields(entries)
			after := cluster.apply(taken, wanted)
			if fmt.Sprint(c.ports(after)) != fmt.Sprint(c.ports(before)) {
				t.Errorf("ports after it: %v, want %v", c.ports(after), c.ports(before))
			}
			if c.stays(after) != c.stays(changed) {
				t.Errorf("theirs is gone: %v", after.Object)
			}
			if entries, err := displaced(before, refusedFor(c.refused)); entries != nil || err != nil {
				t.Errorf("taken back though nobody has changed it: %v, %v", entries, err)
			}
		})
	}
}

func at(object map[string]any, names ...string) any {
	value, _, _ := unstructured.NestedFieldNoCopy(object, names...)
	return value
}

func container(o *unstructured.Unstructured, i int) map[string]any {
	all, _ := at(o.Object, "spec", "template", "spec", "containers").([]any)
	if i >= len(all) {
		return nil
	}
	found, _ := all[i].(map[string]any)
	return found
}

// refusedFor is how the API refuses two of a name.
func refusedFor(path *field.Path, others ...*field.Error) error {
	return fmt.Errorf("apply: %w", apierrors.NewInvalid(schema.GroupKind{Kind: "Service"}, "web",
		append(field.ErrorList{field.Duplicate(path, "http")}, others...)))
}

func TestOnlyWhatIsTwiceIsTakenBack(t *testing.T) {
	name := field.NewPath("spec", "ports").Index(1).Child("name")
	for what, err := range map[string]error{
		"nothing":             nil,
		"not of the API":      fmt.Errorf("no route to host"),
		"another reason":      refusedFor(name, field.Required(field.NewPath("spec", "selector"), "")),
		"no item of a list":   refusedFor(field.NewPath("spec", "clusterIP")),
		"forbidden":           apierrors.NewForbidden(schema.GroupResource{}, "web", fmt.Errorf("quota")),
		"without any details": &apierrors.StatusError{ErrStatus: metav1.Status{Reason: metav1.StatusReasonInvalid}},
	} {
		if lists := twiceIn(err); len(lists) != 0 {
			t.Errorf("%s: %v", what, lists)
		}
	}
	held := fmt.Errorf("apply: %w", apierrors.NewInternalError(fmt.Errorf("duplicate nodePort: {TCP 30000}")))
	if got := twiceIn(held); len(got) != 1 || got[0] != "spec.ports" {
		t.Errorf("lists %v of a node's port that is twice, want spec.ports", got)
	}
	if got := twiceIn(refusedFor(name, field.Duplicate(name, "x"))); len(got) != 1 || got[0] != "spec.ports" {
		t.Errorf("lists %v, want spec.ports once", got)
	}
}
