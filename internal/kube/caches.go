package kube

import (
	"context"
	"errors"
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/tools/cache"

	"github.com/diorama-dev/diorama/internal/diagnose"
)

// caches are the watched kinds of one connection.
type caches struct {
	factories []informers.SharedInformerFactory
	informers map[string]cache.SharedIndexInformer
	nodeEvent cache.SharedIndexInformer // nil where all namespaces are watched
	changed   chan struct{}             // of capacity 1: something is new
}

func newCaches(c *Client, namespace string) *caches {
	inside := informers.NewSharedInformerFactoryWithOptions(c.typed, 0, informers.WithNamespace(namespace))
	outside := informers.NewSharedInformerFactory(c.typed, 0)
	core, apps := inside.Core().V1(), inside.Apps().V1()
	k := &caches{
		factories: []informers.SharedInformerFactory{inside, outside},
		changed:   make(chan struct{}, 1),
		informers: map[string]cache.SharedIndexInformer{
			"pods":         core.Pods().Informer(),
			"events":       core.Events().Informer(),
			"claims":       core.PersistentVolumeClaims().Informer(),
			"deployments":  apps.Deployments().Informer(),
			"statefulsets": apps.StatefulSets().Informer(),
			"daemonsets":   apps.DaemonSets().Informer(),
			"jobs":         inside.Batch().V1().Jobs().Informer(),
			"nodes":        outside.Core().V1().Nodes().Informer(),
		},
	}
	if namespace != "" {
		// Events about nodes are in the namespace "default".
		events := informers.NewSharedInformerFactoryWithOptions(c.typed, 0,
			informers.WithNamespace(metav1.NamespaceDefault),
			informers.WithTweakListOptions(func(options *metav1.ListOptions) {
				options.FieldSelector = "involvedObject.kind=Node"
			}))
		k.nodeEvent = events.Core().V1().Events().Informer()
		k.informers["node events"] = k.nodeEvent
		k.factories = append(k.factories, events)
	}
	return k
}

// start begins all watches and returns when each has its first state. Later
// errors of the connection cancel the context.
func (k *caches) start(ctx context.Context, cancel context.CancelCauseFunc, ready func(context.Context) error) error {
	for _, informer := range k.informers {
		if err := k.prepare(informer, cancel, ready); err != nil {
			return err
		}
	}
	for _, factory := range k.factories {
		factory.Start(ctx.Done())
	}
	for kind, informer := range k.informers {
		if !cache.WaitForCacheSync(ctx.Done(), informer.HasSynced) {
			return fmt.Errorf("list %s: %w", kind, context.Cause(ctx))
		}
	}
	return nil
}

func (k *caches) prepare(informer cache.SharedIndexInformer, cancel context.CancelCauseFunc, ready func(context.Context) error) error {
	poke := func() {
		select {
		case k.changed <- struct{}{}:
		default:
		}
	}
	_, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(any) { poke() },
		UpdateFunc: func(any, any) { poke() },
		DeleteFunc: func(any) { poke() },
	})
	if err != nil {
		return fmt.Errorf("watch: %w", err)
	}
	if err := informer.SetTransform(slim); err != nil {
		return fmt.Errorf("watch: %w", err)
	}
	err = informer.SetWatchErrorHandlerWithContext(func(ctx context.Context, _ *cache.Reflector, err error) {
		if isConnection(err) {
			// A watch may end for reasons of its own: ask before believing it.
			if notReady := ready(ctx); notReady != nil {
				cancel(notReady)
			}
		}
	})
	if err != nil {
		return fmt.Errorf("watch: %w", err)
	}
	return nil
}

// isConnection tells a connection that failed from an answer that we dislike.
func isConnection(err error) bool {
	var status apierrors.APIStatus
	return !errors.As(err, &status) || apierrors.IsServiceUnavailable(err) || apierrors.IsInternalError(err) ||
		apierrors.IsUnauthorized(err)
}

// wait returns when all watches have ended; their context must have.
func (k *caches) wait() {
	for _, factory := range k.factories {
		factory.Shutdown()
	}
}

// slim drops what nobody reads before it is cached.
func slim(object any) (any, error) {
	if accessor, err := meta.Accessor(object); err == nil {
		accessor.SetManagedFields(nil)
	}
	return object, nil
}

// observation is the whole state now; what caches do not hold is taken over.
func (k *caches) observation(before diagnose.Observation, lines *lineKeeper) diagnose.Observation {
	return diagnose.Observation{
		Time:         time.Now(),
		Pods:         all[corev1.Pod](k.informers["pods"]),
		Deployments:  all[appsv1.Deployment](k.informers["deployments"]),
		StatefulSets: all[appsv1.StatefulSet](k.informers["statefulsets"]),
		DaemonSets:   all[appsv1.DaemonSet](k.informers["daemonsets"]),
		Jobs:         all[batchv1.Job](k.informers["jobs"]),
		Claims:       all[corev1.PersistentVolumeClaim](k.informers["claims"]),
		Nodes:        all[corev1.Node](k.informers["nodes"]),
		Events:       append(all[corev1.Event](k.informers["events"]), all[corev1.Event](k.nodeEvent)...),
		Lines:        lines.held(),
		Usage:        before.Usage,
	}
}

// all lists what an informer holds. The values share memory with the cache,
// which replaces objects and never changes them.
func all[T any](informer cache.SharedIndexInformer) []T {
	if informer == nil {
		return nil
	}
	items := informer.GetStore().List()
	out := make([]T, 0, len(items))
	for _, item := range items {
		if object, ok := item.(*T); ok {
			out = append(out, *object)
		}
	}
	return out
}
