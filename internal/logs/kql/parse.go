package kql

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// literal is a value: text between wildcards. Without a wildcard it has one part.
type literal struct {
	parts  []string
	quoted bool
	at     int
}

func (l literal) text() string { return strings.Join(l.parts, "*") }
func (l literal) wild() bool   { return len(l.parts) > 1 }

// node is a part of a query.
type node interface {
	holds(d *document) bool
	dsl() object
}

type (
	allOf  []node
	anyOf  []node
	noneOf struct{ node }
	// equals wants a field to have a value; without a field, any field.
	equals struct {
		field *literal
		value literal
	}
	// compares wants a field's value on one side of a bound.
	compares struct {
		field literal
		op    string // < <= > >=
		value literal
		when  func() (bound, error) // for @timestamp
	}
	everything struct{}
)

// Error is what is wrong with a query.
type Error struct {
	Column          int // of characters, from 1
	Found, Expected string
}

func (e *Error) Error() string {
	return fmt.Sprintf("kql: column %d: found %s, expected %s", e.Column, e.Found, e.Expected)
}

// parser reads a query by descent, after
// https://github.com/elastic/kibana/blob/main/src/platform/packages/shared/kbn-es-query/grammar/grammar.peggy
type parser struct {
	text  string
	i     int
	depth int
}

// Bounds of a query: its length in bytes, and parentheses within parentheses.
const (
	maxLength = 16 << 10
	maxDepth  = 100
)

func parse(text string) (node, error) {
	p := &parser{text: text}
	if len(text) > maxLength {
		return nil, fmt.Errorf("kql: the query is %d bytes long, %d are allowed", len(text), maxLength)
	}
	if p.blank(); p.i >= len(text) {
		return everything{}, nil
	}
	n, err := p.or(p.expression)
	if err != nil {
		return nil, err
	}
	if p.blank(); p.i < len(text) {
		return nil, p.unexpected(`"and", "or" or the end`)
	}
	return n, nil
}

// or reads parts joined by or, and and not; and binds tighter than or.
func (p *parser) or(part func() (node, error)) (node, error) {
	var any anyOf
	for {
		var all allOf
		for {
			n, err := p.not(part)
			if err != nil {
				return nil, err
			}
			if all = append(all, n); !p.keyword("and") {
				break
			}
		}
		if len(all) == 1 {
			any = append(any, all[0])
		} else {
			any = append(any, all)
		}
		if !p.keyword("or") {
			break
		}
	}
	if len(any) == 1 {
		return any[0], nil
	}
	return any, nil
}

func (p *parser) not(part func() (node, error)) (node, error) {
	if p.keyword("not") {
		n, err := p.not(part)
		return noneOf{n}, err
	}
	p.blank()
	if !p.take("(") {
		return part()
	}
	if p.depth++; p.depth > maxDepth {
		return nil, p.unexpected("fewer parentheses within parentheses")
	}
	n, err := p.or(part)
	if err != nil {
		return nil, err
	}
	p.depth--
	if p.blank(); !p.take(")") {
		return nil, p.unexpected(`")", "and" or "or"`)
	}
	return n, nil
}

// expression reads a comparison, or a value that any field may have.
func (p *parser) expression() (node, error) {
	first, err := p.literal()
	if err != nil {
		return nil, err
	}
	p.blank()
	for _, op := range []string{"<=", ">=", "<", ">"} {
		if p.take(op) {
			p.blank()
			value, err := p.literal()
			return compares{field: first, op: op, value: value}, err
		}
	}
	if !p.take(":") {
		return equals{value: first}, nil
	}
	if p.blank(); strings.HasPrefix(p.text[p.i:], "{") {
		return nil, fmt.Errorf("kql: column %d: the documents have no nested fields: write %s.field: value in place of %s: { field: value }",
			p.column(), first.text(), first.text())
	}
	if strings.HasPrefix(p.text[p.i:], "(") {
		return p.not(func() (node, error) { return p.valueOf(first) })
	}
	return p.valueOf(first)
}

func (p *parser) valueOf(field literal) (node, error) {
	value, err := p.literal()
	return equals{field: &field, value: value}, err
}

