package logql

import (
	"strings"

	"github.com/diorama-dev/diorama/internal/logs"
)

const (
	levelLabel    = "level"
	detectedLevel = "detected_level"
	errorLabel    = "__error__"
	// duplicate is what Loki calls a field of a line that a label of its stream
	// has the name of.
	duplicate = "_extracted"
	// namespace is where an environment's Pods are.
	namespace = "diorama"
)

// labels are those of a line on its way through the pipeline.
type labels struct {
	line      logs.Line
	extracted []label
	gone      []string // dropped
	err       string   // __error__
	members   []logs.Member
}

type label struct{ name, value string }

func (l *labels) begin(line logs.Line) {
	l.line, l.extracted, l.gone, l.err = line, l.extracted[:0], l.gone[:0], ""
}

// get is a label's value as a filter of the pipeline sees it.
func (l *labels) get(name string) (string, bool) {
	if name == errorLabel {
		return l.err, l.err != ""
	}
	for i := len(l.extracted) - 1; i >= 0; i-- {
		if l.extracted[i].name == name {
			return l.extracted[i].value, true
		}
	}
	for _, gone := range l.gone {
		if gone == name {
			return "", false
		}
	}
	return streamLabel(l.line, name)
}

// isOwn reports whether a label is one of the line's stream.
func (l *labels) isOwn(name string) bool {
	for _, e := range l.extracted {
		if e.name == name {
			return false
		}
	}
	_, own := streamLabel(l.line, name)
	return own
}

// extract sets a label that a parser found. A value that is no text is empty.
func (l *labels) extract(name, value string) {
	if name == "" {
		return
	}
	if _, own := streamLabel(l.line, name); own {
		name += duplicate
	}
	if strings.Contains(value, "\uFFFD") || strings.ToValidUTF8(value, "") != value {
		value = ""
	}
	l.extracted = append(l.extracted, label{name, value})
}

func (l *labels) drop(name string) {
	kept := l.extracted[:0]
	for _, e := range l.extracted {
		if e.name != name {
			kept = append(kept, e)
		}
	}
	l.extracted = kept
	l.gone = append(l.gone, name)
	if name == errorLabel {
		l.err = ""
	}
}

// fault marks the line; the first fault counts.
func (l *labels) fault(name string) {
	if l.err == "" {
		l.err = name
	}
}

// streamLabel is a label that the stack loki gives the line's stream.
func streamLabel(l logs.Line, name string) (string, bool) {
	switch name {
	case "stack":
		return l.Stack, l.Stack != ""
	case "app":
		if l.Stack == "" {
			return l.Service, l.Service != ""
		}
		return l.Stack + "-" + l.Service, true
	case "service", "service_name":
		return l.Service, l.Service != ""
	case "pod":
		return l.Pod, l.Pod != ""
	case "container":
		return l.Container, l.Container != ""
	case "namespace":
		return namespace, true
	case levelLabel:
		return l.Level.String(), l.Level != logs.LevelUnknown
	case detectedLevel:
		if l.Level == logs.LevelUnknown {
			return "unknown", true
		}
		return l.Level.String(), true
	}
	return "", false
}

// sanitized is the label's name that Loki makes of a field's: whatever is no
// letter, digit or underscore becomes an underscore.
func sanitized(key string) string {
	key = strings.TrimSpace(key)
	plain := key != "" && !isDigit(key[0])
	for i := 0; plain && i < len(key); i++ {
		plain = isName(key[i]) && key[i] < 0x80
	}
	if plain || key == "" {
		return key
	}
	clean := strings.Map(func(r rune) rune {
		if r < 0x80 && isName(byte(r)) {
			return r
		}
		return '_'
	}, key)
	if isDigit(clean[0]) {
		clean = "_" + clean
	}
	return clean
}

// matchesLevel compares levels by what they mean: "WARN" is "warning".
func (m matcher) matchesLevel(value string) bool {
	switch m.op {
	case "=", "!=":
		same := value == m.text || (logs.LevelNamed(value) != logs.LevelUnknown && logs.LevelNamed(value) == logs.LevelNamed(m.text))
		return same == (m.op == "=")
	}
	some := m.re.MatchString(value) || m.re.MatchString(strings.ToUpper(value))
	return some == (m.op == "=~")
}
