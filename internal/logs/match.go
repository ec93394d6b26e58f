package logs

import (
	"bytes"
	"slices"
	"strings"
	"unicode/utf8"
)

// matcher is a query made ready for the lines of one block after another.
type matcher struct {
	query    Query
	services map[string]bool
	text     []byte // folded to lower case
	ascii    bool
	literals []literal // all of them are in each message that is wanted
	since    int64
	until    int64
}

func newMatcher(q Query) *matcher {
	m := &matcher{query: q, since: nanos(q.Since), until: nanos(q.Until)}
	if q.Until.IsZero() {
		m.until = latestTime
	}
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
	m.findLiterals()
	return m
}

// findLiterals gathers what every wanted message holds, the longest first:
// that is most likely the rarest.
func (m *matcher) findLiterals() {
	if l, ok := textLiteral(m.text, m.ascii); ok {
		m.literals = append(m.literals, l)
	}
	m.literals = append(m.literals, patternLiterals(m.query.Pattern)...)
	for _, f := range m.query.Fields {
		if l, ok := fieldLiteral(f); ok {
			m.literals = append(m.literals, l)
		}
	}
	if m.query.Where != nil {
		for _, text := range m.query.Where.Literals() {
			if text != "" {
				m.literals = append(m.literals, newLiteral([]byte(text), false))
			}
		}
	}
	slices.SortStableFunc(m.literals, func(a, b literal) int { return len(b.text) - len(a.text) })
}

// filters reports whether the blocks' filters can tell anything.
func (m *matcher) filters() bool {
	return slices.ContainsFunc(m.literals, func(l literal) bool { return len(l.grams[1]) > 0 })
}

// origins says which origins of a segment are wanted.
func (m *matcher) origins(all []origin) []bool {
	wanted := make([]bool, len(all))
	for i, o := range all {
		wanted[i] = o != lostOrigin && (m.services == nil || m.services[o.Service])
	}
	return wanted
}

// mayMatch reports whether a block can hold a line that is wanted, as far as
// all is known of it but its text.
func (m *matcher) mayMatch(b *block, wanted []bool) bool {
	if b.last < m.since || b.first > m.until {
		return false
	}
	some := false
	for l, n := range b.counts {
		some = some || (n > 0 && m.level(Level(l)))
	}
	return some && (m.services == nil || m.anyFrom(b, wanted))
}

func (m *matcher) anyFrom(b *block, wanted []bool) bool {
	for i, w := range wanted {
		if w && b.from.has(i) {
			return true
		}
	}
	return false
}

// allFrom reports whether the block has lines of wanted origins only.
func (m *matcher) allFrom(b *block, wanted []bool) bool {
	for i, w := range wanted {
		if !w && b.from.has(i) {
			return false
		}
	}
	return true
}

// mayHold reports whether a block's text can hold a line that is wanted.
func (m *matcher) mayHold(filter []byte) bool {
	for i := range m.literals {
		if !m.literals[i].grams.mayBeIn(filter) {
			return false
		}
	}
	return true
}

// plain reports whether lines are told by their level, time and origin alone.
func (m *matcher) plain() bool {
	q := &m.query
	return q.Text == "" && q.Pattern == nil && len(q.Fields) == 0 && q.Where == nil
}

// matches reports whether a line is wanted as far as its fields do not count.
func (m *matcher) matches(level Level, t int64, message []byte) bool {
	return m.level(level) && t >= m.since && t <= m.until &&
		(len(m.text) == 0 || m.contains(message)) &&
		(m.query.Pattern == nil || m.query.Pattern.Match(message))
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
