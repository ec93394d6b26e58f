package layout

import (
	"strings"
	"unicode"

	"github.com/charmbracelet/x/ansi"

	"github.com/diorama-dev/diorama/internal/terminal"
)

// maxMarks is how many combining marks a character keeps; more would grow over
// the neighbouring lines.
const maxMarks = 2

const replacement = "�"

// Safe makes text from elsewhere fit for a grid of cells, as one line: it is
// made harmless, characters that show nothing vanish, and what terminals
// measure differently is replaced. Safe text stays as it is.
func Safe(s string) string {
	harmless := terminal.Harmless(s)
	if plain(harmless) {
		return harmless
	}
	var b strings.Builder
	b.Grow(len(harmless))
	marks := maxMarks // one at the start has no character to stand on
	for _, r := range harmless {
		switch {
		case hidden(r):
			continue
		case r == 0x00a0:
			r = ' '
		}
		if unicode.In(r, unicode.Mn, unicode.Me) {
			if marks++; marks > maxMarks {
				continue
			}
		} else {
			marks = 0
		}
		b.WriteRune(r)
	}
	return agreed(b.String())
}

// plain reports whether every byte is an ASCII character.
func plain(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// hidden reports whether the character takes no cell and shows nothing: joiners,
// variation selectors, skin tones (which terminals measure differently), tags.
func hidden(r rune) bool {
	switch {
	case r >= 0xfe00 && r <= 0xfe0f, r >= 0x1f3fb && r <= 0x1f3ff, r >= 0xe0000 && r <= 0xe0fff:
		return true
	}
	return unicode.In(r, unicode.Cf, unicode.Co) || r == 0x115f || r == 0x1160 || r == 0x3164 || r == 0xffa0
}

// agreed replaces what terminals that count characters and terminals that
// count graphemes would give different widths.
func agreed(s string) string {
	if ansi.StringWidth(s) == ansi.StringWidthWc(s) {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		cluster, width := ansi.FirstGraphemeCluster(s, ansi.GraphemeWidth)
		if cluster == "" {
			break
		}
		if width == ansi.StringWidthWc(cluster) {
			b.WriteString(cluster)
		} else {
			b.WriteString(replacement)
		}
		s = s[len(cluster):]
	}
	return b.String()
}

// Each returns a new slice of what f makes of every element; nil of none.
func Each[T any](in []T, f func(T) T) []T {
	if len(in) == 0 {
		return nil
	}
	out := make([]T, len(in))
	for i, v := range in {
		out[i] = f(v)
	}
	return out
}
