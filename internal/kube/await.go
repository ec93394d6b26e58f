package kube

import (
	"context"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// awaitRetry is the pause before a watch that ended is begun again.
const awaitRetry = 200 * time.Millisecond

// await watches one object until done says so; the object is nil while there
// is none. The error of a context that ended says what was waited for.
func (c *Client) await(ctx context.Context, id ObjectID, what string, done func(*unstructured.Unstructured) bool) error {
	for {
		finished, err := c.watchOnce(ctx, id, done)
		if finished {
			return nil
		}
		if ctx.Err() != nil {
			if err == nil {
				err = context.Cause(ctx)
			}
			return fmt.Errorf("wait for %s %s: %w", id, what, err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(awaitRetry):
		}
	}
}

func (c *Client) watchOnce(ctx context.Context, id ObjectID, done func(*unstructured.Unstructured) bool) (bool, error) {
	list := &unstructured.UnstructuredList{}
	gvk := id.gvk()
	gvk.Kind += "List"
	list.SetGroupVersionKind(gvk)
	only := []client.ListOption{client.MatchingFieldsSelector{
		Selector: fields.OneTermEqualSelector("metadata.name", id.Name),
	}}
	if id.Namespace != "" {
		only = append(only, client.InNamespace(id.Namespace))
	}
	if err := c.dynamic.List(ctx, list, only...); err != nil {
		if apierrors.IsNotFound(err) || meta.IsNoMatchError(err) {
			return done(nil), nil // its kind is gone, and it with that
		}
		return false, err
	}
	if len(list.Items) == 0 && done(nil) || len(list.Items) > 0 && done(&list.Items[0]) {
		return true, nil
	}
	watched, err := c.dynamic.Watch(ctx, list, append(only, &client.ListOptions{
		Raw: &metav1.ListOptions{ResourceVersion: list.GetResourceVersion()},
	})...)
	if err != nil {
		return false, err
	}
	defer watched.Stop()
	for event := range watched.ResultChan() {
		object, ok := event.Object.(*unstructured.Unstructured)
		switch {
		case !ok:
			return false, nil // an error event: look again
		case event.Type == watch.Deleted:
			object = nil
		}
		if done(object) {
			return true, nil
		}
	}
	return false, nil
}

// awaitEstablished returns when objects of a new kind can be made.
func (c *Client) awaitEstablished(ctx context.Context, id ObjectID) error {
	return c.await(ctx, id, "to be established", func(now *unstructured.Unstructured) bool {
		if now == nil {
			return false
		}
		conditions, _, _ := unstructured.NestedSlice(now.Object, "status", "conditions")
		for _, entry := range conditions {
			condition, ok := entry.(map[string]any)
			if ok && condition["type"] == "Established" && condition["status"] == "True" {
				return true
			}
		}
		return false
	})
}
