package report

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/diorama-dev/diorama/internal/gpu"
)

// GPUs writes the GPUs of an environment, or the machine's where it has no
// name.
func GPUs(w io.Writer, environment string, s gpu.State, o Options) error {
	p := &page{options: o}
	p.line(strong, " "+one(gpuHead(environment, s)))
	if len(s.Slots) == 0 {
		p.why(cmp.Or(s.Absence, "there are no GPUs"), s.Remedies, "   ")
	}
	columns := telling(gpuColumns(), s.Slots)
	columns, widths := fit(o, columns, s.Slots)
	if len(s.Slots) > 0 {
		p.line(quiet, "   "+heads(columns, widths))
	}
	for _, slot := range s.Slots {
		sign, t := gpuSign(slot.Phase)
		p.buf.WriteString(" " + o.paint(t, sign) + " " + strings.TrimRight(row(columns, widths, slot), " ") + "\n")
		for i, mig := range slot.MIG.Instances {
			p.line(plain, fmt.Sprintf("     MIG %d  %s  %s  %s", i, one(mig.Profile), bytesText(mig.Memory), one(mig.UUID)))
		}
		if slot.Why != "" {
			p.why(slot.Why, slot.Advice, "     ")
		}
	}
	for _, waiting := range s.Waiting {
		p.why(fmt.Sprintf("%s waits for %s: %s", waiting.Pod, gpuAmount(waiting.Asked), cmp.Or(waiting.Why, "the scheduler has not said why yet")), nil, "   ")
	}
	return p.to(w, "the GPUs")
}

// gpuHead says what there is: "shop · 2 GPUs, 1 free · driver 580.65 · CUDA 13.0".
func gpuHead(environment string, s gpu.State) string {
	head := cmp.Or(environment, "this machine") + " · " + gpuAmount(int64(len(s.Slots)))
	for _, phase := range []gpu.Phase{gpu.Held, gpu.Shared, gpu.Free, gpu.Lost} {
		if n := s.Count(phase); n > 0 {
			head += fmt.Sprintf(", %d %s", n, phase)
		}
	}
	if s.Simulated {
		head += " · simulated: they schedule and do not compute"
	}
	if s.Sharing > 1 {
		head += fmt.Sprintf(" · each shared by up to %d Pods", s.Sharing)
	}
	if s.Driver != "" {
		head += " · driver " + s.Driver
	}
	if s.CUDA != "" {
		head += " · CUDA " + s.CUDA
	}
	return head
}

func gpuAmount(n int64) string {
	switch n {
	case 0:
		return "no GPUs"
	case 1:
		return "1 GPU"
	}
	return strconv.FormatInt(n, 10) + " GPUs"
}

func gpuSign(phase gpu.Phase) (string, tone) {
	switch phase {
	case gpu.Held, gpu.Shared:
		return signWell, well
	case gpu.Lost:
		return signUnwell, unwell
	case gpu.Free, gpu.Apart:
	}
	return signIdle, quiet
}

func gpuColumns() []column[gpu.Slot] {
	return []column[gpu.Slot]{
		{"GPU", true, 0, func(s gpu.Slot) string { return strconv.Itoa(s.Index) }},
		{"MODEL", false, 3, func(s gpu.Slot) string { return one(s.Model) }},
		{"UTIL", true, 2, func(s gpu.Slot) string { return known(s.Reading.Utilisation, "%d %%", 1) }},
		{"MEMORY", true, 1, gpuMemory},
		{"POWER", true, 5, func(s gpu.Slot) string { return known(s.Reading.Power, "%d W", 1000) }},
		{"TEMP", true, 4, func(s gpu.Slot) string { return known(s.Reading.Temperature, "%d °C", 1) }},
		{"NODE", false, 6, func(s gpu.Slot) string { return one(s.Node) }},
		{"UUID", false, 7, func(s gpu.Slot) string { return one(s.UUID) }},
		{"HELD BY", false, 0, holders},
	}
}

// known is a number in a form, divided; unknown where there is none.
func known(n *int, form string, by int) string {
	if n == nil {
		return unknown
	}
	return fmt.Sprintf(form, *n/by)
}

func gpuMemory(s gpu.Slot) string {
	switch {
	case s.Reading.MemoryUsed != nil:
		return ofBudget(*s.Reading.MemoryUsed, s.Memory)
	case s.Memory > 0:
		return bytesText(s.Memory)
	}
	return unknown
}

// holders says who has a device: "trainer-0 (pid 48211, 30.9 GiB)", "free".
func holders(s gpu.Slot) string {
	if len(s.Holders) == 0 {
		switch s.Phase {
		case gpu.Free, gpu.Lost:
			return string(s.Phase)
		case gpu.Apart:
			return "in no node"
		case gpu.Held, gpu.Shared:
		}
		return unknown
	}
	var list []string
	for _, h := range s.Holders {
		var processes []string
		for _, process := range h.Processes {
			text := "pid " + strconv.Itoa(process.PID)
			if h.Pod == "" && process.Name != "" {
				text = one(process.Name) + ", " + text
			}
			if process.Memory != nil {
				text += ", " + bytesText(*process.Memory)
			}
			processes = append(processes, text)
		}
		text := strings.Join(processes, "; ")
		if name := one(h.Pod); name != "" && text != "" {
			text = name + " (" + text + ")"
		} else if name != "" {
			text = name
		}
		list = append(list, text)
	}
	return strings.Join(list, ", ")
}

// gpusJSON is `diorama gpu -o json`.
type gpusJSON struct {
	Schema      int    `json:"schema"`
	Environment string `json:"environment,omitempty"`
	gpu.State
}

// GPUsJSON is the state as documented JSON, with a line end at its end. Lists
// that are empty are there, and what is not known is null.
func GPUsJSON(environment string, s gpu.State) ([]byte, error) {
	s.Slots = slices.Clone(s.Slots)
	if s.Slots == nil {
		s.Slots = []gpu.Slot{}
	}
	data, err := json.Marshal(gpusJSON{Schema: Schema, Environment: environment, State: s})
	if err != nil {
		return nil, fmt.Errorf("write the GPUs as JSON: %w", err)
	}
	return append(data, '\n'), nil
}
