package logs

import (
	"bytes"
	"math"
	"regexp"
	"regexp/syntax"
	"unicode"
	"unicode/utf8"
)

// literal is a text that every wanted message holds: as it is, or, where fold
// is set, in any case of its ASCII letters, which are then lower here.
type literal struct {
	text  []byte
	fold  bool
	grams grams
}

func newLiteral(text []byte, fold bool) literal {
	return literal{text: text, fold: fold, grams: gramsOf(text)}
}

// textLiteral is what a case-insensitive text has that a message holds whatever
// its case: the longest run of characters that have one case only, or are
// ASCII letters. In a text of ASCII alone that is all of it.
func textLiteral(lowered []byte, ascii bool) (literal, bool) {
	if ascii {
		return newLiteral(lowered, true), len(lowered) > 0
	}
	var best []byte
	start := 0
	for i := 0; i < len(lowered); {
		r, size := utf8.DecodeRune(lowered[i:])
		i += size
		if !oneCase(r) {
			start = i
		}
		if i-start > len(best) {
			best = lowered[start:i]
		}
	}
	return newLiteral(best, true), len(best) > 0
}

// oneCase reports whether no other character than an ASCII letter's other case
// is lowered to it.
func oneCase(r rune) bool {
	if r == utf8.RuneError || r == 'k' || r == 'i' { // of the Kelvin sign and of İ
		return false
	}
	return r < utf8.RuneSelf || unicode.SimpleFold(r) == r
}

// patternLiterals are literals that every text has in which the pattern is
// found.
func patternLiterals(p *regexp.Regexp) []literal {
	if p == nil {
		return nil
	}
	parsed, err := syntax.Parse(p.String(), syntax.Perl)
	if err != nil {
		return nil
	}
	var found []literal
	required(parsed.Simplify(), &found)
	return found
}

func required(re *syntax.Regexp, found *[]literal) {
	switch re.Op {
	case syntax.OpLiteral:
		*found = append(*found, runeLiterals(re.Rune, re.Flags&syntax.FoldCase != 0)...)
	case syntax.OpCapture, syntax.OpPlus:
		required(re.Sub[0], found)
	case syntax.OpRepeat:
		if re.Min > 0 {
			required(re.Sub[0], found)
		}
	case syntax.OpConcat:
		for _, sub := range re.Sub {
			required(sub, found)
		}
	default:
	}
}

// runeLiterals are the literals of a run of characters. Where case counts for
// nothing, those that have more cases than ASCII's two divide it.
func runeLiterals(runes []rune, fold bool) []literal {
	var found []literal
	var run []byte
	for _, r := range runes {
		other := r
		if fold {
			other = foldedASCII(r)
		}
		if other >= 0 {
			run = utf8.AppendRune(run, other)
			continue
		}
		if len(run) > 0 {
			found = append(found, newLiteral(run, fold))
		}
		run = nil
	}
	if len(run) > 0 {
		found = append(found, newLiteral(run, fold))
	}
	return found
}

// foldedASCII is the character in lower case, or -1 where its cases are not
// those of ASCII alone.
func foldedASCII(r rune) rune {
	if r >= utf8.RuneSelf {
		if unicode.SimpleFold(r) == r {
			return r
		}
		return -1
	}
	low := rune(lower(byte(r)))
	if low == 'k' || low == 's' { // of the Kelvin sign and of ſ
		return -1
	}
	return low
}

// fieldLiteral is what a message holds in which a field has the value: the
// value itself, where no format writes it in another way and the field is of
// the message rather than of the line.
func fieldLiteral(f FieldFilter) (literal, bool) {
	switch f.Key {
	case "stack", "service", "pod", "container", "message", "msg":
		return literal{}, false
	}
	if f.Not || f.Value == "" || levelKey(f.Key) {
		return literal{}, false
	}
	for i := range len(f.Value) {
		c := f.Value[i]
		if !('a' <= lower(c) && lower(c) <= 'z' || '0' <= c && c <= '9' || c == '-' || c == '_' || c == '.') {
			return literal{}, false
		}
	}
	return newLiteral([]byte(f.Value), false), true
}

// finder looks for one literal in a text, from its beginning to its end, by
// the byte of it that is rarest there.
type finder struct {
	literal
	at int  // of that byte in the literal
	c  byte // the byte
	up byte // its other case, or the same
	// search is where the byte can stand so that the literal fits around it,
	// and next and nextUp where it does next.
	text   []byte
	search []byte
	next   int
	nextUp int
}

// begin begins with a text.
func (f *finder) begin(text []byte) {
	f.choose(text)
	f.text, f.search = text, nil
	if last := len(text) - len(f.literal.text); last >= 0 {
		f.search = text[f.at : last+f.at+1]
	}
	f.next, f.nextUp = indexFrom(f.search, 0, f.c), len(f.search)
	if f.up != f.c {
		f.nextUp = indexFrom(f.search, 0, f.up)
	}
}

// choose chooses the byte by what the text begins with.
func (f *finder) choose(text []byte) {
	var counts [256]uint16
	for _, c := range text[:min(len(text), 2048)] {
		counts[c]++
	}
	least := math.MaxInt
	for i, c := range f.literal.text {
		up, n := c, int(counts[c])
		if f.fold && upper(c) != c {
			up = upper(c)
			n += int(counts[up]) + 1 // two searches are more than one
		}
		if n < least {
			least, f.at, f.c, f.up = n, i, c, up
		}
	}
}

// find is where the literal stands next, from there on; negative where
// nowhere. The places asked from never go back.
func (f *finder) find(from int) int {
	for {
		if f.next < from {
			f.next = indexFrom(f.search, from, f.c)
		}
		if f.nextUp < from {
			f.nextUp = indexFrom(f.search, from, f.up)
		}
		i := min(f.next, f.nextUp)
		if i >= len(f.search) {
			return -1
		}
		if f.is(f.text[i : i+len(f.literal.text)]) {
			return i
		}
		from = i + 1
	}
}

func (f *finder) is(b []byte) bool {
	if f.fold {
		return equalFold(b, f.literal.text)
	}
	return bytes.Equal(b, f.literal.text)
}

// indexFrom is where the byte stands in b from there on; its length where
// nowhere.
func indexFrom(b []byte, from int, c byte) int {
	if from < len(b) {
		if i := bytes.IndexByte(b[from:], c); i >= 0 {
			return from + i
		}
	}
	return len(b)
}
