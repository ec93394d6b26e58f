package kafka

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/kversion"

	"github.com/diorama-dev/diorama/internal/queue"
)

// afresh is in how many samples everything is asked for once, a share of it in
// each, whether it seems to have changed or not.
const afresh = 30

// memory is what is known of a cluster between samples.
type memory struct {
	version string
	brokers []int32
	topics  map[string]*topic
	groups  map[string]*group
	// ordered are the groups by name, changed those to ask about.
	ordered, changed []*group
	tail             tail
	// layout counts how often a topic came or went.
	layout int
	// alarms are what the last sample could not find out at all.
	alarms []string
	// pass counts answers about offsets, turn samples.
	pass, turn int
}

func newMemory() *memory {
	return &memory{layout: 1, topics: make(map[string]*topic), groups: make(map[string]*group), tail: newTail()}
}

// round is one sample on its way.
type round struct {
	*Client
	asked   atomic.Int64
	running sync.WaitGroup
}

// start does something beside the rest; wait waits for all of that.
func (r *round) start(do func()) { r.running.Go(do) }
func (r *round) wait()           { r.running.Wait() }

// ask asks one broker, which may use half of the time that there is: then the
// rest of the sample can still be had.
func ask[A kmsg.Response](ctx context.Context, r *round, node int32, request kmsg.Request) (answer A, err error) {
	if end, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, time.Until(end)/2, fmt.Errorf("%s does not answer", r.at(node)))
		defer cancel()
	}
	r.asked.Add(1)
	said, err := r.Client.ask(ctx, node, request)
	if err != nil {
		if cause := context.Cause(ctx); cause != nil {
			err = fmt.Errorf("%w (%w)", cause, err)
		}
		return answer, err
	}
	return said.(A), nil
}

// Sample asks for all topics and groups: for what can have changed since the
// last sample, and a share of the rest. It fails where no broker tells of
// topics; what else is not answered is unknown in the sample.
func (c *Client) Sample(ctx context.Context) (*queue.Sample, error) {
	var m *memory
	select {
	case m = <-c.turn:
		defer func() { c.turn <- m }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	r := &round{Client: c}
	sample := &queue.Sample{At: time.Now()}
	m.alarms = nil
	m.turn++
	if err := r.topics(ctx, m); err != nil {
		m.version = "" // another may come back
		return nil, fmt.Errorf("sample Kafka: %w", err)
	}
	r.groups(ctx, m)
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("sample Kafka: %w", context.Cause(ctx))
	}
	sample.Version, sample.Nodes = m.version, queue.Nodes{Answering: len(m.brokers), Known: len(m.brokers)}
	sample.Queues, sample.Groups = m.shown()
	sample.Alarms = slices.Clone(m.alarms)
	sample.Requests = int(r.asked.Load())
	return sample, nil
}

// topics brings topics up to date, and lists the groups meanwhile.
func (r *round) topics(ctx context.Context, m *memory) error {
	var said *kmsg.MetadataResponse
	var err error
	known := slices.Collect(maps.Values(m.topics))
	r.start(func() {
		request := kmsg.NewPtrMetadataRequest() // of all topics
		said, err = ask[*kmsg.MetadataResponse](ctx, r, seed, request)
	})
	var version string
	if m.version == "" {
		r.start(func() { version = r.version(ctx) })
	}
	answers := r.offsets(ctx, known, start(), end())
	lists := r.listGroups(ctx, m.brokers)
	r.wait()
	if err != nil {
		return err
	}
	if version != "" {
		m.version = version
	}
	before := slices.Clone(m.brokers)
	fresh := m.learn(said)
	for _, t := range m.take(answers) {
		if !slices.Contains(fresh, t) { // asked twice in one request, a partition is refused
			fresh = append(fresh, t)
		}
	}
	again := r.offsets(ctx, fresh, start(), end())
	more := r.listGroups(ctx, slices.DeleteFunc(slices.Clone(m.brokers), func(id int32) bool { return slices.Contains(before, id) }))
	r.wait()
	m.take(again)
	m.list(append(lists, more...))
	return nil
}

// version is what the broker's answers give away: "4.3".
func (r *round) version(ctx context.Context) string {
	request := kmsg.NewPtrApiVersionsRequest()
	request.ClientSoftwareName, request.ClientSoftwareVersion = "diorama", "0" // Kafka refuses empty ones
	said, err := ask[*kmsg.ApiVersionsResponse](ctx, r, seed, request)
	if err != nil {
		return ""
	}
	return strings.TrimPrefix(kversion.FromApiVersionsResponse(said).VersionGuess(), "v")
}

// groups brings groups up to date, and what of topics is asked for where it has
// changed.
func (r *round) groups(ctx context.Context, m *memory) {
	r.follow(ctx, m)
	m.mark()
	commits := r.commits(ctx, m)
	described := r.describe(ctx, m)
	sizes := r.sizes(ctx, m)
	settle := r.settle(ctx, m)
	r.wait()
	for _, take := range slices.Concat(commits, described, sizes) {
		take()
	}
	settle()
	r.catchUp(ctx, m)
}

// mark makes a share of all be asked for again, so that what no sign told of is
// seen in the end, and collects what to ask about.
func (m *memory) mark() {
	m.changed = m.changed[:0]
	for i, g := range m.ordered {
		if i%afresh == m.turn%afresh {
			g.stale, g.undescribed = true, true
		}
		if g.stale || g.undescribed {
			m.changed = append(m.changed, g)
		}
	}
	for i, name := range slices.Sorted(maps.Keys(m.topics)) {
		if i%afresh == m.turn%afresh {
			m.topics[name].unsized = true
		}
	}
}

// shown is all as a sample has it.
func (m *memory) shown() ([]*queue.Queue, []*queue.Group) {
	queues := make([]*queue.Queue, 0, len(m.topics))
	for _, t := range m.topics {
		queues = append(queues, t.queue())
	}
	slices.SortFunc(queues, func(a, b *queue.Queue) int { return strings.Compare(a.Name, b.Name) })
	groups := make([]*queue.Group, 0, len(m.ordered))
	for _, g := range m.ordered {
		groups = append(groups, g.group())
	}
	return queues, groups
}
