package svg

import (
	"fmt"
	"strings"
)

// rule is a line across the middle of its cells.
const rule = '─'

// isShape reports whether a cell is filled in part, and not written: a rule
// or a block of a sparkline or a bar.
func isShape(r rune) bool { return r == rule || r >= '▁' && r <= '█' }

// tallest is how high a whole block is: a little less than its cell, as in
// terminals that leave room between lines.
const tallest = cellHeight - 3

// gap is what stands free between two blocks, so that they can be counted.
const gap = 1

// outline is the path around the parts of cells that the text's characters
// fill; a blank fills nothing. A rule is one piece however long it is.
func outline(text string, left float64, top int) string {
	var b strings.Builder
	piece := func(column int, y, width, height float64) {
		fmt.Fprintf(&b, "M%s %sh%sv%sh-%[3]sz", number(left+at(column)), number(float64(top)+y), number(width), number(height))
	}
	cells := []rune(text)
	for from, to := 0, 0; from < len(cells); from = to {
		for to = from + 1; to < len(cells) && cells[from] == rule && cells[to] == rule; {
			to++
		}
		switch r := cells[from]; {
		case r == rule:
			piece(from, cellHeight/2, at(to-from), 1)
		case isShape(r):
			height := float64(r-'▁'+1) / 8 * tallest
			piece(from, cellHeight-1-height, cellWidth-gap, height)
		}
	}
	return b.String()
}
