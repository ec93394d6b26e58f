package typing_test

import (
	"testing"

	tea "charm.land/bubbletea/v2"

	"github.com/diorama-dev/diorama/tui/tuitest"
	"github.com/diorama-dev/diorama/tui/typing"
)

func TestKey(t *testing.T) {
	tests := []struct {
		name, text string
		key        tea.KeyPressMsg
		want       string
	}{
		{"a letter", "a", tuitest.Key("b"), "ab"},
		{"a wide one", "a", tuitest.Key("支"), "a支"},
		{"a blank", "a", tuitest.Key("space"), "a "},
		{"backspace takes a whole character", "a支", tuitest.Key("backspace"), "a"},
		{"backspace at the start", "", tuitest.Key("backspace"), ""},
		{"the last word", "one two  ", tuitest.Key("ctrl+w"), "one "},
		{"all of it", "one two", tuitest.Key("ctrl+u"), ""},
		{"a key that types nothing", "a", tuitest.Key("up"), "a"},
		{"what is not harmless", "a", tea.KeyPressMsg{Code: 'x', Text: "\u202ex"}, "ax"},
	}
	for _, tt := range tests {
		if got := typing.Key(tt.text, tt.key); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
	if got := typing.Pasted("a", " \x1b[31mb\n"); got != "ab" {
		t.Errorf("pasted: %q", got)
	}
}
