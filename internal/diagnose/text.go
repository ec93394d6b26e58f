package diagnose

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// maxText bounds what of one message of the cluster is passed on, in bytes.
const maxText = 600

// clean makes a message of the cluster harmless and short: valid UTF-8 on one
// line, without control, escape and direction-changing characters.
func clean(message string) string {
	var b strings.Builder
	escape := false
	for _, r := range message {
		if b.Len() >= maxText {
			b.WriteString("…")
			break
		}
		switch {
		case escape && r == '[': // the parameters of a control sequence follow
		case escape:
			escape = r < '@' || r > '~'
		case r == '\x1b' || r == '\u009b':
			escape = true
		case r == utf8.RuneError, unicode.Is(unicode.Bidi_Control, r):
		case unicode.IsControl(r), r == '\u2028', r == '\u2029':
			b.WriteByte(' ')
		default:
			b.WriteRune(r)
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// cleanLines makes log lines harmless and drops empty ones; the last n stay.
func cleanLines(lines []string, n int) []string {
	var out []string
	for _, line := range lines {
		if line = clean(line); line != "" {
			out = append(out, line)
		}
	}
	return out[max(0, len(out)-n):]
}

// ago is how long before now t was, in words that keep short.
func ago(now, t time.Time) string {
	if t.IsZero() {
		return "some time ago"
	}
	switch d := max(0, now.Sub(t)); {
	case d < 2*time.Minute:
		return fmt.Sprintf("%d s ago", int(d.Seconds()))
	case d < 2*time.Hour:
		return fmt.Sprintf("%d min ago", int(d.Minutes()))
	default:
		return fmt.Sprintf("%d h ago", int(d.Hours()))
	}
}

// times is "once", "twice" or "n times".
func times(n int) string {
	switch n {
	case 1:
		return "once"
	case 2:
		return "twice"
	default:
		return fmt.Sprintf("%d times", n)
	}
}

// bytesText is an amount of memory as Kubernetes and our profiles write it.
func bytesText(n int64) string {
	units := []struct {
		size int64
		name string
	}{{1 << 30, "Gi"}, {1 << 20, "Mi"}, {1 << 10, "Ki"}}
	for _, unit := range units {
		if n >= unit.size && n%unit.size == 0 && (n/unit.size < 10_000) {
			return fmt.Sprintf("%d%s", n/unit.size, unit.name)
		}
	}
	for _, unit := range units {
		if n >= unit.size {
			return fmt.Sprintf("%.1f%s", float64(n)/float64(unit.size), unit.name)
		}
	}
	return fmt.Sprint(n)
}

// containsAny reports whether the text, in lower case, holds one of the words.
func containsAny(text string, words ...string) bool {
	text = strings.ToLower(text)
	for _, word := range words {
		if strings.Contains(text, word) {
			return true
		}
	}
	return false
}
