package report

import (
	"strings"

	"github.com/diorama-dev/diorama/internal/mesh"
)

// meshTLS says who takes connections without mutual TLS.
func (p *page) meshTLS(s mesh.State) {
	names := make(map[mesh.TLSMode][]string)
	for _, w := range s.Workloads {
		names[w.TLS] = append(names[w.TLS], one(w.Name))
	}
	for _, mode := range []struct {
		mode mesh.TLSMode
		sign string
		t    tone
		text string
	}{
		{mesh.Strict, signWell, well, "mutual TLS only (strict)"},
		{mesh.Permissive, signWorking, working, "with and without (permissive)"},
		{mesh.Disabled, signUnwell, unwell, "without mutual TLS"},
		{mesh.Outside, signIdle, quiet, "outside the mesh"},
	} {
		if all := names[mode.mode]; len(all) > 0 {
			p.buf.WriteString(" " + p.options.paint(mode.t, mode.sign) + p.cut(" "+mode.text+": "+strings.Join(all, ", ")) + "\n")
		}
	}
}

// meshDoors says which endpoints refuse whoever comes from outside the mesh.
func (p *page) meshDoors(doors []mesh.Door) {
	refuse, answer := mesh.Parted(doors)
	if len(refuse) == 0 {
		return
	}
	p.wrapped(unwell, signUnwell+" refuse whoever comes from this machine: "+one(strings.Join(refuse, ", ")), " ")
	if len(answer) > 0 {
		p.wrapped(quiet, "answer it: "+one(strings.Join(answer, ", ")), "   ")
	}
}
