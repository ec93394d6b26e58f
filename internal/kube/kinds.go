package kube

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
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

// find is get for an object of an inventory: where the cluster no longer has its
// kind in the version noted there, it is read in one that it has.
func (c *Client) find(ctx context.Context, id ObjectID) (*unstructured.Unstructured, error) {
	existing, err := c.read(ctx, id)
	switch {
	case err == nil:
		return existing, nil
	case meta.IsNoMatchError(err), apierrors.IsNotFound(err) && apierrors.IsUnexpectedServerError(err):
		// Nobody spoke of the object: it is the version that is not known.
		if id.Version, err = c.served(ctx, id); id.Version == "" || err != nil {
			return nil, err
		}
		return c.get(ctx, id)
	case apierrors.IsNotFound(err):
		return nil, nil
	default:
		return nil, err
	}
}

// served is the version in which the cluster has a kind, of several the one that
// it prefers; empty: it does not have it.
func (c *Client) served(ctx context.Context, id ObjectID) (string, error) {
	asked := discovery.ToDiscoveryInterfaceWithContext(c.typed.Discovery())
	groups, err := asked.ServerGroupsWithContext(ctx)
	if err != nil {
		return "", fmt.Errorf("ask for the kinds of the cluster: %w", err)
	}
	for _, group := range groups.Groups {
		if group.Name != id.Group {
			continue
		}
		for _, version := range group.Versions {
			list, err := asked.ServerResourcesForGroupVersionWithContext(ctx, version.GroupVersion)
			if apierrors.IsNotFound(err) {
				continue
			}
			if err != nil {
				return "", fmt.Errorf("ask for the kinds of %s: %w", version.GroupVersion, err)
			}
			if slices.ContainsFunc(list.APIResources, func(r metav1.APIResource) bool { return r.Kind == id.Kind }) {
				return version.Version, nil
			}
		}
	}
	return "", nil
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
