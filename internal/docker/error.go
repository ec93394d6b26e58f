package docker

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"

	"github.com/docker/docker/client"
)

// Reason is why Docker cannot be used.
type Reason string

// The reasons.
const (
	NotFound     Reason = "not found"     // nothing says that Docker is installed
	NotRunning   Reason = "not running"   // an endpoint is known and does not answer
	NotPermitted Reason = "not permitted" // this user may not use the endpoint
	NotSupported Reason = "not supported" // another engine, a remote one, or too old a one
)

// Error says that Docker cannot be used. The host lacks something: commands
// end with exit code 3 for it.
type Error struct {
	Reason   Reason
	Endpoint Endpoint
	Err      error // what was seen
}

// Error is the reason, what was seen and the remedy.
func (e *Error) Error() string {
	where := "Docker"
	if e.Endpoint.Host != "" {
		where = "Docker at " + e.Endpoint.String()
	}
	return fmt.Sprintf("%s is %s: %v; %s", where, e.Reason, e.Err, e.Remedy())
}

// Unwrap returns what was seen.
func (e *Error) Unwrap() error { return e.Err }

// Remedy is what a person can do about it.
func (e *Error) Remedy() string {
	switch e.Reason {
	case NotFound:
		return "install Docker (https://docs.docker.com/get-docker/) and start it"
	case NotRunning:
		return "start Docker and try again (Linux: sudo systemctl start docker; elsewhere: open Docker Desktop)"
	case NotPermitted:
		return "let your user use Docker (sudo usermod -aG docker $USER, then log in again)"
	default:
		return "unset DOCKER_HOST or choose a local Docker engine with: docker context use default"
	}
}

// classify turns the error of a first request into an [*Error]. An error that
// says nothing about the engine is returned as it is.
func classify(e Endpoint, err error) error {
	switch {
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EACCES):
		return &Error{Reason: NotPermitted, Endpoint: e, Err: err}
	case client.IsErrConnectionFailed(err), errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, fs.ErrNotExist):
		return &Error{Reason: NotRunning, Endpoint: e, Err: err}
	default:
		return err
	}
}
