package report

import (
	"slices"
	"strings"

	"github.com/diorama-dev/diorama/internal/env"
	"github.com/diorama-dev/diorama/internal/terminal"
)

const (
	gap       = 2 // columns between cells
	signSpace = 3 // before the first cell
	nameFloor = 8 // a name is not cut below this for the sake of others
)

// byStack groups services by stack, in the order in which stacks first occur.
func byStack(services []env.Service) [][]env.Service {
	var groups [][]env.Service
	at := make(map[string]int)
	for _, v := range services {
		i, known := at[v.Stack]
		if !known {
			i = len(groups)
			at[v.Stack] = i
			groups = append(groups, nil)
		}
		groups[i] = append(groups[i], v)
	}
	return groups
}

// column of a table of rows; rank says in which order columns go when there is
// too little room, the highest first.
type column[Row any] struct {
	title string
	right bool
	rank  int
	cell  func(Row) string
}

// fit leaves out columns until the rest has room, and says how wide each is.
func fit[Row any](o Options, columns []column[Row], rows []Row) ([]column[Row], []int) {
	for {
		widths := measure(columns, rows)
		total := signSpace
		for _, w := range widths {
			total += w + gap
		}
		total -= gap
		if o.Width == 0 || total <= o.Width || len(columns) == 1 {
			return columns, widths
		}
		if spare := total - o.Width; widths[0]-spare >= nameFloor && len(columns) <= 3 {
			widths[0] -= spare
			return columns, widths
		}
		columns = withoutHighest(columns)
	}
}

func measure[Row any](columns []column[Row], rows []Row) []int {
	widths := make([]int, len(columns))
	for i, c := range columns {
		widths[i] = terminal.Width(c.title)
		for _, v := range rows {
			widths[i] = max(widths[i], terminal.Width(c.cell(v)))
		}
	}
	return widths
}

// telling are the columns that say something of any row.
func telling[Row any](columns []column[Row], rows []Row) []column[Row] {
	return slices.DeleteFunc(slices.Clone(columns), func(c column[Row]) bool {
		return !slices.ContainsFunc(rows, func(v Row) bool { text := c.cell(v); return text != "" && text != unknown })
	})
}

func withoutHighest[Row any](columns []column[Row]) []column[Row] {
	drop := 0
	for i, c := range columns {
		if c.rank > columns[drop].rank {
			drop = i
		}
	}
	return slices.Delete(slices.Clone(columns), drop, drop+1)
}

// heads are the titles of the columns, laid out.
func heads[Row any](columns []column[Row], widths []int) string {
	return cells(columns, widths, func(c column[Row]) string { return c.title })
}

// row is a row, laid out.
func row[Row any](columns []column[Row], widths []int, v Row) string {
	return cells(columns, widths, func(c column[Row]) string { return c.cell(v) })
}

func cells[Row any](columns []column[Row], widths []int, text func(column[Row]) string) string {
	parts := make([]string, len(columns))
	for i, c := range columns {
		if c.right {
			parts[i] = terminal.PadLeft(text(c), widths[i])
		} else {
			parts[i] = terminal.Pad(text(c), widths[i])
		}
	}
	return strings.Join(parts, strings.Repeat(" ", gap))
}

// wrapped writes text over as many indented lines as it takes, none of it lost.
func (p *page) wrapped(t tone, text, indent string) {
	for _, l := range wrap(text, p.options.Width-len(indent)) {
		p.buf.WriteString(indent + p.options.paint(t, l) + "\n")
	}
}

// wrap breaks text at spaces into lines of so many columns; a width that is
// not positive leaves it whole. Words that are too long are broken.
func wrap(text string, width int) []string {
	if width <= 0 {
		return []string{text}
	}
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		for {
			if line == "" && terminal.Width(word) > width {
				head := hardCut(word, width)
				lines, word = append(lines, head), word[len(head):]
				continue
			}
			if line == "" {
				line = word
			} else if terminal.Width(line)+1+terminal.Width(word) <= width {
				line += " " + word
			} else {
				lines, line = append(lines, line), ""
				continue
			}
			break
		}
	}
	if line != "" || len(lines) == 0 {
		lines = append(lines, line)
	}
	return lines
}

// hardCut is the longest beginning of a word that takes at most width
// columns, and at least one character.
func hardCut(word string, width int) string {
	end := 0
	for i, r := range word {
		if next := i + len(string(r)); end == 0 || terminal.Width(word[:next]) <= width {
			end = next
			continue
		}
		break
	}
	return word[:end]
}
