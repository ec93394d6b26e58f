package gpu

import (
	"fmt"
	"strconv"
	"time"

	"github.com/diorama-dev/diorama/internal/gpu"
	"github.com/diorama-dev/diorama/tui/layout"
	"github.com/diorama-dev/diorama/tui/theme"
)

// marker stands before the selected line.
const marker = "▸"

// staleAfter is the age from which readings are shown as old.
const staleAfter = 15 * time.Second

// View draws the screen: exactly as many lines as it is high.
func (m Model) View() []string {
	if m.page.kind != pageNone {
		return m.paper().View(m.page.offset, m.height)
	}
	var lines []string
	cols := fitColumns(m.width, m.longest(), m.widestNode())
	if m.header() > 0 {
		lines = append(lines, m.theme.Muted.Paint(cols.title(m.width)))
	}
	if len(m.rows) == 0 {
		lines = append(lines, m.nothing()...)
	}
	from := layout.Clamp(m.cursor.Offset, 0, len(m.rows))
	to := layout.Clamp(from+m.height-m.header(), from, len(m.rows))
	for i := from; i < to; i++ {
		lines = append(lines, m.line(m.rows[i], i == m.cursor.At, cols))
	}
	return layout.Fill(lines, m.width, m.height)
}

// header is how many lines the column names take.
func (m Model) header() int {
	if m.width < narrow || m.height < 4 || len(m.state.Slots) == 0 {
		return 0
	}
	return 1
}

// nothing says why there is nothing to show.
func (m Model) nothing() []string {
	switch {
	case !m.watch.Seen && m.watch.Over:
		return []string{m.theme.Muted.Paint("   nobody looks at the GPUs any more")}
	case !m.watch.Seen:
		return []string{m.theme.Muted.Paint("   looking at the GPUs")}
	case m.filter != "" && len(m.state.Slots) > 0:
		return []string{m.theme.Muted.Paint(layout.Cut("   no GPU's model, identifier or holder holds “"+m.filter+"”", m.width))}
	}
	return []string{m.theme.Muted.Paint(layout.Cut("   there is no GPU here", m.width))}
}

// Status is what stands on the right of the tabs, where it has so many cells.
func (m Model) Status(room int) string {
	if !m.watch.Seen {
		return ""
	}
	count := layout.Plural(len(m.state.Slots), "GPU")
	switch {
	case m.state.Simulated:
		count += ", simulated"
	case m.state.Sharing > 1:
		count += fmt.Sprintf(", each shared by up to %d", m.state.Sharing)
	}
	if age := m.age(); age > staleAfter {
		count += " · " + layout.Age(age) + " old"
	}
	text := count
	if m.state.CUDA != "" {
		text = "CUDA " + m.state.CUDA + " · " + text
	}
	if long := "driver " + m.state.Driver + " · " + text; m.state.Driver != "" && layout.Width(long) <= room {
		return long
	}
	if layout.Width(text) <= room {
		return text
	}
	return count
}

func (m Model) age() time.Duration {
	if m.state.Time.IsZero() {
		return 0
	}
	return m.now.Sub(m.state.Time)
}

// Headline is how many of the GPUs are in use, for the top line, and how many
// are lost; empty where there are none or it is not known.
func (m Model) Headline() (text string, lost int) {
	n := len(m.state.Slots)
	if !m.watch.Seen || n == 0 {
		return "", 0
	}
	used := m.state.Count(gpu.Held) + m.state.Count(gpu.Shared)
	text = fmt.Sprintf("GPU %d of %d", used, n)
	if m.state.Simulated {
		text += " simulated"
	}
	return text, m.state.Count(gpu.Lost)
}

func (m Model) line(r row, at bool, c columns) string {
	switch r.kind {
	case rowText:
		return m.loud(r.loud).Paint(layout.Cut(r.text, m.width))
	case rowPartition:
		p := m.state.Slots[r.slot].MIG.Instances[r.part]
		text := layout.Space(c.lead()) + "└ " + layout.Fit(p.Profile, 12) + layout.FitRight(layout.Bytes(p.Memory), 10) + "   " + p.UUID
		return m.theme.Muted.Paint(layout.Cut(text, m.width))
	case rowWaiting:
		w := m.state.Waiting[r.part]
		text := fmt.Sprintf("asks for %d", w.Asked)
		return m.mark(at) + m.theme.Working.Paint(theme.SignWorking) + " " + m.name(at).Paint(layout.Cut(w.Pod, max(m.width-layout.Width(text)-6, 8))) +
			"  " + m.theme.Muted.Paint(text)
	case rowSlot:
	}
	s := m.state.Slots[r.slot]
	if m.width < narrow {
		return m.short(s, at)
	}
	return m.full(s, at, c)
}

