package kafka

import (
	"context"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/diorama-dev/diorama/internal/queue"
)

// sizes asks brokers how long the logs are of topics that have changed: a size
// costs the broker a look at each file. What it returns takes the answers in.
func (r *round) sizes(ctx context.Context, m *memory) []func() {
	asked := make(map[string]*topic)
	request := kmsg.NewPtrDescribeLogDirsRequest()
	for _, t := range m.topics {
		if !t.unsized || len(t.parts) == 0 {
			continue
		}
		asked[t.name] = t
		which := kmsg.NewDescribeLogDirsRequestTopic()
		which.Topic = t.name
		for i := range t.parts {
			which.Partitions = append(which.Partitions, int32(i))
		}
		request.Topics = append(request.Topics, which)
	}
	if len(asked) == 0 {
		return nil
	}
	if len(asked) == len(m.topics) {
		request.Topics = nil // all
	}
	for _, t := range asked {
		t.unsized = false // until a leader does not say
	}
	var takes []func()
	for _, node := range m.brokers {
		var answer *kmsg.DescribeLogDirsResponse
		var err error
		mine := *request
		r.start(func() { answer, err = ask[*kmsg.DescribeLogDirsResponse](ctx, r, node, &mine) })
		takes = append(takes, func() {
			if err == nil {
				takeSizes(answer, node, asked)
				return
			}
			for _, t := range asked {
				t.size(node, nil)
			}
		})
	}
	return takes
}

// takeSizes takes in the lengths of the logs that the broker leads: its copies
// of others' are not the topic's length.
func takeSizes(answer *kmsg.DescribeLogDirsResponse, node int32, asked map[string]*topic) {
	sizes := make(map[string]map[int32]int64, len(asked))
	for i := range answer.Dirs {
		dir := &answer.Dirs[i]
		if why(dir.ErrorCode) != nil {
			continue
		}
		for k := range dir.Topics {
			name := dir.Topics[k].Topic
			if asked[name] == nil {
				continue
			}
			if sizes[name] == nil {
				sizes[name] = make(map[int32]int64, len(dir.Topics[k].Partitions))
			}
			for _, p := range dir.Topics[k].Partitions {
				if !p.IsFuture { // being moved here from another folder
					sizes[name][p.Partition] = p.Size
				}
			}
		}
	}
	for name, t := range asked {
		t.size(node, sizes[name])
	}
}

func (t *topic) size(node int32, sizes map[int32]int64) {
	for i := range t.parts {
		p := &t.parts[i]
		if p.leader != node {
			continue
		}
		var bytes queue.Count
		if size, ok := sizes[int32(i)]; ok {
			bytes = queue.Known(size)
		}
		if bytes != p.bytes {
			p.bytes, t.shown = bytes, nil
		}
		t.unsized = t.unsized || sizes == nil
	}
}
