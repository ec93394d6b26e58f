package kube

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Workload names a Deployment, StatefulSet or DaemonSet.
type Workload struct{ Kind, Namespace, Name string }

// actor is the field owner of what people do between two runs of a plan. It
// is not FieldOwner, so that an apply neither sees nor undoes a restart.
const actor = "diorama-actions"

// Restart replaces the workload's Pods, by its own update strategy.
func (c *Client) Restart(ctx context.Context, w Workload) error {
	switch w.Kind {
	case kindDeployment, kindStatefulSet, kindDaemonSet:
	default:
		return fmt.Errorf("a %s cannot be restarted; a Job runs again with `diorama up` once it was deleted", w.Kind)
	}
	patch := map[string]any{"spec": map[string]any{"template": map[string]any{"metadata": map[string]any{
		"annotations": map[string]any{"kubectl.kubernetes.io/restartedAt": time.Now().UTC().Format(time.RFC3339Nano)},
	}}}}
	if err := c.patch(ctx, w, patch); err != nil {
		return fmt.Errorf("restart %s/%s: %w", w.Kind, w.Name, err)
	}
	return nil
}

// Scale sets how many Pods the workload has. The next `up` sets it back to
// what the profile says.
func (c *Client) Scale(ctx context.Context, w Workload, replicas int) error {
	switch {
	case w.Kind != kindDeployment && w.Kind != kindStatefulSet:
		return fmt.Errorf("a %s cannot be scaled", w.Kind)
	case replicas < 0:
		return fmt.Errorf("scale %s/%s: %d is not a number of Pods", w.Kind, w.Name, replicas)
	}
	if err := c.patch(ctx, w, map[string]any{"spec": map[string]any{"replicas": replicas}}); err != nil {
		return fmt.Errorf("scale %s/%s: %w", w.Kind, w.Name, err)
	}
	return nil
}

func (c *Client) patch(ctx context.Context, w Workload, change map[string]any) error {
	raw, err := json.Marshal(change)
	if err != nil {
		return err
	}
	object := &unstructured.Unstructured{}
	object.SetGroupVersionKind(schema.GroupVersionKind{Group: "apps", Version: "v1", Kind: w.Kind})
	object.SetNamespace(w.Namespace)
	object.SetName(w.Name)
	return c.dynamic.Patch(ctx, object, client.RawPatch(types.MergePatchType, raw), client.FieldOwner(actor))
}

// generation is that of a workload that was just configured, which its
// controller has still to see; 0 for all else, and where it cannot be read.
func (c *Client) generation(ctx context.Context, change Change) int64 {
	kinds := []string{kindDeployment, kindStatefulSet, kindDaemonSet}
	if change.Action != ActionConfigured || change.Group != "apps" || !slices.Contains(kinds, change.Kind) {
		return 0
	}
	now, err := c.get(ctx, change.ObjectID)
	if err != nil || now == nil {
		return 0
	}
	return now.GetGeneration()
}
