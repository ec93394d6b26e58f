package intake

import (
	"strings"

	"github.com/diorama-dev/diorama/internal/logs"
)

// Bounds of a trace that is one line.
const (
	joinedLines = 1000
	joinedBytes = 64 << 10
)

// shape is what kind of trace a line has begun.
type shape uint8

const (
	plain  shape = iota
	python       // its frames come, then the exception
	raised       // the exception has been said; another one may follow
	golang       // goroutines and their frames
)

// trace is the last line of a file as far as what follows may belong to it.
type trace struct {
	shape    shape
	indented bool // its last line is
	level    logs.Level
}

const traceback = "Traceback (most recent call last):"

// begin makes the line the one that others may follow, and returns its level.
func (t *trace) begin(message string, level logs.Level) logs.Level {
	*t = trace{level: level, shape: shapeOf(message)}
	if t.level == logs.LevelUnknown && t.shape != plain {
		t.level = logs.LevelError
	}
	return t.level
}

func shapeOf(message string) shape {
	if message == "" {
		return plain
	}
	switch message[0] {
	case 'T':
		if strings.HasPrefix(message, traceback) {
			return python
		}
	case 'p', 'f', 'g':
		if strings.HasPrefix(message, "panic: ") || strings.HasPrefix(message, "fatal error: ") || goroutine(message) {
			return golang
		}
	}
	return plain
}

// follows reports whether a line belongs to the trace, and goes on with it.
func (t *trace) follows(message string) bool {
	if message == "" {
		return t.shape != plain && t.shape != python
	}
	switch message[0] {
	case ' ', '\t':
		t.indented = true
		return true
	case 'C':
		if strings.HasPrefix(message, "Caused by:") {
			return true
		}
	case 'S':
		if strings.HasPrefix(message, "Suppressed:") {
			return true
		}
	case '.':
		if strings.HasPrefix(message, "... ") && strings.HasSuffix(message, " more") {
			return true
		}
	case 'T':
		if strings.HasPrefix(message, traceback) && (t.level >= logs.LevelError || t.shape == raised) {
			t.shape, t.indented = python, false
			return true
		}
	}
	return t.ends(message)
}

// ends reports whether a line that is not indented belongs to the trace.
func (t *trace) ends(message string) bool {
	switch t.shape {
	case python:
		if t.indented {
			t.shape, t.indented = raised, false
			return true
		}
	case raised:
		return strings.HasPrefix(message, "During handling of the above exception") ||
			strings.HasPrefix(message, "The above exception was the direct cause")
	case golang:
		return goFrame(message)
	case plain:
		switch {
		case t.level < logs.LevelWarn:
		case javaException(message):
			return true
		case goroutine(message):
			t.shape = golang
			return true
		}
	}
	return false
}

func goroutine(message string) bool {
	return strings.HasPrefix(message, "goroutine ") && strings.HasSuffix(message, "]:")
}

// goFrame reports whether a line is one of those that Go's runtime writes to
// the left margin of a stack trace.
func goFrame(message string) bool {
	return goroutine(message) || (strings.HasSuffix(message, ")") && strings.Contains(message, "(") && strings.Contains(message, ".")) ||
		strings.HasPrefix(message, "created by ") || strings.HasPrefix(message, "[signal ") || strings.HasPrefix(message, "panic: ") ||
		strings.HasPrefix(message, "runtime stack:") || message == "exit status 2"
}

// javaException reports whether a line begins with the name of an exception's
// class, as the second line of a report that a logger wrote: "a.b.CError: why".
func javaException(message string) bool {
	if strings.HasPrefix(message, "Exception in thread ") {
		return true
	}
	if c := message[0]; c < 'a' || c > 'z' {
		return false
	}
	name, _, _ := strings.Cut(message[:min(len(message), 200)], ":")
	if !strings.HasSuffix(name, "Exception") && !strings.HasSuffix(name, "Error") && !strings.HasSuffix(name, "Throwable") {
		return false
	}
	return strings.Contains(name, ".") && !strings.ContainsAny(name, " =\"")
}
