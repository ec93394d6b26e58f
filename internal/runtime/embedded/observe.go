package embedded

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/diorama-dev/diorama/internal/diagnose"
	"github.com/diorama-dev/diorama/internal/engine"
	"github.com/diorama-dev/diorama/internal/env"
	"github.com/diorama-dev/diorama/internal/plan"
)

// measureEvery is how often it is looked at what the servers use.
const measureEvery = 2 * time.Second

// Observe does nothing: what is observed are the servers, from the moment on
// at which the first is started.
func (*Runtime) Observe(context.Context) error { return nil }

// observe begins to emit the state of the servers, where it has not begun.
func (r *Runtime) observe() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.watch != nil {
		return
	}
	ctx, stop := context.WithCancel(r.life)
	r.watch, r.watched = stop, make(chan struct{})
	go func(done chan struct{}) {
		defer close(done)
		r.tell(ctx)
	}(r.watched)
}

// tell emits the state whenever it has changed, and what is used now and then.
func (r *Runtime) tell(ctx context.Context) {
	ticker := time.NewTicker(measureEvery)
	defer ticker.Stop()
	for {
		r.mu.Lock()
		changed := r.changed
		r.mu.Unlock()
		r.publish()
		select {
		case <-changed:
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}

// publish emits the state as it is now. No older one is emitted after it.
func (r *Runtime) publish() {
	r.publishing.Lock()
	defer r.publishing.Unlock()
	observed := r.observed()
	r.options.Emit(env.Event{Time: time.Now(), Observed: &observed})
}

// observed is the state of all servers, in the plan's order.
func (r *Runtime) observed() env.Observed {
	p := r.current()
	var o env.Observed
	var total env.Usage
	for _, stack := range p.Stacks {
		for _, server := range stack.Servers {
			r.mu.Lock()
			s, ok := r.servers[server.Service]
			r.mu.Unlock()
			if !ok {
				continue
			}
			now := s.look()
			service := diagnose.ServiceOf(now.state, now.pid, now.since)
			service.Category = stack.Category
			service.Server = &env.Server{Form: server.Form, Version: server.Version, Limits: server.Limits}
			service.Usage = r.meter.usage(server.Service, now.pid)
			total = sum(total, service.Usage)
			o.Services = append(o.Services, service)
		}
	}
	total = sum(total, r.meter.usage("", os.Getpid()))
	o.Usage = total
	return o
}

// sum adds what is known.
func sum(a, b env.Usage) env.Usage {
	add := func(a, b *int64) *int64 {
		if a == nil || b == nil {
			if a == nil {
				return b
			}
			return a
		}
		both := *a + *b
		return &both
	}
	return env.Usage{CPU: add(a.CPU, b.CPU), Memory: add(a.Memory, b.Memory)}
}

// UnwellError is a wait that cannot succeed any more: it carries all that is
// wrong with the servers that were waited for.
type UnwellError struct {
	Stack    string
	Findings []env.Finding
}

func (e *UnwellError) Error() string {
	var parts []string
	for _, finding := range e.Findings {
		parts = append(parts, finding.Service+": "+finding.Summary)
	}
	return fmt.Sprintf("%s will not become ready: %s", e.Stack, strings.Join(parts, "; "))
}

// wait returns once all of the stack's servers are ready. A cause that waiting
// cannot cure ends it.
func (r *Runtime) wait(ctx context.Context, name string, report engine.Report) (engine.Outcome, error) {
	stack, ok := r.current().Stack(name)
	if !ok {
		return engine.Outcome{}, fmt.Errorf("the plan has no stack %s", name)
	}
	last, waited := "", false
	for {
		r.mu.Lock()
		changed := r.changed
		r.mu.Unlock()
		awaited, terminal := r.awaited(stack)
		switch {
		case len(terminal) > 0:
			return engine.Outcome{}, &UnwellError{Stack: name, Findings: terminal}
		case awaited == "":
			r.publish() // whoever hears of the end must see it
			return engine.Outcome{Unchanged: !waited, Detail: "ready"}, nil
		case awaited != last:
			last, waited = awaited, true
			report(awaited, env.Progress{})
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return engine.Outcome{}, context.Cause(ctx)
		}
	}
}

// awaited says what the stack's servers are still waiting for, empty where all
// are ready, and what waiting cannot cure.
func (r *Runtime) awaited(stack plan.Stack) (state string, terminal []env.Finding) {
	for _, server := range stack.Servers {
		r.mu.Lock()
		s, ok := r.servers[server.Service]
		r.mu.Unlock()
		if !ok {
			return "waiting for " + server.Service + " to appear", nil
		}
		now := s.look().state
		if now.Ready {
			continue
		}
		why := diagnose.OfServer(now)
		terminal = append(terminal, slices.DeleteFunc(slices.Clone(why), func(f env.Finding) bool { return !f.Terminal })...)
		if state == "" {
			state = server.Service + ": " + now.Waiting
			if len(why) > 0 {
				state = server.Service + ": " + why[0].Summary
			}
		}
	}
	return state, terminal
}

// ServedBy is the folder of an environment's servers that run as another user
// than root: what lies in root's own folders, nobody else can enter.
func ServedBy(folder env.Folder) string {
	if reaches(folder.Servers()) {
		return folder.Servers()
	}
	sum := sha256.Sum256([]byte(folder))
	return filepath.Join("/var/lib/diorama", fmt.Sprintf("%s-%x", filepath.Base(string(folder)), sum[:6]))
}
