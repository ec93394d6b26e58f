package layout

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Age says how long ago something began in its largest unit: "38 s", "11 m",
// "2 h", "3 d". A negative age, from clocks that differ, is none.
func Age(d time.Duration) string {
	switch {
	case d < 0:
		return "0 s"
	case d < time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%d m", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h", int(d.Hours()))
	default:
		return fmt.Sprintf("%d d", int(d.Hours())/24)
	}
}

// LongAge says it in its two largest units: "2 h 11 m".
func LongAge(d time.Duration) string {
	switch {
	case d < time.Hour:
		return Age(d)
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h %d m", int(d.Hours()), int(d.Minutes())%60)
	default:
		return fmt.Sprintf("%d d %d h", int(d.Hours())/24, int(d.Hours())%24)
	}
}

// Clock says a duration as minutes and seconds, "0:23", or hours, "1:02:03".
func Clock(d time.Duration) string {
	s := max(int(d.Seconds()), 0)
	if s >= 3600 {
		return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
	}
	return fmt.Sprintf("%d:%02d", s/60, s%60)
}

// Seconds says how long a step took: "14.2 s", "2 m 05 s".
func Seconds(d time.Duration) string {
	if d < time.Minute {
		return fmt.Sprintf("%.1f s", max(d.Seconds(), 0))
	}
	return fmt.Sprintf("%d m %02d s", int(d.Minutes()), int(d.Seconds())%60)
}

// Mebibytes says an amount of memory without its unit, which the column or a
// neighbour carries: "338".
func Mebibytes(n int64) string { return strconv.FormatInt((n+1<<19)>>20, 10) }

// Bytes says an amount in binary units with one decimal from GiB on: "64 MiB",
// "4.2 GiB".
func Bytes(n int64) string {
	switch {
	case n < 1<<10:
		return fmt.Sprintf("%d B", n)
	case n < 1<<20:
		return fmt.Sprintf("%d KiB", n>>10)
	case n < 1<<30:
		return fmt.Sprintf("%d MiB", n>>20)
	default:
		return fmt.Sprintf("%.1f GiB", float64(n)/(1<<30))
	}
}

// OfBytes says a part of a whole with one unit: "4.2 of 6.0 GiB".
func OfBytes(part, whole int64) string {
	unit, name, format := int64(1<<20), "MiB", "%.0f"
	if whole >= 1<<30 {
		unit, name, format = 1<<30, "GiB", "%.1f"
	}
	of := func(n int64) string { return fmt.Sprintf(format, float64(n)/float64(unit)) }
	return of(part) + " of " + of(whole) + " " + name
}

// Count says a number with thousands apart: "2,184,220".
func Count(n int64) string {
	digits := strconv.FormatInt(n, 10)
	sign := ""
	if strings.HasPrefix(digits, "-") {
		sign, digits = "-", digits[1:]
	}
	var b strings.Builder
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(d)
	}
	return sign + b.String()
}

// Plural says how many there are of what: "1 step", "2 steps".
func Plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return strconv.Itoa(n) + " " + what + "s"
}
