package logs

import (
	"strings"
	"time"

	store "github.com/diorama-dev/diorama/internal/logs"
	"github.com/diorama-dev/diorama/tui/layout"
)

// Detail is one thing that is known of a line.
type Detail struct {
	Name  string
	Lines []string // its value; most have one line
	// Filter is what finds the lines with the same value; its key is empty
	// where lines are not filtered by it.
	Filter store.FieldFilter
}

// longestName is how much of a field's name is shown, in bytes.
const longestName = 256

// Details are all that is known of the line, its time in a zone.
func (e Entry) Details(zone *time.Location) []Detail {
	one := func(name, shown, value string) Detail {
		return Detail{Name: name, Lines: []string{shown}, Filter: store.FieldFilter{Key: name, Value: value}}
	}
	out := []Detail{{Name: "time", Lines: []string{e.Time.In(zone).Format("2006-01-02 15:04:05.000 MST")}}}
	for _, d := range []Detail{
		one("stack", e.Stack, e.line.Stack), one("service", e.Service, e.line.Service), one("pod", e.Pod, e.line.Pod),
		one("container", e.Container, e.line.Container), one("level", e.Level.String(), e.Level.String()),
	} {
		if d.Filter.Value != "" { // not every source knows all of them
			out = append(out, d)
		}
	}
	out = append(out, Detail{Name: "message", Lines: append([]string{e.Message}, e.More...)})
	fields := e.nested()
	for _, f := range fields {
		out = append(out, one(layout.Safe(clipped(f.Name, longestName)), layout.Safe(f.Value), f.Value))
		out[len(out)-1].Filter.Key = f.Name
	}
	if len(fields) > 0 {
		out = append(out, Detail{Name: "line", Lines: []string{e.Raw}})
	}
	return out
}

// nested are the fields of a JSON, logfmt or klog line under the keys by which
// the store knows them, those of objects within it by keys with dots.
func (e Entry) nested() []Field {
	members, ok := store.AppendMembers(nil, e.line.Message)
	if !ok {
		return nil
	}
	all := make([]Field, len(members))
	for i, m := range members {
		all[i] = Field{m.Key, m.Value}
	}
	return e.unsaid(all)
}

// unsaid are the fields that the line's own do not say already.
func (e Entry) unsaid(all []Field) []Field {
	var out []Field
	for _, f := range all {
		switch strings.ToLower(f.Name) {
		case "msg", "message", "event", "level", "lvl", "severity", "loglevel", "log.level", "time", "ts", "timestamp", "@timestamp", "t":
			continue
		case "service":
			if f.Value == e.line.Service {
				continue
			}
		}
		out = append(out, f)
	}
	return out
}

// Copied is the line as it is copied: each of its lines safe to paste.
func (e Entry) Copied() string {
	lines := strings.Split(strings.TrimRight(e.line.Message, "\r\n"), "\n")
	for i, l := range lines {
		lines[i] = layout.Safe(strings.TrimRight(l, "\r"))
	}
	return strings.Join(lines, "\n")
}
