package layout_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/diorama-dev/diorama/tui/layout"
)

func TestWrap(t *testing.T) {
	tests := []struct {
		text  string
		width int
		want  []string
	}{
		{"", 5, []string{""}},
		{"short", 5, []string{"short"}},
		{"two words", 5, []string{"two", "words"}},
		{"try: --set a.b=128Mi", 12, []string{"try: --set", "a.b=128Mi"}},
		{"abcdefghij", 4, []string{"abcd", "efgh", "ij"}},
		{"连接被拒绝", 5, []string{"连接", "被拒", "绝"}},
		{"a 连接被拒绝", 7, []string{"a", "连接被", "拒绝"}},
		{"ends with blanks   ", 10, []string{"ends with", "blanks"}},
		{"   ", 2, []string{""}},
		{"🚀🚀", 1, []string{"…", "…"}},
		{"abc", 0, []string{"a", "b", "c"}}, // as if it were 1
	}
	for _, tt := range tests {
		got := layout.Wrap(tt.text, tt.width)
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("Wrap(%q, %d): %s", tt.text, tt.width, diff)
		}
	}
}

func FuzzWrap(f *testing.F) {
	f.Add("killed 6 times · try: --set demo.billing.memory=128Mi", 10)
	f.Add("连接被拒绝 🚀 e\u0301", 3)
	f.Fuzz(func(t *testing.T, text string, width int) {
		if width < 2 || width > 300 {
			return
		}
		text = layout.Safe(text)
		for _, line := range layout.Wrap(text, width) {
			if w := layout.Width(line); w > width {
				t.Fatalf("line %q is %d cells wide, not at most %d", line, w, width)
			}
		}
	})
}
