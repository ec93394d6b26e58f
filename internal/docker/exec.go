package docker

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/pkg/stdcopy"
)

// outputLimit bounds what is kept of a command's output.
const outputLimit = 4 << 20

// CommandError says that a command inside a container ended with an error.
type CommandError struct {
	Node    string
	Command []string
	Code    int    // its exit code
	Output  string // the last of what it wrote to standard error
}

// Error names command, node and exit code, and what the command said.
func (e *CommandError) Error() string {
	return fmt.Sprintf("%s in node %s ended with code %d: %s", strings.Join(e.Command, " "), e.Node, e.Code, e.Output)
}

// Exec runs a command in a container, with stdin as its standard input where
// there is one, and returns its standard output. When ctx ends, the command
// loses its streams. A command that ends with an error is a [*CommandError].
func (e *Engine) Exec(ctx context.Context, node string, stdin io.Reader, command ...string) ([]byte, error) {
	created, err := e.Client.ContainerExecCreate(ctx, node, container.ExecOptions{
		Cmd: command, AttachStdin: stdin != nil, AttachStdout: true, AttachStderr: true,
	})
	if err != nil {
		return nil, fmt.Errorf("run %s in node %s: %w", command[0], node, err)
	}
	attached, err := e.Client.ContainerExecAttach(ctx, created.ID, container.ExecAttachOptions{})
	if err != nil {
		return nil, fmt.Errorf("run %s in node %s: %w", command[0], node, err)
	}
	defer attached.Close()
	// A hijacked connection does not know the context: closing it is what
	// ends the copying.
	stop := context.AfterFunc(ctx, attached.Close)
	defer stop()

	fed := feed(attached.Conn, attached.CloseWrite, stdin)
	var stdout, stderr tail
	_, err = stdcopy.StdCopy(&stdout, &stderr, attached.Reader)
	if ctx.Err() != nil {
		return nil, fmt.Errorf("run %s in node %s: %w", command[0], node, context.Cause(ctx))
	}
	if err != nil {
		return nil, fmt.Errorf("read the output of %s in node %s: %w", command[0], node, err)
	}
	if err := e.exited(ctx, created.ID, node, command, stderr.String()); err != nil {
		return nil, err
	}
	// The command has ended well: what could not be fed was not wanted,
	// unless the source itself failed.
	attached.Close()
	if err := <-fed; err != nil {
		return nil, err
	}
	return stdout.Bytes(), nil
}

func (e *Engine) exited(ctx context.Context, id, node string, command []string, said string) error {
	state, err := e.Client.ContainerExecInspect(ctx, id)
	if err != nil {
		return fmt.Errorf("ask how %s in node %s ended: %w", command[0], node, err)
	}
	if state.ExitCode != 0 {
		return &CommandError{Node: node, Command: command, Code: state.ExitCode, Output: strings.TrimSpace(said)}
	}
	return nil
}

// feed copies stdin into the connection and tells whether reading it failed.
func feed(conn io.Writer, done func() error, stdin io.Reader) <-chan error {
	fed := make(chan error, 1)
	if stdin == nil {
		fed <- nil
		return fed
	}
	go func() {
		source := &sourceError{Reader: stdin}
		_, _ = io.Copy(conn, source) // a write that fails shows in the command's exit
		_ = done()
		fed <- source.err
	}()
	return fed
}

// sourceError remembers why reading ended, which io.Copy mixes up with why
// writing did.
type sourceError struct {
	io.Reader
	err error
}

// Read reads on.
func (s *sourceError) Read(p []byte) (int, error) {
	n, err := s.Reader.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	return n, err
}

// tail keeps the last outputLimit bytes written to it.
type tail struct{ bytes.Buffer }

// Write never fails.
func (t *tail) Write(p []byte) (int, error) {
	n := len(p)
	if over := t.Len() + n - outputLimit; over > 0 {
		t.Next(min(over, t.Len()))
		p = p[max(0, n-outputLimit):]
	}
	t.Buffer.Write(p)
	return n, nil
}
