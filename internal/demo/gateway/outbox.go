package gateway

import (
	"context"
	"time"

	"github.com/diorama-dev/diorama/internal/demo/story"
)

// A result is first written to the database as unpublished, then published,
// then marked. What is not marked after a while, because the broker was away
// or this process died, is published again: at least once, from any replica.

const (
	// relayAfter is longer than a publisher takes to give an event up, so that
	// an event still on its way is not sent twice.
	relayAfter = 15 * time.Second
	relayEvery = 5 * time.Second
	relayBatch = 200
	pruneEvery = time.Hour
	// markEvery bounds how long a published event stays unmarked.
	markEvery = 200 * time.Millisecond
	markBatch = 256
)

// outbox holds the events that were published but not yet marked.
type outbox struct{ published chan string }

func newOutbox() outbox { return outbox{published: make(chan string, 8*markBatch)} }

// publish sends the event without waiting; then, where not nil, is told what
// came of it.
func (g *Gateway) publish(ctx context.Context, c story.Completed, then func(error)) {
	g.Publisher.Publish(ctx, c, func(err error) {
		if then != nil {
			defer then(err)
		}
		if err != nil {
			g.counters.unpublished.Add(1)
			g.Log.WarnContext(ctx, "event was not published, it will be sent again later",
				"error", err.Error(), "event", c.ID, c.Trace.Attr())
			return
		}
		g.counters.published.Add(1)
		select {
		case g.outbox.published <- c.ID:
		default: // no room: it stays unmarked and is sent once more
		}
	})
}

// Relay marks what was published, sends again what was not, and deletes old
// rows, until ctx ends.
func (g *Gateway) Relay(ctx context.Context) {
	mark, resend, prune := time.NewTicker(markEvery), time.NewTicker(relayEvery), time.NewTicker(pruneEvery)
	defer mark.Stop()
	defer resend.Stop()
	defer prune.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-mark.C:
			g.MarkAll(ctx)
		case <-resend.C:
			for g.resend(ctx) {
			}
		case <-prune.C:
			g.prune(ctx)
		}
	}
}

// MarkAll marks all that was published so far.
func (g *Gateway) MarkAll(ctx context.Context) {
	for ids := g.take(); len(ids) > 0; ids = g.take() {
		if err := g.Store.MarkPublished(ctx, ids); err != nil {
			g.Log.WarnContext(ctx, "published events were not marked, they will be sent again", "error", err.Error())
			return
		}
	}
}

// take returns up to a batch of what there is, without waiting.
func (g *Gateway) take() []string {
	var ids []string
	for len(ids) < markBatch {
		select {
		case id := <-g.outbox.published:
			ids = append(ids, id)
		default:
			return ids
		}
	}
	return ids
}

// resend sends a batch of late events and waits for what comes of them. It
// reports whether there may be more and the broker takes them.
func (g *Gateway) resend(ctx context.Context) bool {
	g.MarkAll(ctx)
	late, err := g.Store.Unpublished(ctx, g.Now().Add(-relayAfter), relayBatch)
	if err != nil {
		g.Log.WarnContext(ctx, "looking for unpublished events failed", "error", err.Error())
		return false
	}
	if len(late) == 0 {
		return false
	}
	g.Log.InfoContext(ctx, "sending events again", "events", len(late), "oldest", late[0].Time)
	outcomes := make(chan error, len(late))
	for _, c := range late {
		g.publish(ctx, c, func(err error) { outcomes <- err })
	}
	sent := 0
	for range late {
		select {
		case err := <-outcomes:
			if err == nil {
				sent++
			}
		case <-ctx.Done():
			return false
		}
	}
	g.MarkAll(ctx)
	return sent == relayBatch
}

func (g *Gateway) prune(ctx context.Context) {
	rows, err := g.Store.Prune(ctx, g.Now().Add(-g.Retention))
	if err != nil {
		g.Log.WarnContext(ctx, "old rows were not deleted", "error", err.Error())
		return
	}
	g.Log.InfoContext(ctx, "old rows deleted", "rows", rows, "older_than", g.Retention.String())
}
