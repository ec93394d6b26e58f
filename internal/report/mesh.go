package report

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/diorama-dev/diorama/internal/mesh"
	"github.com/diorama-dev/diorama/internal/queue"
)

// Mesh writes what a mesh is and does: the services with their routes, what is
// set beside what was seen, mutual TLS, and what is wrong.
func Mesh(w io.Writer, s mesh.State, o Options) error {
	p := &page{options: o}
	if s.Absence != "" {
		p.wrapped(quiet, one(s.Absence), " ")
		return p.to(w, "the mesh")
	}
	p.meshHead(s)
	for _, v := range s.Services {
		p.line(plain, "")
		p.meshService(v)
	}
	p.line(plain, "")
	p.meshTLS(s)
	p.meshDoors(s.Doors)
	p.meshProblems(s.Problems)
	p.meshChanges(s.Changes)
	return p.to(w, "the mesh")
}

func (p *page) meshHead(s mesh.State) {
	proxies, behind, unready := 0, 0, 0
	for _, w := range s.Workloads {
		for _, proxy := range w.Proxies {
			proxies++
			switch {
			case !proxy.Ready:
				unready++
			case len(proxy.Behind) > 0:
				behind++
			}
		}
	}
	sign, t := signWell, well
	text := fmt.Sprintf("%d of %d proxies in step", proxies-behind-unready, proxies)
	if behind+unready > 0 {
		sign, t = signWorking, working
	}
	p.buf.WriteString(" " + p.options.paint(t, sign) + p.options.paint(strong, p.cut(" "+one(s.Title)+" · "+text)) + "\n")
	for _, w := range s.Workloads {
		for _, proxy := range w.Proxies {
			switch {
			case !proxy.Ready:
				p.why("the proxy of "+proxy.Pod+" is not ready", nil, "     ")
			case len(proxy.Behind) > 0:
				p.why("the proxy of "+proxy.Pod+" has not taken up "+strings.Join(proxy.Behind, ", "), nil, "     ")
			}
		}
	}
}

func (p *page) meshService(v mesh.Service) {
	head := " " + one(v.Name)
	if len(v.Callers) > 0 {
		head = " " + one(strings.Join(v.Callers, ", ")) + " → " + one(v.Name)
	}
	p.line(strong, head)
	if v.Rule == "" {
		p.line(quiet, "   not routed: all Pods of it answer")
	}
	if text := policyText(v.Policy); text != "" {
		p.wrapped(quiet, one(text), "   ")
	}
	var rows []meshRow
	for _, r := range v.Routes {
		for i, d := range r.Destinations {
			row := meshRow{destination: d}
			if i == 0 {
				row.route = routeText(r, len(v.Routes) > 1)
			}
			rows = append(rows, row)
		}
	}
	table(p, telling(meshColumns(), rows), rows)
	for _, r := range v.Routes {
		if text := treatment(r); text != "" {
			p.wrapped(working, one(routeText(r, true)+": "+text), "   ")
		}
	}
	said := make(map[string]bool)
	for _, row := range rows {
		for _, e := range row.destination.Endpoints {
			if e.Ejected && !said[e.Address] {
				said[e.Address] = true
				p.why(one(podOf(e))+" is ejected by "+strings.Join(e.EjectedBy, ", "), nil, "   ")
			}
		}
	}
	for _, row := range rows {
		if row.destination.Seen.Shared && row.destination.Seen.Share != nil {
			p.wrapped(quiet, "proxies count by version: requests of the routes above are among those seen", "   ")
			break
		}
	}
}

// meshRow is a destination of a route.
type meshRow struct {
	route       string // of the first only
	destination mesh.Destination
}

func meshColumns() []column[meshRow] {
	return []column[meshRow]{
		{"ROUTE", false, 1, func(r meshRow) string { return one(r.route) }},
		{"TO", false, 0, func(r meshRow) string { return one(r.destination.Name) }},
		{"SET", true, 0, func(r meshRow) string { return strconv.Itoa(r.destination.Weight) + " %" }},
		{"SEEN", true, 0, func(r meshRow) string {
			if r.destination.Seen.Share == nil {
				return unknown
			}
			return fmt.Sprintf("%.1f %%", *r.destination.Seen.Share)
		}},
		{"REQUESTS", true, 2, func(r meshRow) string { return seenText(r, r.destination.Seen.Requests) }},
		{"ERRORS", true, 3, func(r meshRow) string { return seenText(r, r.destination.Seen.Errors) }},
		{"P99", true, 4, func(r meshRow) string {
			if r.destination.Seen.P99 == nil {
				return unknown
			}
			return meshDuration(*r.destination.Seen.P99)
		}},
		{"PODS", true, 5, func(r meshRow) string {
			taken := 0
			for _, e := range r.destination.Endpoints {
				if e.Healthy && !e.Ejected {
					taken++
				}
			}
			return fmt.Sprintf("%d/%d", taken, len(r.destination.Endpoints))
		}},
	}
}

