package kube

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/diorama-dev/diorama/internal/diagnose"
)

// inventoryKey is where an inventory ConfigMap keeps its list.
const inventoryKey = "objects"

func (s Scope) inventoryName() string { return "diorama-inventory-" + s.Stack }

// Inventory lists the objects that the stack may own, as recorded before they
// were applied. Some may not be there (yet).
func (c *Client) Inventory(ctx context.Context, scope Scope) ([]ObjectID, error) {
	_, ids, err := c.readInventory(ctx, scope)
	return ids, err
}

func (c *Client) readInventory(ctx context.Context, scope Scope) (*corev1.ConfigMap, []ObjectID, error) {
	found, err := c.typed.CoreV1().ConfigMaps(scope.Namespace).Get(ctx, scope.inventoryName(), metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, fmt.Errorf("read inventory of stack %s: %w", scope.Stack, err)
	}
	if found.Labels[diagnose.LabelEnvironment] != scope.Environment {
		return nil, nil, fmt.Errorf("ConfigMap %s/%s was not made by environment %s: rename it or choose another namespace",
			scope.Namespace, scope.inventoryName(), scope.Environment)
	}
	var ids []ObjectID
	if err := json.Unmarshal([]byte(found.Data[inventoryKey]), &ids); err != nil {
		return nil, nil, fmt.Errorf("read inventory of stack %s: %w; delete ConfigMap %s/%s to start a new one",
			scope.Stack, err, scope.Namespace, scope.inventoryName())
	}
	return found, ids, nil
}

// recordUnion adds the objects to the inventory, so that whatever is applied
// next is known even if we are killed meanwhile.
func (c *Client) recordUnion(ctx context.Context, scope Scope, objects []*unstructured.Unstructured) error {
	found, ids, err := c.readInventory(ctx, scope)
	if err != nil {
		return err
	}
	for _, object := range objects {
		ids = append(ids, IDOf(object))
	}
	return c.writeInventory(ctx, scope, found, ids)
}

// writeInventory writes the list where it differs from what was found.
func (c *Client) writeInventory(ctx context.Context, scope Scope, found *corev1.ConfigMap, ids []ObjectID) error {
	data, err := json.Marshal(tidy(ids))
	if err != nil {
		return fmt.Errorf("write inventory of stack %s: %w", scope.Stack, err)
	}
	if found != nil && found.Data[inventoryKey] == string(data) {
		return nil
	}
	wanted := &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{
			Name: scope.inventoryName(), Namespace: scope.Namespace,
			Labels: map[string]string{
				diagnose.LabelEnvironment: scope.Environment,
				diagnose.LabelStack:       scope.Stack,
			},
		},
		Data: map[string]string{inventoryKey: string(data)},
	}
	maps := c.typed.CoreV1().ConfigMaps(scope.Namespace)
	if found == nil {
		_, err = maps.Create(ctx, wanted, metav1.CreateOptions{FieldManager: FieldOwner})
	} else {
		wanted.ResourceVersion = found.ResourceVersion
		_, err = maps.Update(ctx, wanted, metav1.UpdateOptions{FieldManager: FieldOwner})
	}
	if err != nil {
		return fmt.Errorf("write inventory of stack %s: %w", scope.Stack, err)
	}
	return nil
}

// tidy sorts the list and leaves each object in it once, in the version given last.
func tidy(ids []ObjectID) []ObjectID {
	last := map[ObjectID]ObjectID{}
	for _, id := range ids {
		last[id.same()] = id
	}
	out := make([]ObjectID, 0, len(last))
	for _, id := range last {
		out = append(out, id)
	}
	slices.SortFunc(out, func(a, b ObjectID) int {
		return cmp.Or(cmp.Compare(a.Group, b.Group), cmp.Compare(a.Kind, b.Kind),
			cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
	return out
}
