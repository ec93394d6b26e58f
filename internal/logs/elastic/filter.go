package elastic

import (
	"strings"
	"time"
	"unicode"

	"github.com/diorama-dev/diorama/internal/logs"
)

type object = map[string]any

// filter is the query for Elasticsearch. It finds every line that is wanted;
// of those that it finds the reader chooses again, because Elasticsearch knows
// words, not the texts that messages hold.
//
// One thing it does not find: a text that lies on the border of two pieces of
// a word of more than 255 characters, at which Elasticsearch cuts.
func (w wanted) filter() object {
	q := w.Query
	all := []any{object{"range": object{"@timestamp": object{"gte": "1970-01-01T00:00:00Z"}}}} // cursors begin there
	if w.dsl != nil {
		all = append(all, w.dsl)
	}
	if times := between(q.Since, q.Until); times != nil {
		all = append(all, times)
	}
	if len(q.Services) > 0 {
		all = append(all, orMissing("service", phrases("service", q.Services)))
	}
	if unwanted := q.Unwanted(); len(unwanted) > 0 {
		all = append(all, object{"bool": object{"must_not": object{"terms": object{"level": logs.Cases(unwanted)}}}})
	}
	var inMessage []any
	for _, text := range texts(q) {
		for _, part := range parts(text) {
			inMessage = append(inMessage, object{"wildcard": object{"message": object{"value": "*" + part + "*", "case_insensitive": true}}})
		}
	}
	if len(inMessage) > 0 {
		all = append(all, orMissing("message", []any{object{"bool": object{"filter": inMessage}}}))
	}
	return object{"bool": object{"filter": all}}
}

// texts are texts that the message of every line that is wanted has.
func texts(q logs.Query) []string {
	all := []string{q.Text}
	if q.Pattern != nil {
		prefix, _ := q.Pattern.LiteralPrefix()
		all = append(all, prefix)
	}
	if q.Where != nil {
		all = append(all, q.Where.Literals()...)
	}
	return all
}

func between(since, until time.Time) any {
	bounds := object{"format": "strict_date_optional_time_nanos"}
	if !since.IsZero() {
		bounds["gte"] = since.UTC().Format(time.RFC3339Nano)
	}
	if !until.IsZero() {
		bounds["lte"] = until.UTC().Format(time.RFC3339Nano)
	}
	if len(bounds) == 1 {
		return nil
	}
	return object{"range": object{"@timestamp": bounds}}
}

// orMissing wants one of some conditions, or a document without the field, of
// which the reader derives it.
func orMissing(field string, any []any) object {
	missing := object{"bool": object{"must_not": object{"exists": object{"field": field}}}}
	return object{"bool": object{"should": append(any, missing), "minimum_should_match": 1}}
}

func phrases(field string, values []string) []any {
	all := make([]any, len(values))
	for i, v := range values {
		all[i] = object{"match_phrase": object{field: v}}
	}
	return all
}

// parts are the pieces of a text that are sure to lie within one word each:
// runs of ASCII letters and digits, and single Chinese characters.
func parts(text string) []string {
	var all []string
	var run strings.Builder
	flush := func() {
		if run.Len() > 0 {
			all = append(all, run.String())
			run.Reset()
		}
	}
	for _, r := range text {
		switch {
		case r < 0x80 && (unicode.IsLetter(r) || unicode.IsDigit(r)):
			run.WriteRune(unicode.ToLower(r))
		default:
			flush()
			if unicode.Is(unicode.Han, r) {
				all = append(all, string(r))
			}
		}
	}
	flush()
	const enough = 8 // each costs a look at every word of the index
	return all[:min(len(all), enough)]
}
