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
	for _, g := range m.groups {
		if g.kind == queue.GroupShare || g.shown != nil && g.fits(m.topics) {
			continue
		}
		for i := range g.commits {
			t := m.topics[g.commits[i].topic]
			if t == nil || ahead[t] {
				continue
			}
			for _, c := range g.commits[i].parts {
				if c.partition >= 0 && int(c.partition) < len(t.parts) {
					if end, ok := t.parts[c.partition].end.Get(); ok && c.offset > end {
						ahead[t] = true
						break
					}
				}
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
	answers := r.offsets(ctx, list, edges()[1])
	r.wait()
	m.take(answers)
}