// literal reads text in quotes, or up to an operator, a bracket or a keyword.
func (p *parser) literal() (literal, error) {
	if p.blank(); p.take(`"`) {
		return p.quotedText()
	}
	l := literal{at: p.i}
	var part strings.Builder
	for p.i < len(p.text) && strings.IndexByte(`():<>"{}`, p.text[p.i]) < 0 && !p.beforeKeyword() {
		switch c := p.text[p.i]; c {
		case '*':
			l.parts = append(l.parts, part.String())
			part.Reset()
			p.i++
		case '\\':
			p.escape(&part)
		default:
			part.WriteByte(c)
			p.i++
		}
	}
	l.parts = append(l.parts, strings.TrimRight(part.String(), " \t\r\n"))
	if l.text() == "" {
		p.i = l.at
		return l, p.unexpected("a field or a value; what holds an operator goes in quotes")
	}
	return l, nil
}

func (p *parser) quotedText() (literal, error) {
	l := literal{quoted: true, at: p.i - 1}
	var out strings.Builder
	for p.i < len(p.text) {
		switch c := p.text[p.i]; c {
		case '"':
			p.i++
			l.parts = []string{out.String()}
			return l, nil
		case '\\':
			p.escape(&out)
		default:
			out.WriteByte(c)
			p.i++
		}
	}
	p.i = l.at
	return l, &Error{Column: p.column(), Found: "a quote that is never closed", Expected: `text in "…"`}
}

// escape reads what a backslash stands before: an operator, a keyword, the
// letter of a blank, or a character's number.
func (p *parser) escape(out *strings.Builder) {
	p.i++
	rest := p.text[p.i:]
	if rest == "" {
		out.WriteByte('\\')
		return
	}
	if at := strings.IndexByte("trn", rest[0]); at >= 0 && !strings.HasPrefix(strings.ToLower(rest), "not ") {
		out.WriteByte("\t\r\n"[at])
		p.i++
		return
	}
	if rest[0] == 'u' && len(rest) >= 5 {
		if n, err := strconv.ParseUint(rest[1:5], 16, 16); err == nil {
			out.WriteRune(rune(n))
			p.i += 5
			return
		}
	}
	_, n := utf8.DecodeRuneInString(rest)
	out.WriteString(rest[:n])
	p.i += n
}

// keyword passes a word that joins parts. Blanks stand around it.
func (p *parser) keyword(word string) bool {
	i := passBlank(p.text, p.i)
	end := i + len(word)
	if end >= len(p.text) || !strings.EqualFold(p.text[i:end], word) || strings.IndexByte(" \t\r\n(\"", p.text[end]) < 0 {
		return false
	}
	if i == p.i && i > 0 && word != "not" && strings.IndexByte(" \t\r\n)\"", p.text[i-1]) < 0 {
		return false
	}
	p.i = end
	return true
}

// beforeKeyword reports whether a keyword comes behind the blanks here.
func (p *parser) beforeKeyword() bool {
	if strings.IndexByte(" \t\r\n", p.text[p.i]) < 0 {
		return false
	}
	here := *p
	return here.keyword("and") || here.keyword("or") || here.keyword("not")
}

func (p *parser) blank() { p.i = passBlank(p.text, p.i) }

func passBlank(s string, i int) int {
	for i < len(s) && strings.IndexByte(" \t\r\n", s[i]) >= 0 {
		i++
	}
	return i
}

func (p *parser) take(s string) bool {
	if !strings.HasPrefix(p.text[p.i:], s) {
		return false
	}
	p.i += len(s)
	return true
}

func (p *parser) column() int { return 1 + utf8.RuneCountInString(p.text[:p.i]) }

func (p *parser) unexpected(expected string) error {
	found := "the end"
	if p.i < len(p.text) {
		n := strings.IndexAny(p.text[p.i+1:], " ():<>\"{}")
		if n < 0 {
			n = len(p.text) - p.i - 1
		}
		found = strconv.Quote(p.text[p.i : p.i+1+n])
	}
	return &Error{Column: p.column(), Found: found, Expected: expected}
}
