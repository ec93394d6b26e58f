package yamlpos

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// The bounds on a file. What a person writes by hand is far below them.
const (
	MaxBytes = 1 << 20
	MaxDepth = 64
	MaxNodes = 100_000 // with aliases written out
	// MaxProblems is how many problems are named at once.
	MaxProblems = 100
)

// Parse reads one YAML document. The file names it in positions; nothing is
// opened. The error, if any, is of type [Problems].
func Parse(file string, data []byte) (*Node, error) {
	if problem := guard(data); problem != "" {
		return nil, Problems{{Position: Position{File: file}, Message: problem}}
	}
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var document yaml.Node
	if err := decoder.Decode(&document); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, Problems{{Position: Position{File: file}, Message: "the file is empty: expected a YAML mapping"}}
		}
		return nil, Problems{syntaxProblem(file, err)}
	}
	c := converter{file: file, left: MaxNodes}
	if extra := secondDocument(decoder, file); extra != nil {
		c.problems = append(c.problems, *extra)
	}
	var root *Node
	if len(document.Content) == 1 {
		root = c.convert(document.Content[0], 1)
	}
	if err := c.problems.Err(); err != nil {
		return nil, err
	}
	if root == nil || root.Kind == Null {
		return nil, Problems{{Position: Position{File: file}, Message: "the file is empty: expected a YAML mapping"}}
	}
	return root, nil
}

// guard says what makes the bytes no text of ours; empty when nothing does.
func guard(data []byte) string {
	switch {
	case len(data) > MaxBytes:
		return fmt.Sprintf("the file has %d bytes, at most %d are read: is it the right file?", len(data), MaxBytes)
	case bytes.IndexByte(data, 0) >= 0 || !utf8.Valid(data):
		return "the file is not text in UTF-8: is it the right file?"
	case deepFlow(data):
		return fmt.Sprintf("nested more than %d levels deep", MaxDepth)
	}
	return ""
}

// deepFlow reports brackets or dashes nested so deep that parsing alone would
// be slow. It counts too much in quoted text, hence the generous bound.
func deepFlow(data []byte) bool {
	const bound = 1000
	depth, dashes := 0, 0
	for i, b := range data {
		switch b {
		case '[', '{':
			depth++
		case ']', '}':
			depth = max(depth-1, 0)
		case '\n':
			dashes = 0
		case '-', '?', ':':
			if i+1 < len(data) && data[i+1] == ' ' {
				dashes++
			}
		}
		if depth > bound || dashes > bound {
			return true
		}
	}
	return false
}

var yamlLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?`)

// syntaxProblem gives the parser's error the shape of ours. The parser knows
// the line and not the column.
func syntaxProblem(file string, err error) Problem {
	text := err.Error()
	at := Position{File: file}
	if match := yamlLine.FindStringSubmatch(text); match != nil {
		text = text[len(match[0]):]
		if line, err := strconv.Atoi(match[1]); err == nil {
			at.Line, at.Column = line, 1
		}
	}
	return Problem{Position: at, Message: "not valid YAML: " + harmless(text)}
}

// harmless is the text on one line, without control characters.
func harmless(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, text)
}

// secondDocument is the problem that the file goes on after its document.
func secondDocument(decoder *yaml.Decoder, file string) *Problem {
	var next yaml.Node
	err := decoder.Decode(&next)
	if errors.Is(err, io.EOF) {
		return nil
	}
	if err != nil {
		problem := syntaxProblem(file, err)
		return &problem
	}
	return &Problem{
		Position: Position{File: file, Line: next.Line, Column: max(next.Column, 1)},
		Message:  "a second document begins here: expected one document in a file",
	}
}

// converter turns the parser's nodes into ours.
type converter struct {
	file     string
	left     int // nodes that may still be made
	problems Problems
}

func (c *converter) problem(n *yaml.Node, message string) {
	if len(c.problems) >= MaxProblems {
		return
	}
	c.problems = append(c.problems, Problem{Position: c.at(n), Message: message})
}

func (c *converter) at(n *yaml.Node) Position {
	return Position{File: c.file, Line: n.Line, Column: n.Column}
}

// convert is the node, or nil where it cannot be taken and a problem was noted.
func (c *converter) convert(n *yaml.Node, depth int) *Node {
	if depth > MaxDepth {
		c.problem(n, fmt.Sprintf("nested more than %d levels deep", MaxDepth))
		return nil
	}
	if c.left--; c.left < 0 {
		if c.left == -1 {
			c.problem(n, fmt.Sprintf("more than %d values, aliases written out", MaxNodes))
		}
		return nil
	}
	switch n.Kind {
	case yaml.AliasNode:
		return c.convert(n.Alias, depth+1) // an alias within its own anchor ends at MaxDepth
	case yaml.MappingNode:
		return c.mapping(n, depth)
	case yaml.SequenceNode:
		out := &Node{Position: c.at(n), Kind: Sequence}
		for _, item := range n.Content {
			if value := c.convert(item, depth+1); value != nil {
				out.Items = append(out.Items, value)
			}
		}
		return out
	default:
		return c.scalar(n)
	}
}

func (c *converter) mapping(n *yaml.Node, depth int) *Node {
	out := &Node{Position: c.at(n), Kind: Mapping}
	seen := make(map[string]Position, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		if key.Kind != yaml.ScalarNode {
			c.problem(key, "found a key that is no plain name, expected text")
			continue
		}
		if first, ok := seen[key.Value]; ok {
			c.problem(key, fmt.Sprintf("duplicate key %s, first on line %d: remove one", Quote(key.Value), first.Line))
			continue
		}
		seen[key.Value] = c.at(key)
		if value := c.convert(n.Content[i+1], depth+1); value != nil {
			out.Entries = append(out.Entries, Entry{Key: c.scalar(key), Value: value})
		}
	}
	return out
}

func (c *converter) scalar(n *yaml.Node) *Node {
	out := &Node{Position: c.at(n), Kind: String, Text: n.Value}
	switch n.ShortTag() {
	case "!!null":
		out.Kind = Null
	case "!!int":
		out.Kind = Int
	case "!!float":
		out.Kind = Float
	case "!!bool":
		out.Kind = Bool
	}
	return out
}

// ParseArgument reads the value of a setting of the command line, such as "6",
// "true", "text" or "[a, b]"; only what begins with a bracket is more than a
// scalar. The argument is named in messages in place of a file.
func ParseArgument(argument, value string) (*Node, error) {
	if !strings.HasPrefix(value, "[") && !strings.HasPrefix(value, "{") {
		if problem := guard([]byte(value)); problem != "" {
			return nil, Problems{{Position: Position{File: argument}, Message: problem}}
		}
		c := converter{}
		n := c.scalar(&yaml.Node{Kind: yaml.ScalarNode, Value: value})
		loosen(n, Position{File: argument})
		return n, nil
	}
	root, err := Parse(argument, []byte(value))
	if problems, ok := err.(Problems); ok { //nolint:errorlint // Parse returns it as it is
		for i := range problems {
			problems[i].Position = Position{File: argument} // a line of an argument means nothing
		}
		return nil, problems
	}
	loosen(root, Position{File: argument})
	return root, nil
}

func loosen(n *Node, at Position) {
	n.Position, n.Loose = at, true
	for _, item := range n.Items {
		loosen(item, at)
	}
	for _, e := range n.Entries {
		loosen(e.Key, at)
		loosen(e.Value, at)
	}
}
