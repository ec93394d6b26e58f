package services

import (
	"github.com/diorama-dev/diorama/internal/env"
	"github.com/diorama-dev/diorama/tui/layout"
)

// rowKind is what a line of the list shows.
type rowKind uint8

const (
	rowFinding rowKind = iota // of the cluster or the host
	rowStack
	rowService
	rowWhy
	rowWaiting
)

// row is a line of the list, not drawn yet.
type row struct {
	kind    rowKind
	service int // index in shown; -1: none
	text    string
}

// narrow is the width below which the screen is a list of signs, names and one
// number.
const narrow = 60

// rows are all lines of the list. Only those in the window are drawn.
func (m Model) rows() []row {
	var rows []row
	for _, f := range m.snapshot.Findings {
		for _, l := range layout.Clip(layout.Wrap(f.Summary, m.width-4), 2, m.width-4) {
			rows = append(rows, row{kind: rowFinding, service: -1, text: l})
		}
	}
	stack := ""
	for i, s := range m.shown {
		if s.Stack != stack && m.width >= narrow {
			rows = append(rows, row{kind: rowStack, service: -1, text: heading(s)})
			stack = s.Stack
		}
		rows = append(rows, row{kind: rowService, service: i})
		rows = append(rows, m.reasons(i)...)
	}
	return rows
}

// reasons are the lines below a service: why it is not well, or what it waits
// for. On a narrow screen only the selected service has them.
func (m Model) reasons(i int) []row {
	s := m.shown[i]
	if m.width < narrow && keyOf(s) != m.selected {
		return nil
	}
	w := m.width - 6
	if len(s.Why) > 0 {
		var rows []row
		for _, l := range layout.Clip(layout.Wrap(s.Why[0].Summary, w), 2, w) {
			rows = append(rows, row{kind: rowWhy, service: i, text: l})
		}
		return rows
	}
	if s.Waiting != "" && s.Phase != env.PhaseReady {
		return []row{{kind: rowWaiting, service: i, text: layout.Cut(s.Waiting, w)}}
	}
	return nil
}

func heading(s env.Service) string {
	if s.Imitated() {
		return s.Stack + " · " + s.Category + " · imitation"
	}
	if s.Category == "" {
		return s.Stack
	}
	return s.Stack + " · " + s.Category
}
