package queue

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// History is what the samples of one broker so far amount to: its newest state,
// and what the next sample is compared with. [History.With] is pure.
type History struct {
	sample *Sample
	queues map[string]queueCourse
	groups map[courseKey]groupCourse
	broker Broker // its queues and groups, and how it was sampled
}

// courseKey is a group in a queue.
type courseKey struct{ group, queue string }

// queueCourse is how the numbers of a queue went.
type queueCourse struct {
	in, out meter
	depth   pace // of a queue without groups: its lag
}

// groupCourse is how a group went in a queue.
type groupCourse struct {
	read meter
	lag  pace
}

// With returns the history with one sample more.
func (h History) With(s *Sample) History {
	next := History{
		sample: s,
		queues: make(map[string]queueCourse, len(s.Queues)),
		groups: make(map[courseKey]groupCourse, len(s.Groups)),
	}
	f := folding{before: h, after: &next, behind: make(map[string]behind, len(s.Queues))}
	next.broker.Groups = f.foldGroups()
	next.broker.Queues = f.foldQueues()
	return next
}

// folding is one sample on its way into a history.
type folding struct {
	before History
	after  *History
	behind map[string]behind // by queue
}

// behind is what the groups of a queue are together.
type behind struct {
	groups int
	out    Rate
	worst  QueueLag
}

func (f folding) at() time.Time { return f.after.sample.At }

func (f folding) foldGroups() []*GroupStatus {
	known := f.before.groupsByName()
	statuses := f.before.broker.groupsByName()
	list := make([]*GroupStatus, 0, len(f.after.sample.Groups))
	for _, g := range f.after.sample.Groups {
		status := f.foldGroup(g, known[g.Name], statuses[g.Name])
		for _, in := range status.Queues {
			f.count(g.Name, in)
		}
		list = append(list, status)
	}
	slices.SortFunc(list, func(a, b *GroupStatus) int { return cmp.Compare(a.Name, b.Name) })
	return list
}

// foldGroup is the status of a group; that of the last sample where nothing of
// it can have changed.
func (f folding) foldGroup(g, old *Group, last *GroupStatus) *GroupStatus {
	if g == old && last != nil && f.carry(g.Name, last) {
		return last
	}
	status := &GroupStatus{
		Name: g.Name, Kind: g.Kind, State: g.State, Trouble: g.Trouble, Members: len(g.Members), Queues: []GroupInQueue{},
	}
	var before []Offset
	if old != nil {
		before = byQueue(old.Offsets)
	}
	for offsets := range chunks(byQueue(g.Offsets)) {
		in := f.inQueue(g.Name, offsets, before)
		status.Committed = status.Committed || in.Consumed.IsKnown()
		status.Queues = append(status.Queues, in)
	}
	if last != nil && equalGroup(last, status) {
		return last
	}
	return status
}

// carry takes the courses of an unchanged group along, and reports whether all
// of them stand still and its status says so.
func (f folding) carry(group string, last *GroupStatus) bool {
	for _, in := range last.Queues {
		key := courseKey{group, in.Queue}
		course, ok := f.before.groups[key]
		if !ok || !course.read.still(f.at()) || !course.lag.still(f.at()) || in.Rate.Or(0) != 0 || in.Trend.Or(0) != 0 {
			return false
		}
		f.after.groups[key] = course
	}
	return true
}

// inQueue is how far a group is in one queue; before are its offsets, of all
// queues, in the last sample.
func (f folding) inQueue(group string, offsets, before []Offset) GroupInQueue {
	in := GroupInQueue{Queue: offsets[0].Queue}
	read, restart := int64(0), false
	for _, o := range offsets {
		in.Lag = Total(in.Lag, o.Lag)
		in.Pending = Total(in.Pending, o.Pending)
		in.Consumed = Total(in.Consumed, o.Committed)
		if !o.Lag.IsKnown() {
			in.Unknown++
		}
		if !o.Waiting.IsZero() && (in.Waiting.IsZero() || o.Waiting.Before(in.Waiting)) {
			in.Waiting = o.Waiting
		}
		step, ok := o.Committed.Minus(committed(before, o.Queue, o.Partition)).Get()
		if ok {
			read, restart = read+max(step, 0), restart || step < 0
		}
	}
	key := courseKey{group, in.Queue}
	course := f.before.groups[key]
	if in.Consumed.IsKnown() {
		course.read = course.read.add(f.at(), read, restart)
		in.Rate = course.read.rate(f.at())
	} else {
		course.read = meter{}
	}
	if lag, ok := in.Lag.Get(); ok {
		course.lag = course.lag.with(f.at(), lag)
		in.Trend = course.lag.rate(f.at())
		in.Drain = drain(lag, in.Trend)
	} else {
		course.lag = pace{}
	}
	f.after.groups[key] = course
	return in
}

