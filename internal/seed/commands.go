package seed

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/diorama-dev/diorama/internal/yamlpos"
)

// Command is a command of a file, and the line that it stands on, counted
// from 1.
type Command struct {
	Line      int
	Arguments []string // bytes, not necessarily UTF-8; at least one
}

// CommandError says what is wrong with a line of a file of commands. Column
// counts bytes from 1.
type CommandError struct {
	Line, Column int
	Message      string
}

func (e *CommandError) Error() string {
	return fmt.Sprintf("%d:%d: %s", e.Line, e.Column, e.Message)
}

// Commands reads commands of Redis, one a line, quoted as redis-cli has it:
// "double quotes" with \n, \r, \t, \b, \a, \xFF, and 'single quotes' with \'.
// Empty lines and those that begin with # are passed over.
func Commands(text string) ([]Command, error) {
	var list []Command
	var wrong []error
	for i, line := range strings.Split(text, "\n") {
		if content := strings.TrimLeft(line, spaces); content == "" || content[0] == '#' {
			continue
		}
		arguments, err := splitLine(line)
		if err == nil {
			err = fit(arguments[0])
		}
		if err != nil {
			if bad, ok := errors.AsType[*CommandError](err); ok {
				bad.Line = i + 1
			}
			wrong = append(wrong, err)
			continue
		}
		list = append(list, Command{Line: i + 1, Arguments: arguments})
	}
	return list, errors.Join(wrong...)
}

// fit refuses what cannot be a seed: a file is run as one transaction, on a
// connection that ends with it.
func fit(name string) error {
	upper := strings.ToUpper(name)
	switch {
	case slices.Contains([]string{"MULTI", "EXEC", "DISCARD", "WATCH", "UNWATCH"}, upper):
		return &CommandError{Column: 1, Message: upper + " cannot be in a seed: its commands are run as one transaction already; take it out"}
	case slices.Contains([]string{"SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE", "MONITOR", "QUIT", "RESET", "HELLO", "AUTH", "CLIENT", "SELECT", "SHUTDOWN", "FAILOVER", "DEBUG"}, upper):
		return &CommandError{Column: 1, Message: upper + " cannot be in a seed: it is about the connection or the server and not about data; take it out"}
	}
	return nil
}

// splitLine is sdssplitargs of Redis (src/sds.c).
func splitLine(line string) ([]string, error) {
	var arguments []string
	for at := 0; ; {
		for at < len(line) && isSpace(line[at]) {
			at++
		}
		if at == len(line) {
			return arguments, nil
		}
		argument, next, err := splitArgument(line, at)
		if err != nil {
			return nil, err
		}
		arguments, at = append(arguments, argument), next
	}
}

// spaces are what C's isspace takes for such.
const spaces = " \t\n\v\f\r"

func isSpace(c byte) bool { return strings.IndexByte(spaces, c) >= 0 }

// splitArgument reads the argument that begins at a byte, and says where it
// ends.
func splitArgument(line string, at int) (argument string, next int, err error) {
	var b strings.Builder
	for at < len(line) && !isSpace(line[at]) {
		quote := line[at]
		if quote != '"' && quote != '\'' {
			b.WriteByte(quote)
			at++
			continue
		}
		opened := at
		for at++; ; {
			if at >= len(line) {
				return "", 0, &CommandError{Column: opened + 1, Message: "a quote that is not closed: expected another " + string(quote) + " on this line"}
			}
			if line[at] == quote {
				at++
				break
			}
			value, width := unescape(line[at:], quote)
			b.WriteByte(value)
			at += width
		}
		if at < len(line) && !isSpace(line[at]) {
			return "", 0, &CommandError{Column: at + 1, Message: "found " + yamlpos.Quote(line[at:at+1]) + " right after a quote: expected a space, or \\" + string(quote) + " for a quote within"}
		}
	}
	return b.String(), at, nil
}

// unescape is the first byte within quotes, and how many bytes of the text it
// takes.
func unescape(text string, quote byte) (value byte, width int) {
	if text[0] != '\\' || len(text) == 1 {
		return text[0], 1
	}
	if quote == '\'' {
		if text[1] == '\'' {
			return '\'', 2
		}
		return text[0], 1
	}
	switch text[1] {
	case 'n':
		return '\n', 2
	case 'r':
		return '\r', 2
	case 't':
		return '\t', 2
	case 'b':
		return '\b', 2
	case 'a':
		return '\a', 2
	case 'x':
		if len(text) >= 4 {
			if code, err := strconv.ParseUint(text[2:4], 16, 8); err == nil {
				return byte(code), 4
			}
		}
	}
	return text[1], 2
}

func (r *reader) redis(n *yamlpos.Node, path string) {
	var form struct {
		File placed[string] `yaml:"file"`
	}
	r.problems = append(r.problems, yamlpos.Decode(n, &form, path)...)
	if form.File.node == nil || !form.File.whole {
		return
	}
	script, ok := r.read(form.File.node, form.File.path, form.File.value)
	if !ok {
		return
	}
	commands, err := Commands(script.Text)
	r.commandProblems(filepath.Join(filepath.Dir(form.File.node.File), form.File.value), err)
	if err == nil && len(commands) == 0 {
		r.report(form.File.node, form.File.path, "no commands in "+yamlpos.Quote(form.File.value)+": expected one a line, such as SET greeting hello")
	}
	r.set.Commands = append(r.set.Commands, script)
}

// commandProblems are at the lines of the file of commands itself.
func (r *reader) commandProblems(file string, err error) {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return
	}
	for _, err := range joined.Unwrap() {
		if bad, ok := errors.AsType[*CommandError](err); ok {
			position := yamlpos.Position{File: slashed(file), Line: bad.Line, Column: bad.Column}
			r.problems = append(r.problems, yamlpos.Problem{Position: position, Message: bad.Message})
		}
	}
}
