package report

import (
	"fmt"
	"strings"
	"time"

	"github.com/diorama-dev/diorama/internal/env"
)

const unknown = "–"

// age is a span of time with one unit, as in tables: "34 s", "11 m", "2 h".
func age(d time.Duration) string {
	switch {
	case d < 0:
		return unknown
	case d < time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%d m", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h", int(d.Hours()))
	}
	return fmt.Sprintf("%d d", int(d.Hours()/24))
}

// since is the age of an instant, unknown where there is none.
func since(t, now time.Time) string {
	if t.IsZero() || now.IsZero() {
		return unknown
	}
	return age(max(0, now.Sub(t)))
}

// took is how long something ran: "0.3 s", "12.3 s", "2 m 05 s".
func took(d time.Duration) string {
	d = max(0, d)
	if d < time.Minute {
		return fmt.Sprintf("%.1f s", d.Truncate(100*time.Millisecond).Seconds())
	}
	d = d.Round(time.Second)
	if d < time.Hour {
		return fmt.Sprintf("%d m %02d s", int(d.Minutes()), int(d.Seconds())%60)
	}
	return fmt.Sprintf("%d h %02d m", int(d.Hours()), int(d.Minutes())%60)
}

// bytesText is an amount in binary units: "64 MiB", "1.2 GiB".
func bytesText(n int64) string {
	const kib, mib, gib = 1 << 10, 1 << 20, 1 << 30
	switch {
	case n < kib:
		return fmt.Sprintf("%d B", n)
	case n < mib:
		return fmt.Sprintf("%d KiB", n/kib)
	case n < gib:
		return fmt.Sprintf("%d MiB", n/mib)
	}
	return fmt.Sprintf("%.1f GiB", float64(n)/gib)
}

// ofBudget is an amount of memory against a bound, where there is one:
// "4.2 of 6.0 GiB".
func ofBudget(used, budget int64) string {
	if budget <= 0 {
		return bytesText(used)
	}
	amount, unit, _ := strings.Cut(bytesText(used), " ")
	bound, boundUnit, _ := strings.Cut(bytesText(budget), " ")
	if unit == boundUnit {
		return amount + " of " + bound + " " + unit
	}
	return amount + " " + unit + " of " + bound + " " + boundUnit
}

// memory is what a service uses of its limit: "338/768Mi", "24Mi", "–".
func memory(u env.Usage) string {
	const mib = 1 << 20
	if u.Memory == nil {
		return unknown
	}
	if u.MemoryLimit == nil || *u.MemoryLimit <= 0 {
		return fmt.Sprintf("%dMi", *u.Memory/mib)
	}
	return fmt.Sprintf("%d/%dMi", *u.Memory/mib, *u.MemoryLimit/mib)
}
