package logs

import (
	"sync/atomic"
	"time"
)

// clock is a time that passes when a test says so.
type clock struct{ nanos atomic.Int64 }

func newClock() *clock {
	c := &clock{}
	c.nanos.Store(noon.UnixNano())
	return c
}

func (c *clock) now() time.Time { return time.Unix(0, c.nanos.Load()).UTC() }

func (c *clock) pass(d time.Duration) { c.nanos.Add(int64(d)) }
