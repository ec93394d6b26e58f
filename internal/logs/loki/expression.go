package loki

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/diorama-dev/diorama/internal/logs"
)

// expression is the query for Loki. It finds every line that is wanted; of
// those that it finds the reader chooses again, because Loki's labels and ours
// differ in what they call a level and a field.
func (r *Reader) expression(q logs.Query) string {
	var out strings.Builder
	if r.expr != "" {
		out.WriteString(r.expr + "\n") // the last line may end in a comment
	} else {
		out.WriteString(selector(q))
	}
	if q.Text != "" {
		out.WriteString(" |~ " + strconv.Quote("(?i)"+regexp.QuoteMeta(q.Text)))
	}
	if q.Pattern != nil {
		out.WriteString(" |~ " + strconv.Quote(q.Pattern.String()))
	}
	if q.Where != nil {
		for _, text := range q.Where.Literals() {
			out.WriteString(" |= " + strconv.Quote(text))
		}
	}
	for _, f := range q.Fields {
		if !f.Not && plain(f.Value) && !ofTheLine(f.Key) {
			// What is escaped in the line is left to the reader.
			out.WriteString(" |~ " + strconv.Quote(regexp.QuoteMeta(f.Value)+`|\\`))
		}
	}
	return out.String()
}

func selector(q logs.Query) string {
	services := ".+"
	if len(q.Services) > 0 {
		names := make([]string, len(q.Services))
		for i, s := range q.Services {
			names[i] = regexp.QuoteMeta(s)
		}
		services = strings.Join(names, "|")
	}
	levels := ""
	if unwanted := q.Unwanted(); len(unwanted) > 0 {
		levels = ", level!~" + strconv.Quote("(?i)"+strings.Join(unwanted, "|"))
	}
	return "{service=~" + strconv.Quote(services) + levels + "}"
}

// plain reports whether a value stands in a line as it is, but for escapes.
func plain(value string) bool {
	for i := range len(value) {
		if c := value[i]; c <= ' ' || c >= 0x7f || c == '"' || c == '\\' {
			return false
		}
	}
	return value != ""
}

// ofTheLine reports whether a field may be the line's own, whatever its text.
func ofTheLine(key string) bool {
	switch strings.ToLower(key) {
	case "stack", "service", "pod", "container", "level", "lvl", "severity", "message", "msg":
		return true
	}
	return strings.Contains(strings.ToLower(key), "level") || strings.Contains(strings.ToLower(key), "sev") || key == "@l"
}
