package yamlpos

import (
	"slices"
	"strings"
)

// Kind is what a node is.
type Kind uint8

// The kinds of node.
const (
	Null Kind = iota
	String
	Int
	Float
	Bool
	Sequence
	Mapping
)

// String names the kind as a person would.
func (k Kind) String() string {
	switch k {
	case Null:
		return "nothing"
	case String:
		return "text"
	case Int:
		return "a whole number"
	case Float:
		return "a number"
	case Bool:
		return "true or false"
	case Sequence:
		return "a list"
	case Mapping:
		return "a mapping"
	}
	return "something else"
}

// Node is a value of a document and where it stands. Aliases are resolved: an
// aliased value stands where its anchor stands.
type Node struct {
	Position
	Kind Kind
	// Text is a scalar as written, without quotes.
	Text string
	// Loose is true for a scalar of the command line, where nobody writes
	// quotes: it is text wherever text is expected.
	Loose   bool
	Entries []Entry // of a mapping, in the order of the file, keys unique
	Items   []*Node // of a sequence
}

// Entry is a key of a mapping and its value.
type Entry struct {
	Key   *Node // a scalar; its Text is the key
	Value *Node
}

// Get is the value under the key, or nil; so it is for a nil node and for one
// that is no mapping.
func (n *Node) Get(key string) *Node {
	if n == nil {
		return nil
	}
	for _, e := range n.Entries {
		if e.Key.Text == key {
			return e.Value
		}
	}
	return nil
}

// At follows the keys into the mappings as far as they exist, and is the
// position of the last one found: of a key where the path ends at one.
func (n *Node) At(path ...string) Position {
	if n == nil {
		return Position{}
	}
	at := n.Position
	for _, key := range path {
		i := slices.IndexFunc(n.Entries, func(e Entry) bool { return e.Key.Text == key })
		if i < 0 {
			break
		}
		at = n.Entries[i].Key.Position
		n = n.Entries[i].Value
	}
	return at
}

// Keys are the keys of a mapping in the order of the file.
func (n *Node) Keys() []string {
	if n == nil {
		return nil
	}
	keys := make([]string, len(n.Entries))
	for i, e := range n.Entries {
		keys[i] = e.Key.Text
	}
	return keys
}

// found describes the node in a message.
func (n *Node) found() string {
	switch n.Kind {
	case String:
		return "found " + Quote(n.Text)
	case Int, Float, Bool:
		return "found " + strings.TrimSpace(Quote(n.Text)[1:len(Quote(n.Text))-1])
	default:
		return "found " + n.Kind.String()
	}
}

// Problem is a problem at the node.
func (n *Node) Problem(path, message string) Problem {
	return Problem{Position: n.Position, Path: path, Message: message}
}

// Mismatch is the problem that something else than the node was expected.
func (n *Node) Mismatch(path, expected string) Problem {
	return n.Problem(path, n.found()+", expected "+expected)
}

// Merge lays over on base: mappings are merged key by key, everything else,
// lists too, is replaced, and a key whose value over leaves empty is taken
// away. Neither is changed; the result shares their nodes. Base may be nil.
func Merge(base, over *Node) *Node {
	if over == nil || over.Kind != Mapping {
		return over
	}
	merged := &Node{Position: over.Position, Kind: Mapping, Loose: over.Loose}
	if base != nil && base.Kind == Mapping {
		merged.Position = base.Position
	} else {
		base = &Node{}
	}
	laid := make(map[string]Entry, len(over.Entries))
	for _, e := range over.Entries {
		laid[e.Key.Text] = e
	}
	known := make(map[string]bool, len(base.Entries))
	for _, e := range base.Entries {
		known[e.Key.Text] = true
		if upper, ok := laid[e.Key.Text]; !ok {
			merged.Entries = append(merged.Entries, e)
		} else if upper.Value.Kind != Null {
			merged.Entries = append(merged.Entries, Entry{Key: upper.Key, Value: Merge(e.Value, upper.Value)})
		}
	}
	for _, e := range over.Entries {
		if !known[e.Key.Text] && e.Value.Kind != Null {
			merged.Entries = append(merged.Entries, Entry{Key: e.Key, Value: Merge(nil, e.Value)})
		}
	}
	return merged
}

// With is n with the value set at the path of keys, mappings made on the way
// where there are none. n is not changed.
func (n *Node) With(path []string, value *Node) *Node {
	over := value
	for _, key := range slices.Backward(path) {
		k := &Node{Position: value.Position, Kind: String, Text: key}
		over = &Node{Position: value.Position, Kind: Mapping, Entries: []Entry{{Key: k, Value: over}}}
	}
	return Merge(n, over)
}
