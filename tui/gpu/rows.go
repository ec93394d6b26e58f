package gpu

import (
	"fmt"
	"slices"
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
	loud theme.Loudness
}

// ID is what the row is known by.
func (r row) ID() string { return r.key }

// About is the row that it tells more of.
func (r row) About() string { return r.of }

// narrow is the width below which the screen is a list of signs, names and one
// number.
const narrow = 60

// lines collects rows.
type lines struct {
	rows  []row
	width int
}

// text adds a text in at most so many lines, of a row.
func (l *lines) text(of string, loud theme.Loudness, indent int, text string, most int) {
	w := l.width - indent - 1
	for _, part := range layout.Clip(layout.Wrap(text, w), most, w) {
		l.rows = append(l.rows, row{of: of, slot: -1, text: layout.Space(indent) + part, loud: loud})
	}
}

// remedy adds what can be done.
func (l *lines) remedy(of string, indent int, text string) {
	lead := "try: "
	w := l.width - indent - len(lead) - 1
	for _, part := range layout.Clip(layout.Wrap(text, w), 3, w) {
		l.rows = append(l.rows, row{of: of, slot: -1, text: layout.Space(indent) + lead + part, loud: theme.Usual})
		lead = layout.Space(len(lead))
	}
}

// list are all lines of the screen. Only those in the window are drawn.
func (m Model) list() []row {
	l := &lines{width: m.width}
	if m.state.Absence != "" {
		l.text("", theme.Strong, 3, m.state.Absence, 4)
		for _, r := range m.state.Remedies {
			l.remedy("", 3, r)
		}
	}
	for _, s := range simulated(m.state) {
		l.text("", theme.Working, 1, theme.SignWorking+" "+s, 2)
	}
	for i, s := range m.state.Slots {
		if m.passes(s) {
			m.listSlot(l, i)
		}
	}
	if len(m.state.Waiting) > 0 {
		if len(l.rows) > 0 {
			l.text("", theme.Quiet, 0, "", 1)
		}
		l.text("", theme.Quiet, 3, "WAITING", 1)
	}
	for i, w := range m.state.Waiting {
		key := "waiting " + w.Pod
		l.rows = append(l.rows, row{kind: rowWaiting, key: key, slot: -1, part: i})
		if w.Why != "" && m.open(key) {
			l.text(key, theme.Working, 5, w.Why, 2)
		}
	}
	return l.rows
}

// open reports whether what is said of a row shows: on a narrow screen only of
// the chosen one.
func (m Model) open(key string) bool { return m.width >= narrow || key == m.cursor.ID }

func (m Model) listSlot(l *lines, i int) {
	s := m.state.Slots[i]
	key := keyOf(s)
	l.rows = append(l.rows, row{kind: rowSlot, key: key, slot: i})
	if !m.open(key) {
		return
	}
	if why := whyOf(s); why != "" {
		l.text(key, theme.Unwell, 5, why, 3)
		for _, a := range s.Advice {
			l.remedy(key, 5, a)
		}
	} else if m.width < narrow {
		l.text(key, theme.Quiet, 5, heldBy(s, m.state.Sharing), 2)
	}
	for j := range s.MIG.Instances {
		l.rows = append(l.rows, row{kind: rowPartition, of: key, slot: i, part: j})
	}
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

// heldBy says who has a device, in as few words as there are; sharing is how
// many may.
func heldBy(s gpu.Slot, sharing int) string {
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
		switch n := pods(s.Holders); {
		case n == 0:
			return "to be shared, and free"
		case sharing > 1:
			return fmt.Sprintf("shared by %d of %d: %s", n, sharing, names(s.Holders))
		default:
			return fmt.Sprintf("shared by %d: %s", n, names(s.Holders))
		}
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

// names are those of all holders; a Pod has one, however many containers of it
// hold the device.
func names(all []gpu.Holder) string {
	var out []string
	for _, h := range all {
		if name := nameOf(h); !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return strings.Join(out, ", ")
}

// pods is how many Pods are among the holders.
func pods(all []gpu.Holder) int {
	seen := make(map[string]bool)
	for _, h := range all {
		if h.Pod != "" {
			seen[h.Pod] = true
		}
	}
	return len(seen)
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
