package logs

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"
)

// Field is a named value of a structured line, in the order of the line.
type Field struct{ Key, Value string }

// Fields are what a structured line says.
type Fields struct {
	Level   Level
	Message string
	Time    time.Time // zero where the line gives none that can be read
	Trace   string    // the trace's identifier
	Rest    []Field   // all others
}

// ParseFields takes a JSON object or a logfmt line apart. It reports false for
// any other line, whose level and whole text it returns.
func ParseFields(message string) (Fields, bool) {
	pairs, ok := jsonPairs(message)
	if !ok {
		pairs, ok = logfmtPairs(message)
	}
	if !ok {
		return Fields{Level: ParseLevel(message), Message: message}, false
	}
	var f Fields
	for _, p := range pairs {
		f.take(p)
	}
	return f, true
}

func (f *Fields) take(p Field) {
	switch {
	case f.Level == LevelUnknown && levelKey(p.Key) && levelValue(p.Value) != LevelUnknown:
		f.Level = levelValue(p.Value)
	case f.Message == "" && (p.Key == "msg" || p.Key == "message" || p.Key == "@m" || p.Key == "event"):
		f.Message = p.Value
	case f.Time.IsZero() && timeKey(p.Key) && !parseTime(p.Value).IsZero():
		f.Time = parseTime(p.Value)
	case f.Trace == "" && traceKey(p.Key):
		f.Trace = p.Value
	default:
		f.Rest = append(f.Rest, p)
	}
}

func timeKey(key string) bool {
	switch key {
	case "time", "ts", "timestamp", "@timestamp", "@t", "t":
		return true
	}
	return false
}

func traceKey(key string) bool {
	switch key {
	case "trace", "trace_id", "traceId", "traceID", "trace.id", "traceid":
		return true
	}
	return false
}

// parseTime reads RFC 3339 and seconds or milliseconds since 1970.
func parseTime(s string) time.Time {
	if t, err := time.Parse(time.RFC3339Nano, s); err == nil {
		return t.UTC()
	}
	seconds, err := strconv.ParseFloat(s, 64)
	switch {
	case err != nil || seconds < 1e8 || seconds > 1e14:
		return time.Time{}
	case seconds > 1e11:
		return time.UnixMicro(int64(seconds * 1e3)).UTC()
	}
	return time.UnixMicro(int64(seconds * 1e6)).UTC()
}

// jsonPairs reads the outermost members of an object; nested values are kept
// as JSON.
func jsonPairs(s string) ([]Field, bool) {
	s = strings.TrimSpace(s)
	if len(s) < 2 || s[0] != '{' || s[len(s)-1] != '}' || !json.Valid([]byte(s)) {
		return nil, false
	}
	dec := json.NewDecoder(strings.NewReader(s))
	if _, err := dec.Token(); err != nil {
		return nil, false
	}
	var pairs []Field
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return nil, false
		}
		var raw json.RawMessage
		if err := dec.Decode(&raw); err != nil {
			return nil, false
		}
		name, _ := key.(string)
		pairs = append(pairs, Field{name, scalarText(raw)})
	}
	return pairs, true
}

func scalarText(raw json.RawMessage) string {
	var text string
	if len(raw) > 0 && raw[0] == '"' && json.Unmarshal(raw, &text) == nil {
		return text
	}
	return string(raw)
}

// logfmtPairs reads key=value pairs. Words without "=" are allowed between
// them, but a line counts as logfmt only where it begins with a pair and has
// two at least.
func logfmtPairs(s string) ([]Field, bool) {
	var pairs []Field
	for s = strings.TrimLeft(s, " \t"); s != ""; s = strings.TrimLeft(s, " \t") {
		n := 0
		for n < len(s) && isKey(s[n]) {
			n++
		}
		if n == 0 || n >= len(s) || s[n] != '=' {
			if len(pairs) == 0 {
				return nil, false
			}
			_, s, _ = strings.Cut(s, " ")
			continue
		}
		key := s[:n]
		var value string
		value, s = logfmtValue(s[n+1:])
		pairs = append(pairs, Field{key, value})
	}
	return pairs, len(pairs) >= 2
}

func logfmtValue(s string) (value, rest string) {
	if s == "" || s[0] != '"' {
		value, rest, _ = strings.Cut(s, " ")
		return value, rest
	}
	raw, end := jsonString(s, 0)
	if end == len(s) && (len(s) < 2 || s[end-1] != '"') {
		return s[1:], "" // never closed
	}
	if text := ""; json.Unmarshal([]byte(s[:end]), &text) == nil {
		return text, s[end:]
	}
	return raw, s[end:]
}
