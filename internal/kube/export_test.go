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
