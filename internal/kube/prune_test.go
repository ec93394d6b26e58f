package kube

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
)

// TestPruneTakesAdmissionFirst: a webhook without its server refuses what else
// is to go; where it cannot go, nothing does.
func TestPruneTakesAdmissionFirst(t *testing.T) {
	hook := some("admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration", "", "hook", "shop", "mesh")
	server, service := some("apps/v1", kindDeployment, "x", "hook", "shop", "mesh"), some("v1", "Service", "x", "hook", "shop", "mesh")
	all := []*unstructured.Unstructured{hook, server, service}
	c := memory(t)
	scope := living(t, c, "mesh", all...)
	whole := c.dynamic
	var lock sync.Mutex
	var gone []string
	refuse := errors.New("no")
	c.dynamic = interceptor.NewClient(whole, interceptor.Funcs{
		Delete: func(ctx context.Context, inner client.WithWatch, object client.Object, opts ...client.DeleteOption) error {
			lock.Lock()
			defer lock.Unlock()
			gone = append(gone, object.GetObjectKind().GroupVersionKind().Kind)
			if refuse != nil {
				return refuse
			}
			return inner.Delete(ctx, object, opts...)
		},
	})
	if changes, err := c.Prune(t.Context(), scope, nil); !errors.Is(err, refuse) || changes.Changed() || len(gone) != 1 {
		t.Errorf("changes %v, %v; deleted %v", changes, err, gone)
	}
	if left, err := c.Inventory(t.Context(), scope); err != nil || len(left) != len(all) {
		t.Errorf("left %v, %v", left, err)
	}
	gone, refuse = nil, nil
	if changes, err := c.Prune(t.Context(), scope, nil); err != nil || changes.Count(ActionDeleted) != len(all) {
		t.Errorf("changes %v, %v", changes, err)
	}
	if !slices.Contains(gone[:1], hook.GetKind()) {
		t.Errorf("they went in the order %v", gone)
	}
	if left, err := c.Inventory(t.Context(), scope); err != nil || len(left) > 0 {
		t.Errorf("left %v, %v", left, err)
	}
}
