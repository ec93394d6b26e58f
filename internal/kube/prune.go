package kube

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Prune deletes the objects of the stack's inventory that are not among those
// to keep. Volume claims, Namespaces and CustomResourceDefinitions stay, and
// so does whatever does not carry the stack's labels. Admission goes first: a
// webhook whose server goes would refuse the other deletions. It does not wait
// for the end of deletions.
func (c *Client) Prune(ctx context.Context, scope Scope, keep []*unstructured.Unstructured) (ChangeSet, error) {
	c.inventories.Lock()
	defer c.inventories.Unlock()
	found, held, err := c.readHolding(ctx, scope)
	if err != nil || found == nil {
		return nil, err
	}
	ids := held.Objects
	recorded := make(map[ObjectID]bool, len(ids))
	for _, id := range ids {
		recorded[id.same()] = true
	}
	kept := map[ObjectID]bool{}
	var left []ObjectID
	for _, object := range keep {
		id := IDOf(object)
		kept[id.same()] = true
		if recorded[id.same()] { // a namespace of somebody else's is not
			left = append(left, id)
		}
	}
	var done ChangeSet
	var errs []error
	for _, admission := range []bool{true, false} {
		gone := slices.DeleteFunc(slices.Clone(ids), func(id ObjectID) bool {
			return kept[id.same()] || (stageOfKind(id.Kind) == stageAdmission) != admission
		})
		if len(errs) > 0 { // what admits is still there
			left = append(left, gone...)
			continue
		}
		changes, stay, failed := c.pruneAll(ctx, scope, gone)
		done, left, errs = append(done, changes...), append(left, stay...), failed
	}
	return done, errors.Join(append(errs, c.writeHolding(ctx, scope, found, holding{Objects: left, Leaves: held.Leaves}))...)
}

// pruneAll deletes objects side by side; those that stay are to be kept in the
// inventory.
func (c *Client) pruneAll(ctx context.Context, scope Scope, ids []ObjectID) (done ChangeSet, stay []ObjectID, failed []error) {
	changes, errs := make([]Change, len(ids)), make([]error, len(ids))
	var group errgroup.Group
	group.SetLimit(concurrency)
	for i, id := range ids {
		group.Go(func() error {
			changes[i], errs[i] = c.pruneOne(ctx, scope, id, c.deleteObject)
			return nil
		})
	}
	_ = group.Wait() // the errors are in errs, one per object
	for i, change := range changes {
		if change.Action != "" {
			done = append(done, change)
		}
		if errs[i] != nil {
			failed = append(failed, errs[i])
		}
		if errs[i] != nil || (change.Action == ActionSkipped && holdsData(change.Kind)) {
			stay = append(stay, ids[i])
		}
	}
	return done, stay, failed
}

// pruneOne deletes one object; its change has no action where there was none.
func (c *Client) pruneOne(ctx context.Context, scope Scope, id ObjectID,
	remove func(context.Context, *unstructured.Unstructured) error,
) (Change, error) {
	existing, err := c.find(ctx, id)
	if err != nil {
		return Change{}, fmt.Errorf("read %s: %w", id, err)
	}
	if existing == nil {
		return Change{}, nil
	}
	if !scope.owns(existing) || holdsData(id.Kind) {
		return Change{ObjectID: id, Action: ActionSkipped}, nil
	}
	if err := remove(ctx, existing); err != nil {
		return Change{}, err
	}
	return Change{ObjectID: id, Action: ActionDeleted}, nil
}

// deleteObject asks for a deletion and does not wait for its end.
func (c *Client) deleteObject(ctx context.Context, existing *unstructured.Unstructured) error {
	uid := existing.GetUID()
	err := c.dynamic.Delete(ctx, existing, client.PropagationPolicy(metav1.DeletePropagationBackground),
		client.Preconditions{UID: &uid})
	if err != nil && !apierrors.IsNotFound(err) && !apierrors.IsConflict(err) {
		return fmt.Errorf("delete %s: %w", IDOf(existing), err)
	}
	return nil
}
