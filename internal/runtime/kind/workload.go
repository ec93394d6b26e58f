package kind

import (
	"cmp"
	"context"
	"fmt"

	"github.com/diorama-dev/diorama/internal/kube"
)

// Restart replaces the Pods of a service.
func (r *Runtime) Restart(ctx context.Context, service string) error {
	return r.onWorkload(service, func(c *kube.Client, w kube.Workload) error { return c.Restart(ctx, w) })
}

// Scale gives a service another number of replicas, until the next up.
func (r *Runtime) Scale(ctx context.Context, service string, replicas int) error {
	return r.onWorkload(service, func(c *kube.Client, w kube.Workload) error { return c.Scale(ctx, w, replicas) })
}

func (r *Runtime) onWorkload(service string, do func(*kube.Client, kube.Workload) error) error {
	p := r.current()
	for _, stack := range p.Stacks {
		for _, w := range stack.Workloads {
			if w.Service != service {
				continue
			}
			client, err := r.Client()
			if err != nil {
				return err
			}
			return do(client, kube.Workload{Kind: w.Kind, Namespace: cmp.Or(w.Namespace, p.Namespace), Name: w.Name})
		}
	}
	return fmt.Errorf("the environment has no service %s", service)
}
