package yamlpos_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/diorama-dev/diorama/internal/yamlpos"
)

// bomb has aliases that write out to 10^9 values.
func bomb() string {
	var b strings.Builder
	b.WriteString("a0: &a0 x\n")
	for i := 1; i <= 9; i++ {
		fmt.Fprintf(&b, "a%d: &a%d [%s]\n", i, i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d,", i-1), 10), ","))
	}
	return b.String()
}

func TestParseRefuses(t *testing.T) {
	tests := map[string]struct{ in, want string }{
		"empty":            {"", "f.yaml: the file is empty: expected a YAML mapping"},
		"only a comment":   {"# nothing\n", "f.yaml: the file is empty: expected a YAML mapping"},
		"only a document":  {"---\n", "f.yaml: the file is empty: expected a YAML mapping"},
		"null":             {"~\n", "f.yaml: the file is empty: expected a YAML mapping"},
		"huge":             {"a: " + strings.Repeat("x", yamlpos.MaxBytes), "f.yaml: the file has 1048579 bytes, at most 1048576 are read: is it the right file?"},
		"zero byte":        {"a: \x00", "f.yaml: the file is not text in UTF-8: is it the right file?"},
		"binary":           {"\x7fELF\xff\xfe", "f.yaml: the file is not text in UTF-8: is it the right file?"},
		"syntax":           {"a: [1\nb: 2\n", "f.yaml:1:1: not valid YAML: did not find expected ',' or ']'"},
		"tab":              {"a:\n\t- b\n", "f.yaml:2:1: not valid YAML: found character that cannot start any token"},
		"deep":             {strings.Repeat("[", 70) + strings.Repeat("]", 70), "f.yaml:1:65: nested more than 64 levels deep"},
		"deeper":           {strings.Repeat("[", 100_000), "f.yaml: nested more than 64 levels deep"},
		"deep lists":       {strings.Repeat("- ", 100_000), "f.yaml: nested more than 64 levels deep"},
		"duplicate key":    {"a: 1\nb: 2\na: 3\n", `f.yaml:3:1: duplicate key "a", first on line 1: remove one`},
		"two documents":    {"a: 1\n---\nb: 2\n", "f.yaml:2:1: a second document begins here: expected one document in a file"},
		"broken second":    {"a: 1\n---\nb: [\n", "f.yaml:3:1: not valid YAML: did not find expected node content"},
		"key is a list":    {"[a]: 1\n", "f.yaml:1:1: found a key that is no plain name, expected text"},
		"unknown alias":    {"a: *b\n", "f.yaml: not valid YAML: unknown anchor 'b' referenced"},
		"alias in itself":  {"a: &a [*a]\n", "f.yaml:1:8: nested more than 64 levels deep"},
		"several at once":  {"a: 1\na: 2\nb: {c: 1, c: 2}\n", "f.yaml:2:1: duplicate key \"a\", first on line 1: remove one\nf.yaml:3:11: duplicate key \"c\", first on line 3: remove one"},
		"exploding itself": {"a: &a [*a,*a,*a,*a,*a,*a,*a,*a]\n", ""},
		"alias bomb":       {bomb(), ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			root, err := yamlpos.Parse("f.yaml", []byte(test.in))
			if err == nil {
				t.Fatalf("parsed as %v", root.Value())
			}
			if test.want == "" { // which of the bounds is met first does not matter
				if !strings.Contains(err.Error(), "nested more than") && !strings.Contains(err.Error(), "more than 100000 values") {
					t.Errorf("error %v", err)
				}
				return
			}
			if diff := cmp.Diff(test.want, err.Error()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestParseKnowsKindsAndPositions(t *testing.T) {
	root := parse(t, "text: a\nnumber: 18.6\nwhole: 3\nyes: true\nquoted: \"3\"\nlist:\n  - x\nnone:\nborrowed: &b {k: v}\nlent: *b\n")
	want := map[string]any{
		"text": "a", "number": 18.6, "whole": 3, "yes": true, "quoted": "3",
		"list": []any{"x"}, "none": nil, "borrowed": map[string]any{"k": "v"}, "lent": map[string]any{"k": "v"},
	}
	if diff := cmp.Diff(want, root.Value()); diff != "" {
		t.Error(diff)
	}
	positions := map[string]string{
		root.At("list").String():             "f.yaml:6:1",
		root.Get("list").Items[0].String():   "f.yaml:7:5",
		root.At("borrowed", "k").String():    "f.yaml:9:15",
		root.At("borrowed", "none").String(): "f.yaml:9:1",
		root.At("none of these").String():    "f.yaml:1:1",
		root.Get("nothing").At("x").String(): "",
	}
	for got, want := range positions {
		if got != want {
			t.Errorf("position %q, want %q", got, want)
		}
	}
}

func TestParseArgument(t *testing.T) {
	tests := map[string]any{
		"6": 6, "true": true, "text": "text", "": nil, "0.5": 0.5, "a: b": "a: b", "*x": "*x", "#": "#", "null": nil,
		"[a, 2]": []any{"a", 2}, "{a: {b: 2}}": map[string]any{"a": map[string]any{"b": 2}}, "off": "off",
	}
	for in, want := range tests {
		n, err := yamlpos.ParseArgument("--set x="+in, in)
		if err != nil {
			t.Errorf("%q: %v", in, err)
			continue
		}
		if diff := cmp.Diff(want, n.Value()); diff != "" {
			t.Errorf("%q: %s", in, diff)
		}
	}
	if _, err := yamlpos.ParseArgument("--set x=[a", "[a"); err == nil || !strings.HasPrefix(err.Error(), "--set x=[a:") {
		t.Errorf("error %v", err)
	}
	if _, err := yamlpos.ParseArgument("--set x", "\xff"); err == nil {
		t.Error("bytes that are no text were taken")
	}
}

func TestMerge(t *testing.T) {
	base := parse(t, "a: {x: 1, y: 2}\nlist: [1, 2]\nkeep: here\ngone: {z: 1}\n")
	over := parse(t, "a: {y: 3, none: }\nlist: [9]\ngone:\nnew: {k: v, none: }\nnever:\n")
	merged := yamlpos.Merge(base, over)
	want := map[string]any{
		"a": map[string]any{"x": 1, "y": 3}, "list": []any{9}, "keep": "here", "new": map[string]any{"k": "v"},
	}
	if diff := cmp.Diff(want, merged.Value()); diff != "" {
		t.Error(diff)
	}
	if got := base.Get("a").Get("y").Text; got != "2" || len(base.Entries) != 4 {
		t.Error("the base was changed")
	}
	deep := merged.With([]string{"a", "new", "deep"}, &yamlpos.Node{Kind: yamlpos.Bool, Text: "true"})
	if diff := cmp.Diff(map[string]any{"deep": true}, deep.Get("a").Get("new").Value()); diff != "" {
		t.Error(diff)
	}
}

func TestNearest(t *testing.T) {
	known := []string{"kafka", "redis", "postgres", "partitions", "rabbitmq", "mysql"}
	tests := map[string]string{
		"kafak": "kafka", "Redis": "redis", "postgresql": "postgres", "partition": "partitions", "rabbit": "rabbitmq",
		"rabitmq": "rabbitmq", "mongodb": "", "": "", "x": "", "mysq": "mysql", strings.Repeat("kafka", 20): "",
	}
	for name, want := range tests {
		if got := yamlpos.Nearest(name, known); got != want {
			t.Errorf("Nearest(%q) = %q, want %q", name, got, want)
		}
	}
}

func parse(t *testing.T, text string) *yamlpos.Node {
	t.Helper()
	root, err := yamlpos.Parse("f.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return root
}

// FuzzParse sees that no bytes make it panic, and that whatever was parsed can
// be decoded, merged and shown.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{"a: 1", "- a\n- &b {c: *b}", "a: &a [*a]", "? [x]\n: y", "<<: *a", "!!binary x", "a: !custom [1]", "%YAML 1.1\n---\n", bomb()} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		root, err := yamlpos.Parse("f.yaml", data)
		if err != nil {
			if err.Error() == "" {
				t.Error("an error without a word")
			}
			return
		}
		root.Value()
		yamlpos.Merge(root, root)
		var file struct {
			A string                       `yaml:"a"`
			B map[string]map[string][]bool `yaml:"b"`
			C *struct{ D int }             `yaml:"c"`
		}
		for _, problem := range yamlpos.Decode(root, &file, "") {
			if problem.File != "f.yaml" || problem.Line == 0 || problem.Column == 0 {
				t.Errorf("no position: %v", problem)
			}
		}
	})
}
