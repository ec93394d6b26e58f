package kql

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/diorama-dev/diorama/internal/logs"
)

// Query is a query for Elasticsearch. It keeps the text: what is made of it for an
// index and a moment changes its parts.
type Query struct {
	text   string
	fields []string
}

// Read reads a query. The error is an [*Error] where the text is wrong.
func Read(text string) (*Query, error) {
	n, err := parse(text)
	if err != nil {
		return nil, err
	}
	q := &Query{text: text}
	fieldsOf(n, func(field literal) { q.fields = append(q.fields, field.text()) })
	slices.Sort(q.fields)
	q.fields = slices.Compact(q.fields)
	return q, nil
}

// Fields are the names of the fields that the query asks for, and patterns of
// them, each once.
func (q *Query) Fields() []string { return q.fields }

// For makes of the query what an index is asked that has such fields, as the
// value of "query" in a search: servers before 9.1 do not read KQL themselves.
// Of the parts that "and" joins the index is asked those for which it has all
// fields. The others are for the lines that it finds, whose own fields those are
// that it lacks: they are in the condition; nil: there are none.
func (q *Query) For(has []string, now time.Time) (json.RawMessage, logs.Condition, error) {
	n, err := parse(q.text)
	if err != nil {
		return nil, nil, err
	}
	var there, rest allOf
	for _, part := range conjuncts(n) {
		lacking, err := q.lacking(part, has)
		switch {
		case err != nil:
			return nil, nil, err
		case !lacking:
			there = append(there, part)
			continue
		}
		if part, err = prepared(q.withoutAbsent(part), q.text, now); err != nil {
			return nil, nil, err
		}
		rest = append(rest, part)
	}
	var asked node = there
	switch len(there) {
	case 0:
		asked = everything{}
	case 1:
		asked = there[0]
	}
	dsl, err := json.Marshal(asked.dsl())
	if err != nil {
		return nil, nil, fmt.Errorf("kql: write the query: %w", err)
	}
	if len(rest) == 0 {
		return dsl, nil, nil
	}
	return dsl, newCondition(rest, keys(rest)), nil
}

// conjuncts are the parts that all have to hold.
func conjuncts(n node) allOf {
	all, ok := n.(allOf)
	if !ok {
		return allOf{n}
	}
	var out allOf
	for _, one := range all {
		out = append(out, conjuncts(one)...)
	}
	return out
}

// lacking reports whether the lines have to be asked for a part. What the index
// alone has, as the name of the node, cannot be asked of them.
func (q *Query) lacking(part node, has []string) (lacking bool, err error) {
	lacks := func(field literal) bool {
		return !slices.ContainsFunc(has, func(name string) bool { return fits(name, field.parts) })
	}
	fieldsOf(part, func(field literal) {
		lacking = lacking || lacks(field) && known(field, q.text) == nil
	})
	if !lacking {
		return false, nil
	}
	fieldsOf(part, func(field literal) {
		if wrong := known(field, q.text); wrong != nil && !lacks(field) {
			err = fmt.Errorf("kql: column %d: Elasticsearch alone has the field %q, and lacks others that stand beside it: ask for one after the other, or join them by \"and\"",
				columnAt(q.text, field.at), field.text())
		}
	})
	return true, err
}

// withoutAbsent is a part in which what asks for fields that no document can have
// is never true: such as shippers add, and the index lacks.
func (q *Query) withoutAbsent(n node) node {
	never := noneOf{everything{}}
	switch n := n.(type) {
	case allOf:
		for i := range n {
			n[i] = q.withoutAbsent(n[i])
		}
	case anyOf:
		for i := range n {
			n[i] = q.withoutAbsent(n[i])
		}
	case noneOf:
		return noneOf{q.withoutAbsent(n.node)}
	case equals:
		if n.field != nil && known(*n.field, q.text) != nil {
			return never
		}
	case compares:
		if known(n.field, q.text) != nil {
			return never
		}
	}
	return n
}

// fieldsOf shows each field that is named.
func fieldsOf(n node, show func(field literal)) {
	switch n := n.(type) {
	case allOf:
		for _, one := range n {
			fieldsOf(one, show)
		}
	case anyOf:
		for _, one := range n {
			fieldsOf(one, show)
		}
	case noneOf:
		fieldsOf(n.node, show)
	case equals:
		if n.field != nil {
			show(*n.field)
		}
	case compares:
		show(n.field)
	}
}

// keys are texts that every line has for which all parts hold: the keys of its
// members. Other than plain ones may be escaped there, and those of klog's header
// do not stand in the line.
func keys(all allOf) []string {
	var out []string
	for _, n := range all {
		var field literal
		switch n := n.(type) {
		case equals:
			if n.field != nil {
				field = *n.field
			}
		case compares:
			field = n.field
		}
		name := field.text()
		if last := name[strings.LastIndexByte(name, '.')+1:]; last != "" && !field.wild() && propertyOf(name) == propertyNone && ascii(last) && !logs.InHeader(name) {
			out = append(out, last)
		}
	}
	return out
}
