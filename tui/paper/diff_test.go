package paper

import (
	"strings"
	"testing"
)

func TestCompared(t *testing.T) {
	for _, test := range []struct{ earlier, text, want string }{
		{"a\nb\nc\n", "a\nb\nc\n", " a b c"},
		{"a\nb\n", "x\na\nb\n", "+x a b"},
		{"r\n v1\n w\nr\n v2\n w\n", "r\n v9\n w\nr\n v1\n w\nr\n v2\n w\n", "+r+ v9+ w r  v1  w r  v2  w"},
		{"a\nw: 90\nb\nw: 10", "a\nw: 80\nb\nw: 20", " a-w: 90+w: 80 b-w: 10+w: 20"},
		{"a\n", "", "-a"},
		{strings.Repeat("a\n", 600), strings.Repeat("b\n", 600), strings.Repeat("-a", 600) + strings.Repeat("+b", 600)},
	} {
		var got strings.Builder
		for _, c := range compared(test.earlier, test.text) {
			got.WriteString(string(c.mark) + c.text)
		}
		if got.String() != test.want {
			t.Errorf("from %.40q to %.40q it is %.80q, want %.80q", test.earlier, test.text, got.String(), test.want)
		}
	}
}

func FuzzCompared(f *testing.F) {
	f.Add("a\nb\nc", "a\nc\nd")
	f.Fuzz(func(t *testing.T, earlier, text string) {
		var before, after []string
		for _, c := range compared(earlier, text) {
			if c.mark != '+' {
				before = append(before, c.text)
			}
			if c.mark != '-' {
				after = append(after, c.text)
			}
		}
		if strings.Join(before, "\n") != strings.Join(linesOf(earlier), "\n") || strings.Join(after, "\n") != strings.Join(linesOf(text), "\n") {
			t.Errorf("of %q and %q it is %q and %q", earlier, text, before, after)
		}
	})
}
