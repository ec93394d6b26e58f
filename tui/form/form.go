// Package form owns what is asked for over a screen: fields that are filled
// in one after the other, and whether something is to be done.
package form

import (
	tea "charm.land/bubbletea/v2"

	"github.com/diorama-dev/diorama/tui/intent"
	"github.com/diorama-dev/diorama/tui/layout"
	"github.com/diorama-dev/diorama/tui/theme"
	"github.com/diorama-dev/diorama/tui/typing"
)

// Form is what is asked for. It is a value; its texts must be safe to show. A
// form without fields asks whether: y says yes.
type Form struct {
	Question string
	Fields   []Field
	At       int
	Does     string   // what submitting it does: "preview"
	Notes    []string // what follows, where that is not plain
	Problem  string   // why it cannot be submitted as it is
	Busy     bool     // a request is under way
}

// Field is one line of a form: a text, or one of several options.
type Field struct {
	Label   string
	Text    string
	Hint    string
	Options []string
	Chosen  int
}

// Answer is what a key did to a form.
type Answer uint8

// The answers.
const (
	Typing    Answer = iota // it is still being filled in
	Cancelled               // it is not wanted any more
	Submitted               // it is to be done
)

// The intents of a form, for its hints alone: a form takes every key.
const (
	submit intent.Intent = "submit the form"
	cancel intent.Intent = "close the form"
	next   intent.Intent = "next field"
)

// Bindings are the keys of the form.
func (f Form) Bindings() []intent.Binding {
	yes, does := "enter", f.Does
	switch {
	case len(f.Fields) == 0:
		yes = "y"
	case f.At < len(f.Fields)-1:
		does = "next"
	}
	list := []intent.Binding{
		{Keys: []string{"esc"}, Help: "back", Intent: cancel, Hint: "back"},
		{Keys: []string{yes}, Help: does, Intent: submit, Hint: does},
	}
	if len(f.Fields) > 1 {
		list = append(list, intent.Binding{Keys: []string{"tab"}, Help: "next field", Intent: next, Hint: "next field"})
	}
	return list
}

// Key gives the form a key.
func (f Form) Key(k tea.KeyPressMsg) (Form, Answer) {
	key, n := k.String(), len(f.Fields)
	switch {
	case key == "esc", n == 0 && key == "n":
		return f, Cancelled
	case f.Busy:
		return f, Typing
	case n == 0 && key == "y":
		return f, Submitted
	case n == 0:
		return f, Typing
	}
	f.Problem = ""
	switch key {
	case "enter":
		if f.At < n-1 {
			f.At++
			return f, Typing
		}
		return f, Submitted
	case "tab", "down":
		f.At = (f.At + 1) % n
	case "shift+tab", "up":
		f.At = (f.At + n - 1) % n
	default:
		f = f.with(f.Fields[f.At].typed(k))
	}
	return f, Typing
}

// Pasted returns the form with text from the clipboard.
func (f Form) Pasted(text string) Form {
	if f.Busy || len(f.Fields) == 0 || f.Fields[f.At].Options != nil {
		return f
	}
	x := f.Fields[f.At]
	x.Text = typing.Pasted(x.Text, text)
	return f.with(x)
}

// with returns the form with the field that is filled in replaced.
func (f Form) with(x Field) Form {
	f.Fields = append([]Field(nil), f.Fields...)
	f.Fields[f.At] = x
	return f
}

// Option is the option that is chosen; empty: the field has none.
func (x Field) Option() string {
	if x.Chosen < 0 || x.Chosen >= len(x.Options) {
		return ""
	}
	return x.Options[x.Chosen]
}

func (x Field) typed(k tea.KeyPressMsg) Field {
	n := len(x.Options)
	if n == 0 {
		x.Text = typing.Key(x.Text, k)
		return x
	}
	switch k.String() {
	case "right", "space", "l":
		x.Chosen = (x.Chosen + 1) % n
	case "left", "h":
		x.Chosen = (x.Chosen + n - 1) % n
	}
	return x
}

// Lines draw the form: what it asks, its fields, what is wrong with them.
func (f Form) Lines(t theme.Theme, width int) []string {
	var lines []string
	for _, l := range layout.Clip(layout.Wrap(f.Question, width-2), 2, width-2) {
		lines = append(lines, " "+t.Strong.Paint(l))
	}
	labels := 0
	for _, x := range f.Fields {
		labels = max(labels, layout.Width(x.Label))
	}
	for i, x := range f.Fields {
		lines = append(lines, x.line(t, width, labels, i == f.At))
	}
	for _, n := range f.Notes {
		for _, l := range layout.Clip(layout.Wrap(n, width-2), 2, width-2) {
			lines = append(lines, " "+t.Muted.Paint(l))
		}
	}
	switch {
	case f.Busy:
		lines = append(lines, " "+t.Working.Paint("under way…"))
	case f.Problem != "":
		for _, l := range layout.Clip(layout.Wrap(theme.SignUnwell+" "+f.Problem, width-2), 3, width-2) {
			lines = append(lines, " "+t.Unwell.Paint(l))
		}
	case len(f.Fields) == 0:
		lines = append(lines, " "+t.Accent.Paint("y")+" "+t.Text.Paint("yes, "+f.Does)+"   "+t.Accent.Paint("n")+" "+t.Text.Paint("no"))
	}
	return lines
}

func (x Field) line(t theme.Theme, width, labels int, at bool) string {
	mark, cursor := "  ", ""
	if at {
		mark, cursor = " "+t.Mark(true), t.Hit.Paint(" ")
	}
	line := mark + " " + t.Muted.Paint(layout.Fit(x.Label, labels)) + "  "
	room := max(width-layout.Width(line)-2, 1)
	if x.Options != nil {
		return line + x.options(t, room)
	}
	text := x.Text
	if over := layout.Width(text) - room; over > 0 { // its end is where it is typed
		text = "…" + tail(text, room-1)
	}
	line += t.Text.Paint(text) + cursor
	if left := width - layout.Width(line) - 3; x.Text == "" && left > 8 {
		line += " " + t.Faint.Paint(layout.Cut(x.Hint, left))
	}
	return line
}

// options are those that there is room for, the chosen one always.
func (x Field) options(t theme.Theme, room int) string {
	width := func(from, to int) int {
		w := 2
		for _, o := range x.Options[from:to] {
			w += layout.Width(o) + 1
		}
		return w
	}
	from := 0
	for from < x.Chosen && width(from, x.Chosen+1) > room {
		from++
	}
	line := ""
	for i := from; i < len(x.Options) && (i == from || width(from, i+1) <= room); i++ {
		style, o := t.Muted, x.Options[i]
		if i == x.Chosen {
			o, style = "["+layout.Cut(o, room-2)+"]", t.Accent
		}
		line += style.Paint(o) + " "
	}
	return line
}

// tail is the end of a text that fits into w cells.
func tail(text string, w int) string {
	runes := []rune(text)
	for len(runes) > 0 && layout.Width(string(runes)) > w {
		runes = runes[max(1, (layout.Width(string(runes))-w)/2):]
	}
	return string(runes)
}
