package yamlpos

import (
	"fmt"
	"math"
	"reflect"
	"regexp"
	"strconv"
	"strings"
)

// Decoder is implemented by a type that reads itself from a node: a name or a
// mapping, a quantity, one of a few words. The path names the node in problems.
type Decoder interface {
	DecodeNode(n *Node, path string) Problems
}

// Decode stores the node in the value that into points to, and returns all
// that did not fit. Fields are named by the tag `yaml:"name"`, embedded
// structs are part of the mapping that they stand in, a nil pointer, map or
// slice means that the key was not there, and a field of type *[Node] takes
// whatever there is. The path names the node in problems; it is empty for a
// document.
func Decode(n *Node, into any, path string) Problems {
	target := reflect.ValueOf(into)
	if target.Kind() != reflect.Pointer || target.IsNil() {
		panic(fmt.Sprintf("yamlpos: cannot decode into %T", into))
	}
	return decode(n, target.Elem(), path)
}

func decode(n *Node, target reflect.Value, path string) Problems {
	if target.Type() == reflect.TypeFor[*Node]() {
		target.Set(reflect.ValueOf(n))
		return nil
	}
	if target.CanAddr() {
		if decoder, ok := target.Addr().Interface().(Decoder); ok {
			return decoder.DecodeNode(n, path)
		}
	}
	if n.Kind == Null {
		return nil // as if the key were not there
	}
	switch target.Kind() {
	case reflect.Pointer:
		target.Set(reflect.New(target.Type().Elem()))
		return decode(n, target.Elem(), path)
	case reflect.Struct:
		return decodeStruct(n, target, path)
	case reflect.Map:
		return decodeMap(n, target, path)
	case reflect.Slice:
		return decodeSlice(n, target, path)
	case reflect.Interface:
		if value := n.Value(); value != nil {
			target.Set(reflect.ValueOf(value))
		}
		return nil
	default:
		return decodeScalar(n, target, path)
	}
}

func decodeScalar(n *Node, target reflect.Value, path string) Problems {
	switch target.Kind() {
	case reflect.String:
		text, problems := n.DecodeText(path)
		target.SetString(text)
		return problems
	case reflect.Int:
		value, ok := n.intValue()
		if !ok {
			return Problems{n.Mismatch(path, "a whole number")}
		}
		target.SetInt(value)
	case reflect.Bool:
		if n.Kind != Bool {
			return Problems{n.Mismatch(path, "true or false")}
		}
		target.SetBool(strings.EqualFold(n.Text, "true"))
	default:
		panic(fmt.Sprintf("yamlpos: cannot decode into a %s", target.Type()))
	}
	return nil
}

// DecodeText is the node as text. A number or a truth value without quotes is
// a problem: 1.10 would silently be 1.1 for the next program that reads it.
func (n *Node) DecodeText(path string) (string, Problems) {
	switch {
	case n.Kind == String, n.Loose && n.Kind < Sequence:
		return n.Text, nil
	case n.Kind == Int, n.Kind == Float, n.Kind == Bool:
		return "", Problems{n.Mismatch(path, "text: write it in quotes, "+strconv.Quote(n.Text))}
	default:
		return "", Problems{n.Mismatch(path, "text")}
	}
}

// DecodeWord reads one of a closed list of words. What they are is said by the
// problem of a word that is none of them, "runtime" for example.
func DecodeWord[W ~string](n *Node, path, what string, words []W) (W, Problems) {
	text, problems := n.DecodeText(path)
	if problems != nil {
		return "", problems
	}
	known := make([]string, len(words))
	for i, word := range words {
		if known[i] = string(word); known[i] == text {
			return word, nil
		}
	}
	return "", Problems{n.Problem(path, Unknown(what, text, known))}
}

func (n *Node) intValue() (int64, bool) {
	if n.Kind != Int {
		return 0, false
	}
	value, err := strconv.ParseInt(strings.TrimPrefix(n.Text, "+"), 0, 64)
	return value, err == nil && value >= math.MinInt32 && value <= math.MaxInt32
}

