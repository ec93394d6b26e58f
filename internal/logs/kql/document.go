package kql

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/diorama-dev/diorama/internal/logs"
)

// namespace is where an environment's Pods are.
const namespace = "diorama"

// document is a line as the stacks efk and elk store it.
type document struct {
	line    logs.Line
	members []logs.Member
	apart   bool
}

func (d *document) begin(l logs.Line) { d.line, d.members, d.apart = l, d.members[:0], false }

// property is how a field of the documents is compared.
type property uint8

const (
	propertyNone    property = iota
	propertyKeyword          // as a whole, case and all
	propertyText             // by words
	propertyLevel            // by what it means
	propertyTime
)

// named are the fields that every document has.
//
//nolint:gochecknoglobals // a table, never changed
var named = []string{
	"message", "log", "level", "service", "stack", "kubernetes.pod_name", "kubernetes.container_name",
	"kubernetes.namespace_name", "kubernetes.labels.app", "kubernetes.labels.service", "kubernetes.labels.stack", "@timestamp",
}

func propertyOf(field string) property {
	switch field {
	case "message", "log":
		return propertyText
	case "level":
		return propertyLevel
	case "@timestamp":
		return propertyTime
	case "service", "stack", "kubernetes.pod_name", "kubernetes.container_name", "kubernetes.namespace_name",
		"kubernetes.labels.app", "kubernetes.labels.service", "kubernetes.labels.stack":
		return propertyKeyword
	}
	return propertyNone
}

// own is the text of a field that every document has.
func (d *document) own(field string) string {
	switch field {
	case "message", "log":
		return d.line.Message
	case "level":
		return strings.ToUpper(d.line.Level.String())
	case "service", "kubernetes.labels.app", "kubernetes.labels.service":
		return d.line.Service
	case "stack", "kubernetes.labels.stack":
		return d.line.Stack
	case "kubernetes.pod_name":
		return d.line.Pod
	case "kubernetes.container_name":
		return d.line.Container
	case "kubernetes.namespace_name":
		return namespace
	}
	return ""
}

// each calls test for each value that the line itself gives a field; field may
// hold wildcards.
func (d *document) each(field literal, test func(m logs.Member) bool) bool {
	if !d.apart {
		var ok bool
		if d.members, ok = logs.AppendMembers(d.members[:0], d.line.Message); !ok {
			d.members = d.members[:0]
		}
		d.apart = true
	}
	for _, m := range d.members {
		if propertyOf(m.Key) == propertyNone && fits(m.Key, field.parts) && eachElement(m, test) {
			return true
		}
	}
	return false
}

// eachElement takes arrays apart: a document has each of their values.
func eachElement(m logs.Member, test func(m logs.Member) bool) bool {
	if m.Kind != logs.KindNested {
		return m.Kind != logs.KindNull && test(m)
	}
	if !strings.HasPrefix(m.Value, "[") {
		return false
	}
	var elements []json.RawMessage
	if json.Unmarshal([]byte(m.Value), &elements) != nil {
		return false
	}
	for _, e := range elements {
		found, _ := logs.AppendJSON(nil, `{"":`+string(e)+`}`)
		for _, one := range found {
			if one.Key == "" && one.Kind != logs.KindNested && eachElement(one, test) {
				return true
			}
		}
	}
	return false
}

func (n allOf) holds(d *document) bool {
	for _, one := range n {
		if !one.holds(d) {
			return false
		}
	}
	return true
}

func (n anyOf) holds(d *document) bool {
	for _, one := range n {
		if one.holds(d) {
			return true
		}
	}
	return false
}

func (n noneOf) holds(d *document) bool { return !n.node.holds(d) }

func (everything) holds(*document) bool { return true }

func (n equals) holds(d *document) bool {
	field := literal{parts: []string{"", ""}}
	if n.field != nil {
		field = *n.field
	}
	for _, name := range named {
		if fits(name, field.parts) && n.ownHolds(d, name) {
			return true
		}
	}
	if !field.wild() && propertyOf(field.text()) != propertyNone {
		return false
	}
	return d.each(field, func(m logs.Member) bool { return n.value.isValue(m) })
}

func (n equals) ownHolds(d *document, name string) bool {
	text := d.own(name)
	if n.field != nil && n.value.wild() && n.value.text() == "*" {
		return text != "" || (name == "@timestamp" && !d.line.Time.IsZero())
	}
	switch propertyOf(name) {
	case propertyText:
		return n.value.inText(text)
	case propertyTime:
		b, err := parseBound(n.value.text(), time.Time{})
		return err == nil && !d.line.Time.Before(b.from) && d.line.Time.Before(b.to)
	case propertyLevel:
		if l := logs.LevelNamed(n.value.text()); n.field != nil && l != logs.LevelUnknown {
			return d.line.Level == l
		}
	default:
	}
	return text != "" && fits(text, n.value.parts)
}

// inText holds a value against words, whatever their case.
func (l literal) inText(text string) bool {
	switch {
	case l.quoted:
		return hasPhrase(text, wordsOf(l.text()))
	case !l.wild():
		return hasAny(text, wordsOf(l.text()))
	}
	for _, part := range strings.Fields(strings.ToLower(l.text())) {
		parts := strings.Split(part, "*")
		some := len(parts) == 1 && hasAny(text, wordsOf(part))
		words(text, func(word string) bool {
			some = some || (len(parts) > 1 && fits(word, parts))
			return !some
		})
		if some {
			return true
		}
	}
	return false
}

// isValue holds a value against one of the line: numbers by what they are.
func (l literal) isValue(m logs.Member) bool {
	if l.wild() || m.Kind != logs.KindNumber {
		return fits(m.Value, l.parts)
	}
	a, err := strconv.ParseFloat(m.Value, 64)
	b, err2 := strconv.ParseFloat(l.text(), 64)
	if err != nil || err2 != nil {
		return m.Value == l.text()
	}
	return a == b
}

func (n compares) holds(d *document) bool {
	switch propertyOf(n.field.text()) {
	case propertyTime:
		b, err := n.when()
		return err == nil && b.holds(n.op, d.line.Time)
	case propertyNone:
		return d.each(n.field, n.within)
	default:
	}
	return n.within(logs.Member{Value: d.own(n.field.text())})
}

// within compares as numbers where the bound is one, and else as texts.
func (n compares) within(m logs.Member) bool {
	if b, err := strconv.ParseFloat(n.value.text(), 64); err == nil {
		a, err := strconv.ParseFloat(m.Value, 64)
		return err == nil && ordered(n.op, a > b, a == b)
	}
	return m.Kind != logs.KindNumber && m.Value != "" && ordered(n.op, m.Value > n.value.text(), m.Value == n.value.text())
}

func ordered(op string, greater, equal bool) bool {
	switch op {
	case "<":
		return !greater && !equal
	case "<=":
		return !greater
	case ">":
		return greater
	}
	return greater || equal
}
