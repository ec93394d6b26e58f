package kind

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/diorama-dev/diorama/internal/diagnose"
	"github.com/diorama-dev/diorama/internal/kube"
	"github.com/diorama-dev/diorama/internal/logs"
	"github.com/diorama-dev/diorama/internal/plan"
)

// Logs opens what a container writes, see [logs.Streams].
func (r *Runtime) Logs(ctx context.Context, pod, container string, since time.Time, previous bool) (io.ReadCloser, error) {
	client, err := r.Client()
	if err != nil {
		return nil, err
	}
	stream, err := client.Logs(ctx, diagnose.PodKey{Namespace: r.observing().namespaceOf(pod, r.current().Namespace), Name: pod}, kube.LogOptions{
		Container: container, Since: since, Previous: previous,
	})
	if err != nil && previous && errors.Is(err, kube.ErrNoPrevious) {
		return nil, fmt.Errorf("%w: %w", logs.ErrNoPrevious, err)
	}
	return stream, err
}

// containers are those of the namespaces' Pods, for whoever follows their output.
// All in the environment's own is its; beside it, what its stacks have made.
func containers(pods []corev1.Pod, namespaces ...string) []logs.Container {
	var list []logs.Container
	for _, pod := range pods {
		if !slices.Contains(namespaces, pod.Namespace) || pod.Namespace != plan.Namespace && pod.Labels[diagnose.LabelStack] == "" {
			continue
		}
		add := func(statuses []corev1.ContainerStatus) {
			for _, status := range statuses {
				c := logs.Container{
					Stack: pod.Labels[diagnose.LabelStack], Service: pod.Labels[diagnose.LabelService],
					Pod: pod.Name, Container: status.Name, UID: string(pod.UID), Restarts: int(status.RestartCount),
				}
				if diagnose.Injected(pod, status.Name) {
					c.Injected, c.Service = true, status.Name // what a mesh's proxy writes is not the service's
				}
				switch {
				case status.State.Running != nil:
					c.State = logs.Running
				case status.State.Terminated != nil || status.RestartCount > 0:
					c.State = logs.Ended
				}
				list = append(list, c)
			}
		}
		add(pod.Status.InitContainerStatuses)
		add(pod.Status.ContainerStatuses)
	}
	return list
}
