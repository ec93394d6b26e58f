package layout

import "cmp"

// Scroll returns the first line of a window of h lines over n, moved from
// offset only as far as needed to show the lines from first to last; where
// these do not all fit, the first ones are shown.
func Scroll(offset, h, n, first, last int) int {
	if last >= offset+h {
		offset = last - h + 1
	}
	if first < offset {
		offset = first
	}
	return Clamp(offset, 0, max(n-h, 0))
}

// Clamp returns the value bound to low and high; low where these cross.
func Clamp[T cmp.Ordered](v, low, high T) T {
	return max(low, min(v, high))
}

// Slice returns at most h lines from offset on, whatever the offset is.
func Slice(lines []string, offset, h int) []string {
	offset = Clamp(offset, 0, len(lines))
	return lines[offset:Clamp(offset+h, offset, len(lines))]
}
