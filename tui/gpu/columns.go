package gpu

import (
	"fmt"

	"github.com/diorama-dev/diorama/internal/gpu"
	"github.com/diorama-dev/diorama/tui/layout"
	"github.com/diorama-dev/diorama/tui/theme"
)

// columns says which columns there is room for. As the width shrinks,
// sparklines go first, then power, then temperature.
type columns struct {
	name                int
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
	widthHeld   = 18 // at least; it takes what is left
)

// fitColumns chooses the columns for a width and the longest name of a model.
func fitColumns(width, longest int) columns {
	c := columns{name: layout.Clamp(longest, 5, max(width/4, 12)), sparks: true, power: true, heat: true}
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
	}{{c.sparks, 2 * widthSpark}, {c.power, widthPower}, {c.heat, widthHeat}} {
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
	return layout.Fit(line+"   HELD BY", width)
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
