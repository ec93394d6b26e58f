package keeper

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/diorama-dev/diorama/internal/env"
)

// Spawn says how to start a keeper.
type Spawn struct {
	Folder env.Folder
	// Executable returns the program, and Arguments are those, that start a
	// process that calls [Run]. It is asked once no keeper runs.
	Executable func() (string, error)
	Arguments  []string
	// Build identifies the binary; a keeper at rest of another build is replaced.
	Build string
	// Gently leaves a keeper of another build alone that owns servers: they
	// would be started anew, and a look must not do that.
	Gently bool
}

// startWithin bounds the wait for a new keeper to answer.
const startWithin = 15 * time.Second

// Ensure returns a client of the environment's keeper, which is started where
// none answers.
func (s Spawn) Ensure(ctx context.Context) (*Client, error) {
	client := NewClient(s.Folder)
	hello, err := client.Hello(ctx)
	if err == nil && (hello.Build == s.Build || hello.Running || (s.Gently && hello.Owner)) {
		return client, nil
	}
	if err == nil {
		if err := client.Quit(ctx); err != nil {
			return nil, err
		}
	}
	if err := s.Folder.Make(); err != nil {
		return nil, err
	}
	exited, err := s.start()
	if err != nil {
		return nil, err
	}
	return client, s.await(ctx, client, exited)
}

// start begins the keeper's process in a session of its own, so that it
// outlives ours and our terminal.
func (s Spawn) start() (<-chan error, error) {
	executable, err := s.Executable()
	if err != nil {
		return nil, fmt.Errorf("start the keeper: %w", err)
	}
	out, err := os.OpenFile(s.Folder.KeeperLog(), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("start the keeper: %w", err)
	}
	defer out.Close()
	cmd := exec.Command(executable, s.Arguments...) //nolint:noctx,gosec // it outlives every context of ours; it is our own binary
	cmd.Stdout, cmd.Stderr = out, out
	cmd.Dir = string(s.Folder)
	detach(cmd)
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the keeper: %w", err)
	}
	exited := make(chan error, 1)
	go func() { exited <- cmd.Wait() }()
	return exited, nil
}

func (s Spawn) await(ctx context.Context, client *Client, exited <-chan error) error {
	ctx, cancel := context.WithTimeoutCause(ctx, startWithin, fmt.Errorf("it did not answer within %s", startWithin))
	defer cancel()
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	for {
		hello, err := client.Hello(ctx)
		if err == nil && hello.Build == s.Build {
			return nil
		}
		select {
		case <-ticker.C:
		case err := <-exited:
			if _, again := client.Hello(ctx); again == nil {
				return nil // another command started one first
			}
			return errors.Join(fmt.Errorf("start the keeper: %w: %s", err, s.lastWords()))
		case <-ctx.Done():
			return fmt.Errorf("start the keeper: %w; see %s", context.Cause(ctx), s.Folder.KeeperLog())
		}
	}
}

// lastWords is the last line that a keeper wrote.
func (s Spawn) lastWords() string {
	data, err := os.ReadFile(s.Folder.KeeperLog())
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(data)), "\n")
	return lines[len(lines)-1]
}
