package queues

// rowKind is what a line of a page shows.
type rowKind uint8

const (
	rowText rowKind = iota
	rowTitle
	rowPartition
	rowReader
	rowMember
	rowOffset
	rowMessage
	rowChange
)

// pageRow is a line of a page, not drawn yet.
type pageRow struct {
	kind rowKind
	at   int     // index of what it shows
	of   rowKind // of a title: what stands below it
}

func (r pageRow) selectable() bool { return r.kind > rowTitle }

// rows are all lines of a page. Only those in the window are drawn.
func (p page) rows() []pageRow {
	var rows []pageRow
	section := func(kind rowKind, n int) {
		if n == 0 {
			return
		}
		if len(rows) > 0 {
			rows = append(rows, pageRow{kind: rowText, at: -1})
		}
		rows = append(rows, pageRow{kind: rowTitle, of: kind})
		for i := range n {
			rows = append(rows, pageRow{kind: kind, at: i})
		}
	}
	switch p.kind {
	case pageQueue:
		if p.queue != nil {
			section(rowPartition, len(p.queue.Partitions))
		}
		section(rowReader, len(p.readers))
	case pageGroup:
		if p.group != nil {
			section(rowMember, len(p.group.Members))
			section(rowOffset, len(p.group.Offsets))
		}
	case pagePeek:
		section(rowMessage, len(p.peek.entries))
	case pageMessage:
		for i := range p.lines {
			rows = append(rows, pageRow{kind: rowText, at: i})
		}
	case pageReset:
		section(rowChange, len(p.plan.Changes))
	}
	return rows
}

// chosenRow is the row that the page's cursor is on; where there is none, one of
// text.
func chosenRow(p page) pageRow {
	rows := p.rows()
	if p.at < 0 || p.at >= len(rows) {
		return pageRow{}
	}
	return rows[p.at]
}
