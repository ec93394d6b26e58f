package kube

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/diorama-dev/diorama/internal/diagnose"
)

// Delete removes the whole stack except its volume claims, and returns when
// its objects and Pods are gone. Admission goes first, since a webhook without
// its server refuses everything; what was made of the stack's definitions goes
// before what runs, the definitions themselves after it, and namespaces last.
// Nothing is deleted where definitions or namespaces hold what somebody else
// has made, or definitions what stays: the error is a [*ForeignError]. A namespace stays where it is the
// environment's own or every cluster's, or where volume claims, objects of another
// stack or such of somebody else's that do not run are in it, of whatever kind;
// its change says why.
// The last of the stacks that are in a namespace takes it along, whichever made
// it.
func (c *Client) Delete(ctx context.Context, scope Scope, staying Staying) (ChangeSet, error) {
	found, held, err := c.readHolding(ctx, scope)
	if err != nil || found == nil {
		return nil, err
	}
	d := &deletion{c: c, scope: scope, staying: staying, kept: staying.kept(), holding: staying.spare(held)}
	if err := d.survey(ctx); err != nil {
		return nil, err
	}
	if err := d.run(ctx); err != nil {
		return d.done, err // the inventory stays whole, for the next try
	}
	return d.done, d.forget(ctx)
}

// forget leaves in the inventory what stays.
func (d *deletion) forget(ctx context.Context) error {
	d.c.inventories.Lock()
	defer d.c.inventories.Unlock()
	if len(d.left) == 0 {
		return d.c.dropHolding(ctx, d.scope)
	}
	found, _, err := d.c.readHolding(ctx, d.scope)
	if err != nil {
		return err
	}
	return d.c.writeHolding(ctx, d.scope, found, holding{Objects: d.left})
}

// Staying is what other stacks have or are about to get: it stays, whose ever
// it was.
type Staying struct {
	Objects []*unstructured.Unstructured
	Leaves  []Leftover
}

// kept are the objects that stay, regardless of their API versions.
func (s Staying) kept() map[ObjectID]bool {
	kept := make(map[ObjectID]bool, len(s.Objects))
	for _, object := range s.Objects {
		kept[IDOf(object).same()] = true
	}
	return kept
}

// spare is the holding without what stays.
func (s Staying) spare(held holding) holding {
	kept := s.kept()
	return holding{
		Objects: slices.DeleteFunc(held.Objects, func(id ObjectID) bool { return kept[id.same()] }),
		Leaves:  slices.DeleteFunc(held.Leaves, func(l Leftover) bool { return slices.Contains(s.Leaves, l) }),
	}
}

// deletion is the removal of one stack.
type deletion struct {
	c       *Client
	scope   Scope
	staying Staying
	kept    map[ObjectID]bool // of staying
	begun   bool              // what runs is gone
	holding
	// made are objects of the stack's definitions that are ours, and what its
	// programs have left.
	made []*unstructured.Unstructured
	// inhabited are namespaces that stay, and why.
	inhabited map[string]string
	done      ChangeSet
	left      []ObjectID
}

// own is the object where it is there and the stack's; nil otherwise.
func (d *deletion) own(ctx context.Context, id ObjectID) (*unstructured.Unstructured, error) {
	existing, err := d.c.get(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", id, err)
	}
	if existing == nil || !d.scope.owns(existing) {
		return nil, nil
	}
	return existing, nil
}

// owns reports whether an object of the stack's inventory is the stack's. A
// namespace may be that of several: it is theirs who have it in their
// inventories, and only the environment's label says that it is ours.
func (s Scope) owns(object *unstructured.Unstructured) bool {
	labels := object.GetLabels()
	return labels[diagnose.LabelEnvironment] == s.Environment &&
		(object.GetKind() == kindNamespace || labels[diagnose.LabelStack] == s.Stack)
}

// run deletes stage by stage, in the reverse order of an apply but for
// admission, which goes first.
func (d *deletion) run(ctx context.Context) error {
	if err := d.stage(ctx, stageAdmission); err != nil {
		return err
	}
	if err := d.each(ctx, d.made); err != nil {
		return err
	}
	for _, stage := range []stage{stageWorkloads, stageSettings, stageAccounts, stageDefinitions} {
		if err := d.stage(ctx, stage); err != nil {
			return err
		}
		if stage == stageWorkloads { // what ran may have made more of it meanwhile
			if err := d.sweep(ctx); err != nil {
				return err
			}
		}
	}
	return d.spaces(ctx)
}

// sweep deletes what the stack's programs have left in the cluster.
func (d *deletion) sweep(ctx context.Context) error {
	d.made, d.begun = nil, true
	if err := d.survey(ctx); err != nil {
		return err
	}
	return d.each(ctx, d.made)
}

// each deletes objects side by side and returns when they are gone.
func (d *deletion) each(ctx context.Context, objects []*unstructured.Unstructured) error {
	errs := make([]error, len(objects))
	var group errgroup.Group
	group.SetLimit(concurrency)
	for i, object := range objects {
		group.Go(func() error {
			errs[i] = d.c.remove(ctx, object)
			return nil
		})
	}
	_ = group.Wait() // the errors are in errs, one per object
	for i, object := range objects {
		if errs[i] == nil {
			d.done = append(d.done, Change{ObjectID: IDOf(object), Action: ActionDeleted})
		}
	}
	return errors.Join(errs...)
}

// stage deletes the stack's own objects of one stage. Those that hold data stay,
// and in the inventory.
func (d *deletion) stage(ctx context.Context, stage stage) error {
	var gone []*unstructured.Unstructured
	for _, id := range d.Objects {
		if stageOfKind(id.Kind) != stage {
			continue
		}
		existing, err := d.c.find(ctx, id)
		if err != nil {
			return fmt.Errorf("read %s: %w", id, err)
		}
		switch {
		case existing == nil:
			continue
		case !d.scope.owns(existing):
			d.done = append(d.done, Change{ObjectID: id, Action: ActionSkipped})
			continue
		case id.Kind == kindClaim || id.Kind == kindVolume:
			d.done, d.left = append(d.done, Change{ObjectID: id, Action: ActionSkipped}), append(d.left, id)
			continue
		}
		gone = append(gone, existing)
	}
	return d.each(ctx, gone)
}

// list are all objects of a kind; none where the cluster does not know it.
func (c *Client) list(ctx context.Context, apiVersion, kind string, only ...client.ListOption) ([]*unstructured.Unstructured, error) {
	found := &unstructured.UnstructuredList{}
	found.SetAPIVersion(apiVersion)
	found.SetKind(kind + "List")
	if err := c.dynamic.List(ctx, found, only...); err != nil {
		if apierrors.IsNotFound(err) || meta.IsNoMatchError(err) {
			return nil, nil
		}
		return nil, fmt.Errorf("list %s: %w", kind, err)
	}
	objects := make([]*unstructured.Unstructured, len(found.Items))
	for i := range found.Items {
		objects[i] = &found.Items[i]
	}
	return objects, nil
}
