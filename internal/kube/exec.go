package kube

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/tools/remotecommand"
	"k8s.io/client-go/util/exec"
	"k8s.io/streaming/pkg/httpstream"

	"github.com/diorama-dev/diorama/internal/diagnose"
)

// ExecOptions are a command for a container and its streams; nil streams are
// not connected.
type ExecOptions struct {
	Container string // empty: the Pod's first
	Command   []string
	Stdin     io.Reader
	Stdout    io.Writer
	Stderr    io.Writer // unused with a TTY, which has only one output
	TTY       bool
	// Resize carries the terminal's size, at first and when it changes; it may
	// be nil and counts only with a TTY.
	Resize <-chan Size
}

// Size is a terminal's size in cells.
type Size struct{ Width, Height uint16 }

// ExitError is a command that ran and ended with an exit code other than 0.
type ExitError struct{ Code int }

func (e *ExitError) Error() string { return fmt.Sprintf("exit code %d", e.Code) }

// Exec runs a command in a container and returns when it has ended. A command
// that fails is an [*ExitError].
func (c *Client) Exec(ctx context.Context, pod diagnose.PodKey, opts ExecOptions) error {
	request := c.typed.CoreV1().RESTClient().Post().Resource("pods").Namespace(pod.Namespace).
		Name(pod.Name).SubResource("exec").VersionedParams(&corev1.PodExecOptions{
		Container: opts.Container, Command: opts.Command, TTY: opts.TTY,
		Stdin: opts.Stdin != nil, Stdout: opts.Stdout != nil, Stderr: opts.Stderr != nil && !opts.TTY,
	}, scheme.ParameterCodec)
	// Servers before 1.31 speak SPDY only.
	sockets, err := remotecommand.NewWebSocketExecutor(c.config, http.MethodGet, request.URL().String())
	if err != nil {
		return fmt.Errorf("prepare exec in pod/%s: %w", pod.Name, err)
	}
	spdy, err := remotecommand.NewSPDYExecutor(c.config, http.MethodPost, request.URL())
	if err != nil {
		return fmt.Errorf("prepare exec in pod/%s: %w", pod.Name, err)
	}
	executor, err := remotecommand.NewFallbackExecutor(sockets, spdy, mayFallBack)
	if err != nil {
		return fmt.Errorf("prepare exec in pod/%s: %w", pod.Name, err)
	}
	streams := remotecommand.StreamOptions{Stdin: opts.Stdin, Stdout: opts.Stdout, Stderr: opts.Stderr, Tty: opts.TTY}
	if opts.TTY {
		streams.Stderr = nil
	}
	if opts.TTY && opts.Resize != nil {
		streams.TerminalSizeQueue = sizes{ctx, opts.Resize}
	}
	return execError(pod, executor.StreamWithContext(ctx, streams))
}

func execError(pod diagnose.PodKey, err error) error {
	var ended exec.ExitError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &ended) && ended.Exited():
		return &ExitError{Code: ended.ExitStatus()}
	default:
		return fmt.Errorf("exec in pod/%s: %w", pod.Name, err)
	}
}

// mayFallBack reports whether a server or a proxy on the way refuses web sockets.
func mayFallBack(err error) bool {
	return httpstream.IsUpgradeFailure(err) || httpstream.IsHTTPSProxyError(err)
}

// sizes hands a channel of sizes to client-go, which asks for one after the other.
type sizes struct {
	ctx  context.Context
	from <-chan Size
}

func (s sizes) Next() *remotecommand.TerminalSize {
	select {
	case size, ok := <-s.from:
		if !ok {
			return nil
		}
		return &remotecommand.TerminalSize{Width: size.Width, Height: size.Height}
	case <-s.ctx.Done():
		return nil
	}
}
