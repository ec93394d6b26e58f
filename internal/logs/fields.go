package logs

import (
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

// roomForMembers is how many fields a line may have before taking it apart
// allocates more than what it returns.
const roomForMembers = 24

// ParseFields takes a JSON object, a logfmt line or one with klog's header
// apart. It reports false for any other line, whose level and whole text it
// returns. Numbers are kept as they are written.
func ParseFields(message string) (Fields, bool) {
	var room [roomForMembers]Member
	members, ok := AppendMembers(room[:0], message)
	if !ok {
		return Fields{Level: ParseLevel(message), Message: message}, false
	}
	f := Fields{}
	rest := members[:0] // those that are read already are overwritten
	for _, m := range members {
		if !f.take(m) {
			rest = append(rest, m)
		}
	}
	if len(rest) > 0 {
		f.Rest = make([]Field, len(rest))
		for i, m := range rest {
			f.Rest[i] = Field{m.Key, m.Value}
		}
	}
	return f, true
}

// AppendMembers appends what a JSON object, a logfmt line or one with klog's
// header says, under the names that it gives; false for any other line.
func AppendMembers(members []Member, message string) ([]Member, bool) {
	s := strings.TrimLeft(message, " \t")
	if s == "" {
		return members, false
	}
	if s[0] == '{' {
		return AppendJSON(members, s)
	}
	if members, ok := appendKlog(members, s); ok {
		return members, true
	}
	return AppendLogfmt(members, s)
}

// take takes a member into the field that is made for it; false where it is
// one of the others.
func (f *Fields) take(m Member) bool {
	switch {
	case f.Level == LevelUnknown && levelKey(m.Key) && levelValue(m.Value) != LevelUnknown:
		f.Level = levelValue(m.Value)
	case f.Message == "" && messageKey(m.Key):
		f.Message = m.Value
	case f.Time.IsZero() && timeKey(m.Key) && !parseTime(m.Value).IsZero():
		f.Time = parseTime(m.Value)
	case f.Trace == "" && traceKey(m.Key):
		f.Trace = m.Value
	case f.Trace == "" && strings.EqualFold(m.Key, "traceparent"):
		f.Trace = traceOfParent(m.Value)
		return false // it says more than the trace
	default:
		return false
	}
	return true
}

func messageKey(key string) bool {
	switch key {
	case "msg", "message", "@m", "event":
		return true
	}
	return false
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
	case "trace", "trace_id", "traceId", "traceID", "TraceId", "trace.id", "traceid", "otelTraceID", "dd.trace_id":
		return true
	}
	return false
}

// traceOfParent is the trace of a traceparent, "00-TRACE-SPAN-FLAGS"; empty
// where the value is none. https://www.w3.org/TR/trace-context/#traceparent-header
func traceOfParent(v string) string {
	const version, trace, span, whole = 2, 32, 16, 55
	if len(v) < whole || v[version] != '-' || v[version+1+trace] != '-' || v[version+1+trace+1+span] != '-' {
		return ""
	}
	id := v[version+1 : version+1+trace]
	zero := true
	for i := range len(id) {
		if !isDigit(id[i]) && (id[i] < 'a' || id[i] > 'f') {
			return ""
		}
		zero = zero && id[i] == '0'
	}
	if zero {
		return ""
	}
	return id
}

// parseTime reads RFC 3339 and seconds or milliseconds since 1970.
func parseTime(s string) time.Time {
	if s == "" || !isDigit(s[0]) {
		return time.Time{} // an error would be allocated
	}
	if len(s) > 10 && s[4] == '-' {
		t, err := time.Parse(time.RFC3339Nano, s)
		if err != nil {
			return time.Time{}
		}
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
