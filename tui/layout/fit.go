// Package layout owns the arithmetic of cells: fitting text into a width,
// wrapping it, windows over lists, sparklines and bars, and making text from
// elsewhere harmless. It knows no colours.
package layout

import (
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// Width is the number of cells that the text takes; styling takes none.
func Width(s string) int { return ansi.StringWidth(s) }

// Cut shortens the text to at most w cells, with an ellipsis where something
// is left out.
func Cut(s string, w int) string {
	if w <= 0 {
		return ""
	}
	if len(s) <= w { // a cell takes a byte at least
		return s
	}
	return ansi.Truncate(s, w, "…")
}

// Fit makes the text exactly w cells wide, its start on the left.
func Fit(s string, w int) string {
	s = Cut(s, w)
	return s + Space(w-Width(s))
}

// FitRight makes the text exactly w cells wide, its end on the right.
func FitRight(s string, w int) string {
	s = Cut(s, w)
	return Space(w-Width(s)) + s
}

// Between puts one text on the left and one on the right of w cells. When they
// do not both fit, the left one is cut, and the right one only where it is
// wider than the whole line.
func Between(left, right string, w int) string {
	right = Cut(right, w)
	rw := Width(right)
	if rw == 0 {
		return Fit(left, w)
	}
	if w-rw-1 <= 0 {
		return FitRight(right, w)
	}
	return Fit(left, w-rw-1) + " " + right
}

// Space returns n blanks, none where n is negative.
func Space(n int) string {
	if n <= 0 {
		return ""
	}
	return strings.Repeat(" ", n)
}

// Rule returns a line across w cells.
func Rule(w int) string {
	if w <= 0 {
		return ""
	}
	return strings.Repeat("─", w)
}

// Clip returns at most n lines; where some are left out the last one kept says so
// with an ellipsis.
func Clip(lines []string, n, w int) []string {
	if n <= 0 {
		return nil
	}
	if len(lines) <= n {
		return lines
	}
	out := append([]string(nil), lines[:n]...)
	out[n-1] = ansi.Truncate(out[n-1], max(w-1, 0), "") + "…"
	return out
}

// Fill makes a list exactly h lines of exactly w cells: longer ones are cut,
// missing ones are blank.
func Fill(lines []string, w, h int) []string {
	out := make([]string, 0, max(h, 0))
	for i := range h {
		if i < len(lines) {
			out = append(out, Fit(lines[i], w))
		} else {
			out = append(out, Space(w))
		}
	}
	return out
}
