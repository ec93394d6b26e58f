package kube

import (
	"context"
	"fmt"
	"reflect"
	"regexp"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// claimsLost names the claims whose data a recreation would lose: those of a
// StatefulSet as "template-set", a claim by its own name. It is an error for
// kinds that are never recreated.
func claimsLost(object, existing *unstructured.Unstructured) ([]string, error) {
	id := IDOf(object)
	switch {
	case id.Kind == kindClaim:
		return []string{id.Name}, nil
	case holdsData(id.Kind):
		return nil, fmt.Errorf("change %s: its immutable fields differ, and a %s is never deleted "+
			"to make way for a change: undo the change, or recreate the environment", id, id.Kind)
	case id.Kind != kindStatefulSet:
		return nil, nil
	}
	wanted, have := templates(object), templates(existing)
	deletes, _, _ := unstructured.NestedString(existing.Object,
		"spec", "persistentVolumeClaimRetentionPolicy", "whenDeleted")
	var lost []string
	for name, spec := range have {
		if deletes == "Delete" || !reflect.DeepEqual(spec, wanted[name]) {
			lost = append(lost, name+"-"+id.Name)
		}
	}
	return lost, nil
}

// claimShape is what of a claim template makes it another one.
type claimShape struct {
	storage, class string
	modes          []string
}

func templates(set *unstructured.Unstructured) map[string]claimShape {
	list, _, _ := unstructured.NestedSlice(set.Object, "spec", "volumeClaimTemplates")
	shapes := map[string]claimShape{}
	for _, entry := range list {
		claim, ok := entry.(map[string]any)
		if !ok {
			continue
		}
		name, _, _ := unstructured.NestedString(claim, "metadata", "name")
		var shape claimShape
		if quantity, ok, _ := unstructured.NestedFieldNoCopy(claim, "spec", "resources", "requests", "storage"); ok {
			shape.storage = fmt.Sprint(quantity)
		}
		shape.class, _, _ = unstructured.NestedString(claim, "spec", "storageClassName")
		shape.modes, _, _ = unstructured.NestedStringSlice(claim, "spec", "accessModes")
		shapes[name] = shape
	}
	return shapes
}

// removeClaims deletes the claims of a StatefulSet's template: base, then a
// dash and a number.
func (c *Client) removeClaims(ctx context.Context, namespace, base string) error {
	list := &unstructured.UnstructuredList{}
	list.SetGroupVersionKind(schema.GroupVersionKind{Version: "v1", Kind: kindClaim + "List"})
	if err := c.dynamic.List(ctx, list, client.InNamespace(namespace)); err != nil {
		return fmt.Errorf("list volume claims of %s: %w", namespace, err)
	}
	ordinal := regexp.MustCompile("^" + regexp.QuoteMeta(base) + "(-[0-9]+)?$")
	for _, claim := range list.Items {
		if !ordinal.MatchString(claim.GetName()) {
			continue
		}
		if err := c.remove(ctx, &claim); err != nil {
			return err
		}
	}
	return nil
}

// removeUsers deletes the workloads among the objects that mount the claim:
// a claim in use is not deleted. They are applied again in a later stage.
func (c *Client) removeUsers(ctx context.Context, claim *unstructured.Unstructured, all []*unstructured.Unstructured) error {
	for _, object := range all {
		if stageOf(object) != stageWorkloads || object.GetNamespace() != claim.GetNamespace() || !mounts(object, claim.GetName()) {
			continue
		}
		existing, err := c.get(ctx, IDOf(object))
		if err != nil {
			return fmt.Errorf("read %s: %w", IDOf(object), err)
		}
		if existing == nil {
			continue
		}
		if err := c.remove(ctx, existing); err != nil {
			return err
		}
	}
	return nil
}

func mounts(workload *unstructured.Unstructured, claim string) bool {
	volumes, _, _ := unstructured.NestedSlice(workload.Object, "spec", "template", "spec", "volumes")
	for _, entry := range volumes {
		volume, ok := entry.(map[string]any)
		if !ok {
			continue
		}
		if name, _, _ := unstructured.NestedString(volume, "persistentVolumeClaim", "claimName"); name == claim {
			return true
		}
	}
	return false
}
