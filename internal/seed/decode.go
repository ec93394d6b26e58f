package seed

import (
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/diorama-dev/diorama/internal/yamlpos"
)

// Target is the instance that seeds are read for.
type Target struct {
	Instance string
	// Stack is its stack's name, Kinds the kinds of seed that the stack takes.
	Stack string
	Kinds []string
	// User is the stack's own, which no seed may make; empty: not known.
	User string
	// Folder is where relative paths start from.
	Folder string
}

// Decode reads the seeds of an instance, and the files that they name. The
// passwords that users are given are returned beside the set, by the name of
// their credential. Of a set with problems nothing is to be used.
func Decode(n *yamlpos.Node, path string, t Target) (Set, map[string]string, yamlpos.Problems) {
	r := reader{target: t, set: Set{Instance: t.Instance, Stack: t.Stack}, passwords: make(map[string]string)}
	if n.Kind != yamlpos.Mapping {
		r.problems = yamlpos.Problems{n.Mismatch(path, "a mapping of "+listed(t.Kinds))}
		return r.set, nil, r.problems
	}
	r.form(r.taken(n, path), path)
	if len(r.problems) == 0 && r.set.Empty() {
		r.report(n, path, "nothing to put there: expected "+listed(t.Kinds))
	}
	return r.set, r.passwords, r.problems
}

// reader turns a node into a set, collecting all that is wrong.
type reader struct {
	target    Target
	set       Set
	passwords map[string]string
	problems  yamlpos.Problems
	bytes     int // read of all files
}

func (r *reader) report(n *yamlpos.Node, path, message string) {
	r.problems = append(r.problems, n.Problem(path, message))
}

// taken is the mapping without what the stack does not take, which is reported.
func (r *reader) taken(n *yamlpos.Node, path string) *yamlpos.Node {
	kept := *n
	kept.Entries = nil
	for _, e := range n.Entries {
		if slices.Contains(r.target.Kinds, e.Key.Text) {
			kept.Entries = append(kept.Entries, e)
			continue
		}
		r.report(e.Key, path, yamlpos.Unknown("seed of "+r.target.Stack, e.Key.Text, r.target.Kinds))
	}
	return &kept
}

// form reads the mapping as the stack's seeds are written.
func (r *reader) form(n *yamlpos.Node, path string) {
	switch r.target.Stack {
	case "kafka":
		r.kafka(n, path)
	case "rocketmq":
		r.rocketmq(n, path)
	case "rabbitmq":
		r.rabbitmq(n, path)
	case "redis", "valkey":
		r.redis(n, path)
	case "postgres", "mysql":
		r.sql(n, path)
	default:
		r.report(n, path, fmt.Sprintf("there are no seeds for the stack %s: expected one of %s", yamlpos.Quote(r.target.Stack), strings.Join(Stacks(), ", ")))
	}
}

// Stacks are the names of the stacks that there are seeds for.
func Stacks() []string {
	return []string{"kafka", "mysql", "postgres", "rabbitmq", "redis", "rocketmq", "valkey"}
}

// placed is a value and the node that it was read from.
type placed[T any] struct {
	node  *yamlpos.Node
	path  string
	whole bool // nothing was wrong with it
	value T
}

// DecodeNode reads the value, and keeps the node.
func (p *placed[T]) DecodeNode(n *yamlpos.Node, path string) yamlpos.Problems {
	p.node, p.path = n, path
	problems := yamlpos.Decode(n, &p.value, path)
	p.whole = len(problems) == 0
	return problems
}

// there are the values that could be read at all; what was wrong with the
// others has been reported.
func there[T any](list []placed[T]) []*placed[T] {
	var kept []*placed[T]
	for i := range list {
		if list[i].whole {
			kept = append(kept, &list[i])
		}
	}
	return kept
}

// known are the names that others may refer to, also of values that have
// something else wrong with them.
func known[T any](list []placed[T], name func(T) string) []string {
	var all []string
	for _, item := range list {
		if given := name(item.value); given != "" && !slices.Contains(all, given) {
			all = append(all, given)
		}
	}
	return all
}

// at is the node of a key, or of the whole where it has no such key.
func (p *placed[T]) at(key string) (*yamlpos.Node, string) {
	if n := p.node.Get(key); n != nil {
		return n, yamlpos.Join(p.path, key)
	}
	return p.node, p.path
}

// setting is a scalar of any type, kept as it is written.
type setting string

// DecodeNode reads text, a number or a truth value.
func (s *setting) DecodeNode(n *yamlpos.Node, path string) yamlpos.Problems {
	if n.Kind == yamlpos.Null || n.Kind > yamlpos.Bool {
		return yamlpos.Problems{n.Mismatch(path, "a value")}
	}
	*s = setting(n.Text)
	return nil
}

// names checks that each has a name of the right form, and none the name of
// another.
func names[T any](r *reader, what string, list []placed[T], form *regexp.Regexp, expected string, name func(T) string) {
	first := make(map[string]yamlpos.Position)
	for _, item := range there(list) {
		node, path := item.at("name")
		given := name(item.value)
		switch earlier, twice := first[given]; {
		case given == "":
			r.report(item.node, item.path, "a "+what+" without a name: expected {name: NAME, …}")
		case !form.MatchString(given):
			r.report(node, path, "found "+yamlpos.Quote(given)+", expected "+expected)
		case twice:
			r.report(node, path, fmt.Sprintf("the %s %s is there already, at %s: remove one", what, yamlpos.Quote(given), earlier))
		default:
			first[given] = node.Position
		}
	}
}

// word checks one of a few words; empty is the first of them.
func (r *reader) word(n *yamlpos.Node, path, what, given string, words []string) string {
	if given == "" {
		return words[0]
	}
	if !slices.Contains(words, given) {
		r.report(n, path, yamlpos.Unknown(what, given, words))
	}
	return given
}

// count checks a number of partitions or queues; absent is 0.
func (r *reader) count(n *yamlpos.Node, path string, given *int) int32 {
	if given == nil {
		return 0
	}
	if *given < 1 || *given > mostPartitions {
		r.report(n, path, fmt.Sprintf("found %d, expected 1 to %d", *given, mostPartitions))
		return 0
	}
	return int32(*given) //nolint:gosec // it is in bounds
}

// mostPartitions bounds a topic on one machine.
const mostPartitions = 10_000

func texts(settings map[string]setting) map[string]string {
	if len(settings) == 0 {
		return nil
	}
	out := make(map[string]string, len(settings))
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		out[name] = string(settings[name])
	}
	return out
}

func listed(kinds []string) string {
	if len(kinds) == 0 {
		return "nothing: the stack takes no seeds"
	}
	return strings.Join(kinds, ", ")
}

// slashed is a path as the profile has it, the same on every system.
func slashed(path string) string { return filepath.ToSlash(filepath.Clean(path)) }
