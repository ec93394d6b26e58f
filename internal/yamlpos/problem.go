package yamlpos

import (
	"fmt"
	"slices"
	"strings"
)

// Position is a place in a file. Line and Column count from 1; 0 means that
// only the file is known, or that the value came from the command line, whose
// argument is then File.
type Position struct {
	File   string
	Line   int
	Column int
}

// String is the position as file:line:column.
func (p Position) String() string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}

// Problem is something wrong at a place of a file.
type Problem struct {
	Position
	// Path is where in the document, for example "endpoints.sql.port"; empty
	// for the document itself.
	Path string
	// Message says what was found, what was expected, and the remedy.
	Message string
}

// Error is the problem on one line, position first.
func (p Problem) Error() string {
	var b strings.Builder
	if at := p.Position.String(); at != "" {
		b.WriteString(at + ": ")
	}
	if p.Path != "" {
		b.WriteString(p.Path + ": ")
	}
	b.WriteString(p.Message)
	return b.String()
}

// Problems are all that is wrong with what was read, in the order of the files.
type Problems []Problem

// Error lists the problems, one on a line.
func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i, problem := range p {
		lines[i] = problem.Error()
	}
	return strings.Join(lines, "\n")
}

// Err is the problems sorted by file, line and column, or nil when there are
// none. Of very many the first ones are named, and how many more there are.
func (p Problems) Err() error {
	if len(p) == 0 {
		return nil
	}
	sorted := slices.Clone(p)
	slices.SortStableFunc(sorted, func(a, b Problem) int {
		if c := strings.Compare(a.File, b.File); c != 0 {
			return c
		}
		if a.Line != b.Line {
			return a.Line - b.Line
		}
		return a.Column - b.Column
	})
	sorted = slices.CompactFunc(sorted, func(a, b Problem) bool { return a == b })
	if more := len(sorted) - MaxProblems; more > 0 {
		sorted = append(sorted[:MaxProblems], Problem{Message: fmt.Sprintf("and %d more problems", more)})
	}
	return sorted
}

// Touch reports whether there is a problem at the path, around it or below it:
// what a later check finds there may only be a consequence. Problems of the
// document itself, which have no path, do not count.
func (p Problems) Touch(path string) bool {
	return path != "" && slices.ContainsFunc(p, func(problem Problem) bool {
		return problem.Path != "" && (within(problem.Path, path) || within(path, problem.Path))
	})
}

// within reports whether the path is the outer one or one below it.
func within(path, outer string) bool {
	rest, ok := strings.CutPrefix(path, outer)
	return ok && (rest == "" || rest[0] == '.' || rest[0] == '[')
}

// maxShown bounds how much of a found value a message repeats, in runes.
const maxShown = 40

// Quote shows text in a message: quoted, with control characters escaped, and
// cut where it is long.
func Quote(text string) string {
	runes := []rune(text)
	if len(runes) > maxShown {
		return fmt.Sprintf("%q…", string(runes[:maxShown]))
	}
	return fmt.Sprintf("%q", text)
}

// Unknown is the message for a name that is none of those known: it names what
// the name should have been, the nearest known one, and otherwise all of them.
func Unknown(what, name string, known []string) string {
	message := "unknown " + what + " " + Quote(name)
	if nearest := Nearest(name, known); nearest != "" {
		return message + ": did you mean " + Quote(nearest) + "?"
	}
	if len(known) == 0 {
		return message + ": there are none here"
	}
	sorted := slices.Sorted(slices.Values(known))
	return message + ": expected one of " + strings.Join(sorted, ", ")
}
