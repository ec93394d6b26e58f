package mesh

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/diorama-dev/diorama/internal/mesh"
	"github.com/diorama-dev/diorama/tui/layout"
	"github.com/diorama-dev/diorama/tui/theme"
)

// rowKind is what a line of the screen shows.
type rowKind uint8

const (
	rowText        rowKind = iota // drawn already, but for its style
	rowProblem                    // the first line of what is wrong
	rowService                    // who calls which service
	rowDestination                // where a route goes
	rowTLS                        // how many workloads take what
	rowWorkload                   // one of them
	rowChange                     // what was changed from here
)

// row is a line of the screen, not drawn yet.
type row struct {
	kind    rowKind
	key     string // empty: it cannot be chosen
	of      string // the key of the row that it tells more of
	service int    // index of the service; -1: none
	route   int    // index of the service's route
	at      int    // index of the destination, problem, workload or change
	text    string
	loud    theme.Loudness
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
	dense bool // the last service took one line
}

// text adds a text in at most so many lines, of a row.
func (l *lines) text(of string, loud theme.Loudness, indent int, text string, most int) {
	w := l.width - indent - 1
	for _, part := range layout.Clip(layout.Wrap(text, w), most, w) {
		l.rows = append(l.rows, row{of: of, service: -1, text: layout.Space(indent) + part, loud: loud})
	}
}

func (l *lines) heading(text string) {
	if len(l.rows) > 0 {
		l.rows = append(l.rows, row{service: -1})
	}
	if text != "" {
		l.rows = append(l.rows, row{service: -1, text: " " + text})
	}
}

// list are all lines of the screen. Only those in the window are drawn.
func (m Model) list() []row {
	l := &lines{width: m.width, rows: make([]row, 0, len(m.rows)+16)}
	if m.state.Absence != "" {
		l.text("", theme.Working, 1, theme.SignWorking+" "+m.state.Absence, 3)
	}
	m.listProblems(l)
	for i, s := range m.state.Services {
		if m.passes(append([]string{s.Name}, s.Callers...)...) {
			m.listService(l, i)
		}
	}
	m.listWorkloads(l)
	m.listChanges(l)
	return l.rows
}

// passes reports whether the filter lets something of these names through.
func (m Model) passes(names ...string) bool {
	if m.filter == "" {
		return true
	}
	for _, n := range names {
		if strings.Contains(strings.ToLower(n), m.filter) {
			return true
		}
	}
	return false
}

func (m Model) listProblems(l *lines) {
	for i, p := range m.state.Problems {
		if !m.passes(p.Object, p.Summary) {
			continue
		}
		key := "problem " + strconv.Itoa(i) + p.ID + p.Object
		most := 1
		if m.open(key) {
			most = 3
		}
		for j, text := range layout.Clip(layout.Wrap(problemText(p), m.width-4), most, m.width-4) {
			if j == 0 {
				l.rows = append(l.rows, row{kind: rowProblem, key: key, service: -1, at: i, text: text})
				continue
			}
			l.rows = append(l.rows, row{of: key, service: -1, text: "   " + text, loud: theme.Unwell})
		}
		if len(p.Advice) > 0 && m.open(key) {
			l.text(key, theme.Usual, 3, "try: "+p.Advice[0], 2)
		}
	}
}

// open reports whether what is said of a row shows: on a narrow screen only of
// the chosen one.
func (m Model) open(key string) bool { return m.width >= narrow || key == m.cursor.ID }

func problemText(p mesh.Problem) string {
	if p.Object == "" {
		return p.Summary
	}
	return p.Object + ": " + p.Summary
}

func (m Model) listService(l *lines, i int) {
	s := &m.state.Services[i]
	if len(l.rows) > 0 && m.width >= narrow && !(bare(s) && l.dense) {
		l.rows = append(l.rows, row{service: -1})
	}
	l.dense = bare(s)
	key := "service " + s.Name
	l.rows = append(l.rows, row{kind: rowService, key: key, service: i, route: plainRoute(s)})
	for j := range s.Routes {
		m.listRoute(l, i, j)
	}
	if !m.open(key) {
		return
	}
	if text := policyText(s.Policy); text != "" {
		l.text(key, theme.Quiet, 5, text, 2)
	}
}

