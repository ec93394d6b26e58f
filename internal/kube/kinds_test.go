package kube

import (
	"context"
	"errors"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
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

// TestWhatIsNotedInADroppedVersion: it is found in the one that is served, so
// that neither a prune nor a removal leaves it in force.
func TestWhatIsNotedInADroppedVersion(t *testing.T) {
	for name, gone := range map[string]error{
		"not looked for before": &meta.NoKindMatchError{GroupKind: schema.GroupKind{Group: "example.com", Kind: "Route"}, SearchedVersions: []string{"v1beta1"}},
		"known before":          apierrors.NewGenericServerResponse(404, "get", schema.GroupResource{}, "web", "404 page not found", 0, true),
	} {
		for way, remove := range map[string]func(*Client, Scope) (ChangeSet, error){
			"prune":  func(c *Client, scope Scope) (ChangeSet, error) { return c.Prune(t.Context(), scope, nil) },
			"delete": func(c *Client, scope Scope) (ChangeSet, error) { return c.Delete(t.Context(), scope, Staying{}) },
		} {
			t.Run(name+" "+way, func(t *testing.T) {
				route := some("example.com/v1", "Route", "x", "web", "shop", "mesh")
				c := memory(t, route)
				scope := living(t, c, "mesh")
				noted := []*unstructured.Unstructured{some("example.com/v1beta1", "Route", "x", "web"), some("example.com/v1beta1", "Never", "x", "web")}
				if err := c.recordUnion(t.Context(), scope, noted, nil); err != nil {
					t.Fatal(err)
				}
				c.dynamic = interceptor.NewClient(c.dynamic, interceptor.Funcs{
					Get: func(ctx context.Context, inner client.WithWatch, key client.ObjectKey, object client.Object, opts ...client.GetOption) error {
						if object.GetObjectKind().GroupVersionKind().Version == "v1beta1" {
							return gone
						}
						return inner.Get(ctx, key, object, opts...)
					},
				})
				changes, err := remove(c, scope)
				if err != nil || changes.Count(ActionDeleted) != 1 || stillThere(t, c, route) {
					t.Errorf("changes %v, %v", changes, err)
				}
			})
		}
	}
}
