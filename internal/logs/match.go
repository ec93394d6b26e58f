package logs

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// matcher is a query made ready for the lines of one segment after another.
type matcher struct {
	query    Query
	services map[string]bool
	text     []byte // folded to lower case
	ascii    bool
	since    int64
	until    int64
}

func newMatcher(q Query) *matcher {
	m := &matcher{query: q, since: nanos(q.Since), until: nanos(q.Until)}
	if len(q.Services) > 0 {
		m.services = make(map[string]bool, len(q.Services))
		for _, s := range q.Services {
			m.services[s] = true
		}
	}
	m.text = []byte(strings.ToLower(q.Text))
	m.ascii = true
	for _, b := range m.text {
		m.ascii = m.ascii && b < utf8.RuneSelf
	}
	return m
}

// origins says which origins of a segment are wanted.
func (m *matcher) origins(s summary) []bool {
	wanted := make([]bool, len(s.Origins))
	for i, o := range s.Origins {
		wanted[i] = m.services == nil || m.services[o.Service]
	}
	return wanted
}

// mayMatch reports whether a segment can hold a line that is wanted.
func (m *matcher) mayMatch(s summary, wanted []bool) bool {
	if s.Lines == 0 || (m.since != noTime && s.Last != 0 && s.Last < m.since) ||
		(m.until != noTime && s.First > m.until) {
		return false
	}
	some := false
	for _, w := range wanted {
		some = some || w
	}
	if !some {
		return false
	}
	for l := LevelUnknown; l <= LevelFatal; l++ {
		if s.Levels&(1<<l) != 0 && m.level(l) {
			return true
		}
	}
	return s.Levels>>(LevelFatal+1) != 0
}

func (m *matcher) matches(l rawLine, wanted []bool) bool {
	return l.origin < len(wanted) && wanted[l.origin] &&
		m.level(l.level) &&
		(m.since == noTime || l.time >= m.since) &&
		(m.until == noTime || l.time <= m.until) &&
		(len(m.text) == 0 || m.contains(l.message)) &&
		(m.query.Pattern == nil || m.query.Pattern.Match(l.message))
}

func (m *matcher) level(l Level) bool {
	return l.Counted() >= m.query.MinLevel && m.query.Levels.Has(l)
}

func (m *matcher) contains(message []byte) bool {
	if m.ascii {
		return containsFold(message, m.text)
	}
	return bytes.Contains(bytes.ToLower(message), m.text)
}

// containsFold reports whether text, which is lower-case ASCII, is in b in
// any case. It allocates nothing.
func containsFold(b, text []byte) bool {
	low, up := text[0], upper(text[0])
	for len(b) >= len(text) {
		i := indexEither(b[:len(b)-len(text)+1], low, up)
		if i < 0 {
			return false
		}
		if equalFold(b[i:i+len(text)], text) {
			return true
		}
		b = b[i+1:]
	}
	return false
}

func indexEither(b []byte, low, up byte) int {
	i := bytes.IndexByte(b, low)
	if low == up {
		return i
	}
	if i >= 0 {
		b = b[:i]
	}
	if j := bytes.IndexByte(b, up); j >= 0 {
		return j
	}
	return i
}

func equalFold(b, text []byte) bool {
	for i, c := range text {
		if lower(b[i]) != c {
			return false
		}
	}
	return true
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

func upper(c byte) byte {
	if 'a' <= c && c <= 'z' {
		return c - 'a' + 'A'
	}
	return c
}
