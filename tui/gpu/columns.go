package gpu

import (
	"fmt"
	"strings"

	"github.com/diorama-dev/diorama/internal/gpu"
	"github.com/diorama-dev/diorama/tui/layout"
	"github.com/diorama-dev/diorama/tui/theme"
)

// columns says which columns there is room for. As the width shrinks,
// sparklines go first, then power, then temperature. Where there are several
// nodes, a device's number says nothing without its node's name.
type columns struct {
	name                int
	node                int  // 0: all are on one node, and that is said on the page of each
	brief               bool // models without their maker
	sparks, power, heat bool
}

const (
	widthIndex  = 3
	widthSpark  = 8
	widthUsed   = 7
	widthMemory = 16
	widthPower  = 9
	widthHeat   = 8
	widthNode   = 16 // at most
	widthHeld   = 18 // at least; it takes what is left
)

// fitColumns chooses the columns for a width, the longest name of a model and
// that of a node.
func fitColumns(width, longest, node int) columns {
	c := columns{name: layout.Clamp(longest, 5, max(width/4, 12)), node: min(node, widthNode), sparks: true, power: true, heat: true}
	if c.taken()+widthHeld > width {
		c.brief = true
		c.name = layout.Clamp(longest-len("NVIDIA "), 5, max(width/5, 12))
	}
	for _, drop := range []*bool{&c.sparks, &c.power, &c.heat} {
		if c.taken()+widthHeld <= width {
			break
		}
		*drop = false
	}
	return c
}

// lead is how many cells stand before the model.
func (c columns) lead() int { return 3 + widthIndex + 2 }

// taken is how many cells the columns before the holder take.
func (c columns) taken() int {
	w := c.lead() + c.name + widthUsed + widthMemory + 3
	for _, x := range []struct {
		there bool
		width int
	}{{c.sparks, 2 * widthSpark}, {c.power, widthPower}, {c.heat, widthHeat}, {c.node > 0, 3 + c.node}} {
		if x.there {
			w += x.width
		}
	}
	return w
}

func (c columns) model(name string) string {
	if c.brief {
		return short(name)
	}
	return name
}

// title is the line of column names.
func (c columns) title(width int) string {
	spark := 0
	if c.sparks {
		spark = widthSpark
	}
	line := layout.Space(3) + layout.FitRight("GPU", widthIndex) + "  " + layout.Fit("MODEL", c.name) +
		layout.FitRight("UTIL", widthUsed+spark) + layout.FitRight("MEMORY", widthMemory+spark)
	if c.power {
		line += layout.FitRight("POWER", widthPower)
	}
	if c.heat {
		line += layout.FitRight("TEMP", widthHeat)
	}
	if c.node > 0 {
		line += "   " + layout.Fit("NODE", c.node)
	}
	return layout.Fit(line+"   HELD BY", width)
}

// onNode is the node's name in as few words as tell it from the others; empty
// where there is only one.
func (m Model) onNode(s gpu.Slot) string {
	if s.Node == "" {
		return ""
	}
	several, same := false, s.Node // what all names begin with
	for _, other := range m.state.Slots {
		if other.Node == "" {
			continue
		}
		several = several || other.Node != s.Node
		for !strings.HasPrefix(other.Node, same) {
			same = same[:len(same)-1]
		}
	}
	if !several {
		return ""
	}
	return s.Node[strings.LastIndexByte(same, '-')+1:]
}

// widestNode is the longest name of a node that is shown, in cells.
func (m Model) widestNode() int {
	w := 0
	for _, s := range m.state.Slots {
		if name := m.onNode(s); name != "" {
			w = max(w, layout.Width(name), len("NODE"))
		}
	}
	return w
}

// longest is the longest name of a model that is shown, in cells.
func (m Model) longest() int {
	w := 0
	for _, s := range m.state.Slots {
		w = max(w, layout.Width(s.Model))
	}
	return w
}

func used(s gpu.Slot) string {
	if s.Reading.Utilisation == nil {
		return theme.Unknown
	}
	return fmt.Sprintf("%d %%", *s.Reading.Utilisation)
}

// memory is what is used of all: "31.2/45.0 GiB".
func memory(s gpu.Slot) string {
	const gibi = 1 << 30
	if s.Memory <= 0 {
		return amount(s.Reading.MemoryUsed)
	}
	if s.Reading.MemoryUsed == nil {
		return fmt.Sprintf("%s/%.1f GiB", theme.Unknown, float64(s.Memory)/gibi)
	}
	return fmt.Sprintf("%.1f/%.1f GiB", float64(*s.Reading.MemoryUsed)/gibi, float64(s.Memory)/gibi)
}

func power(r gpu.Reading) string {
	if r.Power == nil {
		return theme.Unknown
	}
	return fmt.Sprintf("%d W", (*r.Power+500)/1000)
}

func heat(r gpu.Reading) string {
	if r.Temperature == nil {
		return theme.Unknown
	}
	return fmt.Sprintf("%d °C", *r.Temperature)
}
