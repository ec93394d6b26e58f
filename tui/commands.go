package tui

import (
	"fmt"
	"net/url"
	"os/exec"
	"runtime"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/diorama-dev/diorama/internal/env"
	"github.com/diorama-dev/diorama/tui/layout"
)

// purpose is what endpoints are fetched for.
type purpose uint8

const (
	purposeReveal purpose = iota
	purposeCopy
	purposeOpen
)

// endpointsMsg brings the endpoints with their credentials.
type endpointsMsg struct {
	purpose     purpose
	stack, name string // of the endpoint that is wanted
	endpoints   []env.Endpoint
	err         error
}

// actedMsg is the answer to an action.
type actedMsg struct {
	action Action
	err    error
}

// shellMsg brings the command of a shell.
type shellMsg struct {
	service string
	command *exec.Cmd
	err     error
}

// doneMsg says that something outside the UI is over.
type doneMsg struct {
	what string
	err  error
}

// await waits for the next snapshot.
func (m Model) await() tea.Cmd {
	updates, ctx := m.deps.updates, m.deps.ctx
	if updates == nil {
		return nil
	}
	return func() tea.Msg {
		select {
		case s, ok := <-updates:
			return snapshotMsg{snapshot: s, gone: !ok}
		case <-ctx.Done():
			return nil
		}
	}
}

// tick waits for the clock's next beat.
func (m Model) tick() tea.Cmd {
	return m.deps.after(time.Second, func(t time.Time) tea.Msg { return tickMsg(t) })
}

// act asks the environment for an action.
func (m Model) act(a Action) (tea.Model, tea.Cmd) {
	d := m.deps
	return m.say(a.doing() + "…"), func() tea.Msg {
		return actedMsg{action: a, err: d.env.Act(d.ctx, a)}
	}
}

// doing says what an action does.
func (a Action) doing() string {
	switch a.Verb {
	case VerbRestart:
		return "restarting " + a.Service
	case VerbScale:
		return fmt.Sprintf("scaling %s to %d", a.Service, a.Replicas)
	case VerbCancel:
	}
	return "cancelling the run"
}

func (m Model) fetchEndpoints(p purpose, stack, name string) tea.Cmd {
	d := m.deps
	return func() tea.Msg {
		all, err := d.env.Endpoints(d.ctx)
		return endpointsMsg{purpose: p, stack: stack, name: name, endpoints: all, err: err}
	}
}

func (m Model) shell(service string) tea.Cmd {
	d := m.deps
	return func() tea.Msg {
		c, err := d.env.Shell(d.ctx, service)
		return shellMsg{service: service, command: c, err: err}
	}
}

// gotEndpoints does what the endpoints were fetched for.
func (m Model) gotEndpoints(msg endpointsMsg) (tea.Model, tea.Cmd) {
	if msg.err != nil {
		return m.complain("read the credentials: " + layout.Safe(msg.err.Error())), nil
	}
	if msg.purpose == purposeReveal {
		if m.overlay.kind == overlayEndpoints {
			m.overlay.revealed = msg.endpoints
		}
		return m, nil
	}
	for _, e := range msg.endpoints {
		if e.Stack != msg.stack || e.Name != msg.name {
			continue
		}
		if msg.purpose == purposeOpen {
			return m.say("opening " + layout.Safe(e.Stack+"/"+e.Name) + " in the browser"), m.browse(e.URL)
		}
		return m.say("copied the address of " + layout.Safe(e.Stack+"/"+e.Name) + ", credentials included"), tea.SetClipboard(e.URL)
	}
	return m.complain("there is no endpoint " + msg.stack + "/" + msg.name + " any more"), nil
}

// browse opens a web page with the system's own opener.
func (m Model) browse(address string) tea.Cmd {
	ctx := m.deps.ctx
	return func() tea.Msg {
		what := "open the browser"
		u, err := url.Parse(address)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" {
			return doneMsg{what: what, err: fmt.Errorf("%q is no web address", address)}
		}
		opener := "xdg-open"
		if runtime.GOOS == "darwin" {
			opener = "open"
		}
		return doneMsg{what: what, err: exec.CommandContext(ctx, opener, u.String()).Run()}
	}
}

// gotShell gives the terminal to the shell.
func (m Model) gotShell(msg shellMsg) (tea.Model, tea.Cmd) {
	if msg.err != nil {
		return m.complain("open a shell in " + msg.service + ": " + layout.Safe(msg.err.Error())), nil
	}
	return m, tea.ExecProcess(msg.command, func(err error) tea.Msg {
		return doneMsg{what: "shell in " + msg.service, err: err}
	})
}

// acted says how an action went.
func (m Model) acted(msg actedMsg) Model {
	if msg.err != nil {
		return m.complain(msg.action.doing() + ": " + layout.Safe(msg.err.Error()))
	}
	return m.say(msg.action.doing() + ": under way")
}

// done says when something outside the UI went wrong.
func (m Model) done(msg doneMsg) Model {
	if msg.err != nil {
		return m.complain(msg.what + ": " + layout.Safe(msg.err.Error()))
	}
	m.notice = notice{}
	return m
}
