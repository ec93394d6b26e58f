package mesh

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/diorama-dev/diorama/internal/mesh"
	"github.com/diorama-dev/diorama/tui/layout"
	"github.com/diorama-dev/diorama/tui/theme"
)

// duration says a duration as it is written in rules: "3 s", "250 ms".
func duration(d time.Duration) string {
	switch {
	case d <= 0:
		return "0 s"
	case d < time.Second:
		return strconv.FormatInt(d.Milliseconds(), 10) + " ms"
	case d%time.Second == 0 && d < time.Hour:
		if d >= time.Minute && d%time.Minute == 0 {
			return strconv.Itoa(int(d.Minutes())) + " min"
		}
		return strconv.Itoa(int(d.Seconds())) + " s"
	case d < time.Minute:
		return strconv.FormatFloat(d.Seconds(), 'f', 1, 64) + " s"
	}
	return layout.LongAge(d)
}

// percent says a share without what it does not have after the comma.
func percent(v float64) string {
	return strconv.FormatFloat(float64(int64(v*100+0.5))/100, 'f', -1, 64) + " %"
}

// faultText is what the mesh does to requests on purpose; empty: nothing.
func faultText(f mesh.Fault) string {
	var parts []string
	if f.Delay > 0 {
		parts = append(parts, fmt.Sprintf("delay %s on %s of requests", duration(f.Delay), percent(f.DelayShare)))
	}
	if f.Abort > 0 {
		parts = append(parts, fmt.Sprintf("abort with %d on %s of requests", f.Abort, percent(f.AbortShare)))
	}
	return strings.Join(parts, ", ")
}

// changeText is what was changed, and of which service where it does not say so.
func changeText(c mesh.Change) string {
	if c.Service == "" || strings.Contains(c.Summary, c.Service) {
		return c.Summary
	}
	return c.Service + ": " + c.Summary
}

// since says when a fault was set from here; empty where it was not.
func (m Model) since(service string, f mesh.Fault) string {
	for i := len(m.state.Changes) - 1; i >= 0; i-- {
		c := m.state.Changes[i]
		if c.Service != service || !setsFault(c.Summary, f) {
			continue
		}
		text := "   (set here " + layout.Age(m.now.Sub(c.Time)) + " ago"
		if i == len(m.state.Changes)-1 && c.Stuck == "" {
			text += ", u undoes it"
		}
		return text + ")"
	}
	return ""
}

// setsFault reports whether a change's summary speaks of a fault.
func setsFault(summary string, f mesh.Fault) bool {
	holds := func(words ...string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return strings.HasPrefix(summary, w) || strings.Contains(summary, "and "+w) })
	}
	return f.Delay > 0 && holds("delay ") || f.Abort > 0 && holds("abort ", "answer ")
}

// patienceText is how long requests of a route may take and how often they are
// tried; empty where the mesh's defaults hold.
func patienceText(r *mesh.Route) string {
	var parts []string
	if r.Timeout > 0 {
		parts = append(parts, "timeout "+duration(r.Timeout))
	}
	if t := r.Retries; t != nil {
		text := "no retries"
		if t.Attempts > 0 {
			text = plural(t.Attempts, "retry", "retries")
			if t.PerTry > 0 {
				text += ", " + duration(t.PerTry) + " each"
			}
			if t.On != "" {
				text += ", on " + t.On
			}
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, " · ")
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}

// policyText is what applies to connections; empty: nothing particular.
func policyText(p mesh.Policy) string {
	var parts []string
	if p.MaxConnections > 0 {
		parts = append(parts, "at most "+plural(p.MaxConnections, "connection", "connections"))
	}
	if p.MaxPending > 0 {
		parts = append(parts, "at most "+strconv.Itoa(p.MaxPending)+" waiting")
	}
	if p.Eject != "" {
		parts = append(parts, "ejects "+p.Eject)
	}
	if p.TLS != "" {
		parts = append(parts, "TLS "+p.TLS)
	}
	if p.Balancer != "" {
		parts = append(parts, p.Balancer)
	}
	return strings.Join(parts, " · ")
}

// endpointText says why a Pod gets nothing; empty where it does.
func endpointText(e mesh.Endpoint) string {
	name := e.Address
	if e.Pod != "" {
		name = e.Pod + " (" + e.Address + ")"
	}
	switch {
	case e.Ejected && len(e.EjectedBy) > 0:
		return name + " gets nothing from " + strings.Join(e.EjectedBy, ", ") + ": ejected since it failed too often"
	case e.Ejected:
		return name + " gets nothing: ejected since it failed too often"
	case !e.Healthy:
		return name + " gets nothing: it is not healthy"
	}
	return ""
}

// matchText is the conditions of a route.
func matchText(r *mesh.Route) string { return layout.Safe(strings.Join(r.Match, " or ")) }

// callersText is who calls a service, as many as three.
func callersText(s *mesh.Service) string {
	const most = 3
	switch n := len(s.Callers); {
	case n == 0:
		return ""
	case n > most:
		return strings.Join(s.Callers[:most], ", ") + fmt.Sprintf(" and %d more", n-most)
	}
	return strings.Join(s.Callers, ", ")
}

// modes are the modes of mutual TLS, the strictest first.
func modes() []mesh.TLSMode {
	return []mesh.TLSMode{mesh.Strict, mesh.Permissive, mesh.Disabled, mesh.Outside}
}

// tlsText counts the workloads by mode; those that are not strict are named
// where there is room.
func tlsText(all []mesh.Workload, named bool) string {
	var parts []string
	for _, mode := range modes() {
		var names []string
		for _, w := range all {
			if w.TLS == mode {
				names = append(names, w.Name)
			}
		}
		if len(names) == 0 {
			continue
		}
		text := signOf(mode) + " " + string(mode) + " in " + strconv.Itoa(len(names))
		if mode == mesh.Outside {
			text = signOf(mode) + " outside the mesh " + strconv.Itoa(len(names))
		}
		if named && mode != mesh.Strict && len(names) <= 4 {
			text += ": " + strings.Join(names, ", ")
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, "   ")
}

func signOf(mode mesh.TLSMode) string {
	switch mode {
	case mesh.Strict:
		return theme.SignWell
	case mesh.Permissive:
		return theme.SignWorking
	case mesh.Disabled:
		return theme.SignUnwell
	case mesh.Outside:
	}
	return theme.SignWaiting
}

// behindTexts are what the proxies of a workload have not taken yet.
func behindTexts(w mesh.Workload) []string {
	var out []string
	for _, p := range w.Proxies {
		switch {
		case len(p.Behind) > 0:
			out = append(out, p.Pod+" has not taken the newest "+strings.Join(p.Behind, ", ")+" yet")
		case !p.Ready:
			out = append(out, p.Pod+": its proxy is not ready")
		}
	}
	return out
}

// proxiesText is how the proxies of a workload are, in few words.
func proxiesText(w mesh.Workload) string {
	n, behind, ready := len(w.Proxies), 0, 0
	for _, p := range w.Proxies {
		if len(p.Behind) > 0 {
			behind++
		}
		if p.Ready {
			ready++
		}
	}
	switch {
	case n == 0 && w.TLS == mesh.Outside:
		return "no proxy"
	case n == 0:
		return theme.Unknown
	case behind > 0:
		return fmt.Sprintf("%d of %s behind", behind, plural(n, "proxy", "proxies"))
	case ready < n:
		return fmt.Sprintf("%d of %s ready", ready, plural(n, "proxy", "proxies"))
	}
	return plural(n, "proxy", "proxies") + " in step"
}
