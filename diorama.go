// Package diorama is the public API: it brings environments about, attaches to
// running ones, and takes them down. It wires the parts together; the command
// line and the terminal UI do nothing that cannot be done here.
package diorama

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/diorama-dev/diorama/internal/docker"
	"github.com/diorama-dev/diorama/internal/env"
	"github.com/diorama-dev/diorama/internal/keeper"
	"github.com/diorama-dev/diorama/internal/plan"
	"github.com/diorama-dev/diorama/internal/runtime/kind"
	"github.com/diorama-dev/diorama/profiles"
)

// Plan resolves the options into a plan; nothing is made or changed. Where the
// environment runs, its cluster is asked what an apply would change.
func Plan(ctx context.Context, o Options) (plan.Plan, error) {
	r, err := resolve(ctx, o)
	if err != nil {
		return plan.Plan{}, err
	}
	defer r.close()
	if r.choice.engine == nil {
		return r.plan, nil
	}
	r.plan.Differences, err = kind.Differences(ctx, r.choice.engine, r.folder, r.plan)
	if err != nil {
		r.plan.Warnings = append(r.plan.Warnings, fmt.Sprintf("what would change in the running environment is not known: %v", err))
	}
	return r.plan, nil
}

// Up begins to bring the environment about and returns a session with it; the
// start goes on in the environment's keeper. [Session.Wait] waits for its end.
// An environment that is there is brought to the new plan.
func Up(ctx context.Context, o Options) (*Session, error) {
	r, err := resolve(ctx, o)
	if err != nil {
		return nil, err
	}
	defer r.close()
	if o.Offline && r.choice.engine != nil {
		if err := present(ctx, r); err != nil {
			return nil, err
		}
	}
	if err := r.keepCredentials(); err != nil {
		return nil, err
	}
	if o.Recreate {
		if err := recreate(ctx, r); err != nil {
			return nil, err
		}
	}
	if r.choice.engine == nil {
		if err := found(r); err != nil {
			return nil, err
		}
	}
	session, err := attach(ctx, r.folder, r.plan.Environment, r.choice.runtime, false)
	if err != nil {
		return nil, err
	}
	if err := session.client.Up(ctx, keeper.UpRequest{Plan: r.plan, Timeout: o.timeout()}); err != nil {
		return session, err
	}
	session.begun = &r.plan
	return session, remember(r.folder, o, r.wanted)
}

// Start brings a stopped environment back as it was.
func Start(ctx context.Context, name string, o Options) (*Session, error) {
	session, err := Attach(ctx, name)
	if err != nil {
		return nil, err
	}
	planned, err := session.Plan()
	if err != nil {
		return nil, err
	}
	return session, session.client.Up(ctx, keeper.UpRequest{Plan: planned, Timeout: o.timeout()})
}

// Attach returns a session with an environment that is there; its keeper is
// started where none answers.
func Attach(ctx context.Context, name string) (*Session, error) {
	root, err := env.StateRoot(os.Getenv)
	if err != nil {
		return nil, err
	}
	folder := env.FolderOf(root, name)
	if _, err := os.Stat(folder.Plan()); errors.Is(err, os.ErrNotExist) {
		return nil, noEnvironment(name)
	}
	runtime, err := runtimeOf(folder)
	if err != nil {
		return nil, err
	}
	return attach(ctx, folder, name, runtime, true)
}

// runtimeOf is where an environment runs that is there.
func runtimeOf(folder env.Folder) (profiles.Runtime, error) {
	record, err := recordOf(folder)
	return cmp.Or(profiles.Runtime(record.Runtime), profiles.RuntimeKind), err
}

// attach connects to the environment's keeper. Gently, it leaves one of another
// build alone whose end would be that of servers.
func attach(ctx context.Context, folder env.Folder, name string, runtime profiles.Runtime, gently bool) (*Session, error) {
	executable, build, err := ownBuild()
	if err != nil {
		return nil, err
	}
	spawn := keeper.Spawn{
		Folder: folder, Build: build, Gently: gently,
		Executable: func() (string, error) { return copyOf(folder, executable, build) },
		Arguments:  []string{"internal", "keeper", "--folder", string(folder), "--build", build, "--runtime", string(runtime)},
	}
	client, err := spawn.Ensure(ctx)
	if err != nil && runtime == profiles.RuntimeKind {
		err = whyNoKeeper(ctx, err)
	}
	if err != nil {
		return nil, err
	}
	return &Session{name: name, folder: folder, client: client, spawn: spawn}, nil
}

// whyNoKeeper says what keeps a keeper from starting, where that is Docker.
func whyNoKeeper(ctx context.Context, err error) error {
	engine, unusable := docker.Open(ctx)
	if unusable != nil {
		return unusable
	}
	return errors.Join(err, engine.Close())
}

// NoEnvironmentError says that there is no environment of that name, and which
// there are.
type NoEnvironmentError struct {
	Name  string // empty: of any name
	Known []string
}

func (e *NoEnvironmentError) Error() string {
	switch {
	case e.Name == "":
		return "there is no environment yet; `diorama up` makes one"
	case slices.Contains(e.Known, e.Name):
		return fmt.Sprintf("the environment %s is half-made; finish it with `diorama up`, or remove it with `diorama down --name %s`", e.Name, e.Name)
	case len(e.Known) > 0:
		return fmt.Sprintf("there is no environment %s; there is %s", e.Name, strings.Join(e.Known, ", "))
	default:
		return fmt.Sprintf("there is no environment %s; `diorama up --name %s` makes one", e.Name, e.Name)
	}
}

func noEnvironment(name string) error {
	known, err := Environments()
	return errors.Join(err, &NoEnvironmentError{Name: name, Known: known})
}

// SeveralError says that there are several environments and none was named.
type SeveralError struct{ Names []string }

func (e *SeveralError) Error() string {
	return fmt.Sprintf("there are several environments, %s; choose one with --name", strings.Join(e.Names, ", "))
}

// Environments lists the environments that there are, by name.
func Environments() ([]string, error) {
	root, err := env.StateRoot(os.Getenv)
	if err != nil {
		return nil, err
	}
	return env.List(root)
}

// Only returns the name given, or that of the only environment that there is.
func Only(name string) (string, error) {
	if name != "" {
		return name, usage(ValidName(name))
	}
	names, err := Environments()
	switch {
	case err != nil:
		return "", err
	case len(names) == 0:
		return "", &NoEnvironmentError{}
	case len(names) > 1:
		return "", usage(&SeveralError{Names: names})
	}
	return names[0], nil
}

// ValidName says whether an environment can be called so: the name becomes
// part of host names (RFC 1123), which kind bounds at 50 characters.
func ValidName(name string) error {
	if !regexp.MustCompile(`^[a-z0-9]([-a-z0-9]{0,38}[a-z0-9])?$`).MatchString(name) {
		return fmt.Errorf("%q cannot be an environment's name: use up to 40 of a to z, 0 to 9 and -, beginning and ending with a letter or digit", name)
	}
	return nil
}