func (m Model) loud(l loudness) theme.Style {
	switch l {
	case plain:
		return m.theme.Text
	case strong:
		return m.theme.Strong
	case working:
		return m.theme.Working
	case unwell:
		return m.theme.Unwell
	case quiet:
	}
	return m.theme.Muted
}

func (m Model) mark(at bool) string {
	if at {
		return m.theme.Accent.Paint(marker)
	}
	return " "
}

func (m Model) name(at bool) theme.Style {
	if at {
		return m.theme.Strong
	}
	return m.theme.Text
}

// sign is how a device is, in a cell.
func (m Model) sign(s gpu.Slot) string {
	switch s.Phase {
	case gpu.Held, gpu.Shared:
		return m.theme.Well.Paint(theme.SignWell)
	case gpu.Lost:
		return m.theme.Unwell.Paint(theme.SignUnwell)
	case gpu.Free, gpu.Apart:
	}
	if s.Error != "" {
		return m.theme.Unwell.Paint(theme.SignUnwell)
	}
	return m.theme.Faint.Paint(theme.SignWaiting)
}

// short is a device on a narrow screen: the number is how busy it is.
func (m Model) short(s gpu.Slot, at bool) string {
	const w = 9
	value := used(s)
	switch s.Phase {
	case gpu.Lost, gpu.Apart:
		value = string(s.Phase)
	case gpu.Free, gpu.Held, gpu.Shared:
		if m.state.Simulated {
			value = string(s.Phase)
		}
	}
	name := max(m.width-3-w-1, 4)
	model := strconv.Itoa(s.Index) + " " + short(s.Model)
	if node := m.onNode(s); node != "" {
		model = node + " " + model
	}
	return m.mark(at) + m.sign(s) + " " + m.name(at).Paint(layout.Fit(model, name)) + m.figure(s).Paint(layout.FitRight(value, w))
}

// figure is how loud a device's numbers are.
func (m Model) figure(s gpu.Slot) theme.Style {
	switch {
	case s.Phase == gpu.Lost:
		return m.theme.Unwell
	case m.age() > staleAfter:
		return m.theme.Faint
	case s.Phase == gpu.Held, s.Phase == gpu.Shared:
		return m.theme.Text
	}
	return m.theme.Muted
}

func (m Model) full(s gpu.Slot, at bool, c columns) string {
	figure := m.figure(s)
	line := m.mark(at) + m.sign(s) + " " + m.theme.Muted.Paint(layout.FitRight(strconv.Itoa(s.Index), widthIndex)) +
		"  " + m.name(at).Paint(layout.Fit(c.model(s.Model), c.name))
	past := m.history.trail[keyOf(s)]
	line += m.spark(c, past.used, 100) + figure.Paint(layout.FitRight(used(s), widthUsed))
	line += m.spark(c, past.memory, 1) + figure.Paint(layout.FitRight(memory(s), widthMemory))
	if c.power {
		line += figure.Paint(layout.FitRight(power(s.Reading), widthPower))
	}
	if c.heat {
		line += m.heat(s, figure).Paint(layout.FitRight(heat(s.Reading), widthHeat))
	}
	if c.node > 0 {
		line += "   " + m.theme.Muted.Paint(layout.Fit(m.onNode(s), c.node))
	}
	style := m.theme.Muted
	switch s.Phase {
	case gpu.Lost:
		style = m.theme.Unwell
	case gpu.Held, gpu.Shared:
		style = m.theme.Text
	case gpu.Free, gpu.Apart:
	}
	left := m.width - layout.Width(line) - 3
	text := heldBy(s, m.state.Sharing)
	if layout.Width(text) > left && len(s.Holders) > 0 && s.Phase == gpu.Held { // enter shows the rest
		text = names(s.Holders)
	}
	return line + "   " + style.Paint(layout.Cut(text, left))
}

// hot is from where NVIDIA's data-centre cards begin to slow down.
const hot = 85

func (m Model) heat(s gpu.Slot, usual theme.Style) theme.Style {
	if t := s.Reading.Temperature; t != nil && *t >= hot {
		return m.theme.Working
	}
	return usual
}

func (m Model) spark(c columns, values []float64, top float64) string {
	if !c.sparks {
		return ""
	}
	return layout.Space(widthSpark-kept) + m.theme.Muted.Paint(layout.Spark(values, top, kept))
}
