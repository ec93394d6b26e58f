package logql

import (
	"strconv"
	"strings"
)

// labelFilter reads comparisons joined by and, or, commas and parentheses; and
// binds tighter.
func (p *parser) labelFilter() (filter, error) {
	left, err := p.allOf()
	for err == nil && p.isWord("or") {
		p.next++
		var right filter
		if right, err = p.allOf(); err == nil {
			left = either{left, right}
		}
	}
	return left, err
}

func (p *parser) allOf() (filter, error) {
	left, err := p.comparison()
	for err == nil && (p.isWord("and") || p.isSign(",")) {
		p.next++
		var right filter
		if right, err = p.comparison(); err == nil {
			left = both{left, right}
		}
	}
	return left, err
}

func (p *parser) isWord(word string) bool {
	t := p.peek()
	return t.kind == kindName && t.value == word
}

func (p *parser) comparison() (filter, error) {
	if p.isSign("(") {
		if p.depth++; p.depth > maxDepth {
			return nil, p.unexpected("fewer parentheses within parentheses")
		}
		p.next++
		f, err := p.labelFilter()
		if err != nil {
			return nil, err
		}
		p.depth--
		return f, p.sign(")", `")", "and" or "or"`)
	}
	name := p.peek()
	if name.kind != kindName {
		return nil, p.unexpected("a parser (json, logfmt, regexp, pattern) or a label's name")
	}
	p.next++
	op := p.peek()
	if !p.isSign("=", "!=", "=~", "!~", "==", ">", ">=", "<", "<=") {
		return nil, p.unexpected("a comparison (=, !=, =~, !~, ==, >, >=, <, <=)")
	}
	p.next++
	switch value := p.peek(); {
	case value.kind == kindText:
		return p.textFilter(name, op)
	case value.kind == kindName && value.value == "ip":
		return nil, p.refuse("ip(…)")
	case op.value == "=~" || op.value == "!~":
		return nil, p.unexpected("a string")
	}
	return p.numberFilter(name, op)
}

func (p *parser) textFilter(name, op token) (filter, error) {
	switch op.value {
	case "=", "!=", "=~", "!~":
		m, err := p.compared(name, op.value)
		return textFilter{m}, err
	}
	return nil, p.unexpected("a number, a duration or a size, without quotes")
}

func (p *parser) numberFilter(name, op token) (filter, error) {
	sign := ""
	if p.isSign("-", "+") {
		sign = p.peek().value
		p.next++
	}
	value := p.peek()
	if value.kind != kindNumber {
		return nil, p.unexpected("a string, a number, a duration (10ms) or a size (20KB)")
	}
	p.next++
	text := sign + value.value
	// 1e-3 is cut at its sign.
	if strings.HasSuffix(strings.ToLower(text), "e") && p.isSign("-", "+") && p.tokens[p.next+1].kind == kindNumber {
		text += p.peek().value + p.tokens[p.next+1].value
		p.next += 2
	}
	f := numberFilter{name: name.value, op: op.value}
	if n, err := strconv.ParseFloat(text, 64); err == nil {
		f.bound, f.read = n, readNumber
		return f, nil
	}
	if d, ok := parseSpan(text); ok {
		f.bound, f.read = float64(d), readSpan
		return f, nil
	}
	if n, ok := parseSize(text); ok {
		f.bound, f.read = n, readSize
		return f, nil
	}
	p.next--
	return nil, p.unexpected("a number, a duration (10ms) or a size (20KB)")
}

// filter holds labels against values.
type filter = stage

type either struct{ left, right filter }

func (f either) pass(l *labels) bool { return f.left.pass(l) || f.right.pass(l) }

type both struct{ left, right filter }

func (f both) pass(l *labels) bool {
	left := f.left.pass(l)
	return f.right.pass(l) && left // an error of the right is also one of the line's
}

// textFilter compares text; a label that is missing is the empty text.
type textFilter struct{ matcher }

func (f textFilter) pass(l *labels) bool {
	value, _ := l.get(f.name)
	if f.name == levelLabel || f.name == detectedLevel {
		if l.isOwn(f.name) {
			return f.matcher.matchesLevel(value)
		}
	}
	return f.matches(value)
}

// numberFilter compares numbers. Without the label a line is not wanted; where
// its value is no number, Loki keeps the line and marks it with __error__.
type numberFilter struct {
	name, op string
	bound    float64
	read     func(string) (float64, bool)
}

func (f numberFilter) pass(l *labels) bool {
	text, known := l.get(f.name)
	if !known {
		return false
	}
	value, ok := f.read(text)
	if !ok {
		l.fault("LabelFilterErr")
		return true
	}
	switch f.op {
	case "=", "==":
		return value == f.bound
	case "!=":
		return value != f.bound
	case ">":
		return value > f.bound
	case ">=":
		return value >= f.bound
	case "<":
		return value < f.bound
	}
	return value <= f.bound
}
