package gpu

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/diorama-dev/diorama/internal/gpu"
	"github.com/diorama-dev/diorama/tui/layout"
	"github.com/diorama-dev/diorama/tui/paper"
	"github.com/diorama-dev/diorama/tui/theme"
)

// paper is the page that is open, with the newest of what it is about.
func (m Model) paper() *paper.Paper {
	title := "why not"
	if m.page.kind == pageProcesses {
		title = "processes"
	}
	for _, s := range m.state.Slots {
		if keyOf(s) != m.page.key {
			continue
		}
		p := paper.New(m.theme, m.width, fmt.Sprintf("GPU %d · %s · %s", s.Index, s.Model, title))
		if m.page.kind == pageProcesses {
			m.processes(p, s)
		} else {
			m.reasons(p, s)
		}
		return p
	}
	for _, w := range m.state.Waiting {
		if "waiting "+w.Pod == m.page.key {
			p := paper.New(m.theme, m.width, w.Pod+" · "+title)
			m.waits(p, w)
			return p
		}
	}
	p := paper.New(m.theme, m.width, title)
	p.Text(m.theme.Muted, "it is not there any more")
	return p
}

// processes are who uses a device, and how much of it.
func (m Model) processes(p *paper.Paper, s gpu.Slot) {
	if len(s.Holders) == 0 {
		p.Text(m.theme.Muted, "nothing runs on it")
	}
	for _, h := range s.Holders {
		p.Blank()
		p.Text(m.theme.Accent, nameOf(h))
		p.Field("service", strings.Trim(h.Stack+"/"+h.Service, "/"))
		p.Field("container", h.Container)
		for _, x := range h.Processes {
			p.Field("pid "+strconv.Itoa(x.PID), strings.TrimSpace(layout.FitRight(amount(x.Memory), 9)+"  "+x.Name))
		}
		if len(h.Processes) == 0 {
			p.Text(m.theme.Muted, layout.Space(4)+m.noProcess(h))
		}
	}
	p.Heading("the device")
	m.device(p, s)
}

func (m Model) noProcess(h gpu.Holder) string {
	if m.state.Simulated {
		return "it holds a simulated device: no process can run on it"
	}
	if h.Pod != "" {
		return "it was given the device; no process of it uses it now"
	}
	return "its processes are not known"
}

// device are the facts of a device.
func (m Model) device(p *paper.Paper, s gpu.Slot) {
	p.Field("UUID", s.UUID)
	p.Field("node", s.Node)
	p.Field("phase", string(s.Phase))
	if s.Minor >= 0 && !m.state.Simulated {
		p.Field("file", "/dev/nvidia"+strconv.Itoa(s.Minor))
	}
	p.Field("memory", memory(s))
	p.Field("util", used(s))
	p.Field("power", power(s.Reading))
	p.Field("temperature", heat(s.Reading))
	if s.MIG.Enabled {
		p.Field("MIG", layout.Plural(len(s.MIG.Instances), "partition"))
	}
	for _, x := range s.MIG.Instances {
		p.Field(x.Profile, layout.Bytes(x.Memory)+"  "+x.UUID)
	}
}

// reasons are why a device cannot be had, and what to do.
func (m Model) reasons(p *paper.Paper, s gpu.Slot) {
	switch why := whyOf(s); {
	case why != "":
		p.Text(m.theme.Unwell, theme.SignUnwell+" "+why)
	case m.state.Simulated:
		p.Text(m.theme.Working, theme.SignWorking+" it is simulated: Pods that ask for it are scheduled, and nothing computes on it")
	case s.Phase == gpu.Apart:
		p.Text(m.theme.Working, theme.SignWaiting+" no node of the environment has it: Pods cannot be given it")
	default:
		p.Text(m.theme.Well, "nothing is wrong with it")
	}
	if s.Error != "" && s.Error != s.Why {
		p.Field("driver", s.Error)
	}
	for _, a := range s.Advice {
		p.Field("try", a)
	}
	if len(s.Holders) > 0 {
		p.Field("held by", names(s.Holders))
	}
	p.Heading("the device")
	m.device(p, s)
}

// waits is why a Pod has no device yet.
func (m Model) waits(p *paper.Paper, w gpu.Waiting) {
	why := w.Why
	if why == "" {
		why = "nobody has said yet why it waits"
	}
	p.Text(m.theme.Working, theme.SignWorking+" "+why)
	p.Field("asks for", layout.Plural(int(w.Asked), "GPU"))
	p.Heading("the GPUs of the environment")
	for _, s := range m.state.Slots {
		text := s.Model + " · " + heldBy(s, m.state.Sharing)
		if node := m.onNode(s); node != "" {
			text = node + " · " + text
		}
		p.Field("GPU "+strconv.Itoa(s.Index), text)
	}
}
