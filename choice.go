package diorama

import (
	"context"
	"errors"
	"fmt"
	"os"
	"testing"

	"github.com/diorama-dev/diorama/internal/docker"
	"github.com/diorama-dev/diorama/internal/env"
	"github.com/diorama-dev/diorama/profiles"
)

// choice is where an environment runs, and why.
type choice struct {
	runtime profiles.Runtime
	// why is empty where the user said so.
	why string
	// engine is that of the runtime kind; nil for others.
	engine *docker.Engine
}

// close lets go of what the choice has opened.
func (c choice) close() error {
	if c.engine == nil {
		return nil
	}
	return c.engine.Close()
}

// OtherRuntimeError says that an environment of the name runs elsewhere than
// it is now asked to.
type OtherRuntimeError struct {
	Environment string
	Is, Wanted  profiles.Runtime
}

func (e *OtherRuntimeError) Error() string {
	return fmt.Sprintf("the environment %s runs on %s, not on %s; choose another name for a second one with --name, or take it down first with `diorama down --name %s`",
		e.Environment, e.Is, e.Wanted, e.Environment)
}

// choose decides where the profile runs: where its user says, where the
// environment runs already, else on kind where Docker answers.
func choose(ctx context.Context, o Options, profile profiles.Profile, record env.Record) (choice, error) {
	wanted := profile.Runtime
	if o.Runtime != "" {
		wanted = profiles.Runtime(o.Runtime)
	}
	have := profiles.Runtime(record.Runtime)
	switch wanted {
	case profiles.RuntimeCluster, profiles.RuntimeContainers:
		return choice{}, usage(fmt.Errorf("the runtime %s is not there yet in this version; use kind or embedded", wanted))
	case "", profiles.RuntimeAuto:
		if have == "" {
			return automatic(ctx)
		}
		wanted = have
	case profiles.RuntimeKind, profiles.RuntimeEmbedded:
		if have != "" && have != wanted {
			return choice{}, usage(&OtherRuntimeError{Environment: record.Environment, Is: have, Wanted: wanted})
		}
	default:
		return choice{}, usage(fmt.Errorf("there is no runtime %q; use auto, kind or embedded", wanted))
	}
	c := choice{runtime: wanted}
	var err error
	if wanted == profiles.RuntimeKind {
		c.engine, err = docker.Open(ctx)
	}
	return c, err
}

// automatic takes kind where Docker answers, and does without where not.
func automatic(ctx context.Context) (choice, error) {
	engine, err := docker.Open(ctx)
	if err == nil {
		return choice{runtime: profiles.RuntimeKind, engine: engine, why: "Docker " + engine.Version + " answers"}, nil
	}
	unusable, ok := errors.AsType[*docker.Error](err)
	if !ok {
		return choice{}, err
	}
	return choice{runtime: profiles.RuntimeEmbedded, why: "Docker is " + string(unusable.Reason)}, nil
}

// imitationsAllowed reports whether imitations may stand in for servers: where
// nobody watches, they must have been asked for.
func imitationsAllowed(o Options, c choice) bool {
	watched := os.Getenv("CI") != "true" && !testing.Testing()
	return o.AllowImitation || c.why == "" || watched
}
