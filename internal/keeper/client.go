package keeper

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"

	"github.com/diorama-dev/diorama/internal/env"
)

// Client talks to the keeper of one environment.
type Client struct {
	http *http.Client
}

// NewClient returns a client for the keeper of the folder; it dials nothing.
func NewClient(folder env.Folder) *Client {
	path := folder.Socket()
	return &Client{http: &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			var dialer net.Dialer
			return dialer.DialContext(ctx, "unix", path)
		},
	}}}
}

// GoneError says that no keeper answers.
type GoneError struct{ Err error }

func (e *GoneError) Error() string {
	return "the environment's keeper does not answer: " + e.Err.Error()
}

// Unwrap returns the cause.
func (e *GoneError) Unwrap() error { return e.Err }

// Hello asks the keeper who it is.
func (c *Client) Hello(ctx context.Context) (Hello, error) {
	var hello Hello
	return hello, c.call(ctx, http.MethodGet, "hello", nil, &hello)
}

// Snapshot returns the newest snapshot.
func (c *Client) Snapshot(ctx context.Context) (env.Snapshot, error) {
	var snapshot env.Snapshot
	return snapshot, c.call(ctx, http.MethodGet, "snapshot", nil, &snapshot)
}

// Up starts a run; it does not wait for its end.
func (c *Client) Up(ctx context.Context, request UpRequest) error {
	return c.call(ctx, http.MethodPost, "up", request, nil)
}

// Cancel ends the run under way and waits until it has.
func (c *Client) Cancel(ctx context.Context) error {
	return c.call(ctx, http.MethodPost, "cancel", nil, nil)
}

// Restart replaces the Pods of a service.
func (c *Client) Restart(ctx context.Context, service string) error {
	return c.call(ctx, http.MethodPost, "restart", ActRequest{Service: service}, nil)
}

// Scale gives a service another number of replicas.
func (c *Client) Scale(ctx context.Context, service string, replicas int) error {
	return c.call(ctx, http.MethodPost, "scale", ActRequest{Service: service, Replicas: replicas}, nil)
}

// Quit ends the keeper; a run under way is interrupted first.
func (c *Client) Quit(ctx context.Context) error {
	return c.call(ctx, http.MethodPost, "quit", nil, nil)
}

// Watch calls see with every newest snapshot until ctx ends, see returns
// false, or the keeper is gone, which is a [GoneError].
func (c *Client) Watch(ctx context.Context, see func(env.Snapshot) bool) error {
	response, err := c.send(ctx, http.MethodGet, "watch", nil)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	lines := json.NewDecoder(response.Body)
	for {
		var snapshot env.Snapshot
		if err := lines.Decode(&snapshot); err != nil {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			return &GoneError{Err: err}
		}
		if !see(snapshot) {
			return nil
		}
	}
}

func (c *Client) call(ctx context.Context, method, path string, in, out any) error {
	response, err := c.send(ctx, method, path, in)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if out == nil {
		_, err = io.Copy(io.Discard, response.Body)
	} else {
		err = json.NewDecoder(response.Body).Decode(out)
	}
	if err != nil {
		return &GoneError{Err: err}
	}
	return nil
}

func (c *Client) send(ctx context.Context, method, path string, in any) (*http.Response, error) {
	var body io.Reader
	if in != nil {
		data, err := json.Marshal(in)
		if err != nil {
			return nil, fmt.Errorf("ask the keeper to %s: %w", path, err)
		}
		body = bytes.NewReader(data)
	}
	request, err := http.NewRequestWithContext(ctx, method, "http://keeper/v1/"+path, body)
	if err != nil {
		return nil, fmt.Errorf("ask the keeper to %s: %w", path, err)
	}
	response, err := c.http.Do(request)
	if err != nil {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return nil, &GoneError{Err: err}
	}
	if response.StatusCode == http.StatusOK {
		return response, nil
	}
	defer response.Body.Close()
	var f failure
	if err := json.NewDecoder(response.Body).Decode(&f); err != nil || f.Error == "" {
		return nil, fmt.Errorf("the keeper answered %s to %s", response.Status, path)
	}
	return nil, errors.New(f.Error)
}
