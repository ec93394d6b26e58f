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
	// queues and groups are by name.
	queues []queueEntry
	groups []groupEntry
	broker Broker // its queues and groups
}

// queueEntry is a queue as it was sampled, what that means, and how its numbers
// went.
type queueEntry struct {
	queue   *Queue
	status  *Status
	in, out meter
	depth   pace // of a queue without groups: its lag
}

// groupEntry is a group as it was sampled, what that means, and how it went in
// each of its queues, in the order of the status.
type groupEntry struct {
	group   *Group
	status  *GroupStatus
	courses []groupCourse
}

// groupCourse is how a group went in a queue.
type groupCourse struct {
	read meter
	lag  pace
}

// With returns the history with one sample more.
func (h History) With(s *Sample) History {
	f := folding{before: s.At, at: s.At, behind: make(map[string]behind, len(s.Queues)), queues: sorted(s.Queues, queueOf)}
	if h.sample != nil {
		f.before = h.sample.At
	}
	next := History{sample: s, groups: f.foldGroups(h.groups, s.Groups), queues: f.foldQueues(h.queues, s.Queues)}
	next.broker.Queues = make([]*Status, 0, len(next.queues))
	for _, e := range next.queues {
		next.broker.Queues = append(next.broker.Queues, e.status)
	}
	next.broker.Groups = make([]*GroupStatus, 0, len(next.groups))
	for _, e := range next.groups {
		next.broker.Groups = append(next.broker.Groups, e.status)
	}
	return next
}

// folding is one sample on its way into a history.
type folding struct {
	before, at time.Time         // of the last sample, and of this one
	behind     map[string]behind // by queue
	queues     []*Queue          // by name
}

// behind is what the groups of a queue are together.
type behind struct {
	groups int
	out    Rate
	worst  WorstLag
}

func (f folding) foldGroups(old []groupEntry, groups []*Group) []groupEntry {
	groups = sorted(groups, groupOf)
	list := make([]groupEntry, 0, len(groups))
	for _, g := range groups {
		var before groupEntry
		before, old = next(old, g.Name, func(e groupEntry) string { return e.group.Name })
		e := f.foldGroup(g, before)
		for _, in := range e.status.Queues {
			f.count(g.Name, in)
		}
		list = append(list, e)
	}
	return list
}

// foldGroup is what became of a group; what there was before where nothing of
// it can have changed.
func (f folding) foldGroup(g *Group, before groupEntry) groupEntry {
	if g == before.group && f.stands(before) {
		return before
	}
	e := groupEntry{group: g, status: &GroupStatus{
		Name: g.Name, Kind: g.Kind, State: g.State, Trouble: g.Trouble, Members: len(g.Members), Queues: []GroupInQueue{},
	}}
	var committed []Offset
	if before.group != nil {
		committed = byQueue(before.group.Offsets)
	}
	for offsets := range chunks(byQueue(g.Offsets)) {
		in, course := f.inQueue(offsets, committed, before.course(offsets[0].Queue, offsets))
		e.status.Committed = e.status.Committed || in.Consumed.IsKnown()
		e.status.Queues = append(e.status.Queues, in)
		e.courses = append(e.courses, course)
	}
	if before.status != nil && equalGroup(before.status, e.status) {
		e.status = before.status
	}
	return e
}

// stands reports whether all of a group stands still and its status says so.
func (f folding) stands(e groupEntry) bool {
	if slices.ContainsFunc(e.group.Offsets, func(o Offset) bool { return !o.Lag.IsKnown() }) {
		return false // whether something waits there is for the queue to say
	}
	for i, in := range e.status.Queues {
		course := e.courses[i]
		if !course.read.still(f.at) || !course.lag.still(f.at) || in.Rate.Or(0) != 0 || in.Trend.Or(0) != 0 {
			return false
		}
		if in.Consumed.IsKnown() && !in.Rate.IsKnown() || in.Lag.IsKnown() && !in.Trend.IsKnown() {
			return false // they are known by now
		}
	}
	return true
}

// course is how a group went in a queue. Where the lag is of other partitions
// than it was, its course begins again: a partition that nobody knows of any
// more was not read.
func (e groupEntry) course(queue string, now []Offset) groupCourse {
	if e.status == nil {
		return groupCourse{}
	}
	for i, in := range e.status.Queues {
		if in.Queue != queue {
			continue
		}
		course := e.courses[i]
		if !sameKnown(now, byQueue(e.group.Offsets)) {
			course.lag = pace{}
		}
		return course
	}
	return groupCourse{}
}

// inQueue is how far a group is in one queue; before are its offsets, of all
// queues, in the last sample.
func (f folding) inQueue(offsets, before []Offset, course groupCourse) (GroupInQueue, groupCourse) {
	in := GroupInQueue{Queue: offsets[0].Queue}
	read, restart := int64(0), false
	for _, o := range offsets {
		in.Lag = Total(in.Lag, o.Lag)
		in.Pending = Total(in.Pending, o.Pending)
		in.Consumed = Total(in.Consumed, o.Committed)
		if !o.Lag.IsKnown() && !f.empty(o) {
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
	if in.Consumed.IsKnown() {
		course.read = course.read.add(f.before, f.at, read, restart)
		in.Rate = course.read.rate(f.at)
	} else {
		course.read = meter{}
	}
	if lag, ok := in.Lag.Get(); ok {
		course.lag = course.lag.with(f.before, f.at, lag)
		in.Trend = course.lag.rate(f.at)
		in.Drain = drain(lag, in.Trend)
	} else {
		course.lag = pace{}
	}
	return in, course
}

// empty reports whether the partition of an offset is known to hold nothing.
func (f folding) empty(o Offset) bool {
	at, ok := slices.BinarySearchFunc(f.queues, o.Queue, func(q *Queue, name string) int { return cmp.Compare(q.Name, name) })
	if !ok {
		return false
	}
	p, ok := partition(f.queues[at], o.Partition)
	left, known := p.End.Minus(p.Start).Get()
	return ok && known && left == 0
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
		b.worst = WorstLag{Lag: in.Lag, Group: group, Trend: in.Trend}
	}
	f.behind[in.Queue] = b
}
