package queues

import (
	"strconv"
	"strings"
	"time"

	"github.com/diorama-dev/diorama/internal/queue"
	"github.com/diorama-dev/diorama/tui/layout"
	"github.com/diorama-dev/diorama/tui/theme"
)

// partitionColumns are what is known of a partition. Its messages matter most.
func partitionColumns() []column[queue.Partition] {
	count := func(title string, width, rank int, of func(queue.Partition) queue.Count) column[queue.Partition] {
		return column[queue.Partition]{title: title, width: width, rank: rank, cell: func(p pen, r queue.Partition) (string, theme.Style) {
			return amount(of(r), p.width), p.theme.Text
		}}
	}
	return []column[queue.Partition]{
		count("START", 14, 3, func(r queue.Partition) queue.Count { return r.Start }),
		count("END", 14, 2, func(r queue.Partition) queue.Count { return r.End }),
		{title: "STABLE", width: 14, rank: 5, cell: func(p pen, r queue.Partition) (string, theme.Style) {
			if held, ok := r.End.Minus(r.Stable).Get(); ok && held > 0 { // a transaction is open
				return amount(r.Stable, p.width), p.theme.Working
			}
			return amount(r.Stable, p.width), p.theme.Muted
		}},
		count("MESSAGES", 13, 0, func(r queue.Partition) queue.Count { return r.End.Minus(r.Start).AtLeast(0) }),
		{title: "BYTES", width: 12, rank: 4, cell: func(p pen, r queue.Partition) (string, theme.Style) { return size(r.Bytes), p.theme.Text }},
		{title: "LEADER", width: 13, rank: 6, left: true, cell: func(p pen, r queue.Partition) (string, theme.Style) {
			if r.Leader == "" {
				return theme.Unknown, p.theme.Muted
			}
			return layout.Safe(r.Leader), p.theme.Muted
		}},
		{title: "", width: 33, rank: 7, left: true, cell: func(p pen, r queue.Partition) (string, theme.Style) {
			return layout.Safe(r.Trouble), p.theme.Unwell
		}},
	}
}

// memberColumns are what is known of a group's member.
func memberColumns(width int) []column[queue.Member] {
	reads := layout.Clamp(width-54, 34, 70)
	if width < narrow {
		reads = 22
	}
	return []column[queue.Member]{
		{title: "HOST", width: 21, rank: 4, left: true, cell: func(p pen, r queue.Member) (string, theme.Style) {
			return layout.Safe(r.Host), p.theme.Muted
		}},
		{title: "PENDING", width: 10, rank: 3, cell: func(p pen, r queue.Member) (string, theme.Style) {
			return amount(r.Pending, p.width), p.theme.Muted
		}},
		{title: "READS", width: reads, rank: 0, left: true, cell: func(p pen, r queue.Member) (string, theme.Style) {
			return assigned(r.Assigned), p.theme.Text
		}},
	}
}

// assigned says what a member reads: "orders 0–2, 5".
func assigned(list []queue.Assignment) string {
	if len(list) == 0 {
		return "nothing"
	}
	var out []string
	for _, a := range list {
		text := layout.Safe(a.Queue)
		if len(a.Partitions) > 0 {
			text += " " + ranges(a.Partitions)
		}
		out = append(out, text)
		if len(out) == 8 { // no line has room for more
			break
		}
	}
	return strings.Join(out, "; ")
}

// ranges says a list of numbers shortly: "0–2, 5".
func ranges(list []int32) string {
	var b strings.Builder
	for i := 0; i < len(list); {
		j := i
		for j+1 < len(list) && list[j+1] == list[j]+1 {
			j++
		}
		if b.Len() > 0 {
			b.WriteString(", ")
		}
		b.WriteString(strconv.Itoa(int(list[i])))
		if j > i {
			b.WriteString("–" + strconv.Itoa(int(list[j])))
		}
		i = j + 1
		if b.Len() > 60 {
			return b.String() + "…"
		}
	}
	return b.String()
}

// offsetColumns are how far a group is in a partition.
func offsetColumns(g *queue.Group, now time.Time) []column[queue.Offset] {
	return []column[queue.Offset]{
		{title: "PART", width: 7, rank: 1, cell: func(p pen, r queue.Offset) (string, theme.Style) {
			return strconv.Itoa(int(r.Partition)), p.theme.Muted
		}},
		{title: "COMMITTED", width: 14, rank: 3, cell: func(p pen, r queue.Offset) (string, theme.Style) {
			return amount(r.Committed, p.width), p.theme.Text
		}},
		{title: "LAG", width: 12, rank: 0, cell: func(p pen, r queue.Offset) (string, theme.Style) {
			if r.Lag.Or(0) == 0 {
				return amount(r.Lag, p.width), p.theme.Muted
			}
			return amount(r.Lag, p.width), p.theme.Text
		}},
		{title: "PENDING", width: 10, rank: 6, cell: func(p pen, r queue.Offset) (string, theme.Style) {
			return amount(r.Pending, p.width), p.theme.Muted
		}},
		{title: "OLDEST UNREAD", width: 16, rank: 2, cell: func(p pen, r queue.Offset) (string, theme.Style) {
			if r.Waiting.IsZero() {
				return theme.Unknown, p.theme.Muted
			}
			return layout.LongAge(now.Sub(r.Waiting)) + " old", p.theme.Text
		}},
		{title: "READ BY", width: 23, rank: 5, left: true, cell: func(p pen, r queue.Offset) (string, theme.Style) {
			if name := readBy(g, r); name != "" {
				return name, p.theme.Muted
			}
			return "nobody", p.theme.Working
		}},
	}
}

// readBy is the member that reads a partition; empty: none does.
func readBy(g *queue.Group, o queue.Offset) string {
	for _, member := range g.Members {
		for _, a := range member.Assigned {
			if a.Queue != o.Queue {
				continue
			}
			for _, id := range a.Partitions {
				if id == o.Partition {
					return memberName(member)
				}
			}
			if len(a.Partitions) == 0 {
				return memberName(member)
			}
		}
	}
	return ""
}

func memberName(member queue.Member) string {
	if member.Client != "" {
		return layout.Safe(member.Client)
	}
	return layout.Safe(member.ID)
}
