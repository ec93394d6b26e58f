package embedded

import (
	"context"
	"io"
	"net"
	"strconv"

	"github.com/diorama-dev/diorama/internal/diagnose"
	"github.com/diorama-dev/diorama/internal/logs"
	"github.com/diorama-dev/diorama/internal/plan"
)

// start prepares the server and launches it.
func (s *supervisor) start(ctx context.Context) (*process, error) {
	if err := s.portsAreFree(ctx); err != nil {
		return nil, err
	}
	if s.recipe.prepare != nil {
		if err := s.recipe.prepare(ctx, s.job); err != nil {
			return nil, err
		}
	}
	c, err := s.recipe.command(s.job)
	if err != nil {
		return nil, err
	}
	s.waiting("starting")
	p, err := launch(s.job, c, s.recipe, s.lock, s.read)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	s.pid, s.since = p.cmd.Process.Pid, p.started
	s.mu.Unlock()
	s.tell.changed()
	if err := writeHolder(s.job.home, p.cmd.Process.Pid, s.recipe.stop); err != nil {
		// Nobody could end it after us.
		p.end(s.recipe.stop, s.recipe.grace, s.hurry)
		return nil, err
	}
	return p, nil
}

// portsAreFree finds out who has a port before the server fails on it: few say
// which port it was, and none by whom it is taken.
func (s *supervisor) portsAreFree(ctx context.Context) error {
	var config net.ListenConfig
	for _, port := range s.job.Ports {
		listener, err := config.Listen(ctx, "tcp", net.JoinHostPort(plan.Localhost, strconv.Itoa(port)))
		if err == nil {
			err = listener.Close()
		}
		if err == nil {
			continue
		}
		owner, taken := s.tell.portOwner(port)
		if !taken {
			owner = "another process"
		}
		return &diagnose.PortTakenError{Port: port, Owner: owner, Err: err}
	}
	return nil
}

func (s *supervisor) read(r io.Reader) {
	logs.Output{
		From: logs.Container{Stack: s.job.stack, Service: s.job.Service, Pod: s.job.Service, Container: s.job.Kind},
		Sink: s.tell.sink,
		Seen: func(message string) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.words = append(s.words, message)
			if extra := len(s.words) - lastWords; extra > 0 {
				s.words = s.words[extra:]
			}
		},
		Report: func(lost int, err error) { s.tell.lost(s.job.Service, lost, err) },
	}.Copy(r)
}
