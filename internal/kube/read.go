package kube

import (
	"context"

	"github.com/fluxcd/pkg/ssa"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// alreadyRead answers the one read of an object that ssa begins with by what
// we have just read: a third of the requests of an apply that changes nothing.
type alreadyRead struct {
	client.Client
	existing *unstructured.Unstructured // nil where there is none
}

// Get hands out the object that was read.
func (r alreadyRead) Get(_ context.Context, key client.ObjectKey, into client.Object, _ ...client.GetOption) error {
	target, ok := into.(*unstructured.Unstructured)
	if !ok || r.existing == nil {
		return apierrors.NewNotFound(schema.GroupResource{}, key.Name)
	}
	r.existing.DeepCopyInto(target)
	return nil
}

// manager is ssa for one object, which was just read.
func (c *Client) manager(existing *unstructured.Unstructured) *ssa.ResourceManager {
	return ssa.NewResourceManager(alreadyRead{c.dynamic, existing}, nil, ssa.Owner{Field: FieldOwner, Group: "diorama.dev"})
}
