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

// rowID tells a row of a queue's or a group's page from others, whatever comes
// before it.
type rowID struct {
	kind rowKind
	name string // of the group, the member or the queue
	id   int32  // of the partition
}

func (p page) rowID(r pageRow) rowID {
	switch r.kind { //nolint:exhaustive // other rows are on pages that do not change
	case rowPartition:
		return rowID{kind: r.kind, id: p.queue.Partitions[r.at].ID}
	case rowReader:
		return rowID{kind: r.kind, name: p.readers[r.at].group.key.Name}
	case rowMember:
		return rowID{kind: r.kind, name: p.group.Members[r.at].ID}
	case rowOffset:
		o := p.group.Offsets[r.at]
		return rowID{kind: r.kind, name: o.Queue, id: o.Partition}
	}
	return rowID{kind: r.kind, id: int32(r.at)} //nolint:gosec // a row of a screen
}

// onto returns the page with the cursor on the row that it was on in an older
// state of the page; where that is gone, at its place. A page that showed
// nothing of its own yet begins at its first row.
func (p page) onto(old page) page {
	if old.queue == nil && old.group == nil {
		return p
	}
	wanted := old.rowID(chosenRow(old))
	for i, r := range p.rows() {
		if r.selectable() && p.rowID(r) == wanted {
			p.at = i
		}
	}
	return p
}
