package logs

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	store "github.com/diorama-dev/diorama/internal/logs"
	"github.com/diorama-dev/diorama/tui/layout"
)

// SearchHelp says what can be typed as a search, one thing a line: what it
// looks like, and what it finds.
func SearchHelp() [][2]string {
	return [][2]string{
		{"two words", "that text, capital or small"},
		{"/expr/", "a regular expression, also re:expr"},
		{"model=resnet50", "a field's value; != for its opposite"},
		{"ms>500", "a field's number; also >= < <="},
		{`"a=b"`, "in quotes: that text, whatever is in it"},
	}
}

// search is what is typed to be searched for. The zero value wants every line.
type search struct {
	typed   string
	text    string
	pattern *regexp.Regexp
	fields  []store.FieldFilter
	limits  limits
	problem string // why typed is not what the others say
}

// empty reports whether every line is wanted.
func (s search) empty() bool {
	return s.text == "" && s.pattern == nil && len(s.fields) == 0 && len(s.limits) == 0
}

// added is the query with what is searched for.
func (s search) added(q store.Query) store.Query {
	q = holding(q, s.text)
	if s.pattern != nil {
		if q.Pattern == nil {
			q.Pattern = s.pattern
		} else {
			q = q.And(store.Query{Pattern: s.pattern})
		}
	}
	q.Fields = append(q.Fields[:len(q.Fields):len(q.Fields)], s.fields...)
	if len(s.limits) == 0 {
		return q
	}
	if q.Where == nil { // the line is taken apart once for all of it
		q.Where = s.limits
		return q
	}
	return q.And(store.Query{Where: s.limits})
}

// parseSearch understands what was typed, see [SearchHelp].
func parseSearch(typed string) (search, error) {
	s := search{typed: typed}
	if expr, ok := expression(typed); ok {
		p, err := regexp.Compile(expr)
		if err != nil {
			return s, errors.New(strings.TrimPrefix(err.Error(), "error parsing regexp: "))
		}
		if expr != "" {
			s.pattern = p
		}
		return s, nil
	}
	var words []string
	for rest := strings.TrimSpace(typed); rest != ""; rest = strings.TrimLeft(rest, " ") {
		var word string
		var quoted bool
		word, rest, quoted = nextWord(rest)
		taken := false
		if !quoted {
			var err error
			if taken, err = s.take(word); err != nil {
				return s, err
			}
		}
		if !taken {
			words = append(words, word)
		}
	}
	s.text = strings.Join(words, " ")
	return s, nil
}

// expression is the regular expression that is typed, if one is.
func expression(typed string) (string, bool) {
	if expr, ok := strings.CutPrefix(typed, "re:"); ok {
		return expr, true
	}
	if len(typed) > 2 && strings.HasPrefix(typed, "/") && strings.HasSuffix(typed, "/") {
		return typed[1 : len(typed)-1], true
	}
	return "", false
}

// nextWord takes the first word off a text: up to a blank, those in quotes not
// counted. A word that is in quotes as a whole loses them.
func nextWord(s string) (word, rest string, quoted bool) {
	inside, end := false, len(s)
	for i, r := range s {
		if r == '"' {
			inside = !inside
		}
		if r == ' ' && !inside {
			end = i
			break
		}
	}
	word, rest = s[:end], s[end:]
	if strings.HasPrefix(word, `"`) {
		return strings.Trim(word, `"`), rest, true
	}
	return word, rest, false
}

// take understands a word as a filter of a field; false where it is text.
func (s *search) take(word string) (bool, error) {
	at := strings.IndexAny(word, "=!<>")
	if at <= 0 || !isKey(word[:at]) {
		return false, nil
	}
	key, rest := word[:at], word[at:]
	var sign string
	for _, known := range []string{"!=", ">=", "<=", "=", ">", "<"} {
		if strings.HasPrefix(rest, known) {
			sign = known
			break
		}
	}
	if sign == "" {
		return false, nil
	}
	value := strings.Trim(rest[len(sign):], `"`)
	if value == "" {
		return false, fmt.Errorf("a value is missing after %s%s", layout.Safe(key), sign)
	}
	if sign == "=" || sign == "!=" {
		s.fields = append(s.fields, store.FieldFilter{Key: key, Value: value, Not: sign == "!="})
		return true, nil
	}
	bound, err := strconv.ParseFloat(value, 64)
	if err != nil {
		return false, fmt.Errorf("%s is no number to compare %s with", layout.Safe(value), layout.Safe(key))
	}
	s.limits = append(s.limits, limit{key: key, sign: sign, bound: bound})
	return true, nil
}

// isKey reports whether a text can be a field's name.
func isKey(s string) bool {
	for i := range len(s) {
		c := s[i]
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c == '@' || c >= 0x80
		if !letter && (i == 0 || c != '.' && c != '-' && (c < '0' || c > '9')) {
			return false
		}
	}
	return s != ""
}

// limit compares a field's number. Lines whose field is no number do not pass.
type limit struct {
	key, sign string
	bound     float64
}

func (c limit) holds(l store.Line, fields func() store.Fields) bool {
	text, ok := l.Field(c.key, fields)
	if !ok {
		return false
	}
	value, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return false
	}
	switch c.sign {
	case ">":
		return value > c.bound
	case ">=":
		return value >= c.bound
	case "<":
		return value < c.bound
	}
	return value <= c.bound
}

// limits are numbers of which each is within its limit.
type limits []limit

// Holds implements [store.Condition].
func (c limits) Holds(l store.Line, fields func() store.Fields) bool {
	for _, one := range c {
		if !one.holds(l, fields) {
			return false
		}
	}
	return true
}

// Literals implements [store.Condition].
func (limits) Literals() []string { return nil }
