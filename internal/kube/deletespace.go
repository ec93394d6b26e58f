package kube

import (
	"context"
	"fmt"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/diorama-dev/diorama/internal/diagnose"
	"github.com/diorama-dev/diorama/internal/manifest"
)

// spaces deletes the stack's namespaces. Stacks that are removed side by side
// come here one after the other once their other objects are gone: the last of
// a namespace sees that nobody is left in it.
func (d *deletion) spaces(ctx context.Context) error {
	gone, err := d.emptied(ctx)
	if err != nil {
		return err
	}
	return d.each(ctx, gone)
}

// emptied are the namespaces that go.
func (d *deletion) emptied(ctx context.Context) ([]*unstructured.Unstructured, error) {
	d.c.inventories.Lock()
	defer d.c.inventories.Unlock()
	_, held, err := d.c.readHolding(ctx, d.scope) // others may have left theirs to this stack meanwhile
	if err != nil {
		return nil, err
	}
	var gone []*unstructured.Unstructured
	for _, id := range tidy(append(d.staying.spare(held).Objects, d.Objects...)) {
		if id.Kind != kindNamespace {
			continue
		}
		existing, err := d.c.get(ctx, id)
		switch {
		case err != nil:
			return nil, fmt.Errorf("read %s: %w", id, err)
		case existing == nil:
			continue
		case !d.scope.owns(existing) || d.scope.lasting(id.Name):
			d.done = append(d.done, Change{ObjectID: id, Action: ActionSkipped})
			continue
		}
		why, err := d.stays(ctx, existing)
		if err != nil {
			return nil, err
		}
		if why != "" {
			d.done = append(d.done, Change{ObjectID: id, Action: ActionSkipped, Why: why})
			continue
		}
		gone = append(gone, existing)
	}
	return gone, nil
}

// stays says why a namespace stays, and sees to it that an inventory has it;
// empty: it goes. Claims hold data, those too that a StatefulSet made: nothing
// says whose they are.
func (d *deletion) stays(ctx context.Context, space *unstructured.Unstructured) (string, error) {
	other, err := d.neighbour(ctx, space.GetName())
	if err != nil {
		return "", err
	}
	if other != "" {
		heir := Scope{Environment: d.scope.Environment, Stack: other, Namespace: d.scope.Namespace}
		return "stack " + other + " is in it", d.c.addToHolding(ctx, heir, []*unstructured.Unstructured{space}, nil)
	}
	why, err := d.holds(ctx, space)
	if why != "" {
		d.left = append(d.left, IDOf(space))
	}
	return why, err
}

// holds says what is in a namespace that is not to go with it.
func (d *deletion) holds(ctx context.Context, space *unstructured.Unstructured) (string, error) {
	claims, err := d.c.list(ctx, "v1", kindClaim, client.InNamespace(space.GetName()))
	if err != nil {
		return "", err
	}
	for _, claim := range claims {
		if claim.GetDeletionTimestamp() == nil {
			return "it holds " + IDOf(claim).String(), nil
		}
	}
	delete(d.inhabited, space.GetName()) // what is there now counts
	foreign, err := d.inhabitants(ctx, space)
	if err == nil && len(foreign) > 0 {
		return "it holds " + foreign[0].String(), nil
	}
	return d.inhabited[space.GetName()], err
}

// neighbour is another stack that has objects of its own in a namespace; empty:
// none has. Claims are not among them: they stay when their stack goes.
func (d *deletion) neighbour(ctx context.Context, space string) (string, error) {
	found, err := d.c.typed.CoreV1().ConfigMaps(d.scope.Namespace).List(ctx, metav1.ListOptions{
		LabelSelector: diagnose.LabelEnvironment + "=" + d.scope.Environment + "," + diagnose.LabelStack,
	})
	if err != nil {
		return "", fmt.Errorf("list inventories of stacks: %w", err)
	}
	var names []string
	for _, inventory := range found.Items {
		scope := Scope{Environment: d.scope.Environment, Stack: inventory.Labels[diagnose.LabelStack], Namespace: d.scope.Namespace}
		if inventory.Name == scope.inventoryName() && scope.Stack != d.scope.Stack {
			names = append(names, scope.Stack)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		lives, err := d.c.lives(ctx, Scope{Environment: d.scope.Environment, Stack: name, Namespace: d.scope.Namespace}, space)
		if lives || err != nil {
			return name, err
		}
	}
	return "", nil
}

// lives reports whether a stack has objects in a namespace.
func (c *Client) lives(ctx context.Context, scope Scope, space string) (bool, error) {
	_, held, err := c.readHolding(ctx, scope)
	if err != nil {
		return false, err
	}
	for _, id := range held.Objects {
		if id.Namespace != space || id.Kind == kindClaim {
			continue
		}
		existing, err := c.find(ctx, id)
		if err != nil {
			return false, fmt.Errorf("read %s: %w", id, err)
		}
		if existing != nil && scope.owns(existing) {
			return true, nil
		}
	}
	return false, nil
}

// lasting reports namespaces that go with no stack: the environment's, in which
// all stacks are, and those of every cluster.
func (s Scope) lasting(namespace string) bool {
	return namespace == s.Namespace || manifest.GivenNamespace(namespace)
}
