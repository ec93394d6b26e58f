package elastic

import (
	"strings"
	"time"

	"github.com/diorama-dev/diorama/internal/logs"
)

// line makes a line of a document, also of one that lacks fields or was
// written by another shipper.
func (h hit) line() logs.Line {
	d := h.source
	l := logs.Line{
		Time:      time.Unix(0, h.nanos).UTC(),
		Stack:     text(d, "stack"),
		Service:   text(d, "service"),
		Pod:       text(d, "kubernetes.pod_name", "kubernetes.pod.name"),
		Container: text(d, "kubernetes.container_name", "kubernetes.container.name"),
		Level:     logs.LevelNamed(text(d, "level", "log.level")),
		Message:   text(d, "message", "log", "event.original"),
	}
	// An index of milliseconds keeps the rest in the document.
	if t, err := time.Parse(time.RFC3339Nano, text(d, "@timestamp")); err == nil && t.Truncate(time.Millisecond).Equal(l.Time) {
		l.Time = t.UTC()
	}
	labels, _ := at(d, "kubernetes.labels").(map[string]any)
	for _, name := range []string{"app_kubernetes_io_name", "app", "k8s_app"} {
		if l.Service == "" {
			l.Service = label(labels, name)
		}
	}
	for _, name := range []string{"diorama_dev_stack", "stack"} {
		if l.Stack == "" {
			l.Stack = label(labels, name)
		}
	}
	if l.Service == "" {
		l.Service = logs.ServiceOfPod(l.Pod)
	}
	if l.Level == logs.LevelUnknown {
		l.Level = logs.ParseLevel(l.Message)
	}
	return l
}

// text is the first of some fields that is a text.
func text(d map[string]any, fields ...string) string {
	for _, field := range fields {
		if s, ok := at(d, field).(string); ok && s != "" {
			return s
		}
	}
	return ""
}

// at is a field's value, whether its name has dots or it lies within objects.
func at(d map[string]any, field string) any {
	if value, known := d[field]; known {
		return value
	}
	outer, inner, found := strings.Cut(field, ".")
	if !found {
		return nil
	}
	object, _ := d[outer].(map[string]any)
	if object == nil {
		return nil
	}
	return at(object, inner)
}

// label is a Pod's label under any of the names that shippers give it: with
// its dots, slashes and dashes, or underscores for them.
func label(labels map[string]any, name string) string {
	for key, value := range labels {
		if s, ok := value.(string); ok && strings.NewReplacer(".", "_", "/", "_", "-", "_").Replace(key) == name {
			return s
		}
	}
	return ""
}
