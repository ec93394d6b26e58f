//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Bounds that only what hangs reaches: it must not take the other tests, and
// all cleaning up, along.
const (
	programTime = 15 * time.Minute // of the program under test, whose up has ten
	helperTime  = 2 * time.Minute  // of docker, kubectl and the like
	drainTime   = 30 * time.Second // of an output that somebody else holds
)

// bounded is a command that fails the test where it has not ended in time. It
// is told to quit then, so that a program of Go says where it hangs.
func bounded(t testing.TB, name string, args ...string) *exec.Cmd {
	t.Helper()
	// Cleaning up runs commands too, when the test's own context is over.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), programTime)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Cancel = func() error {
		if !errors.Is(ctx.Err(), context.DeadlineExceeded) {
			return cmd.Process.Kill() // the test is over, and nobody waits for it
		}
		t.Errorf("%s has not ended within %v", cmd, programTime)
		return cmd.Process.Signal(syscall.SIGQUIT)
	}
	cmd.WaitDelay = drainTime
	return cmd
}

// try runs a command that is not under test and returns its standard output.
// The error has the command and all that it said.
func try(t testing.TB, in io.Reader, name string, args ...string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), helperTime)
	defer cancel()
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr, cmd.WaitDelay = in, &stdout, &stderr, drainTime
	err := cmd.Run()
	if err != nil && ctx.Err() != nil {
		err = fmt.Errorf("it has not ended within %v: %w", helperTime, err)
	}
	if err != nil {
		err = fmt.Errorf("%s %s: %w\n%s%s", name, strings.Join(args, " "), err, &stdout, &stderr)
	}
	return strings.TrimSpace(stdout.String()), err
}

// docker runs the docker command line and returns its output.
func docker(t testing.TB, args ...string) string {
	t.Helper()
	out, err := try(t, nil, "docker", args...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// kubectl runs the node's own kubectl.
func kubectl(t *testing.T, environment string, args ...string) string {
	t.Helper()
	out, err := tryKubectl(t, environment, nil, args...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// tryKubectl is kubectl that may fail, as it does while its API server starts
// or has too much to do.
func tryKubectl(t *testing.T, environment string, in io.Reader, args ...string) (string, error) {
	t.Helper()
	return try(t, in, "docker", append([]string{
		"exec", "-i", "diorama-" + environment + "-control-plane", "kubectl", "--kubeconfig", "/etc/kubernetes/admin.conf", "-n", "diorama",
	}, args...)...)
}

// eventually asks until the answer is yes, within a bound that only a broken
// program reaches: a node starts again in tens of seconds, and in minutes where
// the machine has much else to do. An ask that may fail by chance returns its
// error; one that is fatal ends the test at once.
func eventually(t testing.TB, what string, ask func() error) {
	t.Helper()
	deadline := time.Now().Add(5 * time.Minute)
	ticker := time.NewTicker(200 * time.Millisecond)
	defer ticker.Stop()
	for {
		err := ask()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s: %v", what, err)
		}
		<-ticker.C
	}
}
