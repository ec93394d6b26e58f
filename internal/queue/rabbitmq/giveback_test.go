package rabbitmq

import (
	"testing"
	"testing/synctest"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

// slowQueue is a quorum queue that applies what is given back, one message
// each, by and by.
type slowQueue struct {
	begun time.Time
	// applied is how many messages it has applied of those that were given back
	// after some time.
	applied func(given int, passed time.Duration) int
	// taken is how many of them others have by then.
	taken func(applied int) int

	given, pending, consumers int
}

func (q *slowQueue) Nack(tag uint64, _, _ bool) error {
	q.given = int(tag)
	q.pending = max(q.pending, q.given-q.applied(q.given, time.Since(q.begun)))
	return nil
}

func (q *slowQueue) QueueDeclarePassive(string, bool, bool, bool, bool, amqp.Table) (amqp.Queue, error) {
	applied := q.applied(q.given, time.Since(q.begun))
	return amqp.Queue{Messages: 5 + applied - q.taken(applied), Consumers: q.consumers}, nil
}

// TestGiveBack: however long a queue takes, no more is on its way to it than
// keeps its order; and where others take what is given back, nobody waits for
// it again and again.
func TestGiveBack(t *testing.T) {
	atOnce := func(given int, _ time.Duration) int { return given }
	nobody := func(int) int { return 0 }
	for name, c := range map[string]struct {
		applied   func(int, time.Duration) int
		taken     func(int) int
		within    time.Duration
		consumers int
	}{
		"quick": {applied: atOnce, taken: nobody, within: time.Millisecond},
		"stands still and goes on": {
			applied: func(given int, passed time.Duration) int {
				if passed < 4*time.Second {
					return min(given, 20)
				}
				return given
			},
			taken: nobody, within: 5 * time.Second,
		},
		"one message every 3 s": {
			applied: func(given int, passed time.Duration) int { return min(given, int(passed/(3*time.Second))) },
			taken:   nobody, within: 51 * 3 * time.Second,
		},
		"others take all":    {applied: atOnce, taken: func(applied int) int { return applied }, within: backWait + time.Second},
		"consumers take all": {applied: atOnce, taken: func(applied int) int { return applied }, within: consumedWait + time.Second, consumers: 1},
		"others take more":   {applied: atOnce, taken: func(applied int) int { return applied + applied/backAtOnce }, within: time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				q := &slowQueue{begun: time.Now(), applied: c.applied, taken: c.taken, consumers: c.consumers}
				if err := giveBack(q, "payments", 50, true); err != nil {
					t.Fatal(err)
				}
				if took := time.Since(q.begun); q.given != 50 || q.pending > backAtOnce || took > c.within {
					t.Errorf("%d were given back in %v, %d of them at once", q.given, took, q.pending)
				}
			})
		})
	}
}
