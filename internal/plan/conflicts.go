package plan

import (
	"context"
	"fmt"
	"reflect"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/diorama-dev/diorama/internal/manifest"
)

// ConflictError says that two stacks want an object of the same name.
type ConflictError struct {
	Kind, Name    string
	First, Second string // the stacks
}

func (e *ConflictError) Error() string {
	if e.Kind == kindNamespace {
		return fmt.Sprintf("%s and %s both make the namespace %s, and do not agree on it: stacks share one where they say the same of it, or only one of them says more than its name",
			e.First, e.Second, e.Name)
	}
	return fmt.Sprintf("%s and %s both have a %s called %s; rename it in one of them, or give the stack another name with {as: NAME}",
		e.First, e.Second, e.Kind, e.Name)
}

// TypeError says that a chart and its values make an object that no cluster
// takes.
type TypeError = manifest.TypeError

const kindNamespace = "Namespace"

func (r *resolver) resolveConflicts(context.Context) error {
	type key struct{ group, kind, namespace, name string }
	owner := make(map[key]string)
	services := make(map[string]string) // by these all is told, in whatever namespace
	shared := make(map[string]*space)
	for _, stack := range r.plan.Stacks {
		for _, w := range stack.Workloads {
			if first, taken := services[w.Service]; taken && first != stack.Name {
				return &ConflictError{Kind: "service", Name: w.Service, First: first, Second: stack.Name}
			}
			services[w.Service] = stack.Name
		}
		for _, object := range stack.Objects() {
			k := key{object.GroupVersionKind().Group, object.GetKind(), object.GetNamespace(), object.GetName()}
			if k.kind == kindNamespace {
				if shared[k.name] == nil {
					shared[k.name] = &space{}
				}
				if err := shared[k.name].add(object, stack.Name); err != nil {
					return err
				}
				continue
			}
			if first, taken := owner[k]; taken {
				return &ConflictError{Kind: k.kind, Name: k.name, First: first, Second: stack.Name}
			}
			owner[k] = stack.Name
		}
	}
	for _, s := range shared {
		s.share()
	}
	return nil
}

// space is a namespace that stacks make, each with an object of its own.
type space struct {
	objects []*unstructured.Unstructured
	// full is what one of them says of it beside its name, and who; nil where
	// none says anything.
	full map[string]any
	by   string
}

// add takes the namespace of one more stack.
func (s *space) add(object *unstructured.Unstructured, stack string) error {
	s.objects = append(s.objects, object)
	own := withoutOurs(object)
	bare := map[string]any{"apiVersion": object.GetAPIVersion(), "kind": kindNamespace, "metadata": map[string]any{"name": object.GetName()}}
	switch {
	case reflect.DeepEqual(own, bare):
	case s.full == nil:
		s.full, s.by = own, stack
	case !reflect.DeepEqual(own, s.full):
		return &ConflictError{Kind: kindNamespace, Name: object.GetName(), First: s.by, Second: stack}
	}
	return nil
}

// share makes the objects of a namespace that several stacks make one and the
// same, which is the environment's and no single stack's: whichever of them is
// applied, the next finds nothing to change.
func (s *space) share() {
	if len(s.objects) < 2 {
		return
	}
	labels := map[string]string{
		manifest.LabelManagedBy:   manifest.ManagedBy,
		manifest.LabelEnvironment: s.objects[0].GetLabels()[manifest.LabelEnvironment],
	}
	one := unstructured.Unstructured{Object: s.full}
	if s.full == nil {
		one.Object = withoutOurs(s.objects[0])
	}
	for key, value := range one.GetLabels() {
		labels[key] = value
	}
	for _, object := range s.objects {
		object.Object = one.DeepCopy().Object
		object.SetLabels(labels)
	}
}

// withoutOurs is the object without the labels that every object of ours has.
func withoutOurs(object *unstructured.Unstructured) map[string]any {
	own := object.DeepCopy()
	labels := own.GetLabels()
	if labels[manifest.LabelPartOf] == labels[manifest.LabelStack] {
		delete(labels, manifest.LabelPartOf)
	}
	delete(labels, manifest.LabelManagedBy)
	for key := range labels {
		if strings.HasPrefix(key, "diorama.dev/") {
			delete(labels, key)
		}
	}
	own.SetLabels(labels)
	if len(labels) == 0 {
		unstructured.RemoveNestedField(own.Object, "metadata", "labels")
	}
	return own.Object
}
