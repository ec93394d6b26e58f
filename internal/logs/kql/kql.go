// Package kql reads KQL, the query language of Kibana
// (https://www.elastic.co/docs/reference/query-languages/kql), and makes of it
// what Elasticsearch is asked, or what the local store answers itself.
//
// Lines are documents of the form that the stacks efk and elk store: message
// (also called log), level, service, stack, @timestamp, kubernetes.pod_name,
// kubernetes.container_name, kubernetes.namespace_name, kubernetes.labels.app,
// and whatever fields the line itself has. The local store keeps to
// Elasticsearch's rules for them:
//
//   - a message is made of words, compared in any case: message: err finds no
//     "error", message: err* does, message: out of memory finds lines with one
//     of the words, message: "out of memory" those with all three in a row.
//     What parts words is Unicode's rule (UAX #29): "latency_ms" and "1.5" are
//     one word, each Chinese character is one;
//   - any other text is compared as a whole, case and all; numbers by value;
//   - levels are compared by what they mean, "warning" is WARN;
//   - a value without a field may be in any field.
//
// Fields that a line itself has are found in Elasticsearch whether the shipper
// takes lines apart or not, see [Query.For]. Two things differ. Where
// a shipper's index gives a field another type than the line does, such as
// text for what here is a keyword, that type's rule holds there. And the İ of
// Turkish and the Kelvin sign, which Elasticsearch takes for an i and a k, are
// not sure to be found by those here: the store skips by the cases of ASCII.
package kql

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/diorama-dev/diorama/internal/logs"
)

// ErrNeedsElasticsearch is in the chain of what [Compile] returns for a query
// that is right but that Elasticsearch alone can answer.
var ErrNeedsElasticsearch = errors.New("install the stack efk")

// Compile makes a query one of the local store. Times such as now-15m count
// from now. The error is an [*Error] where the text is wrong, and has
// [ErrNeedsElasticsearch] in its chain where it asks for a field that the local
// store does not keep.
func Compile(text string, now time.Time) (logs.Query, error) {
	n, err := parse(text)
	if err != nil {
		return logs.Query{}, err
	}
	if n, err = prepared(n, text, now); err != nil {
		return logs.Query{}, err
	}
	q := logs.Query{}
	if n == (everything{}) {
		return q, nil
	}
	narrow(&q, n)
	// Words are compared in any case; what the store can skip by is in the query.
	q.Where = newCondition(n, nil)
	return q, nil
}

// prepared looks at each field once, and at what @timestamp is held against.
func prepared(n node, text string, now time.Time) (node, error) {
	var err error
	switch n := n.(type) {
	case allOf:
		for i := range n {
			if n[i], err = prepared(n[i], text, now); err != nil {
				return n, err
			}
		}
	case anyOf:
		for i := range n {
			if n[i], err = prepared(n[i], text, now); err != nil {
				return n, err
			}
		}
	case noneOf:
		n.node, err = prepared(n.node, text, now)
		return n, err
	case equals:
		if n.field == nil {
			return n, nil
		}
		if propertyOf(n.field.text()) == propertyTime && !n.value.wild() {
			_, err = timeOf(n.value, text, time.Time{})
		}
		return n, errors.Join(err, known(*n.field, text))
	case compares:
		if propertyOf(n.field.text()) == propertyTime {
			b, err := timeOf(n.value, text, now)
			n.when = func() (bound, error) { return b, nil }
			return n, err
		}
		return n, known(n.field, text)
	}
	return n, nil
}

func timeOf(l literal, text string, now time.Time) (bound, error) {
	b, err := parseBound(l.text(), now)
	if err != nil {
		return b, fmt.Errorf("kql: column %d: %w", columnAt(text, l.at), err)
	}
	return b, nil
}

func columnAt(text string, at int) int { return (&parser{text: text, i: at}).column() }

// known refuses fields that shippers add to documents and that the local
// store has nothing for.
func known(field literal, text string) error {
	name := field.text()
	if field.wild() || propertyOf(name) != propertyNone {
		return nil
	}
	if strings.HasPrefix(name, "kubernetes.") || name == "stream" || name == "_id" || name == "_index" {
		return fmt.Errorf("kql: column %d: the local store does not keep the field %q, only %s and the fields of the lines themselves; %w",
			columnAt(text, field.at), name, strings.Join(named, ", "), ErrNeedsElasticsearch)
	}
	return nil
}

// narrow tells the store what each line that is wanted has, so that it can
// skip. The condition is asked all the same.
func narrow(q *logs.Query, n node) {
	switch n := n.(type) {
	case allOf:
		for _, one := range n {
			narrow(q, one)
		}
	case equals:
		if n.field == nil || n.field.wild() || n.value.wild() {
			return
		}
		switch n.field.text() {
		case "service", "kubernetes.labels.app", "kubernetes.labels.service":
			if q.Services == nil {
				q.Services = []string{n.value.text()}
			}
		case "message", "log":
			for _, word := range wordsOf(n.value.text()) {
				if (n.value.quoted || len(wordsOf(n.value.text())) == 1) && len(word) > len(q.Text) && ascii(word) {
					q.Text = word
				}
			}
		}
	case compares:
		if propertyOf(n.field.text()) != propertyTime {
			return
		}
		switch b, _ := n.when(); {
		case n.op == ">=" && b.from.After(q.Since):
			q.Since = b.from
		case n.op == ">" && b.to.After(q.Since):
			q.Since = b.to
		case strings.HasPrefix(n.op, "<") && (q.Until.IsZero() || b.to.Before(q.Until)):
			q.Until = b.to
		}
	}
}

// ascii reports whether a word's case is that of ASCII, which the store's
// search for a text goes by.
func ascii(word string) bool {
	for i := range len(word) {
		if word[i] >= 0x80 {
			return false
		}
	}
	return true
}

// condition is a query as a filter of the store.
type condition struct {
	node     node
	literals []string
	room     sync.Pool
}

func newCondition(n node, literals []string) *condition {
	c := &condition{node: n, literals: literals}
	c.room.New = func() any { return new(document) }
	return c
}

// Holds reports whether the query finds the line.
func (c *condition) Holds(line logs.Line, _ func() logs.Fields) bool {
	d, _ := c.room.Get().(*document)
	defer c.room.Put(d)
	d.begin(line)
	return c.node.holds(d)
}

// Literals are texts that every line has which the query finds.
func (c *condition) Literals() []string { return c.literals }
