package kube

import (
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// shared is a namespace of several stacks of an environment.
func shared(name string) *unstructured.Unstructured {
	space := some("v1", "Namespace", "", name)
	space.SetLabels(map[string]string{"diorama.dev/environment": "shop"})
	return space
}

// living records objects as a stack's, and has them in the cluster.
func living(t *testing.T, c *Client, stack string, objects ...*unstructured.Unstructured) Scope {
	t.Helper()
	scope := Scope{Environment: "shop", Stack: stack, Namespace: "diorama"}
	if err := c.recordUnion(t.Context(), scope, objects, nil); err != nil {
		t.Fatal(err)
	}
	for _, object := range objects {
		if object.GetKind() == kindNamespace {
			continue
		}
		if err := c.dynamic.Create(t.Context(), object.DeepCopy()); err != nil {
			t.Fatal(err)
		}
	}
	return scope
}

func stillThere(t *testing.T, c *Client, object *unstructured.Unstructured) bool {
	t.Helper()
	found, err := c.get(t.Context(), IDOf(object))
	if err != nil {
		t.Fatal(err)
	}
	return found != nil
}

// TestTheLastTakesTheNamespace: in whatever order stacks go that share one, it
// stays for as long as one of them is in it, and goes with the last.
func TestTheLastTakesTheNamespace(t *testing.T) {
	space := shared("apart")
	// What nobody looks for in a namespace is a stack's all the same.
	account := some("v1", "ServiceAccount", "apart", "kiali", "shop", "kiali")
	pilot := some("v1", "Service", "apart", "istiod", "shop", "istio")
	for name, test := range map[string]struct {
		order [2]string
		made  []*unstructured.Unstructured // by kiali
	}{
		"kiali first":                     {[2]string{"kiali", "istio"}, []*unstructured.Unstructured{space, account}},
		"istio first":                     {[2]string{"istio", "kiali"}, []*unstructured.Unstructured{space, account}},
		"istio first, which alone has it": {[2]string{"istio", "kiali"}, []*unstructured.Unstructured{account}},
	} {
		t.Run(name, func(t *testing.T) {
			c := memory(t, space)
			scopes := map[string]Scope{"istio": living(t, c, "istio", space, pilot), "kiali": living(t, c, "kiali", test.made...)}
			changes, err := c.Delete(t.Context(), scopes[test.order[0]], Staying{})
			if err != nil {
				t.Fatal(err)
			}
			if last := changes[len(changes)-1]; last.Action != ActionSkipped || last.Why != "stack "+test.order[1]+" is in it" || !stillThere(t, c, space) {
				t.Errorf("the first made the changes %+v", changes)
			}
			if left, err := c.Inventory(t.Context(), scopes[test.order[0]]); err != nil || len(left) > 0 {
				t.Errorf("the first has left %v, %v", left, err)
			}
			if _, err := c.Delete(t.Context(), scopes[test.order[1]], Staying{}); err != nil {
				t.Fatal(err)
			}
			for _, object := range []*unstructured.Unstructured{space, account, pilot} {
				if stillThere(t, c, object) {
					t.Errorf("%s is still there", IDOf(object))
				}
			}
			if left, err := c.Inventory(t.Context(), scopes[test.order[1]]); err != nil || len(left) > 0 {
				t.Errorf("the last has left %v, %v", left, err)
			}
		})
	}
}

// TestSharersGoSideBySide: none waits for the other to be gone, and neither
// leaves the namespace to the other.
func TestSharersGoSideBySide(t *testing.T) {
	space := shared("apart")
	c := memory(t, space)
	scopes := []Scope{
		living(t, c, "istio", space, some("v1", "Service", "apart", "istiod", "shop", "istio")),
		living(t, c, "kiali", space, some("v1", "Service", "apart", "kiali", "shop", "kiali")),
	}
	var all sync.WaitGroup
	for _, scope := range scopes {
		all.Go(func() {
			if _, err := c.Delete(t.Context(), scope, Staying{}); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if stillThere(t, c, space) {
		t.Error("the namespace is still there")
	}
	for _, scope := range scopes {
		if left, err := c.Inventory(t.Context(), scope); err != nil || len(left) > 0 {
			t.Errorf("%s has left %v, %v", scope.Stack, left, err)
		}
	}
}

// TestNothingOfOthersGoesWithASharedNamespace: neither somebody's program nor
// data goes with the last of the stacks.
func TestNothingOfOthersGoesWithASharedNamespace(t *testing.T) {
	for name, test := range map[string]struct {
		inside *unstructured.Unstructured
		why    string
	}{
		"data":       {some("v1", "PersistentVolumeClaim", "apart", "data", "shop", "gone"), "it holds PersistentVolumeClaim/apart/data"},
		"a Secret":   {some("v1", "Secret", "apart", "theirs"), "it holds Secret/apart/theirs"},
		"a program":  {some("apps/v1", "Deployment", "apart", "theirs"), ""},
		"not a word": {some("v1", "ConfigMap", "apart", "theirs"), "it holds ConfigMap/apart/theirs"},
	} {
		t.Run(name, func(t *testing.T) {
			space := shared("apart")
			c := memory(t, space, test.inside)
			scope := living(t, c, "istio", space, some("v1", "Service", "apart", "istiod", "shop", "istio"))
			changes, err := c.Delete(t.Context(), scope, Staying{})
			switch {
			case test.why == "":
				if err == nil || !strings.Contains(err.Error(), "Deployment/apart/theirs") {
					t.Errorf("got %v", err)
				}
			case err != nil || changes[len(changes)-1].Why != test.why:
				t.Errorf("changes %+v, %v", changes, err)
			}
			if !stillThere(t, c, space) || !stillThere(t, c, test.inside) {
				t.Error("it went")
			}
		})
	}
	// One that is not the environment's is nobody's of ours, whatever an inventory says.
	foreign := some("v1", "Namespace", "", "apart")
	c := memory(t, foreign)
	scope := living(t, c, "istio", foreign)
	if changes, err := c.Delete(t.Context(), scope, Staying{}); err != nil || changes.Changed() || !stillThere(t, c, foreign) {
		t.Errorf("changes %+v, %v", changes, err)
	}
}

// TestSharedNamespacesKeepTheirLabels: a stack that applies one does not make it
// its own, so that the next one has nothing to change.
func TestSharedNamespacesKeepTheirLabels(t *testing.T) {
	scope := Scope{Environment: "shop", Stack: "kiali", Namespace: "diorama"}
	for _, test := range []struct {
		object *unstructured.Unstructured
		want   map[string]string
	}{
		{shared("apart"), map[string]string{"diorama.dev/environment": "shop"}},
		{some("v1", "Namespace", "", "apart", "shop", "kiali"), map[string]string{"diorama.dev/environment": "shop", "diorama.dev/stack": "kiali"}},
		{some("v1", "Namespace", "", "apart"), map[string]string{"diorama.dev/environment": "shop", "diorama.dev/stack": "kiali"}},
		{some("v1", "ConfigMap", "apart", "x", "shop", "istio"), map[string]string{"diorama.dev/environment": "shop", "diorama.dev/stack": "kiali"}},
	} {
		if diff := cmp.Diff(test.want, scope.claim(test.object).GetLabels()); diff != "" {
			t.Errorf("%s: %s", IDOf(test.object), diff)
		}
	}
}

// TestANamespaceIsLeftToItsHeir: it is in the inventory of the stack that is
// still in it, which its next apply does not forget.
func TestANamespaceIsLeftToItsHeir(t *testing.T) {
	space := shared("apart")
	c := memory(t, space)
	service := some("v1", "Service", "apart", "kiali", "shop", "kiali")
	heir := living(t, c, "kiali", service)
	if _, err := c.Delete(t.Context(), living(t, c, "istio", space), Staying{Objects: []*unstructured.Unstructured{service}}); err != nil {
		t.Fatal(err)
	}
	if changes, err := c.Prune(t.Context(), heir, []*unstructured.Unstructured{service}); err != nil || changes.Changed() {
		t.Errorf("changes %+v, %v", changes, err)
	}
	held, err := c.Inventory(t.Context(), heir)
	if err != nil || len(held) != 2 || held[0].Kind != kindNamespace && held[1].Kind != kindNamespace {
		t.Errorf("held %v, %v", held, err)
	}
	if err := c.dynamic.Get(t.Context(), client.ObjectKeyFromObject(space), space); err != nil {
		t.Error(err)
	}
}
