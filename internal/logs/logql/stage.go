package logql

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/diorama-dev/diorama/internal/logs"
)

// lineFilter wants one of its texts or patterns in the line, or none of them.
type lineFilter struct {
	not      bool
	texts    []string
	patterns []*regexp.Regexp
}

func (f *lineFilter) pass(l *labels) bool {
	for _, text := range f.texts {
		if strings.Contains(l.line.Message, text) {
			return !f.not
		}
	}
	for _, re := range f.patterns {
		if re.MatchString(l.line.Message) {
			return !f.not
		}
	}
	return f.not
}

// literal is a text that is in every line that passes.
func (f *lineFilter) literal() string {
	switch {
	case f.not || len(f.texts)+len(f.patterns) != 1:
		return ""
	case len(f.texts) == 1:
		return f.texts[0]
	}
	prefix, _ := f.patterns[0].LiteralPrefix()
	return prefix
}

// jsonParser makes labels of a JSON object's members, arrays and null left out.
type jsonParser struct{}

func (jsonParser) pass(l *labels) bool {
	var ok bool
	l.members, ok = logs.AppendJSON(l.members[:0], l.line.Message)
	for _, m := range l.members {
		if m.Kind != logs.KindNested && m.Kind != logs.KindNull {
			l.extract(sanitized(m.Key), m.Value)
		}
	}
	if !ok {
		l.fault("JSONParserErr")
	}
	return true
}

// chosen are labels made of chosen fields: json status="http.status".
type chosen struct {
	name string
	path []string // keys, and [n] for places in an array
}

type jsonChooser []chosen

func (c jsonChooser) pass(l *labels) bool {
	if l.line.Message == "" {
		return true
	}
	if strings.IndexByte(`"{[`, l.line.Message[0]) < 0 {
		l.fault("JSONParserErr")
		return true
	}
	for _, one := range c {
		l.extract(one.name, valueAt(json.RawMessage(l.line.Message), one.path))
	}
	return true
}

// valueAt is the value at a path as it is written, a string without its quotes.
func valueAt(raw json.RawMessage, path []string) string {
	for _, key := range path {
		var object map[string]json.RawMessage
		var array []json.RawMessage
		switch n, place := placeOf(key); {
		case json.Unmarshal(raw, &object) == nil:
			raw = object[key]
		case place && json.Unmarshal(raw, &array) == nil && n < len(array):
			raw = array[n]
		default:
			return ""
		}
	}
	text := string(raw)
	if text == "null" {
		return ""
	}
	return strings.TrimSuffix(strings.TrimPrefix(text, `"`), `"`)
}

// placeOf reads a place in an array, [n]; a key in quotes may be any text.
func placeOf(key string) (int, bool) {
	if !strings.HasPrefix(key, "[") {
		return 0, false
	}
	n, err := strconv.Atoi(strings.Trim(key, "[]"))
	return n, err == nil && n >= 0
}

type regexpParser struct{ re *regexp.Regexp }

func (r regexpParser) pass(l *labels) bool {
	found := r.re.FindStringSubmatch(l.line.Message)
	for i, name := range r.re.SubexpNames() {
		if name != "" && i < len(found) {
			l.extract(name, found[i])
		}
	}
	return true
}

// patternParser cuts a line at the texts between its captures:
// "<ip> - <_> [<time>]".
type patternParser struct {
	before   string
	captures []capture
}

type capture struct {
	name string // "_": not kept
	text string // what follows; empty: the rest of the line is captured
}

func (c patternParser) pass(l *labels) bool {
	rest, found := strings.CutPrefix(l.line.Message, c.before)
	if !found || l.line.Message == "" {
		return true
	}
	for _, one := range c.captures {
		value, after, found := rest, "", false
		if one.text != "" {
			value, after, found = strings.Cut(rest, one.text)
		}
		if one.name != "_" {
			l.extract(one.name, value)
		}
		if !found {
			return true
		}
		rest = after
	}
	return true
}

// patternToken is <name>.
var patternToken = regexp.MustCompile(`<([a-zA-Z_][a-zA-Z0-9_]*)>`)

func newPattern(text string) (patternParser, error) {
	places := patternToken.FindAllStringSubmatchIndex(text, -1)
	if len(places) == 0 {
		return patternParser{}, fmt.Errorf("it has no capture such as <name>")
	}
	p := patternParser{before: text[:places[0][0]]}
	named := false
	for i, at := range places {
		end := len(text)
		if i+1 < len(places) {
			if end = places[i+1][0]; end == at[1] {
				return patternParser{}, fmt.Errorf("two captures follow one another")
			}
		}
		c := capture{name: text[at[2]:at[3]], text: text[at[1]:end]}
		named = named || c.name != "_"
		p.captures = append(p.captures, c)
	}
	if !named {
		return patternParser{}, fmt.Errorf("it has no capture with a name")
	}
	return p, nil
}

// remover drops labels, or all but some.
type remover struct {
	keep  bool
	which []matcher // without an operator: whatever the value
}

func (r remover) pass(l *labels) bool {
	if !r.keep {
		for _, m := range r.which {
			if value, known := l.get(m.name); known && (m.op == "" || m.matches(value)) {
				l.drop(m.name)
			}
		}
		return true
	}
	for _, name := range append(l.names(), streamLabels...) {
		if !r.wants(l, name) {
			l.drop(name)
		}
	}
	return true
}

func (r remover) wants(l *labels, name string) bool {
	for _, m := range r.which {
		if value, _ := l.get(name); m.name == name && (m.op == "" || m.matches(value)) {
			return true
		}
	}
	return false
}

func (l *labels) names() []string {
	names := make([]string, 0, len(l.extracted)+len(streamLabels))
	for _, e := range l.extracted {
		names = append(names, e.name)
	}
	return names
}
