package embedded

import (
	"context"
	"fmt"
	"io"
	"net"
	"strconv"
	"time"

	"github.com/diorama-dev/diorama/internal/diagnose"
	"github.com/diorama-dev/diorama/internal/logs"
	"github.com/diorama-dev/diorama/internal/plan"
)

// accompany prepares the server, and launches the process that has to run
// beside it; nil where there is none.
func (s *supervisor) accompany(ctx context.Context) (*process, error) {
	if err := s.portsAreFree(ctx); err != nil {
		return nil, err
	}
	if s.recipe.prepare != nil {
		if err := s.recipe.prepare(ctx, s.job); err != nil {
			return nil, err
		}
	}
	if s.recipe.companion == nil {
		return nil, nil //nolint:nilnil // most servers are alone
	}
	c, err := s.recipe.companion(s.job)
	if err != nil {
		return nil, err
	}
	p, err := launch(s.job, c.command, s.recipe, s.lock, s.read)
	if err != nil {
		return nil, err
	}
	p.env = c.env
	return p, accepts(ctx, c.address, p)
}

// accepts returns once somebody accepts connections at the address.
func accepts(ctx context.Context, address string, p *process) error {
	ticker := time.NewTicker(readyEvery)
	defer ticker.Stop()
	for {
		conn, err := dial(ctx, address)
		if err == nil {
			return conn.Close()
		}
		select {
		case <-ticker.C:
		case <-p.ended:
			return fmt.Errorf("what has to run beside it %s", p.exit())
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// start launches the server, beside its companion where it has one.
func (s *supervisor) start(beside *process) (*process, error) {
	c, err := s.recipe.command(s.job)
	if err != nil {
		return nil, err
	}
	pids := []int{}
	if beside != nil {
		c.env = append(c.env, beside.env...)
		pids = append(pids, beside.cmd.Process.Pid)
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
	if err := writeHolder(s.job.home, s.recipe.stop, p.cmd.Process.Pid, pids...); err != nil {
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
