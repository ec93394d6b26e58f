package terminal

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestHarmless(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"plain", "GET /items 200", "GET /items 200"},
		{"wide", "连接被拒绝 🚀", "连接被拒绝 🚀"},
		{"colour", "\x1b[1;31mERROR\x1b[0m done", "ERROR done"},
		{"title with bell", "a\x1b]0;owned\x07b", "ab"},
		{"clipboard with ST", "a\x1b]52;c;aGk=\x1b\\b", "ab"},
		{"unterminated title stays readable", "a\x1b]0;important", "a0;important"},
		{"title may not swallow lines", "a\x1b]0;x\nerror\x07", "a0;x error␇"},
		{"one-character CSI", "a\u009b2Jb", "ab"},
		{"one-character OSC", "a\u009d0;t\u009cb", "ab"},
		{"device string", "a\x1bPq#0\x1b\\b", "ab"},
		{"charset", "a\x1b(0b", "ab"},
		{"reset", "a\x1bcb", "ab"},
		{"lone escape", "a\x1b", "a␛"},
		{"escape before a control", "a\x1b\x07", "a␛␇"},
		{"backspace", "a\bb", "a␈b"},
		{"delete", "a\x7fb", "a␡b"},
		{"carriage return hides nothing", "secret\rok", "secret␍ok"},
		{"line ends", "a\r\nb\nc\u2028d", "a b c d"},
		{"tab", "a\tb", "a    b"},
		{"bidi override", "a\u202etxt.exe\u202c", "atxt.exe"},
		{"bidi isolate", "a\u2067b\u2069", "ab"},
		{"not UTF-8", "a\xffb\xc3", "a\uFFFDb\uFFFD"},
		{"NUL", "a\x00b", "a␀b"},
	} {
		if got := Harmless(c.in); got != c.want {
			t.Errorf("%s: Harmless(%q) = %q, want %q", c.name, c.in, got, c.want)
		}
	}
}

func FuzzHarmless(f *testing.F) {
	for _, seed := range []string{"", "plain", "\x1b[31mx", "\x1b]0;t\x07", "\u009b1m", "\u202eabc", "\xff\xfe", "\x1b\x1b[["} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		got := Harmless(in)
		if !utf8.ValidString(got) {
			t.Fatalf("Harmless(%q) = %q, which is not UTF-8", in, got)
		}
		for _, r := range got {
			if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == 0x2028 || r == 0x2029 {
				t.Fatalf("Harmless(%q) = %q holds %U", in, got, r)
			}
		}
		if again := Harmless(got); again != got {
			t.Fatalf("Harmless is not settled: %q, then %q", got, again)
		}
	})
}

func TestCutAndPad(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{Cut("kafka", 5), "kafka"},
		{Cut("kafka-broker", 6), "kafka…"},
		{Cut("连接被拒绝", 5), "连接…"},
		{Cut("x", 0), ""},
		{Pad("连", 4), "连  "},
		{PadLeft("12", 4), "  12"},
		{PadLeft("12345", 4), "123…"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
	if w := Width(Pad(strings.Repeat("绝", 9), 6)); w != 6 {
		t.Errorf("a padded text takes %d columns, want 6", w)
	}
}
