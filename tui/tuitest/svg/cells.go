package svg

import (
	"bytes"
	"fmt"
	"html"
	"slices"
	"strings"
	"unicode/utf8"

	uv "github.com/charmbracelet/ultraviolet"
)

// sheet is what the cells become.
type sheet struct {
	body  bytes.Buffer
	looks []look
}

// kind is how a cell is drawn.
type kind uint8

const (
	// letters stand in their cells by themselves in a monospaced font, and are
	// drawn many at a time.
	letters kind = iota
	// symbol may come from another font, of another width: it is put into the
	// middle of its cells.
	symbol
	// shape fills a part of its cell exactly; no font is asked.
	shape
)

// run is neighbouring cells that are drawn at once.
type run struct {
	kind          kind
	look          look
	column, cells int
	text          string
}

// line draws a line of cells.
func (s *sheet) line(top int, line uv.Line) {
	s.grounds(top, line)
	for _, r := range runsOf(line) {
		switch r.kind {
		case letters:
			text := strings.TrimRight(r.text, " ")
			width := at(r.cells - len(r.text) + len(text))
			fmt.Fprintf(&s.body, "<text x=\"%s\" y=\"%d\" textLength=\"%s\"%s>%s</text>\n",
				number(at(r.column)), top+baseline, number(width), s.class(r.look), html.EscapeString(text))
		case symbol:
			middle := at(r.column) + at(r.cells)/2
			fmt.Fprintf(&s.body, "<text x=\"%s\" y=\"%d\"%s>%s</text>\n",
				number(middle), top+baseline, s.class(r.look, "o"), html.EscapeString(r.text))
		case shape:
			fmt.Fprintf(&s.body, "<path d=\"%s\"%s/>\n", outline(r.text, at(r.column), top), s.class(r.look))
		}
	}
}

// grounds draws what is behind a line's cells, where that is not the window.
func (s *sheet) grounds(top int, line uv.Line) {
	for from := 0; from < len(line); {
		color, to := groundOf(line[from].Style), from+1
		for to < len(line) && (line[to].Width == 0 || groundOf(line[to].Style) == color) {
			to++
		}
		if color != "" {
			fmt.Fprintf(&s.body, "<path d=\"M%s %dh%sv%dh-%[3]sz\" style=\"fill:%[5]s\"/>\n",
				number(at(from)), top, number(at(to-from)), cellHeight, color)
		}
		from = to
	}
}

// runsOf parts a line. One blank may stand within a run; more of them end it,
// so that what follows is placed anew and columns are straight in every font.
func runsOf(line uv.Line) []run {
	var out []run
	blanks := 0
	for column, cell := range line {
		if cell.Width == 0 {
			continue // the second half of a wide character
		}
		r := run{kindOf(cell), lookOf(cell.Style), column, cell.Width, cell.Content}
		last := len(out) - 1
		joins := last >= 0 && out[last].kind == r.kind && out[last].look == r.look && r.kind != symbol
		if strings.TrimSpace(cell.Content) == "" && !r.look.underline && !r.look.strike {
			if blanks++; joins && blanks == 1 {
				out[last].text, out[last].cells = out[last].text+" ", out[last].cells+1
			}
			continue
		}
		if joins && out[last].column+out[last].cells == column {
			out[last].text, out[last].cells = out[last].text+cell.Content, out[last].cells+cell.Width
		} else {
			out = append(out, r)
		}
		blanks = 0
	}
	return out
}

// kindOf says how a cell is drawn. Latin letters and general punctuation are
// in every monospaced font.
func kindOf(cell uv.Cell) kind {
	r, size := utf8.DecodeRuneInString(cell.Content)
	switch {
	case size < len(cell.Content) || cell.Width > 1:
		return symbol
	case isShape(r):
		return shape
	case r < 0x0250 || r >= 0x2010 && r <= 0x2027:
		return letters
	}
	return symbol
}

// class is the attribute that gives an element its look.
func (s *sheet) class(l look, more ...string) string {
	if l != (look{fill: ink}) {
		i := slices.Index(s.looks, l)
		if i < 0 {
			i = len(s.looks)
			s.looks = append(s.looks, l)
		}
		more = append(more, className(i))
	}
	if len(more) == 0 {
		return ""
	}
	return fmt.Sprintf(" class=%q", strings.Join(more, " "))
}
