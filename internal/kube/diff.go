package kube

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/fluxcd/pkg/ssa"
	"golang.org/x/sync/errgroup"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Difference is what an apply would do to one object, or a prune.
type Difference struct {
	Change
	Fields []FieldChange `json:"fields,omitempty"`
	// LosesData is true where the change needs --recreate-data.
	LosesData bool `json:"losesData,omitempty"`
}

// FieldChange is one field's change.
type FieldChange struct {
	Path string `json:"path"`          // a JSON pointer
	Old  string `json:"old,omitempty"` // as JSON; empty where there is none
	New  string `json:"new,omitempty"`
}

// masked stands for values of Secrets.
const masked = "***"

// Diff tells what Apply with the same options, and Prune after it, would do,
// by dry runs: nothing is changed. Objects without a difference are left out.
func (c *Client) Diff(ctx context.Context, objects []*unstructured.Unstructured, opts ApplyOptions) ([]Difference, error) {
	results := make([]*Difference, len(objects))
	errs := make([]error, len(objects))
	var group errgroup.Group
	group.SetLimit(concurrency)
	for i, object := range objects {
		group.Go(func() error {
			results[i], errs[i] = c.diffOne(ctx, opts.Scope.claim(object), opts)
			return nil
		})
	}
	_ = group.Wait() // the errors are in errs, one per object
	var out []Difference
	for _, result := range results {
		if result != nil {
			out = append(out, *result)
		}
	}
	if opts.Scope != (Scope{}) {
		gone, err := c.wouldPrune(ctx, opts.Scope, objects)
		out, errs = append(out, gone...), append(errs, err)
	}
	return out, errors.Join(errs...)
}

func (c *Client) diffOne(ctx context.Context, object *unstructured.Unstructured, opts ApplyOptions) (*Difference, error) {
	id := IDOf(object)
	existing, err := c.get(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", id, err)
	}
	if existing == nil || goingAway(existing) {
		return &Difference{Change: Change{ObjectID: id, Action: ActionCreated}}, nil
	}
	if opts.Scope.foreignSpace(existing) {
		return nil, nil
	}
	if err := opts.Scope.mayTake(existing); err != nil {
		return nil, err
	}
	if asOwned(existing, object) || asBefore(existing, object) {
		return nil, nil
	}
	entry, live, merged, err := c.manager(existing).Diff(ctx, object.DeepCopy(), ssa.DiffOptions{DriftIgnoreRules: ignoreRules(opts.IgnoreDrift)})
	switch {
	case err != nil:
		return differenceRefused(existing, object, err)
	case entry.Action == ssa.UnchangedAction:
		return nil, nil
	}
	out := &Difference{Change: Change{ObjectID: id, Action: Action(entry.Action)}}
	if live != nil && merged != nil {
		out.Fields = fieldChanges(id.Kind, live.Object, merged.Object)
	}
	return out, nil
}

// differenceRefused is what an apply does to an object that the API will not have
// changed just like that.
func differenceRefused(existing, object *unstructured.Unstructured, refusal error) (*Difference, error) {
	id := IDOf(object)
	out := &Difference{
		Change: Change{ObjectID: id, Action: ActionConfigured},
		Fields: fieldChanges(id.Kind, existing.Object, overlay(existing.Object, object.Object)),
	}
	if isImmutable(refusal) {
		lost, err := claimsLost(object, existing)
		out.Action, out.LosesData = ActionRecreated, len(lost) > 0
		return out, err
	}
	if entries, err := displaced(existing, refusal); entries == nil {
		return nil, fmt.Errorf("compare %s: %w", id, errors.Join(refusal, err))
	}
	return out, nil
}

// wouldPrune lists what of the inventory is there, ours and not kept.
func (c *Client) wouldPrune(ctx context.Context, scope Scope, keep []*unstructured.Unstructured) ([]Difference, error) {
	looked := func(context.Context, *unstructured.Unstructured) error { return nil }
	ids, err := c.Inventory(ctx, scope)
	if err != nil {
		return nil, err
	}
	kept := map[ObjectID]bool{}
	for _, object := range keep {
		kept[IDOf(object).same()] = true
	}
	var out []Difference
	for _, id := range ids {
		if kept[id.same()] {
			continue
		}
		change, err := c.pruneOne(ctx, scope, id, looked)
		if err != nil {
			return out, err
		}
		if change.Action == ActionDeleted {
			out = append(out, Difference{Change: change})
		}
	}
	return out, nil
}

// overlay is the live object with the fields of the wanted one.
func overlay(live, wanted map[string]any) map[string]any {
	out := maps.Clone(live)
	for key, value := range wanted {
		inner, isMap := value.(map[string]any)
		below, wasMap := out[key].(map[string]any)
		if isMap && wasMap {
			out[key] = overlay(below, inner)
			continue
		}
		out[key] = value
	}
	return out
}

// fieldChanges lists the differing fields in the order of their paths. What
// the API server keeps for itself is left out, values of Secrets are masked.
func fieldChanges(kind string, before, after map[string]any) []FieldChange {
	var out []FieldChange
	walk("", before, after, func(path string, before, after any) {
		if path == "/status" || strings.HasPrefix(path, "/status/") || slices.Contains([]string{
			"/metadata/managedFields", "/metadata/generation", "/metadata/resourceVersion",
			"/metadata/uid", "/metadata/creationTimestamp",
		}, path) {
			return
		}
		change := FieldChange{Path: path, Old: valueText(before), New: valueText(after)}
		if kind == kindSecret && (strings.HasPrefix(path, "/data") || strings.HasPrefix(path, "/stringData")) {
			change.Old, change.New = mask(before), mask(after)
		}
		out = append(out, change)
	})
	return out
}

// walk tells every place at which two values differ, as deep as both are maps
// or lists of one length.
func walk(path string, before, after any, tell func(path string, before, after any)) {
	if reflect.DeepEqual(before, after) {
		return
	}
	if b, ok := before.(map[string]any); ok {
		if a, ok := after.(map[string]any); ok {
			keys := maps.Clone(b)
			maps.Copy(keys, a)
			for _, key := range slices.Sorted(maps.Keys(keys)) {
				walk(path+"/"+escapePointer(key), b[key], a[key], tell)
			}
			return
		}
	}
	if b, ok := before.([]any); ok {
		if a, ok := after.([]any); ok && len(a) == len(b) {
			for i := range b {
				walk(path+"/"+strconv.Itoa(i), b[i], a[i], tell)
			}
			return
		}
	}
	tell(path, before, after)
}

// escapePointer writes a key as a part of a JSON pointer (RFC 6901).
func escapePointer(key string) string {
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(key)
}

func valueText(value any) string {
	if value == nil {
		return ""
	}
	text, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprint(value)
	}
	return string(text)
}

func mask(value any) string {
	if value == nil {
		return ""
	}
	return masked
}