func decodeStruct(n *Node, target reflect.Value, path string) Problems {
	if n.Kind != Mapping {
		return Problems{n.Mismatch(path, "a mapping")}
	}
	fields := map[string]reflect.Value{}
	collectFields(target, fields)
	names := make([]string, 0, len(fields))
	for name := range fields {
		names = append(names, name)
	}
	var problems Problems
	for _, e := range n.Entries {
		field, ok := fields[e.Key.Text]
		if !ok {
			problems = append(problems, e.Key.Problem(path, Unknown("key", e.Key.Text, names)))
			continue
		}
		problems = append(problems, decode(e.Value, field, Join(path, e.Key.Text))...)
	}
	return problems
}

func collectFields(target reflect.Value, into map[string]reflect.Value) {
	for i := range target.NumField() {
		field := target.Type().Field(i)
		if field.Anonymous {
			collectFields(target.Field(i), into)
			continue
		}
		if name, _, _ := strings.Cut(field.Tag.Get("yaml"), ","); name != "" && name != "-" {
			into[name] = target.Field(i)
		}
	}
}

func decodeMap(n *Node, target reflect.Value, path string) Problems {
	if n.Kind != Mapping {
		return Problems{n.Mismatch(path, "a mapping")}
	}
	out := reflect.MakeMapWithSize(target.Type(), len(n.Entries))
	var problems Problems
	for _, e := range n.Entries {
		value := reflect.New(target.Type().Elem()).Elem()
		if missing(e.Value, value) {
			problems = append(problems, e.Value.Mismatch(Join(path, e.Key.Text), "a value"))
			continue
		}
		problems = append(problems, decode(e.Value, value, Join(path, e.Key.Text))...)
		out.SetMapIndex(reflect.ValueOf(e.Key.Text).Convert(target.Type().Key()), value)
	}
	target.Set(out)
	return problems
}

func decodeSlice(n *Node, target reflect.Value, path string) Problems {
	if n.Kind != Sequence {
		return Problems{n.Mismatch(path, "a list")}
	}
	out := reflect.MakeSlice(target.Type(), len(n.Items), len(n.Items))
	var problems Problems
	for i, item := range n.Items {
		if missing(item, out.Index(i)) {
			problems = append(problems, item.Mismatch(Index(path, i), "a value"))
			continue
		}
		problems = append(problems, decode(item, out.Index(i), Index(path, i))...)
	}
	target.Set(out)
	return problems
}

// missing reports an empty value where the target is one that cannot say so.
func missing(n *Node, target reflect.Value) bool {
	return n.Kind == Null && target.Type() != reflect.TypeFor[*Node]() && target.Kind() != reflect.Interface
}

var plainKey = regexp.MustCompile(`^[A-Za-z0-9_./-]{1,64}$`)

// Join is the path of a key in the mapping at the path. A key with other
// characters than names have stands in it in quotes.
func Join(path, key string) string {
	if !plainKey.MatchString(key) {
		key = Quote(key)
	}
	if path == "" {
		return key
	}
	return path + "." + key
}

// Index is the path of an item, counted from 0, in the list at the path.
func Index(path string, i int) string { return fmt.Sprintf("%s[%d]", path, i) }

// Value is the node as plain Go values: nil, string, int, float64, bool, []any
// and map[string]any. A whole number too large for an int is a float64.
func (n *Node) Value() any {
	switch n.Kind {
	case Null:
		return nil
	case Int:
		if value, err := strconv.ParseInt(strings.TrimPrefix(n.Text, "+"), 0, 64); err == nil {
			return int(value)
		}
		return n.float()
	case Float:
		return n.float()
	case Bool:
		return strings.EqualFold(n.Text, "true")
	case Sequence:
		items := make([]any, len(n.Items))
		for i, item := range n.Items {
			items[i] = item.Value()
		}
		return items
	case Mapping:
		values := make(map[string]any, len(n.Entries))
		for _, e := range n.Entries {
			values[e.Key.Text] = e.Value.Value()
		}
		return values
	default:
		return n.Text
	}
}

// float is the number, or its text where there is no such float64.
func (n *Node) float() any {
	value, err := strconv.ParseFloat(strings.TrimPrefix(n.Text, "+"), 64)
	if err != nil || math.IsNaN(value) || math.IsInf(value, 0) {
		return n.Text
	}
	return value
}
