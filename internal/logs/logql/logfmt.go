package logql

import (
	"strings"

	"github.com/diorama-dev/diorama/internal/logs"
)

// logfmtParser makes labels of key=value pairs as Loki does: a pair that is
// none is passed over, one without a value is left out, and a strict parser
// stops at the first fault.
type logfmtParser struct{ strict, keepEmpty bool }

func (p logfmtParser) pass(l *labels) bool {
	return p.each(l, func(key, value string) { l.extract(sanitized(key), value) })
}

func (p logfmtParser) each(l *labels, found func(key, value string)) bool {
	for s := l.line.Message; ; {
		s = strings.TrimLeftFunc(s, func(r rune) bool { return r <= ' ' })
		if s == "" {
			return true
		}
		key, value, rest, ok := pair(s)
		if !ok && p.strict {
			l.fault("LogfmtParserErr")
			return true
		}
		if ok && (value != "" || p.keepEmpty) {
			found(key, value)
		}
		s = rest
	}
}

// pair reads the pair that s begins with.
func pair(s string) (key, value, rest string, ok bool) {
	n := strings.IndexFunc(s, func(r rune) bool { return r <= ' ' || r == '=' || r == '"' })
	switch {
	case n < 0:
		return s, "", "", true
	case s[n] != '=' && s[n] != '"':
		return s[:n], "", s[n:], true
	case n == 0 || s[n] == '"':
		return "", "", passWord(s), false
	}
	key, s = s[:n], s[n+1:]
	if strings.HasPrefix(s, `"`) {
		end := quoteEnd(s, 0)
		if end == len(s) && (len(s) < 2 || s[end-1] != '"') {
			return "", "", "", false // never closed
		}
		return key, unquoted(s[:end]), s[end:], true
	}
	n = strings.IndexFunc(s, func(r rune) bool { return r <= ' ' })
	if n < 0 {
		n = len(s)
	}
	if strings.ContainsAny(s[:n], `="`) {
		return "", "", s[n:], false
	}
	return key, s[:n], s[n:], true
}

// passWord is what follows the next blank.
func passWord(s string) string {
	n := strings.IndexFunc(s, func(r rune) bool { return r <= ' ' })
	if n < 0 {
		return ""
	}
	return s[n:]
}

func unquoted(s string) string {
	if strings.IndexByte(s, '\\') < 0 {
		return s[1 : len(s)-1]
	}
	members, _ := logs.AppendJSON(nil, `{"":`+s+`}`)
	if len(members) != 1 {
		return ""
	}
	return members[0].Value
}

// logfmtChooser takes the fields that are named.
type logfmtChooser struct {
	logfmtParser
	chosen []chosen
}

func (c logfmtChooser) pass(l *labels) bool {
	for _, one := range c.chosen {
		if _, own := streamLabel(l.line, one.name); !own {
			l.extract(one.name, "")
		}
	}
	return c.each(l, func(key, value string) {
		for _, one := range c.chosen {
			if one.path[0] == sanitized(key) {
				l.extract(one.name, value)
			}
		}
	})
}