func seenText(r meshRow, n int64) string {
	if r.destination.Seen.Share == nil {
		return unknown
	}
	return amount(queue.Known(n))
}

// meshDuration is a time that a request took: three digits at most.
func meshDuration(d time.Duration) string {
	switch {
	case d < 10*time.Millisecond:
		return fmt.Sprintf("%.1f ms", float64(d)/float64(time.Millisecond))
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	default:
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
}

func routeText(r mesh.Route, several bool) string {
	switch {
	case len(r.Match) > 0:
		return strings.Join(r.Match, " or ")
	case several:
		return "all others"
	default:
		return "all"
	}
}

// treatment is what a route does to requests beside sending them on.
func treatment(r mesh.Route) string {
	var parts []string
	if f := r.Fault; f.Delay > 0 {
		parts = append(parts, fmt.Sprintf("delay of %s on %g %%", f.Delay, f.DelayShare))
	}
	if f := r.Fault; f.Abort != 0 {
		parts = append(parts, fmt.Sprintf("answer %d on %g %%", f.Abort, f.AbortShare))
	}
	if r.Timeout > 0 {
		parts = append(parts, "timeout "+r.Timeout.String())
	}
	if r.Retries != nil {
		text := fmt.Sprintf("%d retries", r.Retries.Attempts)
		if r.Retries.PerTry > 0 {
			text += " of " + r.Retries.PerTry.String()
		}
		if r.Retries.On != "" {
			text += " on " + r.Retries.On
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, " · ")
}

func policyText(v mesh.Policy) string {
	var parts []string
	if v.MaxConnections > 0 {
		parts = append(parts, fmt.Sprintf("at most %d connections", v.MaxConnections))
	}
	if v.MaxPending > 0 {
		parts = append(parts, fmt.Sprintf("%d waiting", v.MaxPending))
	}
	if v.Eject != "" {
		parts = append(parts, "ejected "+v.Eject)
	}
	if v.Balancer != "" {
		parts = append(parts, v.Balancer)
	}
	if v.TLS != "" {
		parts = append(parts, "TLS "+v.TLS)
	}
	return strings.Join(parts, " · ")
}

func podOf(e mesh.Endpoint) string {
	if e.Pod != "" {
		return e.Pod
	}
	return e.Address
}

func (p *page) meshProblems(problems []mesh.Problem) {
	if len(problems) > 0 {
		p.line(plain, "")
	}
	for _, problem := range problems {
		sign, t := signWorking, working
		if problem.Blocks {
			sign, t = signUnwell, unwell
		}
		p.buf.WriteString(" " + p.options.paint(t, sign) + p.cut(" "+one(problem.Object)+"  "+one(problem.ID)) + "\n")
		p.wrapped(t, one(problem.Summary), "     ")
		for _, advice := range problem.Advice {
			p.wrapped(plain, one(advice), "     ")
		}
	}
}

func (p *page) meshChanges(changes []mesh.Change) {
	if len(changes) == 0 {
		return
	}
	p.line(plain, "")
	p.line(plain, " changed from here; `diorama mesh undo` takes the last back, --all all of them")
	for _, c := range changes {
		p.line(plain, "   "+since(c.Time, p.options.Now)+" ago  "+one(c.Summary))
		if c.Stuck != "" {
			p.wrapped(working, "cannot be undone: "+one(c.Stuck), "     ")
		}
	}
}

// MeshJSON is a mesh as documented JSON, with a line end at its end.
func MeshJSON(s mesh.State) ([]byte, error) {
	data, err := encode(struct {
		Schema int `json:"schema"`
		mesh.State
	}{Schema, s}, "")
	if err != nil {
		return nil, fmt.Errorf("encode the mesh: %w", err)
	}
	return data, nil
}
