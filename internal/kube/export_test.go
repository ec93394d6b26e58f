package kube

import (
	"context"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// CreateForeign makes an object as somebody else would.
func (c *Client) CreateForeign(ctx context.Context, object *unstructured.Unstructured) error {
	return c.dynamic.Create(ctx, object, client.FieldOwner("somebody"))
}

// DeleteForeign deletes an object as somebody else would.
func (c *Client) DeleteForeign(ctx context.Context, object *unstructured.Unstructured) error {
	return c.dynamic.Delete(ctx, object)
}

// Get reads an object; it is nil where there is none.
func (c *Client) Get(ctx context.Context, id ObjectID) (*unstructured.Unstructured, error) {
	return c.get(ctx, id)
}
