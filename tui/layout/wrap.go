package layout

import (
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// Segment is a part of a text, in bytes.
type Segment struct{ From, To int }

// Break says how many bytes of the unstyled text fit into w cells: at least
// one character, so that whoever asks again gets on.
func Break(s string, w int) int {
	if len(s) <= w {
		return len(s)
	}
	at, cells := 0, 0
	for at < len(s) {
		size, width := step(s[at:])
		if cells+width > w && at > 0 {
			return at
		}
		cells += width
		at += size
	}
	return at
}

// step measures the first character of a text, with the marks upon it.
func step(s string) (size, width int) {
	if s[0] < 0x80 && (len(s) == 1 || s[1] < 0x80) {
		return 1, 1
	}
	cluster, width := ansi.FirstGraphemeCluster(s, ansi.GraphemeWidth)
	if cluster == "" {
		return 1, 1
	}
	return len(cluster), width
}

// Segments breaks unstyled text into parts of at most w cells, at blanks where
// that is possible; the blanks at a break are in no part. There is always one
// part.
func Segments(s string, w int) []Segment {
	w = max(w, 1)
	var out []Segment
	from := 0
	for {
		n := Break(s[from:], w)
		if from+n >= len(s) {
			return append(out, Segment{from, len(s)})
		}
		to, next := from+n, from+n
		if blank := lastBlank(s, from, from+n); blank > from {
			to, next = blank, blank
		}
		for next < len(s) && s[next] == ' ' {
			next++
		}
		for to > from && s[to-1] == ' ' {
			to--
		}
		out = append(out, Segment{from, to})
		if next >= len(s) {
			return out
		}
		from = next
	}
}

// lastBlank is the place of the last blank after which text can be broken
// between from and to, to itself included; from where there is none.
func lastBlank(s string, from, to int) int {
	for i := to; i > from; i-- {
		if s[i] == ' ' {
			return i
		}
	}
	return from
}

// Wrap breaks unstyled text into lines of at most w cells, as [Segments] does.
func Wrap(s string, w int) []string {
	w = max(w, 1)
	s = strings.TrimRight(s, " ")
	parts := Segments(s, w)
	lines := make([]string, len(parts))
	for i, p := range parts {
		lines[i] = Cut(s[p.From:p.To], w)
	}
	return lines
}
