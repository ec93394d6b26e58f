package tui

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/diorama-dev/diorama/tui/intent"
	"github.com/diorama-dev/diorama/tui/layout"
	"github.com/diorama-dev/diorama/tui/logs"
)

// fieldRow is a line of the page of a log line: a value, or a part of one.
type fieldRow struct {
	name   string // as wide as all of them; blank where the value goes on
	text   string
	detail logs.Detail
}

// fieldRows are all that is known of a line, laid out for the screen: that is
// too much work for every frame.
func (m Model) fieldRows(e logs.Entry) []fieldRow {
	details, names := e.Details(m.now.Location()), 12
	for _, d := range details {
		names = max(names, min(layout.Width(d.Name), m.width/3))
	}
	var rows []fieldRow
	for _, d := range details {
		name := layout.FitRight(d.Name, names)
		for _, line := range d.Lines {
			for _, part := range layout.Wrap(line, m.width-names-4) {
				rows = append(rows, fieldRow{name: name, text: part, detail: d})
				name = layout.Space(names)
			}
		}
	}
	return rows
}

// fields draw the page of a log line.
func (m Model) fields(p *page) {
	for i, r := range m.overlay.rows {
		mark, style := " ", m.theme.Text
		if i == m.overlay.choice {
			mark, style = m.theme.Mark(true), m.theme.Strong
		}
		p.lines = append(p.lines, mark+m.theme.Muted.Paint(r.name)+"  "+style.Paint(r.text))
	}
}

// detail is what the cursor is on in the page of a log line.
func (m Model) detail() logs.Detail {
	rows := m.overlay.rows
	if m.overlay.choice < 0 || m.overlay.choice >= len(rows) {
		return logs.Detail{}
	}
	return rows[m.overlay.choice].detail
}

// fieldBindings are the keys of the page of a log line.
func (m Model) fieldBindings() []intent.Binding {
	d := m.detail()
	unfiltered, traceless := "", ""
	if d.Filter.Key == "" {
		unfiltered = "lines are not filtered by their " + d.Name + ": / searches for a text"
	}
	if m.overlay.entry.Trace == "" {
		traceless = "this line names no trace"
	}
	return []intent.Binding{
		{Keys: []string{"enter", "="}, Label: "enter", Help: "only lines with this value", Intent: OnlyValue, Off: unfiltered, Hint: "only these"},
		{Keys: []string{"!", "-"}, Label: "!", Help: "only lines without it", Intent: NotValue, Off: unfiltered, Hint: "without these"},
		{Keys: []string{"y"}, Help: "copy the value", Intent: CopyField, Hint: "copy"},
		{Keys: []string{"Y"}, Help: "copy the whole line", Intent: Copy},
		{Keys: []string{"t"}, Help: "all lines of this trace", Intent: logs.Trace, Off: traceless, Hint: "this trace"},
	}
}

// fieldPerform carries out an intent on the page of a log line.
func (m Model) fieldPerform(i intent.Intent) (tea.Model, tea.Cmd) {
	d := m.detail()
	var cmd tea.Cmd
	switch i {
	case CopyField:
		return m.say("copied the " + d.Name), tea.SetClipboard(strings.Join(d.Lines, "\n"))
	case Copy:
		return m.say("copied the line"), tea.SetClipboard(m.overlay.entry.Copied())
	case OnlyValue, NotValue:
		d.Filter.Not = i == NotValue
		m.logs, cmd = m.logs.WithField(d.Filter)
	case logs.Trace:
		m.logs, cmd = m.logs.OfTrace(m.overlay.entry)
	}
	m.overlay = overlay{}
	return m.heard(), cmd
}
