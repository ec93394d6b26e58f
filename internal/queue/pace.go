package queue

import "time"

// window is the time over which rates and trends are taken. Consumers of Kafka
// commit every five seconds by default (auto.commit.interval.ms): over less, a
// steady consumer would seem to stand and leap.
const window = 15 * time.Second

// shortest is the least time that a rate is taken over: a message or two make
// any rate over less.
const shortest = 800 * time.Millisecond

// point is a counter's value from an instant on. Seen is when the value before
// it was last seen: the change lies between the two.
type point struct {
	seen, at time.Time
	value    int64
}

// pace remembers how a number went lately. It keeps instants of change only, so
// that what stands still costs nothing. The zero value remembers nothing.
type pace struct {
	since  time.Time // from when on its course is known
	points []point   // oldest first; the first may be from before the window
}

// with returns the pace with the number's value at a later instant; it was seen
// before at the instant before.
func (p pace) with(before, at time.Time, value int64) pace {
	if len(p.points) == 0 {
		return pace{since: at, points: []point{{at, at, value}}}
	}
	points := p.points
	if points[len(points)-1].value != value {
		// A new array: what was returned before must stay as it is.
		points = append(points[:len(points):len(points)], point{before, at, value})
	}
	first := 0
	for first+1 < len(points) && !points[first+1].at.After(at.Add(-window)) {
		first++
	}
	return pace{since: p.since, points: points[first:]}
}

// value is the newest value.
func (p pace) value() (int64, bool) {
	if len(p.points) == 0 {
		return 0, false
	}
	return p.points[len(p.points)-1].value, true
}

// rate is the change a second over the window before an instant; unknown while
// its course is known for too short a time.
func (p pace) rate(now time.Time) Rate {
	from := now.Add(-window)
	if p.since.After(from) {
		from = p.since
	}
	if len(p.points) == 0 {
		return Rate{}
	}
	before := p.points[0].value
	for _, q := range p.points {
		if q.at.After(from) {
			// What was added began to be added before the window, where nobody
			// has looked in between.
			if q.seen.Before(from) && q.seen.After(p.since) {
				from = q.seen
			}
			break
		}
		before = q.value
	}
	if now.Sub(from) < shortest {
		return Rate{}
	}
	return Known(float64(p.points[len(p.points)-1].value-before) / now.Sub(from).Seconds())
}

// still reports whether the number has not changed within the window, so that
// its rate is zero and stays so until it changes.
func (p pace) still(now time.Time) bool {
	if len(p.points) == 0 {
		return true
	}
	return !p.points[len(p.points)-1].at.After(now.Add(-window))
}

// meter counts what is added to a set of counters that may each start again
// from a lower value: a broker was restarted, a topic made anew, a group's
// offsets reset. Then what was added in between is not known, and the meter
// begins again, rather than to show a leap or a negative rate.
type meter struct{ pace }

// add returns the meter after an amount was added up to an instant; restart
// says that the amount is not known.
func (m meter) add(before, at time.Time, amount int64, restart bool) meter {
	if restart {
		return meter{pace{}.with(before, at, 0)}
	}
	total, _ := m.value()
	return meter{m.with(before, at, total+amount)}
}
