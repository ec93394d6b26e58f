package diorama

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/diorama-dev/diorama/internal/demo/control"
	"github.com/diorama-dev/diorama/internal/env"
	"github.com/diorama-dev/diorama/internal/manifest"
	"github.com/diorama-dev/diorama/internal/plan"
)

// demoStack is the stack of the demo application.
const demoStack = "demo"

// NoDemoError says that the environment has no demo.
type NoDemoError struct{ Environment string }

func (e *NoDemoError) Error() string {
	return fmt.Sprintf("the environment %s has no demo; the profile streaming has one, and so has every profile with demo in its stacks", e.Environment)
}

// DemoURL is the base URL of one of the demo's switches: its endpoint "load"
// or "billing".
func DemoURL(name, endpoint string) (string, error) {
	_, p, err := existing(name)
	if err != nil {
		return "", err
	}
	demo, err := demoOf(p)
	if err != nil {
		return "", err
	}
	i := slices.IndexFunc(p.Endpoints, func(e plan.Endpoint) bool { return e.Stack == demo && e.Name == endpoint })
	if i < 0 {
		return "", fmt.Errorf("the demo of %s has no endpoint %s: its parameters leave it out, or `diorama up` brings it up to date", name, endpoint)
	}
	return p.Endpoints[i].URL, nil
}

// demoOf is the name of the demo's instance.
func demoOf(p plan.Plan) (string, error) {
	i := slices.IndexFunc(p.Stacks, func(s plan.Stack) bool { return s.Stack == demoStack })
	if i < 0 {
		return "", usage(&NoDemoError{Environment: p.Environment})
	}
	return p.Stacks[i].Name, nil
}

// DemoConsumers are the consumers that were added to the demo, by group.
func DemoConsumers(name string) ([]string, error) {
	folder, _, err := existing(name)
	if err != nil {
		return nil, err
	}
	return joinedApps(folder)
}

// AddConsumer has one more consumer of the demo's events join the environment,
// in a group of its own, and returns a session that comes up with it. It stays
// through later starts until [RemoveConsumer].
func AddConsumer(ctx context.Context, name, group string, timeout time.Duration) (*Session, error) {
	folder, p, err := existing(name)
	if err != nil {
		return nil, err
	}
	if _, err := demoOf(p); err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(p.Stacks, func(s plan.Stack) bool { return s.Stack == "kafka" }) {
		return nil, usage(fmt.Errorf("the demo of %s publishes no events, since it runs without Kafka; add kafka, redis and postgres to the stacks, and set demo.backends=servers", name))
	}
	file, err := control.ExtraConsumer(group)
	if err != nil {
		return nil, usage(err)
	}
	if err := ValidName(group); err != nil {
		return nil, usage(err)
	}
	added, err := joinedApps(folder)
	if err != nil {
		return nil, err
	}
	known := slices.Contains(added, group)
	if !known && named(p, group) {
		return nil, usage(fmt.Errorf("the environment %s has a service or a stack %s already; choose another name", name, group))
	}
	if err := os.MkdirAll(folder.Apps(), 0o700); err != nil {
		return nil, fmt.Errorf("add %s: %w", group, err)
	}
	if err := env.WriteFile(appFile(folder, group), file); err != nil {
		return nil, err
	}
	session, err := again(ctx, folder, name, timeout)
	if err != nil && !known {
		err = errors.Join(err, os.Remove(appFile(folder, group)))
	}
	return session, err
}

// named reports whether a stack or a service of the plan goes by the name.
func named(p plan.Plan, name string) bool {
	return slices.ContainsFunc(p.Stacks, func(s plan.Stack) bool {
		return s.Name == name || slices.ContainsFunc(s.Workloads, func(w manifest.Workload) bool { return w.Service == name || w.Name == name })
	})
}

// RemoveConsumer takes a consumer away that [AddConsumer] added.
func RemoveConsumer(ctx context.Context, name, group string, timeout time.Duration) (*Session, error) {
	folder, _, err := existing(name)
	if err != nil {
		return nil, err
	}
	added, err := joinedApps(folder)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(added, group) {
		return nil, usage(fmt.Errorf("nobody added a consumer %s to %s; `diorama demo add %s` does", group, name, group))
	}
	file := appFile(folder, group)
	content, err := os.ReadFile(file)
	if err == nil {
		err = os.Remove(file)
	}
	if err != nil {
		return nil, fmt.Errorf("remove %s: %w", group, err)
	}
	session, err := again(ctx, folder, name, timeout)
	if err != nil {
		err = errors.Join(err, env.WriteFile(file, content))
	}
	return session, err
}

// again brings the environment to what it was last asked to be, with the apps
// that have joined since.
func again(ctx context.Context, folder env.Folder, name string, timeout time.Duration) (*Session, error) {
	o, err := remembered(folder, name)
	if err != nil {
		return nil, err
	}
	o.Timeout = timeout
	return Up(ctx, o)
}
