package services

import (
	"fmt"
	"strconv"

	"github.com/diorama-dev/diorama/internal/env"
	"github.com/diorama-dev/diorama/tui/layout"
	"github.com/diorama-dev/diorama/tui/theme"
)

// columns says which columns there is room for. As the width shrinks,
// sparklines go first, then age, restarts, CPU and memory.
type columns struct {
	name                              int
	sparks, age, restarts, cpu, usage bool
}

const (
	widthSign     = 3 // marker, sign, blank
	widthReady    = 8
	widthRestarts = 11
	widthAge      = 8
	widthSpark    = 8
	widthCPU      = 8
	widthMemory   = 12
	widthEndpoint = 18 // at least; it takes what is left
)

// fitColumns chooses the columns for a width.
func fitColumns(width int) columns {
	c := columns{name: layout.Clamp(width/5, 12, 30), sparks: true, age: true, restarts: true, cpu: true, usage: true}
	for _, drop := range []*bool{&c.sparks, &c.age, &c.restarts, &c.cpu, &c.usage} {
		if c.taken()+widthEndpoint <= width {
			break
		}
		*drop = false
	}
	return c
}

// taken is how many cells the columns before the endpoint take.
func (c columns) taken() int {
	w := widthSign + c.name + widthReady + 3
	for _, x := range []struct {
		there bool
		width int
	}{
		{c.restarts, widthRestarts},
		{c.age, widthAge},
		{c.cpu, widthCPU},
		{c.usage, widthMemory},
		{c.sparks, 2 * widthSpark},
	} {
		if x.there {
			w += x.width
		}
	}
	return w
}

// title is the line of column names.
func (c columns) title(width int) string {
	line := layout.Space(widthSign) + layout.Fit("SERVICE", c.name) + layout.FitRight("READY", widthReady)
	if c.restarts {
		line += layout.FitRight("RESTARTS", widthRestarts)
	}
	if c.age {
		line += layout.FitRight("AGE", widthAge)
	}
	spark := 0
	if c.sparks {
		spark = widthSpark
	}
	if c.cpu {
		line += layout.FitRight("CPU", widthCPU+spark)
	}
	if c.usage {
		line += layout.FitRight("MEMORY", widthMemory+spark)
	}
	return layout.Fit(line+"   ENDPOINT", width)
}

// memory is what is used of the limit: "338/768Mi".
func memory(u env.Usage) string {
	if u.Memory == nil {
		return theme.Unknown
	}
	if u.MemoryLimit == nil || *u.MemoryLimit <= 0 {
		return layout.Mebibytes(*u.Memory) + "Mi"
	}
	return layout.Mebibytes(*u.Memory) + "/" + layout.Mebibytes(*u.MemoryLimit) + "Mi"
}

func cpu(u env.Usage) string {
	if u.CPU == nil {
		return theme.Unknown
	}
	return strconv.FormatInt(*u.CPU, 10) + "m"
}

func ready(s env.Service) string { return fmt.Sprintf("%d/%d", s.Ready, s.Desired) }

// endpoint is the address to show for a service; why it is not the usual one,
// and how many more there are.
func endpoint(all []env.Endpoint, s env.Service) (address, note string) {
	more := 0
	for _, e := range all {
		if e.Stack != s.Stack || e.Service != s.Name {
			continue
		}
		if address != "" {
			more++
			continue
		}
		address = fmt.Sprintf("%s:%d", e.Host, e.Port)
		if e.Preferred != 0 && e.Preferred != e.Port {
			note = fmt.Sprintf("(%d was taken)", e.Preferred)
		}
	}
	switch {
	case address == "":
		return theme.Unknown, ""
	case more > 0 && note != "":
		note += fmt.Sprintf(" and %d more", more)
	case more > 0:
		note = fmt.Sprintf("and %d more", more)
	}
	return address, note
}
