package layout

import (
	"math"
	"strings"
)

// Spark draws the last w values as blocks against a scale from 0 to top. An
// unknown value (NaN) is a blank; missing ones are blanks on the left.
func Spark(values []float64, top float64, w int) string {
	if w <= 0 {
		return ""
	}
	if len(values) > w {
		values = values[len(values)-w:]
	}
	levels := []rune("▁▂▃▄▅▆▇█")
	var b strings.Builder
	b.WriteString(Space(w - len(values)))
	for _, v := range values {
		if math.IsNaN(v) || math.IsInf(v, 0) || !(top > 0) {
			b.WriteByte(' ')
			continue
		}
		share := math.Max(0, math.Min(v/top, 1))
		b.WriteRune(levels[int(math.Round(share*float64(len(levels)-1)))])
	}
	return b.String()
}

// Bar draws a share of a whole, from 0 to 1, over w cells.
func Bar(share float64, w int) string {
	if w <= 0 {
		return ""
	}
	if math.IsNaN(share) {
		share = 0
	}
	full := int(math.Round(math.Max(0, math.Min(share, 1)) * float64(w)))
	return strings.Repeat("█", full) + strings.Repeat("░", w-full)
}
