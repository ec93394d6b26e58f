package logql

import (
	"fmt"
	"regexp"
	"strings"
)

// labelParser reads what follows a parser's name.
func (p *parser) labelParser(t token) (stage, error) {
	switch t.value {
	case "json":
		which, err := p.chosen()
		if err != nil || len(which) == 0 {
			return jsonParser{}, err
		}
		return jsonChooser(which), nil
	case "logfmt":
		return p.logfmt()
	}
	text := p.peek()
	if text.kind != kindText {
		return nil, p.unexpected("a string")
	}
	p.next++
	if t.value == "pattern" {
		c, err := newPattern(text.value)
		if err != nil {
			return nil, fail(p.text, text.at, fmt.Sprintf("%q: %v", text.value, err), "a pattern such as `<ip> - <_> <path>`")
		}
		return c, nil
	}
	re, err := regexp.Compile(text.value)
	if err != nil {
		return nil, p.badPattern(text, err)
	}
	if strings.Join(re.SubexpNames(), "") == "" {
		return nil, fail(p.text, text.at, fmt.Sprintf("%q, which names no group", text.value), "a group with a name, (?P<name>…)")
	}
	return regexpParser{re}, nil
}

func (p *parser) logfmt() (stage, error) {
	var s logfmtParser
	for p.isSign("-") {
		at := p.peek()
		for p.isSign("-") {
			p.next++
		}
		flag := p.peek()
		p.next++
		switch {
		case flag.value == "strict":
			s.strict = true
		case flag.value == "keep" && p.isSign("-") && p.tokens[p.next+1].value == "empty":
			s.keepEmpty = true
			p.next += 2
		default:
			p.next--
			return nil, fail(p.text, at.at, fmt.Sprintf("%q", p.text[at.at:flag.end]), "--strict or --keep-empty")
		}
	}
	which, err := p.chosen()
	if err != nil || len(which) == 0 {
		return s, err
	}
	for _, one := range which {
		if len(one.path) != 1 {
			return nil, p.unexpected("the name of a field: logfmt has no nested ones")
		}
	}
	return logfmtChooser{s, which}, nil
}

// chosen reads names of fields, or labels for them: status="http.status".
func (p *parser) chosen() ([]chosen, error) {
	var all []chosen
	for p.peek().kind == kindName {
		c := chosen{name: p.peek().value}
		c.path = []string{c.name}
		p.next++
		if p.isSign("=") {
			p.next++
			if p.peek().kind != kindText {
				return nil, p.unexpected("a string")
			}
			path, ok := parsePath(p.peek().value)
			if !ok {
				return nil, p.unexpected(`a path such as "http.status", "list[0]" or "[\"a key\"]"`)
			}
			c.path = path
			p.next++
		}
		all = append(all, c)
		if !p.isSign(",") {
			break
		}
		if p.next++; p.peek().kind != kindName {
			return nil, p.unexpected("the name of a field")
		}
	}
	return all, nil
}

// pathPart is a key, a place in an array, or a key in quotes.
var pathPart = regexp.MustCompile(`^(?:\.?([a-zA-Z_][a-zA-Z0-9_-]*)|(\[\d+\])|\["([^"]*)"\])`)

func parsePath(s string) ([]string, bool) {
	var path []string
	for s != "" {
		found := pathPart.FindStringSubmatch(s)
		if found == nil {
			return nil, false
		}
		path = append(path, found[1]+found[2]+found[3])
		s = s[len(found[0]):]
	}
	return path, len(path) > 0
}

func (p *parser) dropOrKeep(keep bool) (stage, error) {
	r := remover{keep: keep}
	for {
		name := p.peek()
		if name.kind != kindName {
			return nil, p.unexpected("a label's name")
		}
		p.next++
		m := matcher{name: name.value, at: name.at}
		if p.isSign("=", "!=", "=~", "!~") && p.tokens[p.next+1].kind == kindText {
			op := p.peek()
			p.next++
			var err error
			if m, err = p.compared(name, op.value); err != nil {
				return nil, err
			}
		}
		r.which = append(r.which, m)
		if !p.isSign(",") {
			return r, nil
		}
		p.next++
	}
}
