// Package apply puts seeds into servers: it makes what is not there, waits
// until the server shows it, and leaves everything that is there as it is.
//
// Doing it again, or after it was cut off at any point, leads to the same.
package apply

import (
	"context"
	"fmt"
	"time"

	"github.com/diorama-dev/diorama/internal/queue"
	"github.com/diorama-dev/diorama/internal/seed"
)

// AdminEndpoint is the name under which an access may hold the endpoint of a
// database as somebody who may make databases and users, where that is not its
// usual user.
const AdminEndpoint = "admin"

// Target is where seeds go.
type Target struct {
	Access queue.Access
	// Passwords are those of seeded users, by the name of their credential.
	Passwords map[string]string
	// Source answers for a system that is only spoken through its own adapter,
	// RocketMQ; it has to be a [queue.Creator] too. Nil for all others.
	Source queue.Source
}

// Apply puts a set there. It says with report what it is doing, and returns
// what had come of it by then beside an error; errors name the place in the
// profile that the server refused.
func Apply(ctx context.Context, s seed.Set, t Target, report func(detail string)) (seed.Outcome, error) {
	a := &applier{set: s, target: t, report: report, outcome: seed.Outcome{
		Instance: s.Instance, Created: []string{}, Unchanged: []string{}, Differences: []seed.Difference{},
	}}
	if report == nil {
		a.report = func(string) {}
	}
	put := map[string]func(context.Context) error{
		"kafka": a.kafka, "rocketmq": a.rocketmq, "rabbitmq": a.rabbitmq, "redis": a.redis, "valkey": a.redis,
		"postgres": a.postgres, "mysql": a.mysql,
	}[s.Stack]
	if put == nil {
		return a.outcome, fmt.Errorf("there are no seeds for the stack %s", s.Stack)
	}
	err := put(ctx)
	return a.outcome, err
}

// applier is the state of putting one set there.
type applier struct {
	set     seed.Set
	target  Target
	report  func(string)
	outcome seed.Outcome
}

func (a *applier) created(subject string) {
	a.outcome.Created = append(a.outcome.Created, subject)
	a.report(subject)
}

func (a *applier) unchanged(subject string) {
	a.outcome.Unchanged = append(a.outcome.Unchanged, subject)
}

// compared notes something that was there: as it is wanted where nothing is
// different.
func (a *applier) compared(subject, at string, different []string) {
	if len(different) == 0 {
		a.unchanged(subject)
		return
	}
	for _, message := range different {
		a.outcome.Differences = append(a.outcome.Differences, seed.Difference{Subject: subject, Message: message, At: at})
	}
}

// endpoint is one of the access by name.
func (a *applier) endpoint(name string) (queue.Endpoint, error) {
	e, ok := a.target.Access[name]
	if !ok {
		return queue.Endpoint{}, fmt.Errorf("%s has no endpoint %s to put seeds through", a.set.Instance, name)
	}
	return e, nil
}

// failed is the error of a server about something of the profile.
func failed(at, subject string, err error) error {
	if at == "" {
		return fmt.Errorf("%s: %w", subject, err)
	}
	return fmt.Errorf("%s: %s: %w", at, subject, err)
}

const (
	// answersWithin bounds how long a server may take to answer that has been
	// found ready, and how long until it shows what was made.
	answersWithin = time.Minute
	// askAgain is the pause between two questions.
	askAgain = 200 * time.Millisecond
)

// reach asks a server until it answers. Final reports whether an error is its
// answer, that waiting does not change; nil: none is.
func (a *applier) reach(ctx context.Context, ask func(context.Context) error, final func(error) bool) error {
	err := a.until(ctx, func(ctx context.Context) (string, error) {
		switch err := ask(ctx); {
		case err == nil:
			return "", nil
		case final != nil && final(err):
			return "", err
		default:
			return "the server does not answer: " + err.Error(), nil
		}
	})
	if err != nil {
		return fmt.Errorf("reach %s: %w", a.set.Instance, err)
	}
	return nil
}

// until asks until there is nothing to wait for any more. Ask says what it
// waits for; with an error it ends.
func (a *applier) until(ctx context.Context, ask func(context.Context) (waiting string, err error)) error {
	deadline := time.NewTimer(answersWithin)
	defer deadline.Stop()
	ticker := time.NewTicker(askAgain)
	defer ticker.Stop()
	for {
		waiting, err := ask(ctx)
		if cause := context.Cause(ctx); cause != nil {
			return cause
		}
		if err != nil || waiting == "" {
			return err
		}
		a.report("waiting: " + waiting)
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-deadline.C:
			return fmt.Errorf("not within %s: %s", answersWithin, waiting)
		case <-ticker.C:
		}
	}
}
