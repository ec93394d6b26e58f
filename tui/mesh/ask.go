package mesh

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/diorama-dev/diorama/internal/mesh"
	"github.com/diorama-dev/diorama/tui/form"
	"github.com/diorama-dev/diorama/tui/intent"
	"github.com/diorama-dev/diorama/tui/layout"
)

// formKind is what a form asks for.
type formKind uint8

const (
	formNone   formKind = iota
	formHeader          // a header and where to
	formFault           // a delay or an abort
	formTLS             // whose mutual TLS, and which
	formUndo            // whether all is to be undone
)

// target is what the form is about: a service's route, or a workload.
type target struct {
	service  string
	route    int
	shown    mesh.Shown // the route, when the form was opened
	workload string
	last     string // the change that was the last then
}

// wholeMesh and takeAway are options of forms.
const (
	wholeMesh = "the whole mesh"
	takeAway  = "take the rule away"
)

// mostNotes is how many changes are named before all of them are undone.
const mostNotes = 5

// Asking reports whether the screen asks for something, and wants every key.
func (m Model) Asking() bool { return m.asks.kind != formNone }

// FormBindings are the keys of the form that is open.
func (m Model) FormBindings() []intent.Binding { return m.asks.form.Bindings() }

// asking opens a form for what the cursor is on.
func (m Model) asking(kind formKind) Model {
	r, _ := m.chosen()
	t := target{route: r.route}
	if r.service >= 0 {
		t.service = m.state.Services[r.service].Name
	}
	f := form.Form{Does: "preview", Notes: []string{"Nothing is changed yet: what it would apply is shown first."}}
	switch kind {
	case formHeader:
		f.Question = "Route requests to " + t.service + " that have a header"
		f.Fields = headerFields(&m.state.Services[r.service], r.route)
	case formFault:
		s := &m.state.Services[r.service]
		f.Question = "What the mesh does to requests to " + t.service + " on purpose"
		if c := matchText(&s.Routes[r.route]); c != "" {
			f.Question += ", where " + c
		}
		t.shown = mesh.Shown{Match: s.Routes[r.route].Match, Fault: s.Routes[r.route].Fault}
		f.Fields = faultFields(t.shown.Fault)
	case formTLS:
		t.workload = m.workloadAt(r)
		f.Question = "Mutual TLS: strict refuses whoever has no proxy, permissive takes both"
		f.Fields = m.tlsFields(t.workload)
	case formUndo:
		f = form.Form{Question: "Undo all that was changed from here?", Does: "undo all"}
		t.last = m.lastChange().ID
		for i := len(m.state.Changes) - 1; i >= 0; i-- {
			f.Notes = append(f.Notes, changeText(m.state.Changes[i]))
		}
		if n := len(f.Notes); n > mostNotes {
			f.Notes = append(f.Notes[:mostNotes-1], fmt.Sprintf("and %d more", n-mostNotes+1))
		}
	case formNone:
	}
	m.asks.kind, m.asks.form, m.asks.target = kind, f, t
	return m
}

// workloadAt is the workload that the cursor is on; empty: none that is in the
// mesh.
func (m Model) workloadAt(r row) string {
	name := ""
	switch {
	case r.kind == rowWorkload && r.key != "":
		name = m.state.Workloads[r.at].Name
	case r.service >= 0:
		name = m.state.Services[r.service].Name
	}
	for _, w := range m.state.Workloads {
		if w.Name == name && w.TLS != mesh.Outside {
			return name
		}
	}
	return ""
}

func headerFields(s *mesh.Service, route int) []form.Field {
	var to []string
	versions := false
	for _, r := range s.Routes {
		for _, d := range r.Destinations {
			versions = versions || d.Subset != ""
			if !slices.Contains(to, d.Name) {
				to = append(to, d.Name)
			}
		}
	}
	name, value, at, compared := "", "", 0, 0
	if r := &s.Routes[route]; len(r.Match) == 1 {
		name, value, compared = headerOf(layout.Safe(r.Match[0]))
		if name != "" {
			to = append(to, takeAway)
		}
		if len(r.Destinations) > 0 {
			at = max(slices.Index(to, r.Destinations[0].Name), 0)
		}
	}
	where := form.Field{Label: "to", Options: to, Chosen: at}
	if !versions { // no route names one: which there are is for the mesh to say
		where = form.Field{Label: "to", Hint: "a version of it, such as v2"}
	}
	return []form.Field{
		{Label: "header", Text: name, Hint: "user-agent"},
		{Label: "value", Text: value, Hint: "Android"},
		{Label: "compared", Options: comparisons(), Chosen: compared},
		where,
	}
}

// comparisons are how a header's value can be compared.
func comparisons() []string { return []string{"exact", "prefix", "contains"} }

// headerOf reads a condition such as "user-agent: Android" or "x: a*" back; an
// empty name: it is no condition on a header.
func headerOf(match string) (name, value string, compared int) {
	name, value, ok := strings.Cut(match, ": ")
	switch {
	case !ok || strings.Contains(name, " ") || strings.Contains(value, " and "):
		return "", "", 0
	case len(value) > 2 && strings.HasPrefix(value, "*") && strings.HasSuffix(value, "*"):
		return name, value[1 : len(value)-1], 2
	case len(value) > 1 && strings.HasSuffix(value, "*"):
		return name, strings.TrimSuffix(value, "*"), 1
	}
	return name, value, 0
}

