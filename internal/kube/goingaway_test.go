package kube

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
)

// TestWhatIsOnItsWayOutIsMadeAgain: what is applied to an object that is being
// deleted would go with it.
func TestWhatIsOnItsWayOutIsMadeAgain(t *testing.T) {
	for _, gone := range []*unstructured.Unstructured{
		some("v1", "Namespace", "", "apart", "shop", "mesh"),
		some("apps/v1", "Deployment", "x", "web", "shop", "mesh"),
		some("v1", "Service", "x", "web", "shop", "mesh"),
	} {
		t.Run(gone.GetKind(), func(t *testing.T) { madeAgain(t, gone) })
	}
}

func madeAgain(t *testing.T, gone *unstructured.Unstructured) {
	t.Helper()
	scope := Scope{Environment: "shop", Stack: "mesh", Namespace: "diorama"}
	wanted := gone.DeepCopy()
	wanted.SetUID("")
	gone.SetFinalizers([]string{"foregroundDeletion"})
	c := memory(t, gone)
	if err := c.dynamic.Delete(t.Context(), gone.DeepCopy()); err != nil {
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
	differences, err := c.Diff(ctx, []*unstructured.Unstructured{wanted}, ApplyOptions{Scope: scope})
	if err != nil || len(differences) != 1 || differences[0].Action != ActionCreated {
		t.Errorf("differences %v, %v", differences, err)
	}
	go func() {
		<-looked
		there := gone.DeepCopy()
		if err := c.dynamic.Get(ctx, client.ObjectKeyFromObject(there), there); err != nil {
			t.Error(err)
		}
		there.SetFinalizers(nil)
		if err := c.dynamic.Update(ctx, there); err != nil {
			t.Error(err)
		}
	}()
	changes, err := c.Apply(ctx, []*unstructured.Unstructured{wanted}, ApplyOptions{Scope: scope})
	if err != nil || len(changes) != 1 || changes[0].Action != ActionCreated {
		t.Fatalf("changes %v, %v", changes, err)
	}
	if now, err := c.get(t.Context(), IDOf(gone)); err != nil || now == nil || goingAway(now) {
		t.Errorf("there is %v, %v", now, err)
	}
}

// TestGoingAway: what is in use would never be gone.
func TestGoingAway(t *testing.T) {
	now := metav1.Now()
	for kind, want := range map[string]bool{kindCRD: true, kindNamespace: true, kindDeployment: true, "Route": true, kindClaim: false, kindVolume: false} {
		object := some("v1", kind, "", "x")
		if goingAway(object) || goingAway(nil) {
			t.Errorf("a %s that stays is going away", kind)
		}
		object.SetDeletionTimestamp(&now)
		if goingAway(object) != want {
			t.Errorf("a deleted %s: want %v", kind, want)
		}
		object.SetFinalizers([]string{"foregroundDeletion"})
		if goingAway(object) != want {
			t.Errorf("a %s whose dependents go first: want %v", kind, want)
		}
		object.SetFinalizers([]string{"foregroundDeletion", "example.com/operator"})
		if held := kind != kindCRD && kind != kindNamespace; goingAway(object) != (want && !held) {
			t.Errorf("a %s that an operator holds: want %v", kind, want && !held)
		}
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
