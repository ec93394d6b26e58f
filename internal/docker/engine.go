package docker

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/docker/docker/api/types"
	"github.com/docker/docker/api/types/system"
	"github.com/docker/docker/api/types/versions"
	"github.com/docker/docker/client"
)

// MinimumAPI is the oldest version of the engine's API that is supported, that
// of Docker 20.10.
const MinimumAPI = "1.41"

// answerWithin bounds the wait for the first answer: a socket can be there
// with nobody behind it that answers.
const answerWithin = 10 * time.Second

// Engine is a Docker engine that has answered.
type Engine struct {
	// Client speaks the newest API that both sides know.
	Client   *client.Client
	Endpoint Endpoint
	// Version is the engine's, for example "28.5.1".
	Version string
	// API is the version agreed on, for example "1.51".
	API string
	// OS and Arch are those of the machine that containers run on, in Go's
	// words, for example "linux" and "arm64".
	OS, Arch string

	details <-chan details // nil: they were not asked for
}

// details are what an engine says of its machine, once.
type details struct {
	info system.Info
	err  error
}

// Info is what the engine said of its machine when it was connected to: asking
// takes it as long as saying who it is, so that both are asked at once.
func (e *Engine) Info(ctx context.Context) (system.Info, error) {
	if e.details != nil {
		select {
		case d, first := <-e.details:
			if first {
				return d.info, d.err
			}
		case <-ctx.Done():
			return system.Info{}, context.Cause(ctx)
		}
	}
	return e.Client.Info(ctx)
}

// Platform is what the engine runs by itself, for example "linux/arm64".
func (e *Engine) Platform() string { return e.OS + "/" + e.Arch }

// Supports reports whether the API agreed on is at least version.
func (e *Engine) Supports(version string) bool {
	return versions.GreaterThanOrEqualTo(e.API, version)
}

// Close lets go of the connections.
func (e *Engine) Close() error { return e.Client.Close() }

// Here are the surroundings of this process.
func Here() Surroundings {
	home, err := os.UserHomeDir()
	if err != nil {
		home = ""
	}
	return Surroundings{Getenv: os.Getenv, Home: home, UID: os.Getuid(), GOOS: runtime.GOOS}
}

// Open finds the endpoint that this process's surroundings mean and connects
// to it.
func Open(ctx context.Context) (*Engine, error) {
	endpoint, err := Resolve(Here())
	if err != nil {
		return nil, err
	}
	return Connect(ctx, endpoint)
}

// Connect asks the engine at the endpoint who it is. An engine that cannot be
// used is an [*Error].
func Connect(ctx context.Context, endpoint Endpoint) (*Engine, error) {
	c, err := client.NewClientWithOpts(client.WithHost(endpoint.Host), client.WithAPIVersionNegotiation())
	if err != nil {
		return nil, &Error{Reason: NotSupported, Endpoint: endpoint, Err: err}
	}
	beside := askDetails(ctx, c)
	engine, err := greet(ctx, c, endpoint)
	if err != nil {
		return nil, errors.Join(err, c.Close())
	}
	engine.details = beside
	return engine, nil
}

func askDetails(ctx context.Context, c *client.Client) <-chan details {
	asked := make(chan details, 1)
	go func() {
		defer close(asked)
		ctx, cancel := context.WithTimeout(ctx, answerWithin)
		defer cancel()
		info, err := c.Info(ctx)
		asked <- details{info, err}
	}()
	return asked
}

func greet(ctx context.Context, c *client.Client, endpoint Endpoint) (*Engine, error) {
	silent := &Error{Reason: NotRunning, Endpoint: endpoint, Err: fmt.Errorf("no answer within %s", answerWithin)}
	asked, cancel := context.WithTimeoutCause(ctx, answerWithin, silent)
	defer cancel()
	version, err := c.ServerVersion(asked)
	switch {
	case err == nil:
	case errors.Is(context.Cause(asked), silent):
		return nil, silent
	default:
		return nil, fmt.Errorf("connect to Docker: %w", classify(endpoint, err))
	}
	if err := usable(version); err != nil {
		return nil, &Error{Reason: NotSupported, Endpoint: endpoint, Err: err}
	}
	return &Engine{
		Client: c, Endpoint: endpoint, Version: version.Version, API: c.ClientVersion(),
		OS: version.Os, Arch: version.Arch,
	}, nil
}

// usable refuses what speaks Docker's API and is not Docker, and what is too
// old.
func usable(version types.Version) error {
	for _, component := range version.Components {
		if strings.Contains(strings.ToLower(component.Name), "podman") {
			return errors.New("podman answers there, and only Docker is supported")
		}
	}
	if version.APIVersion != "" && versions.LessThan(version.APIVersion, MinimumAPI) {
		return fmt.Errorf("version %s speaks API %s, and at least %s is needed (Docker 20.10)", version.Version, version.APIVersion, MinimumAPI)
	}
	if version.Os != "" && version.Os != "linux" {
		return fmt.Errorf("its containers run on %s, and Linux containers are needed", version.Os)
	}
	return nil
}
