package kql

import (
	"strings"

	"github.com/diorama-dev/diorama/internal/logs"
)

// object is a part of a query in Elasticsearch's own language,
// https://www.elastic.co/docs/reference/query-languages/query-dsl.
type object = map[string]any

func dslOf(nodes []node) []object {
	all := make([]object, len(nodes))
	for i, n := range nodes {
		all[i] = n.dsl()
	}
	return all
}

func (n allOf) dsl() object { return object{"bool": object{"filter": dslOf(n)}} }

func (n anyOf) dsl() object {
	return object{"bool": object{"should": dslOf(n), "minimum_should_match": 1}}
}

func (n noneOf) dsl() object { return object{"bool": object{"must_not": []object{n.node.dsl()}}} }

func (everything) dsl() object { return object{"match_all": object{}} }

func (n compares) dsl() object {
	name := map[string]string{"<": "lt", "<=": "lte", ">": "gt", ">=": "gte"}[n.op]
	return object{"range": object{n.field.text(): object{name: n.value.text()}}}
}

func (n equals) dsl() object {
	if n.field == nil {
		return n.value.anywhere(nil)
	}
	if n.field.wild() {
		if n.value.text() == "*" && n.field.text() == "*" {
			return everything{}.dsl()
		}
		return n.value.anywhere([]string{n.field.text()})
	}
	field := n.field.text()
	switch {
	case n.value.text() == "*" && n.value.wild():
		return object{"exists": object{"field": field}}
	case n.value.wild():
		return object{"query_string": object{
			"query": n.value.pattern(propertyOf(field) == propertyText), "fields": []string{field}, "lenient": true,
		}}
	case propertyOf(field) == propertyLevel && logs.LevelNamed(n.value.text()) != logs.LevelUnknown:
		return object{"terms": object{field: spellings(n.value.text())}}
	case propertyOf(field) == propertyTime:
		return object{"range": object{field: object{"gte": n.value.text(), "lte": n.value.text()}}}
	case n.value.quoted:
		return object{"match_phrase": object{field: n.value.text()}}
	}
	return object{"match": object{field: n.value.text()}}
}

// anywhere looks for a value in some fields; in all of them where none are
// given. Fields of other types than the value's are passed over.
func (l literal) anywhere(fields []string) object {
	search := object{"query": l.text(), "lenient": true}
	if fields != nil {
		search["fields"] = fields
	}
	switch {
	case l.wild():
		search["query"] = l.pattern(true)
		return object{"query_string": search}
	case l.quoted:
		search["type"] = "phrase"
	default:
		search["type"] = "best_fields"
	}
	return object{"multi_match": search}
}

// pattern is the value as query_string takes it, with all but the wildcards
// escaped; a blank parts words, where there are any.
func (l literal) pattern(words bool) string {
	var out strings.Builder
	for i, part := range l.parts {
		if i > 0 {
			out.WriteByte('*')
		}
		for _, r := range part {
			switch {
			case r == '<' || r == '>': // cannot be escaped
				r = '?'
			case strings.ContainsRune(`+-=&|!(){}[]^"~*?:\/`, r) || (r == ' ' && !words):
				out.WriteByte('\\')
			}
			out.WriteRune(r)
		}
	}
	return out.String()
}

// spellings are the names that agents give a level, and the one in the query.
func spellings(level string) []string {
	return append([]string{level}, logs.Cases(logs.LevelNamed(level).Spellings())...)
}
