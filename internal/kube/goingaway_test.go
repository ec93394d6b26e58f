package kube

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
)

// TestWhatIsOnItsWayOutIsMadeAgain: what is applied to a namespace that is being
// deleted would go with it, and a workload that looks unchanged is gone soon.
func TestWhatIsOnItsWayOutIsMadeAgain(t *testing.T) {
	for _, object := range []*unstructured.Unstructured{
		some("v1", "Namespace", "", "apart", "shop", "mesh"), some("apps/v1", "StatefulSet", "diorama", "redis", "shop", "mesh"),
	} {
		t.Run(object.GetKind(), func(t *testing.T) { madeAgain(t, object) })
	}
}

func madeAgain(t *testing.T, space *unstructured.Unstructured) {
	t.Helper()
	scope := Scope{Environment: "shop", Stack: "mesh", Namespace: "diorama"}
	space.SetFinalizers([]string{"example.com/late"})
	c := memory(t, space)
	if err := c.dynamic.Delete(t.Context(), space.DeepCopy()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	looked := make(chan struct{}, 16)
	c.dynamic = interceptor.NewClient(c.dynamic, interceptor.Funcs{
		Watch: func(ctx context.Context, inner client.WithWatch, list client.ObjectList, opts ...client.ListOption) (w watch.Interface, err error) {
			w, err = inner.Watch(ctx, list, opts...)
			looked <- struct{}{}
			return w, err
		},
	})
	go func() {
		<-looked
		there := some(space.GetAPIVersion(), space.GetKind(), space.GetNamespace(), space.GetName())
		if err := c.dynamic.Get(ctx, client.ObjectKeyFromObject(there), there); err != nil {
			t.Error(err)
		}
		there.SetFinalizers(nil)
		if err := c.dynamic.Update(ctx, there); err != nil {
			t.Error(err)
		}
	}()
	wanted := some(space.GetAPIVersion(), space.GetKind(), space.GetNamespace(), space.GetName())
	wanted.SetUID("")
	changes, err := c.Apply(ctx, []*unstructured.Unstructured{wanted}, ApplyOptions{Scope: scope})
	if err != nil || len(changes) != 1 || changes[0].Action != ActionCreated {
		t.Fatalf("changes %v, %v", changes, err)
	}
	if now, err := c.get(t.Context(), IDOf(space)); err != nil || now == nil || goingAway(now) {
		t.Errorf("there is %v, %v", now, err)
	}
}

// TestAnObjectGoesWithItsKind: whose definition is gone is not waited for.
func TestAnObjectGoesWithItsKind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		none := &meta.NoKindMatchError{GroupKind: schema.GroupKind{Kind: "Route"}}
		c := memory(t)
		c.dynamic = interceptor.NewClient(c.dynamic, interceptor.Funcs{
			List: func(context.Context, client.WithWatch, client.ObjectList, ...client.ListOption) error { return none },
		})
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		gone := func(now *unstructured.Unstructured) bool { return now == nil }
		if err := c.await(ctx, ObjectID{Version: "v1", Kind: "Route", Namespace: "x", Name: "r"}, "to be deleted", gone); err != nil {
			t.Error(err)
		}
	})
}
