package intake

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/diorama-dev/diorama/internal/logs/wire"
)

// pass lets so much time pass.
func (d *desk) pass(total time.Duration) {
	for ; total > 0; total -= every {
		d.now = d.now.Add(every)
		d.in.tick()
		for d.in.cycle(d.t.Context(), false) {
		}
	}
}

// TestASilentNodeHoldsNobodyUp has one node paused and another one write much.
func TestASilentNodeHoldsNobodyUp(t *testing.T) {
	d := newDesk(t, newMemory())
	d.hear(wire.Frame{Kind: wire.Past, Past: noon.UnixNano()})
	d.s = d.session()
	d.announce(1, source(0))
	d.listed()
	d.pass(2 * time.Second)
	n := 0
	for range 6 {
		var text strings.Builder
		for range 20000 {
			text.WriteString(out(n, fmt.Sprint("line ", n)))
			n++
		}
		d.hear(wire.Frame{Kind: wire.Chunk, File: 1, Offset: d.offsets[1], Past: d.now.UnixNano(), Data: []byte(text.String())})
		d.offsets[1] += int64(text.Len())
		d.pass(time.Second)
	}
	if got := len(d.keeper.messages()); got != n {
		t.Errorf("%d lines are stored of %d", got, n)
	}
}

// TestAClockThatIsSetBack has lines not wait until it is as late again.
func TestAClockThatIsSetBack(t *testing.T) {
	d := newDesk(t, newMemory())
	d.announce(1, source(0))
	d.listed()
	d.chunk(1, out(0, "before"))
	d.flush()
	d.now = noon.Add(-30 * time.Minute)
	past := wire.Frame{Kind: wire.Past, Past: d.now.UnixNano()}
	d.hear(wire.Frame{Kind: wire.Chunk, File: 1, Offset: d.offsets[1], Past: past.Past, Data: []byte(out(-1800000, "after"))})
	for range 3 {
		d.pass(every)
		past.Past = d.now.UnixNano()
		d.hear(past)
	}
	d.pass(every)
	d.want("before", "after")
}
