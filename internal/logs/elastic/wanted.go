package elastic

import (
	"context"
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/diorama-dev/diorama/internal/logs"
)

// wanted is what is wanted of the index, and of the lines that it finds.
type wanted struct {
	logs.Query
	dsl json.RawMessage // of the KQL; nil: none
}

// wanted adds the KQL to a query: fields that the index lacks are looked for in
// the lines. Which it has is asked each time: lines that come may bring some.
func (r *Reader) wanted(ctx context.Context, q logs.Query) (wanted, error) {
	if r.query == nil {
		return wanted{Query: q}, nil
	}
	has, err := r.fields(ctx, r.query.Fields())
	if err != nil {
		return wanted{}, err
	}
	dsl, rest, err := r.query.For(has, r.now())
	if err != nil {
		return wanted{}, err
	}
	if rest != nil {
		q = q.And(logs.Query{Where: rest})
	}
	return wanted{q, dsl}, nil
}

// mostInAddress is how many bytes of names go into an address, of which
// Elasticsearch takes 4 KB, and three bytes for one that is escaped
// (http.max_initial_line_length).
const mostInAddress = 1000

// fields asks which of some fields, or of patterns of them, the index has.
// https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-field-caps
func (r *Reader) fields(ctx context.Context, names []string) ([]string, error) {
	if len(names) == 0 {
		return nil, nil
	}
	var answer struct {
		Fields map[string]json.RawMessage `json:"fields"`
	}
	fields := strings.Join(names, ",")
	if len(fields) > mostInAddress {
		fields = "*"
	}
	query := url.Values{"fields": {fields}, "ignore_unavailable": {"true"}, "allow_no_indices": {"true"}}
	err := r.ask(ctx, "_field_caps?"+query.Encode(), nil, &answer)
	return slices.Collect(maps.Keys(answer.Fields)), err
}
