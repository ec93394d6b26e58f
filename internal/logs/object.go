package logs

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// keyDepth is how many objects deep members get a key of their own; what lies
// deeper is one value.
const keyDepth = 16

// Kind is what a value was written as.
type Kind uint8

// The kinds of values.
const (
	KindText   Kind = iota // a string, or a value of logfmt
	KindNumber             // its digits as they stand
	KindBool
	KindNull
	KindNested // an array, an empty object or one that lies too deep, as JSON
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
	p := objectScan{s: line, out: members}
	p.blank()
	if !p.take('{') {
		return members, false
	}
	ok := p.object("", 1)
	p.blank()
	return p.out, ok && p.i == len(line)
}

type objectScan struct {
	s   string
	i   int
	out []Member
}

// object reads what follows an opening brace.
func (p *objectScan) object(prefix string, depth int) bool {
	p.blank()
	if p.take('}') {
		return true
	}
	for {
		key, ok := p.text()
		if !ok {
			return false
		}
		p.blank()
		if !p.take(':') {
			return false
		}
		if prefix != "" {
			key = prefix + "." + key
		}
		p.blank()
		if !p.member(key, depth) {
			return false
		}
		p.blank()
		if p.take('}') {
			return true
		}
		if !p.take(',') {
			return false
		}
		p.blank()
	}
}

func (p *objectScan) member(key string, depth int) bool {
	if p.i >= len(p.s) {
		return false
	}
	switch p.s[p.i] {
	case '"':
		value, ok := p.text()
		if ok {
			p.out = append(p.out, Member{key, value, KindText})
		}
		return ok
	case '{':
		if inner := skipBlank(p.s, p.i+1); depth < keyDepth && inner < len(p.s) && p.s[inner] != '}' {
			p.i++
			return p.object(key, depth+1)
		}
		return p.nested(key)
	case '[':
		return p.nested(key)
	}
	start := p.i
	for p.i < len(p.s) && !ends(p.s[p.i]) {
		p.i++
	}
	value := p.s[start:p.i]
	kind, ok := scalarKind(value)
	if ok {
		p.out = append(p.out, Member{key, value, kind})
	}
	return ok
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

// nested passes an array or object, which it takes as it stands. It calls
// nothing of itself, so that depth costs nothing.
func (p *objectScan) nested(key string) bool {
	start, depth := p.i, 0
	for p.i < len(p.s) {
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
			p.out = append(p.out, Member{key, p.s[start:p.i], KindNested})
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
