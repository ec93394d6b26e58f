package logql

import (
	"strconv"
	"strings"
	"time"
)

func readNumber(s string) (float64, bool) {
	n, err := strconv.ParseFloat(s, 64)
	return n, err == nil
}

func readSpan(s string) (float64, bool) {
	d, err := time.ParseDuration(s)
	return float64(d), err == nil
}

func readSize(s string) (float64, bool) { return parseSize(s) }

// parseSpan reads a duration of a query: those of Go, and days, weeks and
// years, greatest first (1d12h).
func parseSpan(s string) (time.Duration, bool) {
	total, rest := time.Duration(0), strings.TrimPrefix(s, "-")
	for _, unit := range []struct {
		name   string
		length time.Duration
	}{{"y", 365 * 24 * time.Hour}, {"w", 7 * 24 * time.Hour}, {"d", 24 * time.Hour}} {
		n := passWhile(rest, 0, isDigit)
		if n == 0 || n >= len(rest) || rest[n:n+1] != unit.name {
			continue
		}
		count, err := strconv.ParseInt(rest[:n], 10, 32)
		if err != nil {
			return 0, false
		}
		total += time.Duration(count) * unit.length
		if rest = rest[n+1:]; rest == "" {
			break
		}
	}
	if rest != "" {
		d, err := time.ParseDuration(rest)
		if err != nil {
			return 0, false
		}
		total += d
	}
	if strings.HasPrefix(s, "-") {
		total = -total
	}
	return total, s != ""
}

// parseSize reads a number of bytes: 20KB is 20,000, 20KiB is 20,480; the B
// may be missing.
func parseSize(s string) (float64, bool) {
	n := 0
	for n < len(s) && (isDigit(s[n]) || s[n] == '.' || s[n] == ',') {
		n++
	}
	number, err := strconv.ParseFloat(strings.ReplaceAll(s[:n], ",", ""), 64)
	if err != nil {
		return 0, false
	}
	unit := strings.ToLower(strings.TrimSpace(s[n:]))
	unit = strings.TrimSuffix(unit, "b")
	base := 1000.0
	if binary, found := strings.CutSuffix(unit, "i"); found && binary != "" {
		unit, base = binary, 1024
	}
	if unit == "" {
		return number, true
	}
	power := strings.Index("kmgtpe", unit)
	if power < 0 || len(unit) != 1 {
		return 0, false
	}
	for range power + 1 {
		number *= base
	}
	return float64(uint64(number)), true
}
