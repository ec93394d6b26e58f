// Package logql reads LogQL, the query language of Loki, and makes of it what
// the local store answers itself.
//
// The language is that of
// https://grafana.com/docs/loki/latest/query/log_queries/. What is answered
// here: stream selectors, line filters, the parsers json, logfmt, regexp and
// pattern, label filters, drop and keep. What a line says is compared as Loki
// compares it: keys of nested JSON are joined by underscores, a field that has
// the name of one of the stream's labels is called name_extracted, a label
// that is missing is the empty text and no number, and a line whose value is
// no number where one is compared is kept. Levels alone are compared by what
// they mean, in any spelling, because agents spell them in their own.
//
// Two things differ. Selectors call a service app or job here, which the streams
// of the stack loki have no labels for. And a field that drop or keep has taken
// away is missing here, "| drop model | model = """ holds, while Loki 3.7 finds
// none of the lines that had it.
package logql

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/diorama-dev/diorama/internal/logs"
)

// ErrNeedsLoki is in the chain of what [Compile] returns for a query that is
// right but that Loki alone can answer.
var ErrNeedsLoki = errors.New("install the stack loki")

// refuse is the error for a part of the language that needs Loki.
func (p *parser) refuse(what string) error {
	return fmt.Errorf("logql: column %d: the local store cannot answer %s; %w", column(p.text, p.peek().at), what, ErrNeedsLoki)
}

// streamLabels are the labels of the streams that the stack loki makes, and
// those that Loki adds to them.
//
//nolint:gochecknoglobals // a table, never changed
var streamLabels = []string{"namespace", "pod", "container", "app", "service", "service_name", "stack", levelLabel, detectedLevel}

// aliases are other names that selectors commonly call a service by.
//
//nolint:gochecknoglobals // a table, never changed
var aliases = []string{"job"}

// Compile makes a log query a query of the local store. The error is an
// [*Error] where the text is wrong, has [ErrNeedsLoki] in its chain where only
// Loki can answer, and names the labels that there are where a selector asks
// for another. The labels job and service_name are the
// service, app is its stack and it: demo-gateway.
func Compile(text string) (logs.Query, error) {
	q, err := parse(text)
	if err != nil {
		return logs.Query{}, err
	}
	out := logs.Query{}
	for i, m := range q.selector {
		if slices.Contains(aliases, m.name) || m.name == "service_name" {
			q.selector[i].name = "service"
		} else if !slices.Contains(streamLabels, m.name) {
			return logs.Query{}, unknown(text, m)
		}
		if q.selector[i].name == "service" && out.Services == nil {
			out.Services = m.services()
		}
	}
	c := &condition{query: q}
	c.room.New = func() any { return new(labels) }
	for _, s := range q.stages {
		if f, ok := s.(*lineFilter); ok && f.literal() != "" {
			c.literals = append(c.literals, f.literal())
		}
	}
	if len(q.stages) > 0 || len(q.selector) != 1 || out.Services == nil {
		out.Where = c
	}
	return out, nil
}

func unknown(text string, m matcher) error {
	known := append(slices.Clone(streamLabels), aliases...)
	slices.Sort(known)
	hint := ""
	if near := nearest(m.name, known); near != "" {
		hint = fmt.Sprintf("; did you mean %q?", near)
	}
	return fmt.Errorf("logql: column %d: no line has the label %q; the local store knows %s%s",
		column(text, m.at), m.name, strings.Join(known, ", "), hint)
}

// services are those that a matcher wants, where it names them.
func (m matcher) services() []string {
	switch {
	case m.op == "=" && m.text != "":
		return []string{m.text}
	case m.op == "=~" && m.text != "" && strings.Trim(m.text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_|") == "" &&
		!strings.Contains("|"+m.text+"|", "||"):
		return strings.Split(m.text, "|")
	}
	return nil
}

// condition is a query as a filter of the store.
type condition struct {
	query    query
	literals []string
	room     sync.Pool
}

// Holds reports whether the line passes the selector and the pipeline.
func (c *condition) Holds(line logs.Line, _ func() logs.Fields) bool {
	for _, m := range c.query.selector {
		value, _ := streamLabel(line, m.name)
		if m.name == levelLabel || m.name == detectedLevel {
			if !m.matchesLevel(value) {
				return false
			}
		} else if !m.matches(value) {
			return false
		}
	}
	l, _ := c.room.Get().(*labels)
	defer c.room.Put(l)
	l.begin(line)
	for _, s := range c.query.stages {
		if !s.pass(l) {
			return false
		}
	}
	return true
}

// Literals are the texts of line filters.
func (c *condition) Literals() []string { return c.literals }

// nearest is the name that differs least, by two letters at most.
func nearest(name string, known []string) string {
	best, found := 3, ""
	for _, k := range known {
		if d := distance(name, k); d < best {
			best, found = d, k
		}
	}
	return found
}

// distance is how many letters must be put in, taken out or changed.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := before
			if a[i] != b[j] {
				cost++
			}
			before, row[j+1] = row[j+1], min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
