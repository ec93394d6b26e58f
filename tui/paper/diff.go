package paper

import (
	"strings"

	"github.com/diorama-dev/diorama/tui/layout"
)

// mostCells bounds how much two texts are compared line by line; of longer ones
// all that lies between their common beginning and end counts as changed. A page
// is made anew for every frame.
const mostCells = 250_000

// change is a line of two texts: in both, or added or taken away.
type change struct {
	mark byte // ' ', '+' or '-'
	text string
}

// compared are the lines of a text beside those that were there earlier.
func compared(earlier, text string) []change {
	a, b := linesOf(earlier), linesOf(text)
	var out, tail []change
	for len(a) > 0 && len(b) > 0 && a[0] == b[0] {
		out = append(out, change{' ', a[0]})
		a, b = a[1:], b[1:]
	}
	for len(a) > 0 && len(b) > 0 && a[len(a)-1] == b[len(b)-1] {
		tail = append(tail, change{' ', a[len(a)-1]})
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	longest := common(a, b)
	for len(a)+len(b) > 0 {
		switch {
		case len(a) > 0 && len(b) > 0 && a[0] == b[0] && longest != nil:
			out = append(out, change{' ', a[0]})
			a, b = a[1:], b[1:]
		case len(a) > 0 && (len(b) == 0 || longest == nil || longest[len(a)-1][len(b)] >= longest[len(a)][len(b)-1]):
			out = append(out, change{'-', a[0]})
			a = a[1:]
		default:
			out = append(out, change{'+', b[0]})
			b = b[1:]
		}
	}
	for i := len(tail) - 1; i >= 0; i-- {
		out = append(out, tail[i])
	}
	return raised(out)
}

// raised moves what was added or taken away in one piece up as far as it can
// stand for the same: an element of a list then begins where it does.
func raised(all []change) []change {
	for from := 1; from < len(all); from++ {
		mark := all[from].mark
		if mark == ' ' || all[from-1].mark != ' ' {
			continue
		}
		to := from
		for to < len(all) && all[to].mark == mark {
			to++
		}
		if to < len(all) && all[to].mark != ' ' {
			continue // lines that were put in the place of others stay beside them
		}
		for first, last := from-1, to-1; first >= 0 && all[first].mark == ' ' && all[first].text == all[last].text; first, last = first-1, last-1 {
			all[first].mark, all[last].mark = mark, ' '
		}
	}
	return all
}

// common is how many lines the ends of two texts have in common at most, by how
// many lines these ends have; nil of texts that are too long.
func common(a, b []string) [][]int {
	if (len(a)+1)*(len(b)+1) > mostCells {
		return nil
	}
	longest := make([][]int, len(a)+1)
	for i := range longest {
		longest[i] = make([]int, len(b)+1)
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			if a[len(a)-i] == b[len(b)-j] {
				longest[i][j] = longest[i-1][j-1] + 1
			} else {
				longest[i][j] = max(longest[i-1][j], longest[i][j-1])
			}
		}
	}
	return longest
}

func linesOf(text string) []string {
	var out []string
	for l := range strings.Lines(text) {
		out = append(out, strings.TrimRight(l, "\r\n"))
	}
	return out
}

// around is how many lines that did not change are shown before and after one
// that did.
const around = 3

// Changes adds what differs in a text from what was there earlier, with a few
// lines around it.
func (p *Paper) Changes(text, earlier string) {
	all := compared(earlier, text)
	near := make([]bool, len(all))
	for i, c := range all {
		if c.mark == ' ' {
			continue
		}
		for j := max(i-around, 0); j <= min(i+around, len(all)-1); j++ {
			near[j] = true
		}
	}
	shown := true
	for i, c := range all {
		if near[i] {
			p.change(c)
		} else if shown {
			p.add("   " + p.theme.Faint.Paint("⋮"))
		}
		shown = near[i]
	}
}

func (p *Paper) change(c change) {
	mark, style := "  ", p.theme.Muted
	switch c.mark {
	case '+':
		style = p.theme.Accent
		mark = style.Paint("+") + " "
	case '-':
		style = p.theme.Unwell
		mark = style.Paint("-") + " "
	}
	p.add(" " + mark + style.Paint(layout.Cut(layout.Safe(c.text), p.width-4)))
}
