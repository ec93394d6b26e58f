package kube

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/fluxcd/pkg/ssa"
	"github.com/fluxcd/pkg/ssa/jsondiff"
	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/diorama-dev/diorama/internal/diagnose"
)

// Scope is whose objects are meant: one stack of one environment.
type Scope struct {
	Environment string
	Stack       string
	// Namespace is where the stack's inventory lives.
	Namespace string
}

// ApplyOptions say how objects are applied.
type ApplyOptions struct {
	// Scope labels the objects and writes them to the stack's inventory before
	// the first of them is touched. Objects that are there already and carry
	// no label of the environment are refused. The zero value does neither.
	Scope Scope
	// IgnoreDrift are JSON pointers to fields that the cluster may change, with
	// "Kind:" or "Kind/name:" before those that are not for all objects.
	IgnoreDrift []string
	// Leaves are what the stack's programs make; they go with the stack.
	Leaves []Leftover
	// RecreateData allows deleting volume claims, with what is in them, where
	// a change needs it.
	RecreateData bool
}

// Apply brings the objects about: definitions first, then configuration, then
// workloads, those of one stage side by side. A namespace that is there and was
// made by somebody else is left as it is. An object whose immutable
// fields changed is deleted and made again; its volume claims stay. The
// changes made so far are returned with an error, which joins those of all
// objects that failed.
func (c *Client) Apply(ctx context.Context, objects []*unstructured.Unstructured, opts ApplyOptions) (ChangeSet, error) {
	owned := make([]*unstructured.Unstructured, len(objects))
	for i, object := range objects {
		owned[i] = opts.Scope.claim(object)
	}
	changes := make([]*Change, len(owned))
	if opts.Scope != (Scope{}) {
		ours, err := c.withoutForeignSpaces(ctx, owned, changes, opts.Scope)
		if err != nil {
			return nil, err
		}
		if err := c.recordUnion(ctx, opts.Scope, ours, opts.Leaves); err != nil {
			return nil, err
		}
	}
	var failed error
	for stage := range lastStage + 1 {
		if err := c.applyStage(ctx, owned, stage, changes, opts); err != nil {
			failed = err
			break
		}
	}
	var done ChangeSet
	for _, change := range changes {
		if change != nil {
			done = append(done, *change)
		}
	}
	return done, failed
}

// applyStage applies the objects of one stage side by side and does not give
// up the others when one fails: all that is wrong is said at once.
func (c *Client) applyStage(ctx context.Context, objects []*unstructured.Unstructured, stage stage,
	changes []*Change, opts ApplyOptions,
) error {
	errs := make([]error, len(objects))
	var group errgroup.Group
	group.SetLimit(concurrency)
	for i, object := range objects {
		if stageOf(object) != stage || changes[i] != nil {
			continue
		}
		group.Go(func() error {
			change, err := c.applyOne(ctx, object, objects, opts)
			errs[i] = err
			if change.Action != "" {
				changes[i] = &change
			}
			return nil
		})
	}
	_ = group.Wait() // the errors are in errs, one per object
	return errors.Join(errs...)
}

func (c *Client) applyOne(ctx context.Context, object *unstructured.Unstructured,
	all []*unstructured.Unstructured, opts ApplyOptions,
) (Change, error) {
	id := IDOf(object)
	existing, err := c.get(ctx, id)
	if err != nil {
		return Change{}, fmt.Errorf("read %s: %w", id, err)
	}
	if goingAway(existing) {
		// What was applied to it would go with it.
		if err := c.await(ctx, id, "to be deleted", func(now *unstructured.Unstructured) bool { return !goingAway(now) }); err != nil {
			return Change{}, err
		}
		if existing, err = c.get(ctx, id); err != nil {
			return Change{}, fmt.Errorf("read %s: %w", id, err)
		}
	}
	if err := opts.Scope.mayTake(existing); err != nil {
		return Change{}, err
	}
	if asOwned(existing, object) || asBefore(existing, object) {
		return Change{ObjectID: id, Action: ActionUnchanged}, nil
	}
	entry, err := c.applyOver(ctx, existing, object, opts)
	switch {
	case err == nil:
	case existing != nil && isImmutable(err):
		return c.recreate(ctx, object, existing, all, opts)
	default:
		return Change{}, fmt.Errorf("apply %s: %w", id, err)
	}
	if id.Kind == kindCRD && entry.Action != ssa.UnchangedAction {
		if err := c.awaitEstablished(ctx, id); err != nil {
			return Change{}, err
		}
	}
	change := Change{ObjectID: id, Action: Action(entry.Action)}
	change.Generation = c.generation(ctx, change)
	if needsUnsticking(existing, entry) {
		return change, c.unstick(ctx, id)
	}
	return change, nil
}

