package logs

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Members get a key of their own so many objects deep, and in objects whose own
// key has so many bytes at most; what lies beyond is one value. The key of each
// member holds that of its object: without a bound a line could take a thousand
// times its size.
const (
	keyDepth = 16
	maxKey   = 256
)

// Kind is what a value was written as.
type Kind uint8

// The kinds of values.
const (
	KindText   Kind = iota // a string
	KindNumber             // as it is written; it may be none in the end, such as 10.0.0.1
	KindBool
	KindNull
	KindNested // an array, an empty object, or one that lies too deep or under too long a key, as JSON
)

// Member is a named value of a structured line.
type Member struct {
	Key, Value string
	Kind       Kind
}

// AppendJSON appends the members of the JSON object that a line is, those of
// nested objects by keys with dots. It reports false for a line that is none;
// what could be read before the fault is appended nevertheless. A control
// character within a string is no fault, and numbers are not looked into.
func AppendJSON(members []Member, line string) ([]Member, bool) {
	p := objectScan{s: line}
	p.blank()
	if !p.take('{') {
		return members, false
	}
	members, ok := p.object(members)
	p.blank()
	return members, ok && p.i == len(line)
}

// objectScan is a place in a line. What is found is handed on rather than kept
// here, so that the caller's room need not be on the heap.
type objectScan struct {
	s string
	i int
}

// object reads what follows the opening brace of the outermost object. It
// calls nothing of itself: the objects that it is in are a list of their keys.
func (p *objectScan) object(out []Member) ([]Member, bool) {
	var prefixes [keyDepth]string
	depth := 0
	p.blank()
	if p.take('}') {
		return out, true
	}
	for {
		key, ok := p.key()
		if !ok {
			return out, false
		}
		if depth > 0 {
			key = prefixes[depth] + "." + key
		}
		if depth+1 < keyDepth && len(key) <= maxKey && p.opens() {
			depth++
			prefixes[depth] = key
			continue
		}
		if out, ok = p.member(out, key); !ok {
			return out, false
		}
		for p.blank(); !p.take(','); p.blank() {
			if !p.take('}') {
				return out, false
			}
			if depth == 0 {
				return out, true
			}
			depth--
		}
	}
}

// key reads a member's name and passes what stands before its value.
func (p *objectScan) key() (string, bool) {
	p.blank()
	key, ok := p.text()
	if !ok {
		return "", false
	}
	p.blank()
	if !p.take(':') {
		return "", false
	}
	p.blank()
	return key, true
}

// opens passes the brace of an object that is not empty.
func (p *objectScan) opens() bool {
	if p.i >= len(p.s) || p.s[p.i] != '{' {
		return false
	}
	inner := skipBlank(p.s, p.i+1)
	if inner >= len(p.s) || p.s[inner] == '}' {
		return false
	}
	p.i++
	return true
}

func (p *objectScan) member(out []Member, key string) ([]Member, bool) {
	if p.i >= len(p.s) {
		return out, false
	}
	switch p.s[p.i] {
	case '"':
		value, ok := p.text()
		if ok {
			out = append(out, Member{key, value, KindText})
		}
		return out, ok
	case '{', '[':
		start := p.i
		if !p.nested() {
			return out, false
		}
		return append(out, Member{key, p.s[start:p.i], KindNested}), true
	}
	start := p.i
	for p.i < len(p.s) && !ends(p.s[p.i]) {
		p.i++
	}
	value := p.s[start:p.i]
	kind, ok := scalarKind(value)
	if ok {
		out = append(out, Member{key, value, kind})
	}
	return out, ok
}

func ends(c byte) bool { return c == ',' || c == '}' || c == ']' || c <= ' ' }

func scalarKind(value string) (Kind, bool) {
	switch value {
	case "true", "false":
		return KindBool, true
	case "null":
		return KindNull, true
	}
	digit := strings.TrimPrefix(value, "-")
	return KindNumber, digit != "" && isDigit(digit[0])
}

// nested passes an array or object.
func (p *objectScan) nested() bool {
	for depth := 0; p.i < len(p.s); {
		switch p.s[p.i] {
		case '"':
			if !p.passText() {
				return false
			}
			continue
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		}
		if p.i++; depth == 0 {
			return true
		}
	}
	return false
}

func (p *objectScan) passText() bool {
	for p.i++; p.i < len(p.s); p.i++ {
		switch p.s[p.i] {
		case '\\':
			p.i++
		case '"':
			p.i++
			return true
		}
	}
	return false
}

func (p *objectScan) text() (string, bool) {
	if p.i >= len(p.s) || p.s[p.i] != '"' {
		return "", false
	}
	start := p.i + 1
	n := strings.IndexByte(p.s[start:], '"')
	if n < 0 {
		return "", false
	}
	if raw := p.s[start : start+n]; strings.IndexByte(raw, '\\') < 0 {
		p.i = start + n + 1
		return raw, true
	}
	if !p.passText() {
		return "", false
	}
	return unescape(p.s[start : p.i-1]), true
}

func (p *objectScan) blank() {
	for p.i < len(p.s) && (p.s[p.i] == ' ' || p.s[p.i] == '\t' || p.s[p.i] == '\n' || p.s[p.i] == '\r') {
		p.i++
	}
}

func (p *objectScan) take(c byte) bool {
	if p.i < len(p.s) && p.s[p.i] == c {
		p.i++
		return true
	}
	return false
}

// unescape resolves the escapes of a JSON string; one that there is not stands
// for its letter.
func unescape(s string) string {
	var out strings.Builder
	out.Grow(len(s))
	for {
		n := strings.IndexByte(s, '\\')
		if n < 0 || n+1 >= len(s) {
			out.WriteString(s)
			return out.String()
		}
		out.WriteString(s[:n])
		c := s[n+1]
		s = s[n+2:]
		if at := strings.IndexByte("bfnrt", c); at >= 0 {
			out.WriteByte("\b\f\n\r\t"[at])
			continue
		}
		if c != 'u' {
			out.WriteByte(c)
			continue
		}
		var r rune
		r, s = escapedRune(s)
		out.WriteRune(r)
	}
}

// escapedRune reads what follows \u: four digits, and a second escape where the
// first is half of a character.
func escapedRune(s string) (rune, string) {
	r, ok := hex4(s)
	if !ok {
		return utf8.RuneError, s
	}
	s = s[4:]
	if !utf16.IsSurrogate(r) {
		return r, s
	}
	if low, ok := hex4(strings.TrimPrefix(s, `\u`)); ok && strings.HasPrefix(s, `\u`) {
		if both := utf16.DecodeRune(r, low); both != utf8.RuneError {
			return both, s[6:]
		}
	}
	return utf8.RuneError, s
}

func hex4(s string) (rune, bool) {
	if len(s) < 4 {
		return 0, false
	}
	n, err := strconv.ParseUint(s[:4], 16, 16)
	return rune(n), err == nil
}
