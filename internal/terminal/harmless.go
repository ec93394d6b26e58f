// Package terminal owns what has to be known to write other people's text to a
// terminal: making it harmless, and measuring it in columns.
//
// Cluster objects, log lines, broker answers and file names are data. None of
// them may move the cursor, change the title, write to the clipboard or turn
// the reading direction around.
package terminal

import (
	"strings"
	"unicode/utf8"
)

const (
	escape = 0x1b
	// controlPictures is where Unicode has a visible sign for each control.
	controlPictures = 0x2400
	tab             = "    "
	// longestString bounds how far the end of a title or a clipboard is
	// looked for, so that hostile text costs no more than other text.
	longestString = 4096
)

// Harmless returns the text as it may be written to a terminal on one line:
// escape sequences are taken out, other control characters become visible
// signs, line ends become spaces and tabs four of them, marks that change the
// reading direction go, and bytes that are not UTF-8 become U+FFFD. Text that
// is harmless already is returned as it is, without a copy.
func Harmless(s string) string {
	i := 0
	for i < len(s) && s[i] >= ' ' && s[i] < 0x7f {
		i++
	}
	if i == len(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s) + 8)
	b.WriteString(s[:i])
	for i < len(s) {
		i += writeHarmless(&b, s[i:])
	}
	return b.String()
}

// writeHarmless writes what the start of s becomes and returns how much of s
// that was.
func writeHarmless(b *strings.Builder, s string) int {
	r, n := utf8.DecodeRuneInString(s)
	switch {
	case r == escape:
		if end := sequence(s[n:], 0); end > 0 {
			return n + end
		}
		b.WriteRune(controlPictures + escape)
	case r == '\t':
		b.WriteString(tab)
	case r == '\n', r == 0x2028, r == 0x2029, r == 0x85:
		b.WriteByte(' ')
	case r == '\r' && strings.HasPrefix(s[n:], "\n"):
	case r < ' ':
		b.WriteRune(controlPictures + r)
	case r == 0x7f:
		b.WriteRune(0x2421)
	case r >= 0x80 && r < 0xa0: // the same controls in one character
		if end := sequence(s[n:], byte(r-0x40)); end > 0 {
			return n + end
		}
		b.WriteRune(utf8.RuneError)
	case directs(r):
	case r == utf8.RuneError: // written so, or not UTF-8 at all
		b.WriteRune(utf8.RuneError)
	default:
		b.WriteString(s[:n])
	}
	return n
}

// sequence is the length of what follows an escape character and belongs to
// it; 0 where nothing that a terminal knows follows. Where the escape was a
// C1 control, first is the letter that it stands for.
func sequence(s string, first byte) int {
	i := 0
	if first == 0 {
		if s == "" {
			return 0
		}
		first, i = s[0], 1
	}
	switch {
	case first == '[':
		return controlSequence(s, i)
	case first == ']' || first == 'P' || first == 'X' || first == '^' || first == '_':
		return i + controlString(s[i:])
	case first >= 0x20 && first < 0x30:
		for i < len(s) && s[i] >= 0x20 && s[i] < 0x30 {
			i++
		}
		if i < len(s) && s[i] >= 0x30 && s[i] < 0x7f {
			return i + 1
		}
		return i
	case first >= 0x30 && first < 0x7f:
		return i
	}
	return 0
}

func controlSequence(s string, i int) int {
	for i < len(s) && s[i] >= 0x20 && s[i] < 0x40 {
		i++
	}
	if i < len(s) && s[i] >= 0x40 && s[i] < 0x7f {
		i++
	}
	return i
}

// controlString is the length of a string such as a window's title, with its
// end; 0 where the end is missing, so that the text stays readable.
func controlString(s string) int {
	for i := range min(len(s), longestString) {
		switch {
		case s[i] == 0x07:
			return i + 1
		case s[i] == escape && i+1 < len(s) && s[i+1] == '\\':
			return i + 2
		case s[i] == 0xc2 && i+1 < len(s) && s[i+1] == 0x9c:
			return i + 2
		case s[i] == escape, s[i] == '\n':
			return 0
		}
	}
	return 0
}

// directs reports whether a character changes the reading direction of others
// or is there only to be invisible.
func directs(r rune) bool {
	return r == 0x061c || r == 0x200e || r == 0x200f || (r >= 0x202a && r <= 0x202e) ||
		(r >= 0x2066 && r <= 0x2069) || r == 0xfeff || (r >= 0xe0000 && r <= 0xe007f) ||
		(r >= 0xfff9 && r <= 0xfffb)
}
