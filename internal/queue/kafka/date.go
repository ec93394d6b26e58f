package kafka

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/diorama-dev/diorama/internal/queue"
)

// How many partitions of a group are read for the age of what waits in them,
// those that are furthest behind, and how long that may take.
const (
	mostDated   = 16
	datedWithin = 2 * time.Second
)

// Date sets Waiting to the time of the message that the group reads next: the
// record at the committed offset, or the first that is left after it. What
// cannot be read in good time stays unknown.
func (c *Client) Date(ctx context.Context, g *queue.Group) (*queue.Group, error) {
	ctx, cancel := context.WithTimeout(ctx, datedWithin)
	defer cancel()
	dated := *g
	dated.Offsets = slices.Clone(g.Offsets)
	for _, i := range furthestBehind(dated.Offsets) {
		o := &dated.Offsets[i]
		request := queue.PeekRequest{
			Queue: o.Queue, Partition: queue.Known(int64(o.Partition)), From: queue.FromOffset, Offset: o.Committed.Or(0), Limit: 1, MostBytes: 1,
		}
		err := c.Peek(ctx, request, func(m queue.Message) error {
			o.Waiting = m.Time
			return nil
		})
		if err != nil && ctx.Err() != nil {
			break
		}
	}
	return &dated, nil
}

// furthestBehind are the indices of offsets with a lag, the largest first.
func furthestBehind(offsets []queue.Offset) []int {
	var behind []int
	for i, o := range offsets {
		if o.Committed.IsKnown() && o.Lag.Or(0) > 0 {
			behind = append(behind, i)
		}
	}
	slices.SortStableFunc(behind, func(a, b int) int { return cmp.Compare(offsets[b].Lag.Or(0), offsets[a].Lag.Or(0)) })
	return behind[:min(len(behind), mostDated)]
}