func faultFields(f mesh.Fault) []form.Field {
	list := []form.Field{
		{Label: "fault", Options: []string{"delay", "abort", "none"}},
		{Label: "how", Hint: "a delay such as 3s; for an abort a status such as 503"},
		{Label: "share", Text: "10", Hint: "per cent of requests"},
	}
	share := func(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }
	switch {
	case f.Delay > 0:
		list[1].Text, list[2].Text = f.Delay.String(), share(f.DelayShare)
	case f.Abort > 0:
		list[0].Chosen, list[1].Text, list[2].Text = 1, strconv.Itoa(f.Abort), share(f.AbortShare)
	}
	return list
}

func (m Model) tlsFields(workload string) []form.Field {
	of := []string{wholeMesh}
	if workload != "" {
		of = []string{workload, wholeMesh}
	}
	return []form.Field{
		{Label: "of", Options: of},
		{Label: "mode", Options: []string{string(mesh.Strict), string(mesh.Permissive)}},
	}
}

// edit is what the form asks for.
func (m Model) edit() (mesh.Edit, error) {
	f, t := m.asks.form.Fields, m.asks.target
	text := func(i int) string { return strings.TrimSpace(f[i].Text) }
	switch m.asks.kind {
	case formHeader:
		e := mesh.Edit{Kind: mesh.EditHeader, Service: t.service, Route: t.route}
		e.Header = mesh.Header{Name: strings.ToLower(text(0)), Value: text(1), Match: f[2].Option()}
		if e.To = text(3); f[3].Options != nil {
			e.To = strings.TrimPrefix(f[3].Option(), takeAway)
		}
		switch {
		case e.Header.Name == "" || strings.ContainsAny(e.Header.Name, " :"):
			return e, fmt.Errorf("%q is no header's name: write one such as user-agent", text(0))
		case e.Header.Value == "":
			return e, fmt.Errorf("%s needs a value", e.Header.Name)
		case e.To == "" && f[3].Options == nil:
			return e, errors.New("name the version that requests with the header go to")
		}
		return e, nil
	case formFault:
		e := mesh.Edit{Kind: mesh.EditFault, Service: t.service, Route: t.route, Fault: t.shown.Fault, Shown: &t.shown}
		return e, fault(&e.Fault, f[0].Option(), text(1), text(2))
	case formTLS:
		e := mesh.Edit{Kind: mesh.EditTLS, TLS: mesh.TLSMode(f[1].Option())}
		if of := f[0].Option(); of != wholeMesh {
			e.Service = of
		}
		return e, nil
	case formNone, formUndo:
	}
	return mesh.Edit{}, nil
}

// fault changes what the form names, and leaves the other kind of fault as it
// is.
func fault(f *mesh.Fault, kind, how, share string) error {
	if kind == "none" {
		*f = mesh.Fault{}
		return nil
	}
	part, err := strconv.ParseFloat(strings.TrimSpace(strings.TrimSuffix(share, "%")), 64)
	if err != nil || !(part > 0 && part <= 100) {
		return fmt.Errorf("%q is no share of requests: write per cent, more than 0 and at most 100", share)
	}
	if kind == "abort" {
		status, err := strconv.Atoi(how)
		if err != nil || status < 200 || status > 599 {
			return fmt.Errorf("%q is no status to abort with: write one from 200 to 599, such as 503", how)
		}
		f.Abort, f.AbortShare = status, part
		return nil
	}
	delay, err := time.ParseDuration(strings.ReplaceAll(how, " ", ""))
	if err != nil || delay < time.Millisecond || delay > time.Hour {
		return fmt.Errorf("%q is no delay: write one such as 3s or 250ms, an hour at most", how)
	}
	f.Delay, f.DelayShare = delay, part
	return nil
}

// Key gives the form a key.
func (m Model) Key(k tea.KeyPressMsg) (Model, tea.Cmd) {
	m.note = Note{}
	f, answer := m.asks.form.Key(k)
	m.asks.form = f
	switch answer {
	case form.Cancelled:
		return m.closed(), nil
	case form.Submitted:
		return m.submitted()
	case form.Typing:
	}
	return m, nil
}

// Pasted gives the form text from the clipboard.
func (m Model) Pasted(text string) Model {
	m.asks.form = m.asks.form.Pasted(text)
	return m
}

func (m Model) closed() Model {
	m.asks.kind, m.asks.form, m.asks.target = formNone, form.Form{}, target{}
	return m
}

func (m Model) submitted() (Model, tea.Cmd) {
	if m.asks.kind == formUndo {
		return m.undo(mesh.Undo{All: true, Last: m.asks.target.last})
	}
	e, err := m.edit()
	if err != nil {
		m.asks.form.Problem = err.Error()
		return m, nil
	}
	return m.closed().drafted(e)
}
