package queues

import (
	tea "charm.land/bubbletea/v2"

	"github.com/diorama-dev/diorama/internal/queue"
	"github.com/diorama-dev/diorama/tui/intent"
	"github.com/diorama-dev/diorama/tui/layout"
	"github.com/diorama-dev/diorama/tui/typing"
)

// formKind is what a form asks for.
type formKind uint8

const (
	formNone    formKind = iota
	formProduce          // a message
	formCreate           // a queue
	formDelete           // whether a queue is to be deleted: its name
	formAt               // where to look at messages from
	formReset            // where a group is to go on
	formMove             // whether it is to, as the preview says
)

// The intents of a form.
const (
	Move       intent.Intent = "move a group"
	submit     intent.Intent = "submit the form"
	cancelForm intent.Intent = "close the form"
	nextField  intent.Intent = "next field"
)

// form is what is asked for over the screen. The zero value asks for nothing.
type form struct {
	kind       formKind
	target     target
	fields     []field
	at         int
	confirming bool   // all is filled in: the next yes does it
	ask        uint64 // the request under way
	problem    string
}

// field is one line of a form: a text, or one of several options.
type field struct {
	label   string
	text    string
	hint    string
	options []string
	chosen  int
}

// Asking reports whether the screen asks for something, and wants every key.
func (m Model) Asking() bool { return m.form.kind != formNone }

// Empty reports whether there is nothing to show.
func (m Model) Empty() bool { return m.deps.Source.Empty() }

// asking opens a form for what the cursor is on.
func (m Model) asking(kind formKind) Model {
	m.form = form{kind: kind, target: m.target(), fields: m.fieldsOf(kind), confirming: kind == formMove}
	if kind == formProduce { // where it goes is for the key to say
		m.form.target.partition = queue.Count{}
	}
	return m
}

// FormBindings are the keys of the form that is open.
func (m Model) FormBindings() []intent.Binding {
	yes, does := "enter", m.form.does()
	if m.form.confirming {
		yes = "y"
	}
	list := []intent.Binding{
		{Keys: []string{"esc"}, Help: "back", Intent: cancelForm, Hint: "back"},
		{Keys: []string{yes}, Help: does, Intent: submit, Hint: does},
	}
	if len(m.form.fields) > 1 && !m.form.confirming {
		list = append(list, intent.Binding{Keys: []string{"tab"}, Help: "next field", Intent: nextField, Hint: "next field"})
	}
	return list
}

// does says what the form does when it is submitted.
func (f form) does() string {
	if f.at < len(f.fields)-1 && !f.confirming {
		return "next"
	}
	switch f.kind {
	case formProduce:
		return "write"
	case formCreate:
		return "create"
	case formDelete:
		return "delete"
	case formAt:
		return "look"
	case formReset:
		return "preview"
	case formMove:
		return "move it"
	case formNone:
	}
	return ""
}

// Key gives the form a key.
func (m Model) Key(k tea.KeyPressMsg) (Model, tea.Cmd) {
	m.note = Note{}
	key := k.String()
	switch {
	case key == "esc" || m.form.confirming && key == "n":
		return m.closed(), nil
	case m.form.ask != 0: // under way
		return m, nil
	case m.form.confirming:
		if key == "y" {
			return m.submitted()
		}
		return m, nil
	case key == "enter":
		return m.entered()
	}
	f := m.form
	f.problem = ""
	switch key {
	case "tab", "down":
		f.at = (f.at + 1) % len(f.fields)
	case "shift+tab", "up":
		f.at = (f.at + len(f.fields) - 1) % len(f.fields)
	default:
		f.fields = append([]field(nil), f.fields...)
		f.fields[f.at] = f.fields[f.at].typed(k)
	}
	m.form = f
	return m, nil
}

// Pasted gives the form text from the clipboard.
func (m Model) Pasted(text string) Model {
	f := m.form
	if f.kind == formNone || f.confirming || f.ask != 0 || f.fields[f.at].options != nil {
		return m
	}
	f.fields = append([]field(nil), f.fields...)
	f.fields[f.at].text = typing.Pasted(f.fields[f.at].text, text)
	m.form = f
	return m
}

// typed returns the field after a key.
func (f field) typed(k tea.KeyPressMsg) field {
	n := len(f.options)
	if n == 0 {
		f.text = typing.Key(f.text, k)
		return f
	}
	switch k.String() {
	case "right", "space", "l":
		f.chosen = (f.chosen + 1) % n
	case "left", "h":
		f.chosen = (f.chosen + n - 1) % n
	}
	return f
}

// closed leaves a question for the fields, and the fields for the screen.
func (m Model) closed() Model {
	if m.form.confirming && len(m.form.fields) > 0 && m.form.ask == 0 {
		m.form.confirming = false
		return m
	}
	m.form = form{}
	return m
}

// entered goes to the next field; on the last one it asks whether, or does what
// needs no question.
func (m Model) entered() (Model, tea.Cmd) {
	if m.form.at < len(m.form.fields)-1 {
		m.form.at++
		return m, nil
	}
	if m.form.problem = m.problem(); m.form.problem != "" {
		return m, nil
	}
	if m.form.kind == formProduce {
		m.form.confirming = true
		return m, nil
	}
	return m.submitted()
}

// formLines draw the form: what it asks, its fields, what is wrong with them.
func (m Model) formLines() []string {
	f := m.form
	lines := []string{" " + m.theme.Strong.Paint(layout.Cut(m.question(), m.width-2))}
	labels := 0
	for _, x := range f.fields {
		labels = max(labels, layout.Width(x.label))
	}
	for i, x := range f.fields {
		lines = append(lines, m.fieldLine(x, labels, i == f.at && !f.confirming))
	}
	for _, text := range m.consequences() {
		lines = append(lines, " "+m.theme.Muted.Paint(layout.Cut(text, m.width-2)))
	}
	switch {
	case f.ask != 0:
		lines = append(lines, " "+m.theme.Working.Paint("under way…"))
	case f.problem != "":
		for _, l := range layout.Clip(layout.Wrap("✗ "+f.problem, m.width-2), 3, m.width-2) {
			lines = append(lines, " "+m.theme.Unwell.Paint(l))
		}
	case f.confirming:
		lines = append(lines, " "+m.theme.Accent.Paint("y")+" "+m.theme.Text.Paint("yes, "+f.does())+"   "+m.theme.Accent.Paint("n")+" "+m.theme.Text.Paint("no"))
	}
	return lines
}

func (m Model) fieldLine(x field, labels int, at bool) string {
	mark, cursor := "  ", ""
	if at {
		mark, cursor = " "+m.theme.Mark(true), m.theme.Hit.Paint(" ")
	}
	line := mark + " " + m.theme.Muted.Paint(layout.Fit(x.label, labels)) + "  "
	room := max(m.width-layout.Width(line)-2, 1)
	if x.options != nil {
		for i, o := range x.options {
			style := m.theme.Muted
			if i == x.chosen {
				o, style = "["+o+"]", m.theme.Accent
			}
			line += style.Paint(o) + " "
		}
		return line
	}
	text := x.text
	if over := layout.Width(text) - room; over > 0 { // its end is where it is typed
		text = "…" + tail(text, room-1)
	}
	line += m.theme.Text.Paint(text) + cursor
	if left := m.width - layout.Width(line) - 3; x.text == "" && left > 8 {
		line += " " + m.theme.Faint.Paint(layout.Cut(x.hint, left))
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
