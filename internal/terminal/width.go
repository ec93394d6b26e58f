package terminal

import (
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// Width is how many columns a text takes; wide characters take two.
func Width(s string) int { return ansi.StringWidth(s) }

// Cut shortens a text to so many columns and marks the cut with "…".
func Cut(s string, columns int) string {
	if columns <= 0 {
		return ""
	}
	return ansi.Truncate(s, columns, "…")
}

// Pad fills a text up with spaces on the right; a longer one is cut.
func Pad(s string, columns int) string {
	s = Cut(s, columns)
	return s + strings.Repeat(" ", max(0, columns-Width(s)))
}

// PadLeft fills a text up with spaces on the left; a longer one is cut.
func PadLeft(s string, columns int) string {
	s = Cut(s, columns)
	return strings.Repeat(" ", max(0, columns-Width(s))) + s
}