// listRoute adds a route: its conditions, its destinations, and what else the
// mesh does to its requests.
func (m Model) listRoute(l *lines, i, j int) {
	s := &m.state.Services[i]
	r := &s.Routes[j]
	if len(s.Routes) > 1 && !alone(r) {
		text := "all else"
		if len(r.Match) > 0 {
			text = matchText(r)
		}
		l.rows = append(l.rows, row{of: "service " + s.Name, service: -1, text: layout.Space(5) + text})
	}
	key := ""
	if bare(s) {
		if key = "service " + s.Name; m.open(key) {
			listEndpoints(l, key, r.Destinations[0])
		}
	}
	for k := range r.Destinations {
		if bare(s) {
			break
		}
		key = fmt.Sprintf("%s/%d/%d %s", s.Name, j, k, r.Destinations[k].Name)
		l.rows = append(l.rows, row{kind: rowDestination, key: key, service: i, route: j, at: k})
		if m.open(key) {
			listEndpoints(l, key, r.Destinations[k])
		}
	}
	if key == "" {
		key = "service " + s.Name
		l.text(key, theme.Unwell, 5, theme.SignUnwell+" requests go nowhere: the route has no destination", 2)
	}
	if text := faultText(r.Fault); text != "" {
		l.text(key, theme.Working, 5, theme.SignWorking+" "+text+m.since(s.Name, r.Fault), 2)
	}
	if text := patienceText(r); text != "" && m.open(key) {
		l.text(key, theme.Quiet, 5, text, 2)
	}
}

// bare reports whether a service is one line: all requests go to all its Pods.
func bare(s *mesh.Service) bool {
	return len(s.Routes) == 1 && len(s.Routes[0].Match) == 0 && len(s.Routes[0].Destinations) == 1 && s.Routes[0].Destinations[0].Subset == "" &&
		(s.Routes[0].Destinations[0].Name == s.Name || s.Routes[0].Destinations[0].Name == "")
}

// alone reports whether a route is one line: conditions and where to.
func alone(r *mesh.Route) bool { return len(r.Match) > 0 && len(r.Destinations) == 1 }

// plainRoute is the route of requests that no condition is on; the first where
// all have some.
func plainRoute(s *mesh.Service) int {
	for i, r := range s.Routes {
		if len(r.Match) == 0 {
			return i
		}
	}
	return 0
}

// listEndpoints adds the Pods of a destination that get nothing.
func listEndpoints(l *lines, key string, d mesh.Destination) {
	const most = 3
	n := 0
	for _, e := range d.Endpoints {
		text := endpointText(e)
		if text == "" {
			continue
		}
		if n++; n <= most {
			l.text(key, theme.Unwell, 5, theme.SignUnwell+" "+text, 2)
		}
	}
	if n > most {
		l.text(key, theme.Unwell, 7, fmt.Sprintf("and %d more: enter shows them", n-most), 1)
	}
}

func (m Model) listWorkloads(l *lines) {
	if len(m.state.Workloads) == 0 {
		return
	}
	l.heading("")
	for i, part := range layout.Wrap(tlsText(m.state.Workloads, m.width >= narrow), m.width-9) {
		l.rows = append(l.rows, row{kind: rowTLS, service: -1, at: i, text: part})
	}
	for i, w := range m.state.Workloads {
		if !m.passes(w.Name, w.Stack, string(w.TLS)) {
			continue
		}
		key := "workload " + w.Stack + "/" + w.Name
		l.rows = append(l.rows, row{kind: rowWorkload, key: key, service: -1, at: i})
		if m.open(key) {
			for _, text := range behindTexts(w) {
				l.text(key, theme.Working, 5, theme.SignWorking+" "+text, 2)
			}
			for _, d := range m.state.Doors {
				if d.Workload == w.Name && d.Refuses {
					l.text(key, theme.Unwell, 5, theme.SignUnwell+" "+d.String()+" refuses this machine: it has no proxy", 2)
				}
			}
		}
	}
}

// listChanges adds what was changed from here, the newest first.
func (m Model) listChanges(l *lines) {
	if len(m.state.Changes) == 0 {
		return
	}
	l.heading("CHANGED FROM HERE")
	for i := len(m.state.Changes) - 1; i >= 0; i-- {
		c := m.state.Changes[i]
		if m.passes(c.Service, c.Summary) {
			key := fmt.Sprintf("change %s %d", c.ID, i)
			l.rows = append(l.rows, row{kind: rowChange, key: key, service: -1, at: i})
			if c.Stuck != "" && m.open(key) {
				l.text(key, theme.Working, 5, theme.SignWorking+" cannot be undone: "+c.Stuck, 3)
			}
		}
	}
}
