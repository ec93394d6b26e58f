package kube

import (
	"context"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/diorama-dev/diorama/internal/diagnose"
)

const (
	// debounce is how long changes are gathered before a new whole
	// observation is made of them.
	debounce = 50 * time.Millisecond
	// heartbeat is how often the API is asked whether it is there, while
	// nothing else tells.
	heartbeat = 3 * time.Second
	// reconnect is how often it is asked while it is not.
	reconnect = time.Second
	// lookAgain is how soon something that is not well is looked at once more,
	// while nothing changes but the time that it takes.
	lookAgain = 5 * time.Second
	// usageEvery is how often the nodes are asked what Pods use.
	usageEvery = 10 * time.Second
)

// Observe watches the namespace, or all of them where it is empty, and the
// nodes, and emits whole observations: the first as soon as all is known, then
// one after every change, changes close together as one. It emits from a
// single goroutine. An API that stops answering does not end it: the
// observation says so, keeps what was last known, and recovers by itself.
// Observe ends with ctx, whose cause it returns.
func (c *Client) Observe(ctx context.Context, namespace string, emit func(diagnose.Observation)) error {
	state := &observer{client: c, namespace: namespace, emit: emit, lines: newLineKeeper(c), addresses: map[string]string{}}
	for {
		err := state.watch(ctx)
		if ctx.Err() != nil {
			return fmt.Errorf("observe the cluster: %w", context.Cause(ctx))
		}
		state.unreachable(err)
		if err := state.awaitAPI(ctx); err != nil {
			return fmt.Errorf("observe the cluster: %w", err)
		}
	}
}

// observer is what Observe remembers between connections.
type observer struct {
	client    *Client
	namespace string
	emit      func(diagnose.Observation)
	last      diagnose.Observation
	lines     *lineKeeper
	addresses map[string]string // of nodes, as last seen
}

// remember notes nodes whose address is another than before.
func (o *observer) remember(now diagnose.Observation) diagnose.Observation {
	now.Moves = o.last.Moves
	for _, node := range now.Nodes {
		for _, address := range node.Status.Addresses {
			if address.Type != corev1.NodeInternalIP {
				continue
			}
			if before := o.addresses[node.Name]; before != "" && before != address.Address {
				now.Moves = append(slices.Clip(now.Moves), diagnose.Move{
					Node: node.Name, From: before, To: address.Address, Time: now.Time,
				})
			}
			o.addresses[node.Name] = address.Address
			break // a second one is of another IP family
		}
	}
	return now
}

// watch follows the cluster until its API does not answer, or ctx ends.
func (o *observer) watch(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	caches := newCaches(o.client, o.namespace)
	defer caches.wait()
	defer cancel(nil)
	if err := caches.start(ctx, cancel, o.client.alive); err != nil {
		return err
	}
	go o.pulse(ctx, cancel)
	usage := o.client.usageLoop(ctx)
	for {
		o.last = o.remember(caches.observation(o.last, o.lines))
		o.last.API = diagnose.API{Address: o.client.config.Host}
		o.lines.want(ctx, o.last)
		o.emit(o.last)
		var again <-chan time.Time
		if unsettled(o.last) {
			again = time.After(lookAgain)
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-again:
		case <-caches.changed:
		case <-o.lines.arrived:
		case pods := <-usage:
			o.last.Usage = pods
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(debounce):
		}
	}
}

// unsettled reports whether time alone may change what an observation means: how
// long something that is not well has been so.
func unsettled(o diagnose.Observation) bool {
	return slices.ContainsFunc(o.Pods, func(pod corev1.Pod) bool {
		ended := pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed
		return !ended && !isReady(&pod) || slices.ContainsFunc(pod.Status.ContainerStatuses, func(status corev1.ContainerStatus) bool {
			return diagnose.Relapsing(status, o.Time)
		})
	})
}

// pulse ends the watch when the API does not answer twice in a row; watches
// alone would not notice a network that swallows everything.
func (o *observer) pulse(ctx context.Context, cancel context.CancelCauseFunc) {
	tick := time.NewTicker(heartbeat)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if o.client.alive(ctx) == nil {
			continue
		}
		if err := o.client.alive(ctx); err != nil {
			cancel(err)
			return
		}
	}
}

func (o *observer) unreachable(err error) {
	if err == nil {
		err = fmt.Errorf("the connection ended")
	}
	o.last.Time = time.Now()
	o.last.API = diagnose.API{Address: o.client.config.Host, Error: err.Error(), Since: o.last.Time}
	o.emit(o.last)
}

// awaitAPI returns when the API answers again.
func (o *observer) awaitAPI(ctx context.Context) error {
	tick := time.NewTicker(reconnect)
	defer tick.Stop()
	for {
		if err := o.client.Ready(ctx); err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
		}
	}
}
