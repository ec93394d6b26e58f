package kube

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/diorama-dev/diorama/internal/diagnose"
)

// The keys of an inventory ConfigMap.
const (
	inventoryKey = "objects"
	leavesKey    = "leaves"
)

// holding is what an inventory says.
type holding struct {
	Objects []ObjectID
	// Leaves are what the stack's own programs make in the cluster.
	Leaves []Leftover
}

// Leftover is what a stack's programs make in the cluster, in whatever
// namespace, and leave there when they go.
type Leftover struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Name       string `json:"name"`
}

func (l Leftover) is(object *unstructured.Unstructured) bool {
	return object.GetName() == l.Name && object.GetKind() == l.Kind && object.GroupVersionKind().Group == l.group()
}

func (l Leftover) group() string {
	group, _, grouped := strings.Cut(l.APIVersion, "/")
	if !grouped {
		return ""
	}
	return group
}

func (s Scope) inventoryName() string { return "diorama-inventory-" + s.Stack }

// Inventory lists the objects that the stack may own, as recorded before they
// were applied. Some may not be there (yet).
func (c *Client) Inventory(ctx context.Context, scope Scope) ([]ObjectID, error) {
	_, held, err := c.readHolding(ctx, scope)
	return held.Objects, err
}

func (c *Client) readHolding(ctx context.Context, scope Scope) (*corev1.ConfigMap, holding, error) {
	var held holding
	found, err := c.typed.CoreV1().ConfigMaps(scope.Namespace).Get(ctx, scope.inventoryName(), metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil, held, nil
	}
	if err != nil {
		return nil, held, fmt.Errorf("read inventory of stack %s: %w", scope.Stack, err)
	}
	if found.Labels[diagnose.LabelEnvironment] != scope.Environment {
		return nil, held, fmt.Errorf("ConfigMap %s/%s was not made by environment %s: rename it or choose another namespace",
			scope.Namespace, scope.inventoryName(), scope.Environment)
	}
	err = json.Unmarshal([]byte(found.Data[inventoryKey]), &held.Objects)
	if leaves := found.Data[leavesKey]; err == nil && leaves != "" {
		err = json.Unmarshal([]byte(leaves), &held.Leaves)
	}
	if err != nil {
		return nil, held, fmt.Errorf("read inventory of stack %s: %w; delete ConfigMap %s/%s to start a new one",
			scope.Stack, err, scope.Namespace, scope.inventoryName())
	}
	return found, held, nil
}

// recordUnion adds the objects to the inventory, so that whatever is applied
// next is known even if we are killed meanwhile.
func (c *Client) recordUnion(ctx context.Context, scope Scope, objects []*unstructured.Unstructured, leaves []Leftover) error {
	c.inventories.Lock()
	defer c.inventories.Unlock()
	return c.addToHolding(ctx, scope, objects, leaves)
}

// addToHolding is recordUnion for who has the lock of inventories.
func (c *Client) addToHolding(ctx context.Context, scope Scope, objects []*unstructured.Unstructured, leaves []Leftover) error {
	found, held, err := c.readHolding(ctx, scope)
	if err != nil {
		return err
	}
	for _, object := range objects {
		held.Objects = append(held.Objects, IDOf(object))
	}
	for _, l := range leaves {
		if !slices.Contains(held.Leaves, l) {
			held.Leaves = append(held.Leaves, l)
		}
	}
	return c.writeHolding(ctx, scope, found, held)
}

// writeHolding writes the inventory where it differs from what was found.
func (c *Client) writeHolding(ctx context.Context, scope Scope, found *corev1.ConfigMap, held holding) error {
	data := map[string]string{}
	objects, err := json.Marshal(tidy(held.Objects))
	data[inventoryKey] = string(objects)
	if err == nil && len(held.Leaves) > 0 {
		var leaves []byte
		leaves, err = json.Marshal(held.Leaves)
		data[leavesKey] = string(leaves)
	}
	if err != nil {
		return fmt.Errorf("write inventory of stack %s: %w", scope.Stack, err)
	}
	if found != nil && maps.Equal(found.Data, data) {
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
		Data: data,
	}
	configMaps := c.typed.CoreV1().ConfigMaps(scope.Namespace)
	if found == nil {
		_, err = configMaps.Create(ctx, wanted, metav1.CreateOptions{FieldManager: FieldOwner})
	} else {
		wanted.ResourceVersion = found.ResourceVersion
		_, err = configMaps.Update(ctx, wanted, metav1.UpdateOptions{FieldManager: FieldOwner})
	}
	if err != nil {
		return fmt.Errorf("write inventory of stack %s: %w", scope.Stack, err)
	}
	return nil
}

// dropHolding deletes the inventory of a stack of which nothing is left.
func (c *Client) dropHolding(ctx context.Context, scope Scope) error {
	err := c.typed.CoreV1().ConfigMaps(scope.Namespace).Delete(ctx, scope.inventoryName(), metav1.DeleteOptions{})
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("delete inventory of stack %s: %w", scope.Stack, err)
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
