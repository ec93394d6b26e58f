package kube

import (
	"context"
	"errors"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
)

// TestWhatNobodyCanTellKeepsANamespace: a kind that cannot be listed does not
// keep the stack, but what is in its namespace is not deleted unseen.
func TestWhatNobodyCanTellKeepsANamespace(t *testing.T) {
	space, account := some("v1", "Namespace", "", "apart", "shop", "mesh"), some("v1", "ServiceAccount", "apart", "own", "shop", "mesh")
	c := memory(t, space)
	scope := living(t, c, "mesh", space, account)
	refused := func(kind string) interceptor.Funcs {
		return interceptor.Funcs{
			List: func(ctx context.Context, inner client.WithWatch, list client.ObjectList, opts ...client.ListOption) error {
				if list.GetObjectKind().GroupVersionKind().Kind == kind+"List" {
					return errors.New("its converter is gone")
				}
				return inner.List(ctx, list, opts...)
			},
		}
	}
	whole := c.dynamic
	c.dynamic = interceptor.NewClient(whole, refused(kindDeployment))
	if changes, err := c.Delete(t.Context(), scope, Staying{}); err == nil || len(changes) > 0 {
		t.Errorf("changes %v, %v", changes, err)
	}
	c.dynamic = interceptor.NewClient(whole, refused("Ingress"))
	changes, err := c.Delete(t.Context(), scope, Staying{})
	if err != nil || !strings.Contains(changes[len(changes)-1].Why, "Ingress.networking.k8s.io") {
		t.Errorf("changes %+v, %v", changes, err)
	}
	for object, want := range map[*unstructured.Unstructured]bool{space: true, account: false} {
		if stillThere(t, c, object) != want {
			t.Errorf("%s: want it there: %v", IDOf(object), want)
		}
	}
}
