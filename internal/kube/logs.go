package kube

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/diorama-dev/diorama/internal/diagnose"
)

// ErrNoPrevious says that nothing is left of a container's previous run.
var ErrNoPrevious = errors.New("nothing is left of the container's previous run")

// LogOptions say which lines of a container are wanted. The zero value follows
// all that there are of its only container.
type LogOptions struct {
	Container string
	Since     time.Time // zero: from the start; whole seconds, so lines before it may come
	Previous  bool      // those of the container's last run, which are not followed
	Once      bool      // do not follow
	Tail      int64     // the last lines only; 0: all
}

// Logs opens a Pod's log. Every line begins with its time in RFC 3339 and a
// space. The stream ends with ctx, with the container unless a new run of it
// follows, or with the connection: whoever follows opens it again.
func (c *Client) Logs(ctx context.Context, pod diagnose.PodKey, opts LogOptions) (io.ReadCloser, error) {
	options := &corev1.PodLogOptions{
		Container:  opts.Container,
		Follow:     !opts.Previous && !opts.Once,
		Previous:   opts.Previous,
		Timestamps: true,
	}
	if !opts.Since.IsZero() {
		options.SinceTime = &metav1.Time{Time: opts.Since}
	}
	if opts.Tail > 0 {
		options.TailLines = &opts.Tail
	}
	stream, err := c.typed.CoreV1().Pods(pod.Namespace).GetLogs(pod.Name, options).Stream(ctx)
	if opts.Previous && apierrors.IsBadRequest(err) {
		return nil, fmt.Errorf("%w: %w", ErrNoPrevious, err)
	}
	if err != nil {
		return nil, fmt.Errorf("open log of pod/%s container %s: %w", pod.Name, opts.Container, err)
	}
	return stream, nil
}
