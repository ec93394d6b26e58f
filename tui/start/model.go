// Package start owns the screen that comes before any other: the environments
// that are there, and the profiles that one can be brought about from. It only
// learns what the person wants; the caller does it.
package start

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/diorama-dev/diorama/internal/env"
	"github.com/diorama-dev/diorama/tui"
	"github.com/diorama-dev/diorama/tui/intent"
	"github.com/diorama-dev/diorama/tui/layout"
	"github.com/diorama-dev/diorama/tui/theme"
)

// Environment is one that is there.
type Environment struct {
	Name, Profile, Runtime string
	Phase                  env.Phase // empty: nobody knows
}

// Profile is one that an environment can be brought about from.
type Profile struct {
	Name   string
	Title  string
	Stacks []string
	// Here is true of the working folder's own, which needs no name.
	Here bool
	// Off says why it cannot be used; empty: it can.
	Off string
}

// Verb is what the person wants to do.
type Verb string

// The verbs. The zero value is to leave and do nothing.
const (
	VerbOpen      Verb = "open"  // an environment's UI
	VerbStart     Verb = "start" // a stopped environment
	VerbUp        Verb = "up"    // a profile
	VerbInterrupt Verb = "interrupt"
)

// Choice is what the person has chosen. The name is empty for the profile of
// the working folder.
type Choice struct {
	Verb Verb
	Name string
}

// The intents of the screen.
const (
	choose intent.Intent = "choose"
	no     intent.Intent = "no"
	leave  intent.Intent = "leave"
)

// Model is the screen.
type Model struct {
	options tui.Options
	theme   theme.Theme
	width   int
	height  int
	entries []entry
	at      int  // the chosen entry
	offset  int  // the first line of the list that is shown
	asking  bool // whether to start what is stopped
	notice  string
	choice  Choice
}

// entry is what can be chosen.
type entry struct {
	group   string
	phase   env.Phase // of an environment
	name    string
	about   string
	state   string
	off     string
	choice  Choice
	command string // what does the same on a command line
}

// The groups of the list.
const (
	groupEnvironments = "environments"
	groupProfiles     = "profiles"
)

// New returns the screen with what there is to choose from.
func New(environments []Environment, profiles []Profile, o tui.Options) Model {
	m := Model{options: o, theme: theme.New(o.Theme)}
	for _, e := range environments {
		m.entries = append(m.entries, e.entry())
	}
	for _, p := range profiles {
		m.entries = append(m.entries, p.entry())
	}
	return m
}

func (e Environment) entry() entry {
	made := entry{
		group: groupEnvironments, phase: e.Phase, name: layout.Safe(e.Name), about: layout.Safe(e.Profile),
		state: layout.Safe(string(e.Phase)), choice: Choice{VerbOpen, e.Name}, command: "diorama ui --name ",
	}
	if e.Runtime != "" {
		made.about += " · " + layout.Safe(e.Runtime)
	}
	switch e.Phase {
	case env.PhaseStopped:
		made.choice.Verb, made.command = VerbStart, "diorama start --name "
	case "":
		made.state = "not watched"
	case env.PhasePlanned, env.PhaseStarting, env.PhaseReady, env.PhaseDegraded, env.PhaseFailed:
	}
	made.command += made.name
	return made
}

func (p Profile) entry() entry {
	made := entry{
		group: groupProfiles, name: layout.Safe(p.Name), about: layout.Safe(p.Title), state: layout.Safe(strings.Join(p.Stacks, " ")),
		off: layout.Safe(p.Off), choice: Choice{VerbUp, p.Name}, command: "diorama up",
	}
	if p.Off != "" {
		made.state = "cannot be used"
	}
	if p.Here {
		made.choice.Name = ""
	} else {
		made.command += " " + made.name
	}
	return made
}

// Choice is what the person left the screen for.
func (m Model) Choice() Choice { return m.choice }

// Init asks for the terminal's background.
func (m Model) Init() tea.Cmd {
	if m.options.Theme == "" || m.options.Theme == theme.Auto {
		return tea.RequestBackgroundColor
	}
	return nil
}

