package logql

import (
	"fmt"
	"regexp"
	"strings"
)

// matcher compares a label with a value, or with a pattern that the whole of
// it fits.
type matcher struct {
	name string
	op   string // = != =~ !~
	text string
	re   *regexp.Regexp
	at   int
}

func (m matcher) matches(value string) bool {
	switch m.op {
	case "=":
		return value == m.text
	case "!=":
		return value != m.text
	case "=~":
		return m.re.MatchString(value)
	}
	return !m.re.MatchString(value)
}

// query is a log query taken apart.
type query struct {
	selector []matcher
	stages   []stage
}

// stage is a part of the pipeline. It reports whether the line goes on.
type stage interface {
	pass(l *labels) bool
}

// parser reads a query by descent.
type parser struct {
	text   string
	tokens []token
	next   int
	depth  int
}

// Bounds of a query: its length in bytes, and parentheses within parentheses.
const (
	maxLength = 16 << 10
	maxDepth  = 100
)

func parse(text string) (query, error) {
	if len(text) > maxLength {
		return query{}, fmt.Errorf("logql: the query is %d bytes long, %d are allowed", len(text), maxLength)
	}
	tokens, err := lex(text)
	if err != nil {
		return query{}, err
	}
	p := &parser{text: text, tokens: tokens}
	if err := p.metric(); err != nil {
		return query{}, err
	}
	var q query
	if q.selector, err = p.selector(); err != nil {
		return query{}, err
	}
	for p.peek().kind != kindEnd {
		if p.isSign("[") || p.isSign("+", "-", "*", "/", "%", "^") {
			return query{}, p.refuse("metric queries")
		}
		s, err := p.stage()
		if err != nil {
			return query{}, err
		}
		q.stages = append(q.stages, s...)
	}
	return q, nil
}

// metric refuses what begins like rate(…) or sum by (…).
func (p *parser) metric() error {
	if t := p.peek(); t.kind == kindName || t.kind == kindNumber {
		after := p.tokens[p.next+1]
		if after.value == "(" || after.value == "by" || after.value == "without" || t.kind == kindNumber {
			return p.refuse("metric queries such as " + t.value + "(…)")
		}
	}
	return nil
}

func (p *parser) selector() ([]matcher, error) {
	if p.isSign("(") {
		return nil, p.refuse("queries in parentheses")
	}
	if err := p.sign("{", `"{", with which a log query begins`); err != nil {
		return nil, err
	}
	var all []matcher
	for !p.isSign("}") {
		m, err := p.matcher()
		if err != nil {
			return nil, err
		}
		all = append(all, m)
		if !p.isSign("}") {
			if err := p.sign(",", `"," or "}"`); err != nil {
				return nil, err
			}
		}
	}
	p.next++
	for _, m := range all {
		if !m.matches("") {
			return all, nil
		}
	}
	return nil, fail(p.text, 0, "a selector that also wants lines without labels", `one matcher at least that does not fit the empty text, such as {service=~".+"}`)
}

func (p *parser) matcher() (matcher, error) {
	name := p.peek()
	if name.kind != kindName {
		return matcher{}, p.unexpected("a label's name")
	}
	p.next++
	op := p.peek()
	if !p.isSign("=", "!=", "=~", "!~") {
		return matcher{}, p.unexpected("=, !=, =~ or !~")
	}
	p.next++
	return p.compared(name, op.value)
}

// compared reads the string that a label is held against.
func (p *parser) compared(name token, op string) (matcher, error) {
	value := p.peek()
	if value.kind != kindText {
		return matcher{}, p.unexpected("a string")
	}
	p.next++
	m := matcher{name: name.value, op: op, text: value.value, at: name.at}
	if op == "=~" || op == "!~" {
		re, err := regexp.Compile("^(?s:" + value.value + ")$")
		if err != nil {
			return matcher{}, p.badPattern(value, err)
		}
		m.re = re
	}
	return m, nil
}

func (p *parser) badPattern(t token, err error) error {
	return fail(p.text, t.at, fmt.Sprintf("%q, which is no regular expression (%v)", t.value, err), "one of RE2's syntax")
}

func (p *parser) stage() ([]stage, error) {
	if p.isSign("|=", "!=", "|~", "!~", "|>", "!>") {
		s, err := p.lineFilter()
		return []stage{s}, err
	}
	if err := p.sign("|", "a line filter (|=, !=, |~, !~), | or the end"); err != nil {
		return nil, err
	}
	t := p.peek()
	if t.kind == kindName && !p.comparesNext() {
		switch t.value {
		case "json", "logfmt", "regexp", "pattern":
			p.next++
			s, err := p.labelParser(t)
			return []stage{s}, err
		case "drop", "keep":
			p.next++
			s, err := p.dropOrKeep(t.value == "keep")
			return []stage{s}, err
		case "line_format", "label_format", "unpack", "decolorize", "distinct", "unwrap":
			return nil, p.refuse("| " + t.value)
		}
	}
	s, err := p.labelFilter()
	return []stage{s}, err
}

// comparesNext reports whether an operator follows the next token: then it is
// a label, also where it is called json.
func (p *parser) comparesNext() bool {
	switch after := p.tokens[min(p.next+1, len(p.tokens)-1)]; after.value {
	case "=", "!=", "=~", "!~", "==", ">", ">=", "<", "<=":
		// "| json != "x"" filters lines behind the parser.
		return after.kind == kindSign && (after.value != "!=" && after.value != "!~" || !isParser(p.peek().value))
	}
	return false
}

func isParser(name string) bool { return name == "json" || name == "logfmt" }

func (p *parser) lineFilter() (stage, error) {
	op := p.peek()
	if p.isSign("|>", "!>") {
		return nil, p.refuse("pattern filters (" + op.value + ")")
	}
	p.next++
	f := &lineFilter{not: strings.HasPrefix(op.value, "!")}
	for {
		t := p.peek()
		if t.kind == kindName && t.value == "ip" {
			return nil, p.refuse("ip(…)")
		}
		if t.kind != kindText {
			return nil, p.unexpected("a string")
		}
		p.next++
		if strings.HasSuffix(op.value, "~") {
			re, err := regexp.Compile(t.value)
			if err != nil {
				return nil, p.badPattern(t, err)
			}
			f.patterns = append(f.patterns, re)
		} else {
			f.texts = append(f.texts, t.value)
		}
		if t := p.peek(); t.kind != kindName || t.value != "or" {
			return f, nil
		}
		p.next++
	}
}

func (p *parser) peek() token { return p.tokens[p.next] }

func (p *parser) isSign(any ...string) bool {
	t := p.peek()
	if t.kind != kindSign {
		return false
	}
	for _, s := range any {
		if t.value == s {
			return true
		}
	}
	return false
}

func (p *parser) sign(s, expected string) error {
	if !p.isSign(s) {
		return p.unexpected(expected)
	}
	p.next++
	return nil
}

func (p *parser) unexpected(expected string) error {
	t := p.peek()
	found := "the end"
	if t.kind != kindEnd {
		found = fmt.Sprintf("%q", p.text[t.at:t.end])
	}
	return fail(p.text, t.at, found, expected)
}
