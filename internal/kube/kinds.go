package kube

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// contents are the objects that would go with a namespace, of whatever kind the
// cluster has, but for claims and those that Kubernetes itself makes and keeps.
// Where a kind cannot be listed, unknown names it: nobody can tell what of it is
// there.
func (c *Client) contents(ctx context.Context, namespace string) (found []*unstructured.Unstructured, unknown string, err error) {
	kinds, unknown, err := c.namespaced(ctx)
	if err != nil {
		return nil, "", err
	}
	lists, errs := make([][]*unstructured.Unstructured, len(kinds)), make([]error, len(kinds))
	var group errgroup.Group
	group.SetLimit(concurrency)
	for i, kind := range kinds {
		group.Go(func() error {
			lists[i], errs[i] = c.list(ctx, kind.GroupVersion().String(), kind.Kind, client.InNamespace(namespace))
			return nil
		})
	}
	_ = group.Wait() // the errors are in errs, one per kind
	for i, kind := range kinds {
		if errs[i] != nil && !runs(kind.GroupKind()) && ctx.Err() == nil {
			unknown, errs[i] = kind.GroupKind().String(), nil
		}
	}
	return slices.Concat(lists...), unknown, errors.Join(errs...)
}

// namespaced are the kinds of objects in namespaces, each in the version that the
// cluster prefers. Unknown is an API whose server does not answer.
func (c *Client) namespaced(ctx context.Context) (kinds []schema.GroupVersionKind, unknown string, err error) {
	lists, err := discovery.ServerPreferredResourcesWithContext(ctx, discovery.ToDiscoveryInterfaceWithContext(c.typed.Discovery()))
	failed, partly := discovery.GroupDiscoveryFailedErrorGroups(err)
	if err != nil && !partly {
		return nil, "", fmt.Errorf("ask for the kinds of the cluster: %w", err)
	}
	for version := range failed {
		unknown = max(unknown, version.String())
	}
	for _, list := range lists {
		version, err := schema.ParseGroupVersion(list.GroupVersion)
		if err != nil {
			return nil, "", fmt.Errorf("ask for the kinds of the cluster: %w", err)
		}
		for _, resource := range list.APIResources {
			kind := version.WithKind(resource.Kind)
			if resource.Namespaced && slices.Contains(resource.Verbs, "list") && slices.Contains(resource.Verbs, "delete") && !incidental(kind.GroupKind()) {
				kinds = append(kinds, kind)
			}
		}
	}
	return kinds, unknown, nil
}

// incidental reports kinds that Kubernetes makes of others and keeps by itself,
// and claims, which are looked at by themselves.
func incidental(kind schema.GroupKind) bool {
	switch kind.String() {
	case "Event", "Event.events.k8s.io", "Endpoints", "EndpointSlice.discovery.k8s.io", "Lease.coordination.k8s.io", kindClaim:
		return true
	default:
		return false
	}
}

// runs reports kinds of what runs or is reached.
func runs(kind schema.GroupKind) bool {
	switch kind.Group {
	case "", "apps", "batch":
		return kind.Kind == "Service" || stageOfKind(kind.Kind) == stageWorkloads
	default:
		return false
	}
}
