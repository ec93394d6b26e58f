package kind

import (
	"context"
	"slices"
	"time"

	"github.com/diorama-dev/diorama/internal/kube"
)

// newsWithin bounds the wait for the news of what was just applied: somebody may
// have deleted it.
const newsWithin = 10 * time.Second

// awaitNews waits until the observation has the workloads that were just
// configured as they are now. What it tells until then, such as that they are
// ready, is of before.
func (o *observer) awaitNews(ctx context.Context, changes kube.ChangeSet) {
	ctx, cancel := context.WithTimeout(ctx, newsWithin)
	defer cancel()
	for {
		o.mu.Lock()
		generations, changed := o.generations(), o.changed
		o.mu.Unlock()
		if !slices.ContainsFunc(changes, func(c kube.Change) bool { return c.Generation > generations[c.ObjectID] }) {
			return
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return
		}
	}
}

// generations are those of the workloads of apps/v1 that are observed; the lock is
// held.
func (o *observer) generations() map[kube.ObjectID]int64 {
	all := make(map[kube.ObjectID]int64)
	for kind, meta := range workloads(o.last) {
		all[kube.ObjectID{Group: "apps", Version: "v1", Kind: kind, Namespace: meta.Namespace, Name: meta.Name}] = meta.Generation
	}
	return all
}
