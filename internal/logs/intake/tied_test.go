package intake

import (
	"fmt"
	"strings"
	"testing"
)

// TestWhatIsTiedIsCounted: by the byte, whether lines are joined or stand alone,
// so that what waits for the rest of a line is bounded.
func TestWhatIsTiedIsCounted(t *testing.T) {
	d := newDesk(t, newMemory())
	d.announce(1, source(0))
	f := d.s.files[1]
	feed := func(records ...string) {
		t.Helper()
		for _, record := range records {
			d.chunk(1, record)
			want := 0
			for i := f.complete; i < len(f.queue); i++ {
				if i == len(f.queue)-1 && len(f.joined) > 0 {
					want += len(f.joined)
				} else {
					want += len(f.queue[i].message)
				}
			}
			if f.tied != want {
				t.Fatalf("%d bytes are tied after %.60q, want %d", f.tied, record, want)
			}
		}
	}
	feed(out(0, "ERROR one"), out(1, "\tat a"), rec(2, "stderr P", "begun "))
	feed(out(3, "\tat b"), out(4, "\tat c"), out(5, "INFO two"), out(6, "ERROR three"), out(7, "\tat d"))
	feed(rec(8, "stderr F", "and ended"), out(9, "INFO four"), rec(10, "stderr P", "begun again "), out(11, "ERROR five"))
	d.flush()
	long := "\tat " + strings.Repeat("x", 1000)
	for i := range 2 * tiedBytes / len(long) {
		feed(out(12+i, long))
		if f.tied > tiedBytes {
			t.Fatalf("%d bytes are tied", f.tied)
		}
	}
	d.flush()
	if n := len(strings.Join(d.keeper.messages(), "\n")); n < tiedBytes {
		t.Errorf("%d bytes are stored", n)
	}
}

// TestManyLinesAreNotTied: those of a stream that are whole count, too.
func TestManyLinesAreNotTied(t *testing.T) {
	d := newDesk(t, newMemory())
	d.announce(1, source(0))
	d.chunk(1, rec(0, "stderr P", "begun "))
	for i := range 2 * tiedItems {
		d.chunk(1, out(1+i, fmt.Sprint("INFO ", i)))
	}
	d.flush()
	if n := len(d.keeper.messages()); n < tiedItems {
		t.Errorf("%d lines are stored", n)
	}
}
