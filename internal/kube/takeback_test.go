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
	for name, c := range map[string]struct {
		kind   string
		change func(*unstructured.Unstructured)
		list   []string // where the list is
	}{
		"service": {"service", func(o *unstructured.Unstructured) {
			ports, _, _ := unstructured.NestedSlice(o.Object, "spec", "ports")
			ports[0].(map[string]any)["port"] = int64(8080)
			_ = unstructured.SetNestedSlice(o.Object, ports, "spec", "ports")
		}, []string{"spec", "ports"}},
		"deployment": {"deployment", func(o *unstructured.Unstructured) {
			containers, _, _ := unstructured.NestedSlice(o.Object, "spec", "template", "spec", "containers")
			containers[0].(map[string]any)["ports"].([]any)[0].(map[string]any)["containerPort"] = int64(8080)
			_ = unstructured.SetNestedSlice(o.Object, containers, "spec", "template", "spec", "containers")
		}, []string{"spec", "template", "spec", "containers"}},
	} {
		t.Run(name, func(t *testing.T) {
			wanted := parsed(t, appliedKinds()[c.kind])
			cluster := clusterFor(t, wanted)
			before := cluster.create(wanted)
			changed := before.DeepCopy()
			c.change(changed)
			changed.SetLabels(map[string]string{"theirs": "yes"})
			changed = cluster.update(before, changed)

			twice := cluster.apply(changed, wanted)
			if same(t, twice, before, c.list) {
				t.Fatal("an apply alone puts it right: nothing to take back")
			}
			items := field.NewPath(c.list[0], c.list[1:]...)
			entries, err := displaced(changed, refusedFor(items.Index(1).Child("name")))
			if err != nil || entries == nil {
				t.Fatalf("entries %v, %v", entries, err)
			}
			taken := changed.DeepCopy()
			taken.SetManagedFields(entries)
			after := cluster.apply(taken, wanted)
			if !same(t, after, before, c.list) {
				t.Errorf("after it: %v", after.Object["spec"])
			}
			if after.GetLabels()["theirs"] != "yes" {
				t.Errorf("their label is gone: %v", after.GetLabels())
			}
			if !asOwned(after, wanted) {
				t.Errorf("the next apply would change it: %v", after.GetManagedFields())
			}
			if entries, err := displaced(before, refusedFor(items.Index(0).Child("name"))); entries != nil || err != nil {
				t.Errorf("taken back though nobody has changed it: %v, %v", entries, err)
			}
		})
	}
}

func same(t *testing.T, a, b *unstructured.Unstructured, list []string) bool {
	t.Helper()
	there, _, err := unstructured.NestedFieldNoCopy(a.Object, list...)
	if err != nil {
		t.Fatal(err)
	}
	then, _, _ := unstructured.NestedFieldNoCopy(b.Object, list...)
	return fmt.Sprint(there) == fmt.Sprint(then)
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