// Update takes a message in.
func (m Model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.width, m.height = max(msg.Width, 0), max(msg.Height, 0)
		return m.moved(0), nil
	case tea.BackgroundColorMsg:
		return m.background(msg), nil
	case tea.KeyPressMsg:
		return m.key(msg)
	case tea.MouseClickMsg:
		return m.click(tea.Mouse(msg))
	case tea.MouseWheelMsg:
		by := 1
		if msg.Button == tea.MouseWheelUp {
			by = -1
		}
		return m.moved(by), nil
	}
	return m, nil
}

func (m Model) background(msg tea.BackgroundColorMsg) Model {
	m.theme = theme.New(theme.Light)
	if msg.IsDark() {
		m.theme = theme.New(theme.Dark)
	}
	return m
}

// bindings are the keys of the list, or of the question over it.
func (m Model) bindings() []intent.Binding {
	if m.asking {
		return []intent.Binding{
			{Keys: []string{"y", "enter"}, Label: "y", Hint: "yes, start it", Intent: choose},
			{Keys: []string{"n", "esc", "q"}, Label: "n", Hint: "no", Intent: no},
		}
	}
	enter := map[Verb]string{VerbOpen: "open", VerbStart: "start", VerbUp: "bring it up"}
	hint := ""
	if e, ok := m.chosen(); ok && e.off == "" {
		hint = enter[e.choice.Verb]
	}
	return append([]intent.Binding{
		{Keys: []string{"enter", "space"}, Label: "enter", Hint: hint, Intent: choose},
		{Keys: []string{"q", "esc"}, Label: "q", Hint: "quit", Intent: leave},
	}, intent.Moves()...)
}

func (m Model) key(k tea.KeyPressMsg) (tea.Model, tea.Cmd) {
	if k.String() == "ctrl+c" {
		m.choice = Choice{Verb: VerbInterrupt}
		return m, tea.Quit
	}
	b, ok := intent.Find(k.String(), m.bindings())
	if !ok {
		return m, nil
	}
	if by, isMove := intent.Step(b.Intent, m.listHeight()); isMove {
		return m.moved(by), nil
	}
	return m.perform(b.Intent)
}

func (m Model) perform(i intent.Intent) (tea.Model, tea.Cmd) {
	switch i {
	case choose:
		return m.decided()
	case no:
		m.asking = false
	case leave:
		return m, tea.Quit
	}
	return m, nil
}

// decided leaves with the chosen entry; what is stopped is asked for first.
func (m Model) decided() (tea.Model, tea.Cmd) {
	e, ok := m.chosen()
	switch {
	case !ok:
		return m, nil
	case e.off != "":
		m.notice = e.off
		return m, nil
	case e.choice.Verb == VerbStart && !m.asking:
		m.asking = true
		return m, nil
	}
	m.choice = e.choice
	return m, tea.Quit
}

func (m Model) chosen() (entry, bool) {
	if m.at < 0 || m.at >= len(m.entries) {
		return entry{}, false
	}
	return m.entries[m.at], true
}

// moved returns the model with another entry chosen, and in sight.
func (m Model) moved(by int) Model {
	if m.asking && by != 0 {
		return m
	}
	m.at = layout.Clamp(m.at+by, 0, max(len(m.entries)-1, 0))
	m.notice = ""
	lines, first, last := m.list()
	if last-first >= m.listHeight() {
		first = last
	}
	m.offset = layout.Scroll(m.offset, m.listHeight(), len(lines), first, last)
	return m
}

// click chooses the entry of a line; a click on the one that is chosen already
// opens it.
func (m Model) click(at tea.Mouse) (tea.Model, tea.Cmd) {
	line := at.Y - listTop
	if at.Button != tea.MouseLeft || line < 0 || line >= m.listHeight() || m.asking {
		return m, nil
	}
	hit := m.entryAt(m.offset + line)
	switch {
	case hit < 0:
		return m, nil
	case hit == m.at:
		return m.decided()
	}
	return m.moved(hit - m.at), nil
}
