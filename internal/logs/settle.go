package logs

import "time"

// settling is how long after its time a line of a log system is sure to be
// findable: agents send lines in batches, each node its own, and what is sent
// can be found a second or two later.
const settling = 5 * time.Second

// Settled is the query as a log system is read forward with. What it finds is
// final: lines so new that older ones may still come are left out, so that
// who reads on from the last one misses none of those. A query that itself
// ends by now stays as it is: nobody follows it.
func (q Query) Settled(now time.Time) Query {
	if q.Until.IsZero() || q.Until.After(now) {
		q.Until = now.Add(-settling)
	}
	return q
}
