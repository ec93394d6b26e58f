package queue

func (f folding) foldQueues(old []queueEntry, queues []*Queue) []queueEntry {
	queues = sorted(queues, queueOf)
	list := make([]queueEntry, 0, len(queues))
	for _, q := range queues {
		var before queueEntry
		before, old = next(old, q.Name, func(e queueEntry) string { return e.queue.Name })
		e := f.foldQueue(q, before)
		if before.status != nil && *before.status == *e.status {
			e.status = before.status
		}
		list = append(list, e)
	}
	return list
}

func (f folding) foldQueue(q *Queue, e queueEntry) queueEntry {
	b, old := f.behind[q.Name], e.queue
	status := &Status{
		Name: q.Name, Kind: q.Kind, Internal: q.Internal, State: q.State, Trouble: q.Trouble, Partitions: len(q.Partitions),
		Depth: q.Depth, Unacknowledged: q.Unacknowledged, Consumers: q.Consumers, Bytes: q.Bytes, Groups: b.groups, Out: b.out, Lag: b.worst,
	}
	if amount, restart, ok := written(q, old); ok {
		e.in = e.in.add(f.before, f.at, amount, restart)
		status.In = e.in.rate(f.at)
	} else {
		e.in = meter{}
	}
	if taken, ok := q.Taken.Get(); ok {
		var before Count
		if old != nil {
			before = old.Taken
		}
		step := taken - before.Or(taken)
		e.out = e.out.add(f.before, f.at, max(step, 0), step < 0)
		status.Out = e.out.rate(f.at)
	} else {
		e.out = meter{}
	}
	if waiting, ok := q.Depth.Minus(Known(q.Unacknowledged.Or(0))).Get(); ok && b.groups == 0 && len(q.Partitions) == 0 {
		e.depth = e.depth.with(f.before, f.at, waiting)
		status.Lag = WorstLag{Lag: Known(waiting), Trend: e.depth.rate(f.at)}
	} else {
		e.depth = pace{}
	}
	e.queue, e.status = q, status
	return e
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
