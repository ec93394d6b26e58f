package kube

import (
	"context"
	"errors"
	"fmt"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// ErrNeedsRecreateData says that a change cannot be made without deleting
// data, which nobody has allowed.
var ErrNeedsRecreateData = errors.New("this cannot be changed while its data is kept; " +
	"undo the change, or delete the data with --recreate-data")

// immutablePhrases are how Kubernetes words the refusal of an update that a
// deletion and creation would be granted (k8s.io/kubernetes/pkg/apis/*/validation).
func immutablePhrases() []string {
	return []string{
		"field is immutable",
		"is immutable after creation",
		"may not change once set",
		"cannot change roleref",
		"updates to statefulset spec for fields other than",
		"pod updates may not change fields other than",
		"updates to provisioner are forbidden",
		"updates to parameters are forbidden",
		"updates to reclaimpolicy are forbidden",
		// The admission of volume claims forbids instead of calling it invalid
		// (plugin/pkg/admission/storage/persistentvolume/resize).
		"only dynamically provisioned pvc can be resized",
	}
}

// isImmutable reports whether every reason of a refusal is an immutable
// field. A refusal that also has another reason would be refused after a
// deletion as well, and the object would be lost.
func isImmutable(err error) bool {
	var status apierrors.APIStatus
	if !errors.As(err, &status) || !apierrors.IsInvalid(err) && !apierrors.IsForbidden(err) {
		return false
	}
	details := status.Status().Details
	if details == nil || len(details.Causes) == 0 {
		return saysImmutable(status.Status().Message)
	}
	for _, cause := range details.Causes {
		if !saysImmutable(cause.Message) {
			return false
		}
	}
	return true
}

func saysImmutable(message string) bool {
	message = strings.ToLower(message)
	for _, phrase := range immutablePhrases() {
		if strings.Contains(message, phrase) {
			return true
		}
	}
	return false
}

// recreate deletes the existing object, waits until it and its Pods are gone,
// and applies the wanted one.
func (c *Client) recreate(ctx context.Context, object, existing *unstructured.Unstructured,
	all []*unstructured.Unstructured, opts ApplyOptions,
) (Change, error) {
	id := IDOf(object)
	claims, err := claimsLost(object, existing)
	if err != nil {
		return Change{}, err
	}
	if len(claims) > 0 && !opts.RecreateData {
		return Change{}, fmt.Errorf("change %s: %w", id, ErrNeedsRecreateData)
	}
	if id.Kind == kindClaim {
		if err := c.removeUsers(ctx, object, all); err != nil {
			return Change{}, err
		}
	}
	if err := c.remove(ctx, existing); err != nil {
		return Change{}, err
	}
	for _, claim := range claims {
		if err := c.removeClaims(ctx, existing.GetNamespace(), claim); err != nil {
			return Change{}, err
		}
	}
	if _, err := c.manager(nil).Apply(ctx, object.DeepCopy(), ssaOptions(opts)); err != nil {
		return Change{}, fmt.Errorf("make %s again: %w", id, err)
	}
	return Change{ObjectID: id, Action: ActionRecreated}, nil
}

// remove deletes an object, its Pods first, and returns when it is gone.
func (c *Client) remove(ctx context.Context, existing *unstructured.Unstructured) error {
	id, uid := IDOf(existing), existing.GetUID()
	err := c.dynamic.Delete(ctx, existing, client.PropagationPolicy(metav1.DeletePropagationForeground),
		client.Preconditions{UID: &uid})
	if apierrors.IsNotFound(err) || apierrors.IsConflict(err) || meta.IsNoMatchError(err) {
		return nil // gone, or another of that name is there by now
	}
	if err != nil {
		return fmt.Errorf("delete %s: %w", id, err)
	}
	return c.await(ctx, id, "to be deleted", func(now *unstructured.Unstructured) bool {
		return now == nil || now.GetUID() != uid
	})
}
