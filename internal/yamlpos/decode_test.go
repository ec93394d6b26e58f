package yamlpos_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/diorama-dev/diorama/internal/yamlpos"
)

type inner struct {
	Port int `yaml:"port"`
}

type embedded struct {
	Name string `yaml:"name"`
}

type document struct {
	embedded
	Flag    bool                         `yaml:"flag"`
	Inner   inner                        `yaml:"inner"`
	Pointer *inner                       `yaml:"pointer"`
	Map     map[string]inner             `yaml:"map"`
	Lists   map[string][]string          `yaml:"lists"`
	Any     any                          `yaml:"any"`
	Raw     *yamlpos.Node                `yaml:"raw"`
	Skipped string                       `yaml:"-"`
	Numbers map[string]map[string]string `yaml:"numbers"`
}

func TestDecode(t *testing.T) {
	var got document
	problems := yamlpos.Decode(parse(t, "name: n\nflag: true\ninner: {port: 0x10}\npointer: {port: 1}\nmap: {a: {port: 2}}\nlists: {l: [x, \"1\"]}\nany: [1]\nraw: {k: v}\n"), &got, "")
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	if got.Raw.Get("k").Text != "v" {
		t.Error("the raw node is missing")
	}
	got.Raw = nil
	want := document{
		embedded: embedded{Name: "n"}, Flag: true, Inner: inner{16}, Pointer: &inner{1},
		Map: map[string]inner{"a": {2}}, Lists: map[string][]string{"l": {"x", "1"}}, Any: []any{1},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(document{}, embedded{})); diff != "" {
		t.Error(diff)
	}
}

func TestDecodeCollectsAllProblems(t *testing.T) {
	var got document
	err := yamlpos.Decode(parse(t, `nam: n
flag: yes
inner: {prot: 1, port: 70000000000}
pointer: [1]
map: {a: {port: "1"}, b: }
lists: {l: [x, 1.10, ~, {}], m: x}
numbers: {a: b}
name: 1.10
`), &got, "").Err()
	want := `f.yaml:1:1: unknown key "nam": did you mean "name"?
f.yaml:2:7: flag: found "yes", expected true or false
f.yaml:3:9: inner: unknown key "prot": did you mean "port"?
f.yaml:3:24: inner.port: found 70000000000, expected a whole number
f.yaml:4:10: pointer: found a list, expected a mapping
f.yaml:5:17: map.a.port: found "1", expected a whole number
f.yaml:5:26: map.b: found nothing, expected a value
f.yaml:6:16: lists.l[1]: found 1.10, expected text: write it in quotes, "1.10"
f.yaml:6:22: lists.l[2]: found nothing, expected a value
f.yaml:6:25: lists.l[3]: found a mapping, expected text
f.yaml:6:33: lists.m: found "x", expected a list
f.yaml:7:14: numbers.a: found "b", expected a mapping
f.yaml:8:7: name: found 1.10, expected text: write it in quotes, "1.10"`
	if err == nil {
		t.Fatal("no problems")
	}
	if diff := cmp.Diff(want, err.Error()); diff != "" {
		t.Error(diff)
	}
}

func TestTextOfTheCommandLineNeedsNoQuotes(t *testing.T) {
	n, err := yamlpos.ParseArgument("--set name=1.10", "1.10")
	if err != nil {
		t.Fatal(err)
	}
	var got string
	if problems := yamlpos.Decode(n, &got, "name"); problems != nil || got != "1.10" {
		t.Errorf("got %q, %v", got, problems)
	}
}

func TestMessagesShowWhatIsUntrustedHarmless(t *testing.T) {
	name := "\x1b[31m" + strings.Repeat("ä", 100)
	message := yamlpos.Join("a", name) + yamlpos.Unknown("stack", name, nil)
	if strings.ContainsRune(message, '\x1b') || len([]rune(message)) > 150 {
		t.Errorf("message %q", message)
	}
}
