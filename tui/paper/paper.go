// Package paper owns pages of text: what was opened from a screen and is read
// in its place.
package paper

import (
	"github.com/diorama-dev/diorama/tui/layout"
	"github.com/diorama-dev/diorama/tui/theme"
)

// most bounds the lines of a page.
const most = 20_000

// Paper collects the lines of a page. Its texts must be safe to show.
type Paper struct {
	Title string
	Lines []string
	theme theme.Theme
	width int
}

// New returns an empty page for a width in cells.
func New(t theme.Theme, width int, title string) *Paper {
	return &Paper{Title: title, theme: t, width: width}
}

// Heading adds a line that divides.
func (p *Paper) Heading(text string) {
	p.Blank()
	p.add(" " + p.theme.Accent.Paint(layout.Cut(text, p.width-2)))
}

// Blank parts what follows from what is there.
func (p *Paper) Blank() {
	if len(p.Lines) > 0 {
		p.add("")
	}
}

// Text adds a paragraph.
func (p *Paper) Text(style theme.Style, text string) {
	for _, l := range layout.Wrap(text, p.width-2) {
		p.add(" " + style.Paint(l))
	}
}

// Field adds a name and its value; nothing where there is no value.
func (p *Paper) Field(name, value string) {
	if value == "" {
		return
	}
	nameWidth := layout.Clamp(p.width/4, 6, 12)
	lead := " " + p.theme.Muted.Paint(layout.FitRight(name, nameWidth)) + "  "
	for _, l := range layout.Wrap(value, p.width-nameWidth-4) {
		p.add(lead + l)
		lead = layout.Space(nameWidth + 3)
	}
}

// Code adds text line by line, as it is indented: it may hold line ends. Where
// there was an earlier one, what is new is marked, and what is gone stands where
// it was.
func (p *Paper) Code(text, earlier string) {
	if earlier == "" {
		for _, l := range linesOf(text) {
			p.add("   " + p.theme.Text.Paint(layout.Cut(layout.Safe(l), p.width-4)))
		}
		return
	}
	for _, c := range compared(earlier, text) {
		p.change(c)
	}
}

func (p *Paper) add(line string) {
	if len(p.Lines) < most {
		p.Lines = append(p.Lines, line)
	}
}

// Scrolled returns how far down a page of a height is after a move by lines.
func (p *Paper) Scrolled(offset, by, height int) int {
	return layout.Clamp(offset+by, 0, max(len(p.Lines)-room(height), 0))
}

// room is how many lines of a page of a height lie below its title.
func room(height int) int { return max(height-1, 0) }

// View draws the page from an offset on: exactly as many lines as it is high.
func (p *Paper) View(offset, height int) []string {
	offset = p.Scrolled(offset, 0, height)
	shown := layout.Slice(p.Lines, offset, room(height))
	more := ""
	if below := len(p.Lines) - offset - len(shown); below > 0 {
		more = p.theme.Muted.Paint(layout.Plural(below, "more line") + " ↓ ")
	}
	title := " " + p.theme.Strong.Paint(layout.Cut(p.Title, p.width-2))
	return layout.Fill(append([]string{layout.Between(title, more, p.width)}, shown...), p.width, height)
}
