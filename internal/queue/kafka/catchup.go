package kafka

import (
	"context"

	"github.com/diorama-dev/diorama/internal/queue"
)

// catchUp asks again for ends that groups are ahead of. They were asked for
// before the commits, and messages written between the two would make a lag
// negative; where it stays so, the topic is not the one that was read.
func (r *round) catchUp(ctx context.Context, m *memory) {
	ahead := make(map[*topic]bool)
	for _, g := range m.ordered {
		g.find(m)
		if g.kind == queue.GroupShare || g.fits() {
			continue
		}
		for i := range g.commits {
			if c := &g.commits[i]; c.topic != nil && !ahead[c.topic] && c.ahead() {
				ahead[c.topic] = true
			}
		}
	}
	if len(ahead) == 0 {
		return
	}
	list := make([]*topic, 0, len(ahead))
	for t := range ahead {
		list = append(list, t)
	}
	answers := r.offsets(ctx, list, end())
	r.wait()
	m.take(answers)
}

// ahead reports whether the group has read what, by the ends, is not there.
func (c *commits) ahead() bool {
	for _, p := range c.parts {
		if p.partition < 0 || int(p.partition) >= len(c.topic.parts) {
			continue
		}
		if end, ok := c.topic.parts[p.partition].end.Get(); ok && p.offset > end {
			return true
		}
	}
	return false
}