// goingAway reports an object whose deletion has begun, by a removal that was cut
// off as well: its end is some way off, a workload's that of its Pods. Claims and
// volumes do not count: while they are in use they never end. Nor does what waits
// for a program to let it go, which may be one that is applied after it.
func goingAway(existing *unstructured.Unstructured) bool {
	if existing == nil || existing.GetDeletionTimestamp() == nil {
		return false
	}
	switch existing.GetKind() {
	case kindClaim, kindVolume:
		return false
	case kindCRD, kindNamespace: // the cluster itself lets those go
		return true
	}
	return !slices.ContainsFunc(existing.GetFinalizers(), func(name string) bool {
		return name != metav1.FinalizerDeleteDependents && name != metav1.FinalizerOrphanDependents
	})
}

// withoutForeignSpaces are the objects without namespaces of somebody else's, of
// which the changes say that they are skipped.
func (c *Client) withoutForeignSpaces(ctx context.Context, objects []*unstructured.Unstructured, changes []*Change,
	scope Scope,
) ([]*unstructured.Unstructured, error) {
	var ours []*unstructured.Unstructured
	for i, object := range objects {
		if object.GetKind() == kindNamespace {
			existing, err := c.get(ctx, IDOf(object))
			if err != nil {
				return nil, fmt.Errorf("read %s: %w", IDOf(object), err)
			}
			if scope.foreignSpace(existing) {
				changes[i] = &Change{ObjectID: IDOf(object), Action: ActionSkipped, Why: "diorama has not made it"}
				continue
			}
		}
		ours = append(ours, object)
	}
	return ours, nil
}

// foreignSpace reports a namespace of somebody else's, which is to stay as it is.
func (s Scope) foreignSpace(existing *unstructured.Unstructured) bool {
	return s != (Scope{}) && existing != nil && existing.GetKind() == kindNamespace && !goingAway(existing) &&
		existing.GetLabels()[diagnose.LabelEnvironment] != s.Environment
}

func ssaOptions(opts ApplyOptions) ssa.ApplyOptions {
	out := ssa.DefaultApplyOptions()
	out.DriftIgnoreRules = ignoreRules(opts.IgnoreDrift)
	return out
}

// ignoreRules puts the pointers of one kind of object together: what has no
// selector counts once.
func ignoreRules(pointers []string) []jsondiff.IgnoreRule {
	var rules []jsondiff.IgnoreRule
	at := map[string]int{}
	for _, text := range pointers {
		scope, pointer, scoped := strings.Cut(text, ":/")
		if scoped {
			pointer = "/" + pointer
		} else {
			scope, pointer = "", text
		}
		if _, known := at[scope]; !known {
			at[scope] = len(rules)
			rules = append(rules, jsondiff.IgnoreRule{Selector: selector(scope)})
		}
		rule := &rules[at[scope]]
		rule.Paths = append(rule.Paths, pointer)
	}
	return rules
}

// selector is for the objects of a scope such as Kind or Kind/name.
func selector(scope string) *jsondiff.Selector {
	if scope == "" {
		return nil
	}
	kind, name, _ := strings.Cut(scope, "/")
	return &jsondiff.Selector{Kind: regexp.QuoteMeta(kind), Name: regexp.QuoteMeta(name)}
}

// get reads an object; it is nil where there is none, or nothing of its kind.
func (c *Client) get(ctx context.Context, id ObjectID) (*unstructured.Unstructured, error) {
	object, err := c.read(ctx, id)
	switch {
	case err == nil:
		return object, nil
	case apierrors.IsNotFound(err), meta.IsNoMatchError(err):
		return nil, nil
	default:
		return nil, err
	}
}

func (c *Client) read(ctx context.Context, id ObjectID) (*unstructured.Unstructured, error) {
	object := &unstructured.Unstructured{}
	object.SetGroupVersionKind(id.gvk())
	return object, c.dynamic.Get(ctx, client.ObjectKey{Namespace: id.Namespace, Name: id.Name}, object)
}

// claim is a copy of the object with the scope's labels. A namespace that has
// the environment's label already, and no stack's, is that of several: it would
// become that of each in turn.
func (s Scope) claim(object *unstructured.Unstructured) *unstructured.Unstructured {
	claimed := object.DeepCopy()
	if s == (Scope{}) {
		return claimed
	}
	labels := claimed.GetLabels()
	if labels == nil {
		labels = map[string]string{}
	}
	if claimed.GetKind() == kindNamespace && labels[diagnose.LabelEnvironment] == s.Environment {
		return claimed
	}
	labels[diagnose.LabelEnvironment] = s.Environment
	labels[diagnose.LabelStack] = s.Stack
	claimed.SetLabels(labels)
	mark(claimed)
	return claimed
}

// mayTake refuses an object that somebody else has made.
func (s Scope) mayTake(existing *unstructured.Unstructured) error {
	if s == (Scope{}) || existing == nil {
		return nil
	}
	if existing.GetLabels()[diagnose.LabelEnvironment] == s.Environment {
		return nil
	}
	for _, fields := range existing.GetManagedFields() {
		if fields.Manager == FieldOwner {
			return nil
		}
	}
	return fmt.Errorf("%s is there already and was not made by diorama: it is left as it is; "+
		"delete or rename it, or leave stack %s out", IDOf(existing), s.Stack)
}
