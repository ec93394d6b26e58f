package gpu

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/diorama-dev/diorama/internal/gpu"
	"github.com/diorama-dev/diorama/tui/layout"
	"github.com/diorama-dev/diorama/tui/theme"
)

// rowKind is what a line of the screen shows.
type rowKind uint8

const (
	rowText      rowKind = iota // drawn already, but for its style
	rowSlot                     // a device
	rowPartition                // of a device
	rowWaiting                  // a Pod without one
)

// row is a line of the screen, not drawn yet.
type row struct {
	kind rowKind
	key  string // empty: it cannot be chosen
	of   string // the key of the row that it tells more of
	slot int    // index of the device; -1: none
	part int    // index of the partition, or of the waiting Pod
	text string
	loud loudness
}

// loudness is how a text is painted.
type loudness uint8

const (
	quiet loudness = iota
	plain
	working
	unwell
)

// ID is what the row is known by.
func (r row) ID() string { return r.key }

// About is the row that it tells more of.
func (r row) About() string { return r.of }

// narrow is the width below which the screen is a list of signs, names and one
// number.
const narrow = 60

// list are all lines of the screen. Only those in the window are drawn.
func (m Model) list() []row {
	var rows []row
	text := func(of string, loud loudness, indent int, text string, lines int) {
		w := m.width - indent - 1
		for _, l := range layout.Clip(layout.Wrap(text, w), lines, w) {
			rows = append(rows, row{of: of, slot: -1, text: layout.Space(indent) + l, loud: loud})
		}
	}
	for _, s := range simulated(m.state) {
		text("", working, 1, theme.SignWorking+" "+s, 2)
	}
	for i, s := range m.state.Slots {
		if !m.passes(s) {
			continue
		}
		key := keyOf(s)
		rows = append(rows, row{kind: rowSlot, key: key, slot: i})
		if m.width < narrow && key != m.cursor.ID {
			continue
		}
		if why := whyOf(s); why != "" {
			text(key, unwell, 5, why, 3)
			for _, a := range s.Advice {
				text(key, plain, 5, "try: "+a, 2)
			}
		} else if m.width < narrow {
			text(key, quiet, 5, heldBy(s), 2)
		}
		for j := range s.MIG.Instances {
			rows = append(rows, row{kind: rowPartition, of: key, slot: i, part: j})
		}
	}
	if len(m.state.Waiting) > 0 && len(rows) > 0 {
		text("", quiet, 0, "", 1)
		text("", quiet, 3, "WAITING", 1)
	}
	for i, w := range m.state.Waiting {
		key := "waiting " + w.Pod
		rows = append(rows, row{kind: rowWaiting, key: key, slot: -1, part: i})
		if w.Why != "" && (m.width >= narrow || key == m.cursor.ID) {
			text(key, working, 5, w.Why, 2)
		}
	}
	return rows
}

func keyOf(s gpu.Slot) string {
	if s.UUID != "" {
		return s.UUID
	}
	return "GPU " + strconv.Itoa(s.Index)
}

// passes reports whether the filter lets a device through.
func (m Model) passes(s gpu.Slot) bool {
	if m.filter == "" {
		return true
	}
	hold := []string{s.Model, s.UUID, s.Node, string(s.Phase), strconv.Itoa(s.Index)}
	for _, h := range s.Holders {
		hold = append(hold, h.Pod, h.Service, h.Stack)
	}
	return strings.Contains(strings.ToLower(strings.Join(hold, " ")), m.filter)
}

// simulated says what is not real, per model.
func simulated(s gpu.State) []string {
	if !s.Simulated {
		return nil
	}
	var names []string
	count := map[string]int{}
	for _, slot := range s.Slots {
		if count[slot.Model]++; count[slot.Model] == 1 {
			names = append(names, slot.Model)
		}
	}
	for i, n := range names {
		names[i] = fmt.Sprintf("%d × %s (simulated: schedules, does not compute)", count[n], short(n))
	}
	return names
}

// whyOf says what is wrong with a device; empty: nothing.
func whyOf(s gpu.Slot) string {
	switch {
	case s.Why != "":
		return s.Why
	case s.Error != "":
		return "the driver answers: " + s.Error
	case s.Phase == gpu.Lost:
		return "the driver or the node does not know it any more"
	}
	return ""
}

// heldBy says who has a device, in as few words as there are.
func heldBy(s gpu.Slot) string {
	switch s.Phase {
	case gpu.Free:
		if len(s.Holders) == 0 {
			return "free"
		}
	case gpu.Lost:
		if len(s.Holders) == 0 {
			return "lost"
		}
		return "lost · was held by " + names(s.Holders)
	case gpu.Apart:
		return "no node of the environment has it"
	case gpu.Shared:
		return fmt.Sprintf("shared by %d: %s", len(s.Holders), names(s.Holders))
	case gpu.Held:
	}
	if len(s.Holders) == 1 {
		return holder(s.Holders[0])
	}
	if len(s.Holders) == 0 {
		return string(s.Phase)
	}
	return names(s.Holders)
}

func names(all []gpu.Holder) string {
	var out []string
	for _, h := range all {
		out = append(out, nameOf(h))
	}
	return strings.Join(out, ", ")
}

// nameOf is the Pod, or the process that was given nothing.
func nameOf(h gpu.Holder) string {
	switch {
	case h.Pod != "":
		return h.Pod
	case len(h.Processes) > 0 && h.Processes[0].Name != "":
		return h.Processes[0].Name + ", outside the environment"
	}
	return "a process outside the environment"
}

// holder is a holder with its process, or how many it has.
func holder(h gpu.Holder) string {
	switch len(h.Processes) {
	case 0:
		return nameOf(h)
	case 1:
		p := h.Processes[0]
		return fmt.Sprintf("%s (pid %d, %s)", nameOf(h), p.PID, amount(p.Memory))
	}
	var sum *int64
	for _, p := range h.Processes {
		if p.Memory != nil {
			if sum == nil {
				sum = new(int64)
			}
			*sum += *p.Memory
		}
	}
	return fmt.Sprintf("%s (%d processes, %s)", nameOf(h), len(h.Processes), amount(sum))
}

func amount(n *int64) string {
	if n == nil {
		return theme.Unknown
	}
	return layout.Bytes(*n)
}

// short is a model without its maker, which all of them share.
func short(model string) string { return strings.TrimPrefix(model, "NVIDIA ") }
