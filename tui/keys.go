package tui

import (
	"slices"

	"github.com/diorama-dev/diorama/internal/env"
	"github.com/diorama-dev/diorama/tui/intent"
)

// The intents of the frame and of the selected service.
const (
	Quit      intent.Intent = "quit"
	Interrupt intent.Intent = "interrupt"
	Leave     intent.Intent = "leave"
	Back      intent.Intent = "back"
	Palette   intent.Intent = "palette"
	Help      intent.Intent = "help"
	NextTab   intent.Intent = "next screen"
	LastTab   intent.Intent = "previous screen"
	AskStop   intent.Intent = "ask to stop"
	AskDown   intent.Intent = "ask to take down"
	Stop      intent.Intent = "stop the environment"
	TakeDown  intent.Intent = "take down"
	Endpoints intent.Intent = "endpoints"
	Reveal    intent.Intent = "reveal"
	Accept    intent.Intent = "accept"
	Pick      intent.Intent = "pick services"
	Toggle    intent.Intent = "toggle"
	All       intent.Intent = "all of a list"
	Worse     intent.Intent = "this level and worse"
	OnlyValue intent.Intent = "only a field's value"
	NotValue  intent.Intent = "not a field's value"
	CopyField intent.Intent = "copy a field's value"

	Details   intent.Intent = "details"
	Why       intent.Intent = "why"
	Logs      intent.Intent = "logs of the service"
	Shell     intent.Intent = "shell"
	Restart   intent.Intent = "restart"
	ScaleUp   intent.Intent = "scale up"
	ScaleDown intent.Intent = "scale down"
	Copy      intent.Intent = "copy"
	Open      intent.Intent = "open"
)

// goTo is the intent to see a screen.
func goTo(s Screen) intent.Intent { return intent.Intent("screen " + s) }

// globalBindings are the keys that mean the same on every screen.
func (m Model) globalBindings() []intent.Binding {
	quit, leave, noHits, gone := "quit", "quit", "", ""
	if m.running() {
		quit, leave = "quit, or leave it running", "leave"
	}
	if m.prompt.text == "" {
		noHits = "nothing is searched for: / asks for it"
	}
	if m.snapshot.Environment == "" {
		gone = "nothing is known of the environment yet"
	}
	list := []intent.Binding{
		{Keys: []string{"/"}, Help: "filter", Intent: intent.Filter, Hint: "filter"},
		{Keys: []string{":"}, Help: "commands", Intent: Palette, Hint: "commands"},
		{Keys: []string{"?"}, Help: "help", Intent: Help, Hint: "help"},
		{Keys: []string{"q"}, Help: quit, Intent: Quit, Hint: leave},
		{Keys: []string{"e"}, Help: "endpoints and credentials", Intent: Endpoints, Off: gone},
		{Keys: []string{"n"}, Help: "next hit", Intent: intent.Next, Off: noHits},
		{Keys: []string{"N"}, Help: "previous hit", Intent: intent.Previous, Off: noHits},
		{Keys: []string{"esc"}, Help: "back, or clear the filter", Intent: Back},
		{Keys: []string{"tab"}, Help: "next screen", Intent: NextTab},
		{Keys: []string{"shift+tab"}, Help: "previous screen", Intent: LastTab},
		{Keys: []string{"S"}, Help: "stop the environment, keep its data…", Intent: AskStop, Off: gone},
		{Keys: []string{"D"}, Help: "take the environment down…", Intent: AskDown, Off: gone},
	}
	for _, t := range m.tabs() {
		list = append(list, intent.Binding{Keys: []string{t.key}, Help: "screen " + t.title, Intent: goTo(t.screen), Off: t.off})
	}
	return list
}

// screenBindings are the keys of the screen that is shown.
func (m Model) screenBindings() []intent.Binding {
	switch m.screen {
	case ScreenLogs:
		copyLine := intent.Binding{Keys: []string{"y"}, Help: "copy the line", Intent: Copy}
		if _, ok := m.logs.Selected(); !ok {
			copyLine.Off = "there is no line to copy"
		}
		pick := intent.Binding{Keys: []string{"v"}, Help: "choose services…", Intent: Pick, Hint: "services"}
		if len(m.snapshot.Services) == 0 {
			pick.Off = "there is no service yet"
		}
		list := append(m.logs.Bindings(), pick, copyLine)
		if m.logs.Inside() && m.prompt.text == "" {
			out := intent.Binding{Keys: []string{"esc"}, Help: "back to the lines before", Intent: Back, Hint: "back"}
			list = append([]intent.Binding{out}, list...)
		}
		return list
	case ScreenQueues:
		return m.queues.Bindings()
	case ScreenEvents:
		return m.events.Bindings()
	case ScreenGPU:
		return m.gpu.Bindings()
	case ScreenMesh:
		return m.mesh.Bindings()
	case ScreenServices:
	}
	return nil
}