// drain is in how many seconds a lag will be gone at its trend.
func drain(lag int64, trend Rate) Rate {
	change, ok := trend.Get()
	switch {
	case lag == 0:
		return Known(0.0)
	case !ok || change >= 0:
		return Rate{}
	}
	return Known(math.Ceil(float64(lag) / -change))
}

// count adds a group to what is known of its queue.
func (f folding) count(group string, in GroupInQueue) {
	b := f.behind[in.Queue]
	b.groups++
	b.out = Total(b.out, in.Rate)
	if lag, ok := in.Lag.Get(); ok && lag > b.worst.Lag.Or(-1) {
		b.worst = QueueLag{Lag: in.Lag, Group: group, Trend: in.Trend}
	}
	f.behind[in.Queue] = b
}

func (f folding) foldQueues() []*QueueStatus {
	known := f.before.queuesByName()
	statuses := f.before.broker.queuesByName()
	list := make([]*QueueStatus, 0, len(f.after.sample.Queues))
	for _, q := range f.after.sample.Queues {
		status := f.foldQueue(q, known[q.Name])
		if last := statuses[q.Name]; last != nil && *last == *status {
			status = last
		}
		list = append(list, status)
	}
	slices.SortFunc(list, func(a, b *QueueStatus) int { return cmp.Compare(a.Name, b.Name) })
	return list
}

func (f folding) foldQueue(q, old *Queue) *QueueStatus {
	b := f.behind[q.Name]
	course := f.before.queues[q.Name]
	status := &QueueStatus{
		Name: q.Name, Kind: q.Kind, Internal: q.Internal, State: q.State, Trouble: q.Trouble, Partitions: len(q.Partitions),
		Depth: q.Depth, Unacknowledged: q.Unacknowledged, Consumers: q.Consumers, Bytes: q.Bytes, Groups: b.groups, Out: b.out, Lag: b.worst,
	}
	if amount, restart, ok := written(q, old); ok {
		course.in = course.in.add(f.at(), amount, restart)
		status.In = course.in.rate(f.at())
	} else {
		course.in = meter{}
	}
	if taken, ok := q.Taken.Get(); ok {
		var before Count
		if old != nil {
			before = old.Taken
		}
		step := taken - before.Or(taken)
		course.out = course.out.add(f.at(), max(step, 0), step < 0)
		status.Out = course.out.rate(f.at())
	} else {
		course.out = meter{}
	}
	if waiting, ok := q.Depth.Minus(Known(q.Unacknowledged.Or(0))).Get(); ok && b.groups == 0 && len(q.Partitions) == 0 {
		course.depth = course.depth.with(f.at(), waiting)
		status.Lag = QueueLag{Lag: Known(waiting), Trend: course.depth.rate(f.at())}
	} else {
		course.depth = pace{}
	}
	f.after.queues[q.Name] = course
	return status
}

// written is how many messages were written since the last sample: by
// partitions where it has some, since a sum hides one that began again. Restart
// says that something did. It is not ok where the broker does not count.
func written(q, old *Queue) (amount int64, restart, ok bool) {
	if len(q.Partitions) == 0 {
		total, ok := q.Written.Get()
		if !ok {
			return 0, false, false
		}
		if old == nil {
			return 0, false, true
		}
		step := total - old.Written.Or(total)
		return max(step, 0), step < 0, true
	}
	for _, p := range q.Partitions {
		end, known := p.End.Get()
		if !known {
			continue
		}
		ok = true
		before, had := partition(old, p.ID)
		if !had {
			continue
		}
		step := end - before.End.Or(end)
		amount, restart = amount+max(step, 0), restart || step < 0
	}
	if old != nil && len(q.Partitions) < len(old.Partitions) {
		restart = true // topics only ever gain partitions: it was made anew
	}
	return amount, restart, ok
}
