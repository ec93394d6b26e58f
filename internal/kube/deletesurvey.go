package kube

import (
	"context"
	"fmt"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/tools/leaderelection/resourcelock"

	"github.com/diorama-dev/diorama/internal/diagnose"
)

// survey looks what would go with the stack beside its own objects.
func (d *deletion) survey(ctx context.Context) error {
	var foreign []ObjectID
	d.inhabited = make(map[string]string)
	for _, id := range d.Objects {
		if id.Kind != kindCRD && (id.Kind != kindNamespace || d.scope.lasting(id.Name)) {
			continue
		}
		object, err := d.own(ctx, id)
		if err != nil {
			return err
		}
		if object == nil {
			continue
		}
		look := d.instances
		if id.Kind == kindNamespace {
			look = d.inhabitants
		}
		others, err := look(ctx, object)
		if err != nil {
			return err
		}
		foreign = append(foreign, others...)
	}
	if err := d.refusal(foreign); err != nil {
		return err
	}
	for _, l := range d.Leaves {
		found, err := d.c.list(ctx, l.APIVersion, l.Kind)
		if err != nil {
			return err
		}
		for _, object := range found {
			if l.is(object) && !d.kept[IDOf(object).same()] {
				d.made = append(d.made, object)
			}
		}
	}
	return nil
}

// instances notes what was made of a definition, and returns what of it stays
// with another stack, or is neither ours nor made by the stack's programs.
func (d *deletion) instances(ctx context.Context, definition *unstructured.Unstructured) ([]ObjectID, error) {
	group, _, _ := unstructured.NestedString(definition.Object, "spec", "group")
	kind, _, _ := unstructured.NestedString(definition.Object, "spec", "names", "kind")
	versions, _, _ := unstructured.NestedSlice(definition.Object, "spec", "versions")
	for _, item := range versions {
		version, ok := item.(map[string]any)
		if !ok || version["served"] != true {
			continue
		}
		found, err := d.c.list(ctx, group+"/"+fmt.Sprint(version["name"]), kind)
		if err != nil {
			return nil, err
		}
		var foreign []ObjectID
		for _, object := range found {
			if d.kept[IDOf(object).same()] {
				foreign = append(foreign, IDOf(object))
				continue
			}
			if d.ours(object) {
				d.made = append(d.made, object)
				continue
			}
			origin, err := d.origin(ctx, object)
			if err != nil {
				return nil, err
			}
			if origin != nil && !d.ours(origin) {
				foreign = append(foreign, IDOf(object))
			}
		}
		return foreign, nil
	}
	return nil, nil
}

// ours reports what this environment, or a program of the stack, has made.
func (d *deletion) ours(object *unstructured.Unstructured) bool {
	if object.GetLabels()[diagnose.LabelEnvironment] == d.scope.Environment {
		return true
	}
	for _, fields := range object.GetManagedFields() {
		if fields.Manager == FieldOwner {
			return true
		}
	}
	return d.leaf(object)
}

func (d *deletion) leaf(object *unstructured.Unstructured) bool {
	return slices.ContainsFunc(d.Leaves, func(l Leftover) bool { return l.is(object) })
}

// maxOwners bounds how far owners are followed; Kubernetes' own chains are at
// most three long (CronJob, Job, Pod).
const maxOwners = 8

// origin is the object itself where it is ours or nobody's, else what owns it in
// the end; nil where an owner is gone, since then the object goes, too.
func (d *deletion) origin(ctx context.Context, object *unstructured.Unstructured) (*unstructured.Unstructured, error) {
	for range maxOwners {
		owners := object.GetOwnerReferences()
		if d.ours(object) || len(owners) == 0 {
			break
		}
		owner := owners[0]
		if controller := metav1.GetControllerOf(object); controller != nil {
			owner = *controller
		}
		kind := schema.FromAPIVersionAndKind(owner.APIVersion, owner.Kind)
		id := ObjectID{Group: kind.Group, Version: kind.Version, Kind: kind.Kind, Namespace: object.GetNamespace(), Name: owner.Name}
		next, err := d.c.get(ctx, id)
		if err != nil {
			return nil, fmt.Errorf("read %s, which owns %s: %w", id, IDOf(object), err)
		}
		if next == nil || next.GetUID() != owner.UID {
			return nil, nil
		}
		object = next
	}
	return object, nil
}

// inhabitants are what runs or is reached in a namespace and is not of this
// environment. All else may also be what a program has left, and nobody can tell:
// where there is some, or objects of another stack, it is noted that the namespace
// stays.
func (d *deletion) inhabitants(ctx context.Context, space *unstructured.Unstructured) ([]ObjectID, error) {
	found, unknown, err := d.c.contents(ctx, space.GetName())
	if err != nil {
		return nil, err
	}
	if unknown != "" {
		d.inhabited[space.GetName()] = "nobody can tell what it holds of " + unknown
	}
	var foreign []ObjectID
	for _, object := range found {
		origin, err := d.origin(ctx, object)
		switch {
		case err != nil:
			return nil, err
		case origin == nil || d.scope.owns(origin) || d.leaf(origin) || disposable(object):
		case d.ours(origin) || !runs(object.GroupVersionKind().GroupKind()):
			d.inhabited[space.GetName()] = "it holds " + IDOf(object).String()
		default:
			foreign = append(foreign, IDOf(origin))
		}
	}
	return foreign, nil
}

// disposable reports what nobody misses: what Kubernetes puts into every
// namespace, and the locks of programs of which one at a time is to lead.
func disposable(object *unstructured.Unstructured) bool {
	switch object.GetKind() {
	case "ConfigMap":
		_, lock := object.GetAnnotations()[resourcelock.LeaderElectionRecordAnnotationKey]
		return lock || object.GetName() == "kube-root-ca.crt"
	case "ServiceAccount":
		return object.GetName() == "default"
	default:
		return false
	}
}
