package chart

import (
	"maps"
	"slices"
	"sort"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	releaseutil "helm.sh/helm/v4/pkg/release/v1/util"
	"sigs.k8s.io/yaml"
)

// FuzzSplit sees that texts are split as Helm splits them.
func FuzzSplit(f *testing.F) {
	for _, text := range []string{
		"", "---", "a: 1\n---\nb: 2\n", " \n---  \n\n  a: |\n    ---\n---b\n----\n--- # why\nc", "a\n---\r\nb", "\n---\t---\n---", "a ---\n\u2028---\n",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		parts := releaseutil.SplitManifests(text)
		var want []string
		for _, key := range ordered(parts) {
			want = append(want, parts[key])
		}
		if diff := cmp.Diff(want, split(text)); diff != "" {
			t.Error(diff)
		}
	})
}

func ordered(parts map[string]string) []string {
	keys := slices.Collect(maps.Keys(parts))
	sort.Sort(releaseutil.BySplitManifestsOrder(keys))
	return keys
}

// FuzzParseBody sees that a document is read as Kubernetes' own tools read it,
// over JSON.
func FuzzParseBody(f *testing.F) {
	for _, text := range []string{
		"a: 1\nb: 1.0\nc: 1e3\nd: 1e300\ne: 0.5\nf: -0.0\ng: 9223372036854775807\nh: 9223372036854775808\ni: -9223372036854775808.0",
		"1: a\ntrue: b\n1.5: c\n~: d", "a: .nan", "a: .inf", "a: 2026-11-27\nb: !!timestamp 2026-11-27", "a: !!binary aGk=", "a: 0o17\nb: 017\nc: 0x1f\nd: 1_000",
		"a: &x {b: 1}\nc: *x\nd: {<<: *x, e: 2}", "- a", "a", "~", "", "a: yes\nb: \"yes\"\nc: on", "a: 1\na: 2", "{a: [}", "a: 18446744073709551615", "a: 1e19\nb: 1e21",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 1<<12 {
			return
		}
		got, err := parseBody(text)
		data, wantErr := yaml.YAMLToJSON([]byte(text))
		var want map[string]any
		if wantErr == nil {
			want, wantErr = decode(data)
		}
		if (err == nil) != (wantErr == nil) {
			t.Fatalf("error %v, over JSON %v", err, wantErr)
		}
		if diff := cmp.Diff(want, got); err == nil && diff != "" {
			t.Error(diff)
		}
	})
}

// TestFromYAMLIsHelms: what one template changes of its own copy no other sees.
func TestFromYAMLIsHelms(t *testing.T) {
	read := fromYAML()
	text := "a: {b: [1, {c: 2}]}"
	first := read(text)
	first["a"] = "changed"
	second := read(text)
	inner, _ := second["a"].(map[string]any)
	list, _ := inner["b"].([]any)
	if len(list) != 2 {
		t.Fatalf("got %v", second)
	}
	list[1] = "changed"
	if diff := cmp.Diff(map[string]any{"a": map[string]any{"b": []any{1.0, map[string]any{"c": 2.0}}}}, read(text)); diff != "" {
		t.Error(diff)
	}
	if got := read("a: ["); !strings.Contains(got["Error"].(string), "yaml") {
		t.Errorf("of what is no YAML: %v", got)
	}
}
