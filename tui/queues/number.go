package queues

import (
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/diorama-dev/diorama/internal/queue"
	"github.com/diorama-dev/diorama/tui/layout"
	"github.com/diorama-dev/diorama/tui/theme"
)

// amount says a number in at most w cells; what is not known is a dash, never
// zero.
func amount(n queue.Count, w int) string {
	v, ok := n.Get()
	if !ok {
		return theme.Unknown
	}
	return shortened(v, w)
}

// shortened says a number whole where there is room, else in thousands,
// millions and so on.
func shortened(v int64, w int) string {
	text := layout.Count(v)
	if len(text) <= w {
		return text
	}
	x := float64(v)
	for _, unit := range []string{"k", "M", "G", "T", "P", "E"} {
		x /= 1000
		if math.Abs(x) >= 1000 {
			continue
		}
		if text = strconv.FormatFloat(x, 'f', 1, 64) + unit; len(text) > w {
			text = strconv.FormatFloat(x, 'f', 0, 64) + unit
		}
		return text
	}
	return text
}

// rate says a number of messages a second.
func rate(r queue.Rate) string {
	v, ok := r.Get()
	switch {
	case !ok || math.IsNaN(v) || math.IsInf(v, 0):
		return theme.Unknown
	case math.Abs(v) >= 1e15:
		return "very many"
	case math.Abs(v) >= 1e9:
		return shortened(int64(math.Round(v)), 9)
	case math.Abs(v) >= 10_000:
		return layout.Count(int64(math.Round(v)))
	}
	tenths := int64(math.Round(v * 10))
	sign := ""
	if tenths < 0 {
		sign, tenths = "-", -tenths
	}
	return sign + layout.Count(tenths/10) + "." + strconv.FormatInt(tenths%10, 10)
}

// lasting says a number of seconds in its largest units.
func lasting(seconds float64) string {
	return layout.LongAge(time.Duration(math.Round(seconds)) * time.Second)
}

// size says a number of bytes; "–" where it is not known.
func size(n queue.Count) string {
	v, ok := n.Get()
	if !ok {
		return theme.Unknown
	}
	return layout.Bytes(v)
}

// ago says how old something is, with tenths while it is young.
func ago(d time.Duration) string {
	if d < 10*time.Second {
		return fmt.Sprintf("%.1f s ago", max(d.Seconds(), 0))
	}
	return layout.LongAge(d) + " ago"
}
