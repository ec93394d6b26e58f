package queues

import (
	"strconv"

	"github.com/diorama-dev/diorama/internal/queue"
	"github.com/diorama-dev/diorama/tui/layout"
	"github.com/diorama-dev/diorama/tui/theme"
)

// topicColumns are the columns that a system's queues have.
func topicColumns(system string) []column[*topic] {
	spark := func(of func(point) float32, top func(scale) float64) column[*topic] {
		return column[*topic]{width: sparkWide + 2, rank: rankSpark, cell: func(p pen, t *topic) (string, theme.Style) {
			return p.spark(t.trail, top(p.scale), of), p.theme.Muted
		}}
	}
	lagScale, paceScale := func(s scale) float64 { return s.lag }, func(s scale) float64 { return s.pace }
	in := column[*topic]{title: "IN/s", width: 11, rank: 4, by: byPace, sorts: true, cell: func(p pen, t *topic) (string, theme.Style) {
		return rate(t.status.In), p.theme.Text
	}}
	out := column[*topic]{title: "OUT/s", width: 10, rank: 5, cell: func(p pen, t *topic) (string, theme.Style) {
		return rate(t.status.Out), p.theme.Text
	}}
	depth := column[*topic]{title: "MESSAGES", width: 13, rank: 2, by: byDepth, sorts: true, cell: func(p pen, t *topic) (string, theme.Style) {
		return amount(t.status.Depth, p.width), p.theme.Text
	}}
	lag := column[*topic]{title: "WORST LAG", width: 15, by: byLag, sorts: true, cell: func(p pen, t *topic) (string, theme.Style) {
		return p.behind(t.status.Lag.Lag, t.status.Lag.Trend, t.status.Out)
	}}
	kind := column[*topic]{title: "KIND", width: 12, rank: 7, left: true, cell: func(p pen, t *topic) (string, theme.Style) {
		return layout.Safe(string(t.status.Kind)), p.theme.Muted
	}}
	switch system {
	case "rabbitmq":
		lag.title, lag.cell = "READY", func(p pen, t *topic) (string, theme.Style) {
			return p.behind(ready(t.status), t.status.Lag.Trend, t.status.Out)
		}
		return []column[*topic]{kind, lag, spark(lagOf, lagScale), unacked(), consumers(), in, spark(paceOf, paceScale), out}
	case "redis":
		return []column[*topic]{kind, depth, in, spark(paceOf, paceScale), out, readers("GROUPS"), lag, spark(lagOf, lagScale)}
	case "": // several systems
		return []column[*topic]{kind, depth, in, spark(paceOf, paceScale), out, readers("READERS"), lag, spark(lagOf, lagScale)}
	}
	return []column[*topic]{parts(), depth, in, spark(paceOf, paceScale), out, readers("GROUPS"), lag, spark(lagOf, lagScale)}
}

// ready is what waits to be handed out.
func ready(s *queue.Status) queue.Count {
	if !s.Unacknowledged.IsKnown() {
		return s.Depth
	}
	return s.Depth.Minus(s.Unacknowledged).AtLeast(0)
}

func parts() column[*topic] {
	return column[*topic]{title: "PARTS", width: 8, rank: 6, cell: func(p pen, t *topic) (string, theme.Style) {
		if t.status.Partitions == 0 {
			return theme.Unknown, p.theme.Muted
		}
		return strconv.Itoa(t.status.Partitions), p.theme.Muted
	}}
}

func unacked() column[*topic] {
	return column[*topic]{title: "UNACKED", width: 11, rank: 2, cell: func(p pen, t *topic) (string, theme.Style) {
		return amount(t.status.Unacknowledged, p.width), p.theme.Text
	}}
}

func consumers() column[*topic] {
	return column[*topic]{title: "CONSUMERS", width: 12, rank: 3, cell: func(p pen, t *topic) (string, theme.Style) {
		style := p.theme.Muted
		if n, ok := t.status.Consumers.Get(); ok && n == 0 && t.status.Depth.Or(0) > 0 {
			style = p.theme.Working
		}
		return amount(t.status.Consumers, p.width), style
	}}
}

// readers counts the groups, or the consumers of what has no groups.
func readers(title string) column[*topic] {
	return column[*topic]{title: title, width: 10, rank: 6, cell: func(p pen, t *topic) (string, theme.Style) {
		if !grouped(t.status.Kind) || t.status.Groups == 0 && t.status.Consumers.IsKnown() {
			return amount(t.status.Consumers, p.width), p.theme.Muted
		}
		return strconv.Itoa(t.status.Groups), p.theme.Muted
	}}
}

// grouped reports whether groups read queues of a kind.
func grouped(k queue.Kind) bool {
	switch k {
	case queue.KindClassic, queue.KindQuorum, queue.KindList, queue.KindChannel, queue.KindExchange:
		return false
	case queue.KindTopic, queue.KindStream:
	}
	return true
}
