package compose

import (
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Limits of a Compose file, far above what people write, far below what hurts.
const (
	maxFileBytes = 2 << 20
	maxDepth     = 64
	maxNodes     = 200_000 // after aliases are expanded
	maxDocuments = 8
)

// node is a written value and where it is written. Aliases and merge keys are
// resolved; a list where Compose also takes a mapping ("A=1") is a mapping.
type node struct {
	pos    Position
	kind   Kind
	value  string
	tag    string // !reset or !override, else empty
	keys   []string
	fields map[string]*node
	items  []*node
}

func (n *node) child(key string) *node {
	if n == nil {
		return nil
	}
	switch n.kind {
	case Map:
		return n.fields[key]
	case List:
		if i, err := strconv.Atoi(key); err == nil && i >= 0 && i < len(n.items) {
			return n.items[i]
		}
	case Scalar:
	}
	return nil
}

func (n *node) set(key string, value *node) {
	if _, there := n.fields[key]; !there {
		n.keys = append(n.keys, key)
	}
	n.fields[key] = value
}

func (n *node) remove(key string) {
	delete(n.fields, key)
	n.keys = slices.DeleteFunc(n.keys, func(k string) bool { return k == key })
}

func (n *node) walk(path []string, visit func(Entry) bool) {
	descend := func(key string, child *node) {
		at := append(slices.Clone(path), key)
		if visit(Entry{Path: at, Position: child.pos, Kind: child.kind, Value: child.value}) {
			child.walk(at, visit)
		}
	}
	for _, key := range n.keys {
		descend(key, n.fields[key])
	}
	for i, item := range n.items {
		descend(strconv.Itoa(i), item)
	}
}

func newMap(pos Position) *node {
	return &node{pos: pos, kind: Map, fields: map[string]*node{}}
}

// mappable are the keys whose lists stand for mappings, and what divides key
// from value in an item; "" where the item is the key itself.
func mappable(key string) (separators string, ok bool) {
	switch key {
	case "environment", "labels", "annotations", "args", "sysctls":
		return "=", true
	case "extra_hosts":
		return "=:", true
	case "depends_on", "networks":
		return "", true
	}
	return "", false
}

// builder turns YAML nodes into ours; it counts what it makes, so that a few
// aliases of aliases cannot fill the memory.
type builder struct {
	file  string
	nodes int
}

func (b *builder) at(y *yaml.Node) Position {
	return Position{File: b.file, Line: y.Line, Column: y.Column}
}

func (b *builder) build(y *yaml.Node, key string, depth int) (*node, error) {
	if b.nodes++; b.nodes > maxNodes {
		return nil, positioned(b.at(y), "more than %d values once aliases are expanded; use fewer or smaller aliases", maxNodes)
	}
	if depth > maxDepth {
		return nil, positioned(b.at(y), "nested more than %d levels deep; a Compose file needs far fewer", maxDepth)
	}
	switch y.Kind {
	case yaml.AliasNode:
		return b.build(y.Alias, key, depth+1)
	case yaml.MappingNode:
		return b.buildMap(y, depth)
	case yaml.SequenceNode:
		return b.buildList(y, key, depth)
	default:
		n := &node{pos: b.at(y), kind: Scalar, value: y.Value, tag: override(y.Tag)}
		if y.Tag == "!!null" {
			n.value = ""
		}
		return n, nil
	}
}

// override keeps the two tags that change how files merge.
func override(tag string) string {
	if tag == "!reset" || tag == "!override" {
		return tag
	}
	return ""
}

func (b *builder) buildMap(y *yaml.Node, depth int) (*node, error) {
	n := newMap(b.at(y))
	n.tag = override(y.Tag)
	var merged []*yaml.Node
	for i := 0; i+1 < len(y.Content); i += 2 {
		k, v := y.Content[i], y.Content[i+1]
		if k.Tag == "!!merge" || k.Value == "<<" && k.Style == 0 {
			merged = append(merged, v)
			continue
		}
		child, err := b.build(v, k.Value, depth+1)
		if err != nil {
			return nil, err
		}
		child.pos = b.at(k)
		n.set(k.Value, child)
	}
	for _, m := range merged {
		if err := b.mergeInto(n, m, depth+1); err != nil {
			return nil, err
		}
	}
	return n, nil
}

// mergeInto adds what a merge key ("<<") brings and the mapping lacks.
func (b *builder) mergeInto(n *node, y *yaml.Node, depth int) error {
	if depth > maxDepth {
		return positioned(b.at(y), "nested more than %d levels deep; a Compose file needs far fewer", maxDepth)
	}
	if y.Kind == yaml.AliasNode {
		y = y.Alias
	}
	if y.Kind == yaml.SequenceNode {
		for _, item := range y.Content {
			if err := b.mergeInto(n, item, depth+1); err != nil {
				return err
			}
		}
		return nil
	}
	from, err := b.build(y, "", depth)
	if err != nil {
		return err
	}
	for _, key := range from.keys {
		if _, there := n.fields[key]; !there {
			n.set(key, from.fields[key])
		}
	}
	return nil
}

func (b *builder) buildList(y *yaml.Node, key string, depth int) (*node, error) {
	separators, ok := mappable(key)
	if ok && allScalars(y) {
		n := newMap(b.at(y))
		n.tag = override(y.Tag)
		for _, item := range y.Content {
			b.nodes++
			name, value := item.Value, ""
			if i := strings.IndexAny(name, separators); i > 0 {
				name, value = name[:i], name[i+1:]
			}
			n.set(name, &node{pos: b.at(item), kind: Scalar, value: value})
		}
		return n, nil
	}
	n := &node{pos: b.at(y), kind: List, tag: override(y.Tag)}
	for _, item := range y.Content {
		child, err := b.build(item, "", depth+1)
		if err != nil {
			return nil, err
		}
		n.items = append(n.items, child)
	}
	return n, nil
}

func allScalars(y *yaml.Node) bool {
	return !slices.ContainsFunc(y.Content, func(item *yaml.Node) bool { return item.Kind != yaml.ScalarNode })
}

// merge lays one value over another, the way Compose merges files: mappings
// key by key, lists one after the other, everything else replaced.
func merge(base, over *node, key string) *node {
	switch {
	case base == nil || over == nil:
		if over == nil {
			return base
		}
		return over
	case over.tag == "!override":
		return over
	case base.kind == Map && over.kind == Map:
		return mergeMaps(base, over)
	case base.kind == List && over.kind == List && !replaced(key):
		return &node{pos: over.pos, kind: List, items: slices.Concat(base.items, over.items)}
	}
	return over
}

func mergeMaps(base, over *node) *node {
	n := newMap(over.pos)
	for _, k := range base.keys {
		n.set(k, base.fields[k])
	}
	for _, k := range over.keys {
		if over.fields[k].tag == "!reset" {
			n.remove(k)
			continue
		}
		n.set(k, merge(n.fields[k], over.fields[k], k))
	}
	return n
}

// replaced are the lists that an override replaces instead of extending.
func replaced(key string) bool {
	return key == "command" || key == "entrypoint" || key == "test"
}
