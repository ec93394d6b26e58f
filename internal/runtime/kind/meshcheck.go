package kind

import (
	"context"
	"errors"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/diorama-dev/diorama/internal/kube"
	"github.com/diorama-dev/diorama/internal/mesh/istio"
	"github.com/diorama-dev/diorama/internal/plan"
)

// takenByMesh asks the mesh, before anything of a stack is applied, whether it
// takes the stack's rules. It is an error where it refuses one; where there is no
// mesh yet or it does not answer, applying says so.
func takenByMesh(ctx context.Context, client *kube.Client, stack plan.Stack) error {
	var refused []error
	for _, object := range stack.Objects() {
		if !strings.Contains(object.GroupVersionKind().Group, "istio.io") {
			continue
		}
		err := istio.Explain(client.Try(ctx, []*unstructured.Unstructured{object}))
		if _, ok := errors.AsType[*istio.RefusedError](err); ok {
			refused = append(refused, err)
		}
	}
	return errors.Join(refused...)
}
