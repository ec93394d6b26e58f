package cli

import (
	"context"
	"errors"
	"fmt"
	"os/exec"

	"github.com/diorama-dev/diorama"
	"github.com/diorama-dev/diorama/internal/env"
	"github.com/diorama-dev/diorama/internal/latest"
	"github.com/diorama-dev/diorama/internal/logs"
	"github.com/diorama-dev/diorama/internal/report"
	"github.com/diorama-dev/diorama/tui"
	lines "github.com/diorama-dev/diorama/tui/logs"
	"github.com/diorama-dev/diorama/tui/theme"
)

// attached is a session as the terminal UI wants it.
type attached struct {
	*diorama.Session
	reader logs.Reader
}

// Watch sends the newest snapshot until the environment is gone or ctx ends.
func (a attached) Watch(ctx context.Context) <-chan env.Snapshot {
	return latest.Relay(func(see func(env.Snapshot)) {
		_ = a.Session.Watch(ctx, func(snapshot env.Snapshot) bool { see(snapshot); return true }) // the UI sees the channel close
	})
}

// Act does what a person asked for.
func (a attached) Act(ctx context.Context, action tui.Action) error {
	switch action.Verb {
	case tui.VerbRestart:
		return a.Restart(ctx, action.Service)
	case tui.VerbScale:
		return a.Scale(ctx, action.Service, action.Replicas)
	case tui.VerbCancel:
		return a.Cancel(ctx)
	}
	return fmt.Errorf("there is no action %q", action.Verb)
}

// Endpoints are those of the environment, with credentials.
func (a attached) Endpoints(context.Context) ([]env.Endpoint, error) { return a.Session.Endpoints() }

// Sources are the lines and the queues of all services.
func (a attached) Sources() tui.Sources {
	return tui.Sources{
		Logs: a.reader, Systems: systemsOf(a.Name()), Queues: queuesOf(a.Session), Mesh: meshOf(a.Session), GPU: gpusOf(a.Session),
		Query: func(_ context.Context, text string) (logs.Reader, logs.Query, error) {
			// It connects to nobody, and so is over at once.
			answer, err := diorama.LogQuery(a.Name(), text, false)
			return answer.Reader, answer.Query, err
		},
	}
}

// systemsOf are the log systems of an environment. Where they cannot be told,
// whoever asks for their lines reads why.
func systemsOf(name string) []lines.System {
	systems, err := diorama.LogSystems(name)
	if err != nil {
		return []lines.System{{Name: "log systems", Open: func(context.Context) (logs.Reader, error) { return nil, err }}}
	}
	var list []lines.System
	for _, s := range systems {
		list = append(list, lines.System{Name: s.Name, Open: func(context.Context) (logs.Reader, error) { return s.Open() }})
	}
	return list
}

// Shell opens a shell in a service.
func (a attached) Shell(ctx context.Context, service string) (*exec.Cmd, error) {
	shell, err := diorama.ServiceShell(a.Name(), service)
	if err != nil {
		return nil, err
	}
	return shell.Command(ctx, true), nil
}

// uiOptions are those of the terminal UI; without colour it takes its plain
// theme.
func uiOptions(s *streams) tui.Options {
	o := tui.Options{Input: s.in, Output: s.out}
	if !s.color {
		o.Theme = theme.Plain
	}
	return o
}

// attachUI opens the terminal UI and does what the person left it for.
func attachUI(ctx context.Context, s *streams, session *diorama.Session) error {
	reader, err := session.Logs()
	if err != nil {
		return err
	}
	outcome, err := tui.Run(ctx, attached{Session: session, reader: reader}, uiOptions(s))
	if err != nil {
		return err
	}
	switch outcome {
	case tui.OutcomeStop:
		return diorama.Stop(ctx, session.Name())
	case tui.OutcomeDown:
		return down(ctx, s, session.Name(), true, false)
	case tui.OutcomeInterrupted:
		return errors.Join(errInterrupted, session.Cancel(context.WithoutCancel(ctx)))
	case tui.OutcomeLeft:
		s.say("%s comes up in the background; `diorama ui` watches it again", session.Name())
		return nil
	case tui.OutcomeQuit, tui.OutcomeGone:
	}
	last, err := session.Snapshot(ctx)
	if err != nil {
		return nil //nolint:nilerr // the environment is gone, and the person has seen it go
	}
	return errors.Join(report.Summary(s.out, last, s.options()), endOf(last))
}
