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

// routes is a definition of the stack mesh.
func routes() *unstructured.Unstructured {
	definition := some("apiextensions.k8s.io/v1", kindCRD, "", "routes.example.com", "shop", "mesh")
	definition.Object["spec"] = map[string]any{
		"group": "example.com", "names": map[string]any{"kind": "Route"},
		"versions": []any{map[string]any{"name": "v1", "served": true}},
	}
	return definition
}

// TestWhatOtherStacksHaveOfADefinitionKeepsIt: their objects do not go with the
// stack that defines them.
func TestWhatOtherStacksHaveOfADefinitionKeepsIt(t *testing.T) {
	route, earlier := some("example.com/v1", "Route", "x", "web", "shop", "web"), some("example.com/v1", "Route", "x", "earlier", "shop", "web")
	c := memory(t, routes(), route, earlier)
	scope := living(t, c, "mesh", some("v1", "Service", "x", "pilot", "shop", "mesh"))
	if err := c.recordUnion(t.Context(), scope, []*unstructured.Unstructured{routes()}, nil); err != nil {
		t.Fatal(err)
	}
	wanted := some("example.com/v1beta1", "Route", "x", "web")
	changes, err := c.Delete(t.Context(), scope, Staying{Objects: []*unstructured.Unstructured{wanted}})
	var refused *ForeignError
	if !errors.As(err, &refused) || refused.Begun || len(refused.Objects) > 0 || len(refused.Kept) != 1 || changes.Changed() {
		t.Fatalf("changes %v, %v", changes, err)
	}
	const want = "stack mesh is left as it is: with it would go what other stacks have: Route/x/web; take these out of their stacks, or keep mesh in the profile"
	if err.Error() != want {
		t.Errorf("got %v", err)
	}
	for _, object := range []*unstructured.Unstructured{route, earlier, routes()} {
		if !stillThere(t, c, object) {
			t.Errorf("%s went", IDOf(object))
		}
	}
	// Nobody wants them any more: they go with it.
	if _, err := c.Delete(t.Context(), scope, Staying{}); err != nil {
		t.Fatal(err)
	}
	for _, object := range []*unstructured.Unstructured{route, earlier, routes()} {
		if stillThere(t, c, object) {
			t.Errorf("%s is still there", IDOf(object))
		}
	}
}

// TestWhatIsMadeMeanwhile: who makes an instance while the stack goes is told
// that it has begun to.
func TestWhatIsMadeMeanwhile(t *testing.T) {
	theirs := some("example.com/v1", "Route", "x", "theirs")
	pilot := some("apps/v1", kindDeployment, "x", "pilot", "shop", "mesh")
	c := memory(t, routes())
	scope := living(t, c, "mesh", pilot)
	if err := c.recordUnion(t.Context(), scope, []*unstructured.Unstructured{routes()}, nil); err != nil {
		t.Fatal(err)
	}
	c.dynamic = interceptor.NewClient(c.dynamic, interceptor.Funcs{
		Delete: func(ctx context.Context, inner client.WithWatch, object client.Object, opts ...client.DeleteOption) error {
			if err := inner.Create(ctx, theirs.DeepCopy()); err != nil {
				t.Error(err)
			}
			return inner.Delete(ctx, object, opts...)
		},
	})
	_, err := c.Delete(t.Context(), scope, Staying{})
	var refused *ForeignError
	if !errors.As(err, &refused) || !refused.Begun || !strings.Contains(err.Error(), "not yet removed as a whole: with the rest of it would go what diorama has not made: Route/x/theirs;") {
		t.Errorf("got %v", err)
	}
	if stillThere(t, c, pilot) || !stillThere(t, c, routes()) || !stillThere(t, c, theirs) {
		t.Error("the wrong ones are there")
	}
	if left, err := c.Inventory(t.Context(), scope); err != nil || len(left) != 2 {
		t.Errorf("left %v, %v", left, err)
	}
}