// serviceBindings are the keys for the service that the screen's cursor is on.
func (m Model) serviceBindings() []intent.Binding {
	list := serviceKeys()
	switch m.screen {
	case ScreenQueues, ScreenGPU, ScreenMesh: // no slip of a finger restarts a broker from among its queues
		list = slices.DeleteFunc(list, func(b intent.Binding) bool {
			return b.Intent == Restart || b.Intent == ScaleUp || b.Intent == ScaleDown
		})
	case ScreenServices, ScreenLogs, ScreenEvents:
	}
	s, ok := m.subject()
	if !ok {
		return off("no service is selected", list)
	}
	for i := range list {
		list[i].Off = m.refusal(list[i].Intent, s)
	}
	return list
}

func serviceKeys() []intent.Binding {
	return []intent.Binding{
		{Keys: []string{"enter", "d"}, Label: "enter", Help: "details", Intent: Details, Hint: "details"},
		{Keys: []string{"l"}, Help: "logs", Intent: Logs, Hint: "logs"},
		{Keys: []string{"w"}, Help: "why", Intent: Why, Hint: "why"},
		{Keys: []string{"s"}, Help: "shell", Intent: Shell, Hint: "shell"},
		{Keys: []string{"r"}, Help: "restart", Intent: Restart, Hint: "restart"},
		{Keys: []string{"+", "="}, Label: "+", Help: "scale up", Intent: ScaleUp, Hint: "scale up"},
		{Keys: []string{"-"}, Label: "−", Help: "scale down", Intent: ScaleDown},
		{Keys: []string{"y"}, Help: "copy address", Intent: Copy, Hint: "copy"},
		{Keys: []string{"o"}, Help: "open", Intent: Open, Hint: "open"},
	}
}

// off returns the bindings, none of which can be had.
func off(why string, list []intent.Binding) []intent.Binding {
	for i := range list {
		list[i].Off = why
	}
	return list
}

// refusal says why an intent cannot be had for a service; empty: it can.
func (m Model) refusal(i intent.Intent, s env.Service) string {
	switch i {
	case Why:
		if len(s.Why) == 0 && s.Waiting == "" && s.Phase == env.PhaseReady {
			return s.Name + " is well"
		}
	case Shell:
		if s.Ready == 0 {
			return "nothing of " + s.Name + " is ready to open a shell in"
		}
	case Restart:
		if s.Kind == "Job" {
			return s.Name + " runs once: it cannot be restarted"
		}
	case ScaleUp, ScaleDown:
		return scaleRefusal(i, s)
	case Copy:
		if len(m.addresses(s)) == 0 {
			return s.Name + " has no address to copy"
		}
	case Open:
		if _, ok := m.web(s); !ok {
			return s.Name + " has no address for a browser"
		}
	}
	return ""
}

func scaleRefusal(i intent.Intent, s env.Service) string {
	switch {
	case s.Server != nil:
		return "without a cluster " + s.Name + " is one process: kind can scale it"
	case s.Kind == "Job" || s.Kind == "DaemonSet":
		return "a " + s.Kind + " such as " + s.Name + " cannot be scaled"
	case i == ScaleDown && s.Desired <= 0:
		return s.Name + " has no replica left"
	}
	return ""
}

// addresses are the service's endpoints, as the snapshot has them.
func (m Model) addresses(s env.Service) []env.Endpoint {
	var out []env.Endpoint
	for _, e := range m.snapshot.Endpoints {
		if e.Stack == s.Stack && (e.Service == s.Name || e.Service == "") {
			out = append(out, e)
		}
	}
	return out
}

// web is the service's first endpoint that a browser can show.
func (m Model) web(s env.Service) (env.Endpoint, bool) {
	for _, e := range m.addresses(s) {
		if e.Web {
			return e, true
		}
	}
	return env.Endpoint{}, false
}

// subject is the service that the screen's cursor is on.
func (m Model) subject() (env.Service, bool) {
	switch m.screen {
	case ScreenServices:
		return m.services.Selected()
	case ScreenLogs:
		e, ok := m.logs.Selected()
		if !ok {
			return env.Service{}, false
		}
		return m.find(e.Service)
	case ScreenEvents:
		return m.find(m.events.Service())
	case ScreenQueues:
		return m.find(m.queues.Stack())
	case ScreenGPU:
		return m.find(m.gpu.Service())
	case ScreenMesh:
		return m.find(m.mesh.Service())
	}
	return env.Service{}, false
}

// find is the service of a name, else the first of the stack of that name.
func (m Model) find(name string) (env.Service, bool) {
	if name == "" {
		return env.Service{}, false
	}
	for _, s := range m.snapshot.Services {
		if s.Name == name {
			return s, true
		}
	}
	for _, s := range m.snapshot.Services {
		if s.Stack == name {
			return s, true
		}
	}
	return env.Service{}, false
}
