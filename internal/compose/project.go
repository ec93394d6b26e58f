// Package compose owns Compose files: loading them, of stacks and of users,
// with the positions of what they say, and recognising in them the
// technologies that we have as stacks.
//
// The library that loads them keeps no positions, so every file is read a
// second time as a tree of YAML nodes, merged the way the library merges.
package compose

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/compose-spec/compose-go/v2/template"
	"github.com/compose-spec/compose-go/v2/types"

	"github.com/diorama-dev/diorama/internal/yamlpos"
)

// Project is a loaded Compose project and what its files say where.
type Project struct {
	// Model is the project as compose-go resolves it. Paths in it are absolute
	// for a user's project; for a stack they are the stack's folder and the
	// path in it, so that they are the same on every machine.
	Model *types.Project
	// Content holds the files and folders that the project's services mount
	// or take configs and secrets from, by the path that Model gives them.
	Content map[string]Content
	// Files are the Compose files given, and an override file found beside
	// them; not those that they include or extend.
	Files []string

	root *node
	main string
}

// Position is a place in a file.
type Position = yamlpos.Position

// Position says where the key at the path is written, for example
// Position("services", "web", "network_mode"); items of lists are named by
// their index. Where the path itself is not written, because a default or a
// short form stands for it, it is the nearest ancestor's.
func (p Project) Position(path ...string) Position {
	at := Position{File: p.main}
	current := p.root
	for _, key := range path {
		if current = current.child(key); current == nil {
			break
		}
		at = current.pos
	}
	return at
}

// Kind is the shape of a written value.
type Kind uint8

// The kinds of value.
const (
	Scalar Kind = iota
	Map
	List
)

// Entry is one written key or item: where it is, and its value where it is a
// scalar, with variables put in.
type Entry struct {
	Path     []string
	Position Position
	Kind     Kind
	Value    string
	// Unset are variables in the value that are not set and have no default:
	// nothing stands in their place.
	Unset []string
}

// Walk visits everything that the files say, in the order of the merged
// files, a key before what is below it. It descends where visit returns true.
func (p Project) Walk(visit func(Entry) bool) {
	if p.root == nil {
		return
	}
	p.root.walk(nil, func(e Entry) bool {
		if p.Model != nil && strings.Contains(e.Value, "$") {
			e.Unset = unset(e.Value, p.Model.Environment)
			if filled, err := template.Substitute(e.Value, p.Model.Environment.Resolve); err == nil {
				e.Value = filled
			}
		}
		return visit(e)
	})
}

// Item is the path of the item of a list that says the text: as a whole, as a
// part between colons, or in one of its fields. Loaded lists have other indices
// than written ones, where ranges are expanded or files merged. Where no item
// says it, it is the path of the list.
func (p Project) Item(text string, list ...string) []string {
	current := p.root
	for _, key := range list {
		current = current.child(key)
	}
	if current == nil || text == "" {
		return list
	}
	says := func(n *node) bool {
		value := n.value
		if p.Model != nil && strings.Contains(value, "$") {
			if filled, err := template.Substitute(value, p.Model.Environment.Resolve); err == nil {
				value = filled
			}
		}
		if n.kind != Scalar {
			return false
		}
		return value == text || slices.ContainsFunc(strings.Split(value, ":"), func(part string) bool {
			return part != "" && strings.TrimSuffix(part, "/") == text
		})
	}
	for i, item := range current.items {
		found := says(item)
		for _, key := range item.keys {
			found = found || says(item.fields[key])
		}
		if found {
			return append(slices.Clone(list), strconv.Itoa(i))
		}
	}
	return list
}

// variable is $$, which is a dollar, or a variable: $NAME, ${NAME}, or
// ${NAME…} with a default or the like.
var variable = regexp.MustCompile(`\$\$|\$([A-Za-z_]\w*)|\$\{([A-Za-z_]\w*)([^}]*)\}`)

func unset(text string, environment types.Mapping) []string {
	var names []string
	for _, match := range variable.FindAllStringSubmatch(text, -1) {
		name := match[1] + match[2]
		if _, set := environment[name]; name != "" && match[3] == "" && !set && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// Has reports whether the files say anything at the path.
func (p Project) Has(path ...string) bool {
	current := p.root
	for _, key := range path {
		if current = current.child(key); current == nil {
			return false
		}
	}
	return current != nil
}

// ContentState says what a mounted path turned out to be.
type ContentState string

// The states of content. Only Readable has Files.
const (
	Readable ContentState = "readable"
	Missing  ContentState = "missing"
	TooLarge ContentState = "too large"  // more than MaxContent bytes or MaxFiles files
	Special  ContentState = "special"    // a socket, a device, a pipe
	Denied   ContentState = "unreadable" // no permission, or another error
)

// Limits of content that is carried along; a ConfigMap holds 1 MiB.
const (
	MaxContent = 1 << 20 // bytes
	MaxFiles   = 128
)

// Content is a file or folder that a service mounts.
type Content struct {
	State  ContentState
	Folder bool
	Files  []File // sorted by Path
}

// File is one file of a content.
type File struct {
	// Path is relative to the mounted folder, with slashes; for a file that
	// is mounted itself it is its base name.
	Path       string
	Data       []byte
	Executable bool
}

// Size is the number of bytes in all files.
func (c Content) Size() int {
	total := 0
	for _, f := range c.Files {
		total += len(f.Data)
	}
	return total
}

// positioned is an error at a place in a file.
func positioned(at Position, format string, args ...any) error {
	return fmt.Errorf("%s: %s", at, fmt.Sprintf(format, args...))
}
