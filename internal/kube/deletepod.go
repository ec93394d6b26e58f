package kube

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/diorama-dev/diorama/internal/diagnose"
)

// DeletePod deletes the Pod of that UID. One that is gone, or is another by
// now, is no error.
func (c *Client) DeletePod(ctx context.Context, key diagnose.PodKey, uid types.UID) error {
	err := c.typed.CoreV1().Pods(key.Namespace).Delete(ctx, key.Name, metav1.DeleteOptions{
		Preconditions: metav1.NewUIDPreconditions(string(uid)),
	})
	if err != nil && !apierrors.IsNotFound(err) && !apierrors.IsConflict(err) {
		return fmt.Errorf("delete pod/%s: %w", key.Name, err)
	}
	return nil
}
