package layout

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
)

// maxMarks is how many combining marks a character keeps; more would grow over
// the neighbouring lines.
const maxMarks = 2

const replacement = "�"

// Safe makes text from elsewhere harmless for a terminal, as one line: escape
// sequences vanish, other control characters become visible signs, tabs become
// blanks, and what would reorder or hide text, or be measured differently by
// different terminals, is replaced. Safe text stays as it is.
func Safe(s string) string {
	if printable(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	column, marks := 0, 0
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == 0x1b {
			i += escapeLength(s[i:])
			continue
		}
		i += size
		out := visible(r, size, column)
		if unicode.In(r, unicode.Mn, unicode.Me) {
			if marks++; marks > maxMarks || column == 0 {
				continue
			}
		} else {
			marks = 0
		}
		b.WriteString(out)
		column += ansi.StringWidth(out)
	}
	return agreed(b.String())
}

// printable reports whether every byte is a printable ASCII character.
func printable(s string) bool {
	for i := range len(s) {
		if s[i] < 0x20 || s[i] > 0x7e {
			return false
		}
	}
	return true
}

// visible returns what stands for a character.
func visible(r rune, size, column int) string {
	switch {
	case r == utf8.RuneError && size <= 1:
		return replacement
	case r == '\t':
		return Space(8 - column%8)
	case r < 0x20:
		return string(r + 0x2400) // the control pictures: ␇, ␍
	case r == 0x7f:
		return "␡"
	case r >= 0x80 && r < 0xa0, bidi(r):
		return replacement
	case r == 0x2028 || r == 0x2029 || r == 0x00a0:
		return " "
	case hidden(r):
		return ""
	}
	return string(r)
}

// bidi reports whether the character changes the direction of text.
func bidi(r rune) bool {
	return r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 ||
		r == 0x200e || r == 0x200f || r == 0x061c
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

// escapeLength is how long the escape sequence is that the text starts with.
// One that does not end takes only its first byte, so that it hides nothing.
func escapeLength(s string) int {
	if len(s) < 2 {
		return 1
	}
	switch s[1] {
	case '[':
		for i := 2; i < len(s); i++ {
			if s[i] >= 0x40 && s[i] <= 0x7e {
				return i + 1
			}
			if s[i] < 0x20 || s[i] > 0x7e {
				return i
			}
		}
		return len(s)
	case ']', 'P', '_', '^', 'X':
		for i := 2; i < len(s); i++ {
			if s[i] == 0x07 {
				return i + 1
			}
			if s[i] == 0x1b && i+1 < len(s) && s[i+1] == '\\' {
				return i + 2
			}
		}
		return 2
	}
	if s[1] >= 0x20 && s[1] <= 0x7e {
		return 2
	}
	return 1
}

// agreed replaces what terminals that count characters and terminals that
// count graphemes would give different widths.
func agreed(s string) string {
	if ansi.StringWidth(s) == ansi.StringWidthWc(s) && !strings.ContainsRune(s, 0x1b) {
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
