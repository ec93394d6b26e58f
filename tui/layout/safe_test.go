package layout_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"

	"github.com/diorama-dev/diorama/tui/layout"
)

func TestSafe(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"plain text stays", "ready to accept connections", "ready to accept connections"},
		{"wide text stays", "连接被拒绝 🚀", "连接被拒绝 🚀"},
		{"accents stay", "cafe\u0301 naïve", "cafe\u0301 naïve"},
		{"colours vanish", "\x1b[31mred\x1b[0m", "red"},
		{"a window title vanishes", "a\x1b]0;owned\x07b", "ab"},
		{"a title ended by ST vanishes", "a\x1b]0;owned\x1b\\b", "ab"},
		{"an unended sequence hides nothing", "a\x1b]0;text", "a0;text"},
		{"a device query vanishes", "a\x1bP$q\x1b\\b", "ab"},
		{"a lone escape shows", "a\x1b", "a␛"},
		{"clear screen vanishes", "\x1b[2J\x1b[Hx", "x"},
		{"tabs become blanks", "ab\tc", "ab    c"},
		{"a carriage return shows", "10%\r20%", "10%␍20%"},
		{"a bell shows", "a\ab", "a␇b"},
		{"delete shows", "a\x7fb", "a␡b"},
		{"C1 sequences vanish", "a\u009b31mb", "ab"},
		{"invalid UTF-8 is replaced", "a\xffb", "a�b"},
		{"direction overrides vanish", "a\u202eb", "ab"},
		{"zero-width characters vanish", "a\u200b\u2060\ufeffb", "ab"},
		{"a joined family falls apart", "👩\u200d👧", "👩👧"},
		{"skin tones and selectors vanish", "👍\U0001f3fd ❤\ufe0f", "👍 ❤"},
		{"line separators become blanks", "a\u2028b", "a b"},
		{"piled-up marks are cut off", "a" + strings.Repeat("\u0301", 40), "a\u0301\u0301"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := layout.Safe(tt.in); got != tt.want {
				t.Errorf("Safe(%q) = %q, want %q", tt.in, got, tt.want)
			}
		})
	}
}

func FuzzSafe(f *testing.F) {
	for _, s := range []string{"plain", "\x1b[31mred", "a\x1b]0;x\x07", "连接 🚀", "\xff\xfe", "🇩🇪", "नमस्ते", "한글\u1100\u1161", "\u0e33"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		out := layout.Safe(in)
		if !utf8.ValidString(out) {
			t.Fatalf("Safe(%q) = %q is not UTF-8", in, out)
		}
		for _, r := range out {
			if unicode.IsControl(r) {
				t.Fatalf("Safe(%q) = %q holds the control character %U", in, out, r)
			}
		}
		if a, b := ansi.StringWidth(out), ansi.StringWidthWc(out); a != b {
			t.Fatalf("Safe(%q) = %q is %d cells wide to some terminals and %d to others", in, out, a, b)
		}
		if again := layout.Safe(out); again != out {
			t.Fatalf("Safe(%q) = %q, but again %q", in, out, again)
		}
	})
}
