package form

import (
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"github.com/diorama-dev/diorama/tui/theme"
	"github.com/diorama-dev/diorama/tui/tuitest"
)

func press(f Form, keys ...string) (Form, Answer) {
	answer := Typing
	for _, k := range keys {
		f, answer = f.Key(tuitest.Key(k))
	}
	return f, answer
}

func fields() Form {
	return Form{Question: "What?", Does: "preview", Fields: []Field{{Label: "name", Hint: "a name"}, {Label: "to", Options: []string{"v1", "v2", "支付"}}}}
}

func TestKeys(t *testing.T) {
	tests := []struct {
		name   string
		form   Form
		keys   []string
		want   string // of the text and the option
		answer Answer
	}{
		{"typed", fields(), []string{"a", "q", "enter", "right"}, "aq v2", Typing},
		{"submitted", fields(), []string{"a", "enter", "left", "enter"}, "a 支付", Submitted},
		{"fields go around", fields(), []string{"tab", "tab", "x", "up", "space"}, "x v2", Typing},
		{"cancelled", fields(), []string{"a", "esc"}, "a v1", Cancelled},
		{"y is a letter", fields(), []string{"y", "n"}, "yn v1", Typing},
	}
	for _, tt := range tests {
		f, answer := press(tt.form, tt.keys...)
		if got := f.Fields[0].Text + " " + f.Fields[1].Option(); got != tt.want || answer != tt.answer {
			t.Errorf("%s: %q, %d", tt.name, got, answer)
		}
	}
	for key, want := range map[string]Answer{"y": Submitted, "n": Cancelled, "esc": Cancelled, "enter": Typing, "q": Typing} {
		if _, got := press(Form{Question: "Really?"}, key); got != want {
			t.Errorf("a question and %s: %d", key, got)
		}
	}
	if _, got := press(Form{Question: "Really?", Busy: true}, "y"); got != Typing {
		t.Error("what is under way is submitted again")
	}
	before := fields()
	if _, _ = press(before, "a"); before.Fields[0].Text != "" {
		t.Error("a key changes the form that it was given to")
	}
}

// TestLinesFit checks that the chosen option shows however narrow it is.
func TestLinesFit(t *testing.T) {
	f := fields()
	f.Fields[1].Chosen, f.At, f.Problem = 2, 1, strings.Repeat("it is wrong ", 30)
	f.Fields[0].Text = strings.Repeat("支", 60)
	for width := 20; width < 120; width++ {
		for _, l := range f.Lines(theme.New(theme.Dark), width) {
			if got := ansi.StringWidth(l); got > width+1 { // the frame cuts the cursor's own cell
				t.Fatalf("at %d cells a line has %d: %q", width, got, ansi.Strip(l))
			}
		}
		if text := ansi.Strip(strings.Join(f.Lines(theme.New(theme.Dark), width), "\n")); !strings.Contains(text, "[支付]") {
			t.Fatalf("at %d cells the chosen option is not shown:\n%s", width, text)
		}
	}
}
