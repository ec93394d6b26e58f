package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/diorama-dev/diorama"
	"github.com/diorama-dev/diorama/internal/chart"
	"github.com/diorama-dev/diorama/internal/docker"
	"github.com/diorama-dev/diorama/internal/plan"
	"github.com/diorama-dev/diorama/stacks"
)

func TestExitCodes(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		want ExitCode
	}{
		"anything":            {errors.New("it broke"), ExitFailed},
		"no environment":      {&diorama.NoEnvironmentError{}, ExitFailed},
		"usage":               {&diorama.UsageError{Err: errors.New("no such profile")}, ExitUsage},
		"several":             {&diorama.UsageError{Err: &diorama.SeveralError{Names: []string{"a", "b"}}}, ExitUsage},
		"missing requirement": {&plan.MissingRequirementError{Stack: "demo", Requirement: stacks.Requirement{Stack: "kafka"}}, ExitUsage},
		"cycle":               {&plan.CycleError{Path: []string{"a", "b", "a"}}, ExitUsage},
		"chart":               {&chart.RenderError{Release: "mine", Err: errors.New("no such template")}, ExitUsage},
		"recreate":            {&plan.RecreateError{What: "nodes:", Is: "1", Wanted: "2"}, ExitUsage},
		"no spare port":       {&plan.PoolEmptyError{Endpoint: "redis/redis"}, ExitUsage},
		"docker":              {&docker.Error{Reason: docker.NotRunning, Err: errors.New("refused")}, ExitHost},
		"images":              {&diorama.MissingImagesError{References: []string{"redis:8"}}, ExitHost},
		"memory":              {&plan.MemoryError{}, ExitHost},
		"GPUs":                {&plan.GPUError{}, ExitHost},
		"port":                {&plan.PortTakenError{Port: 1}, ExitHost},
		"interrupted":         {errInterrupted, ExitInterrupted},
		"a code of its own":   {&exitError{code: ExitTimeout}, ExitTimeout},
	} {
		t.Run(name, func(t *testing.T) {
			for _, err := range []error{c.err, fmt.Errorf("doing it: %w", c.err), errors.Join(c.err, errors.New("and more"))} {
				if got := codeOf(err); got != c.want {
					t.Errorf("%v: code %d, want %d", err, got, c.want)
				}
			}
		})
	}
}

func TestMessages(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		want string
	}{
		"said already": {&exitError{code: ExitFailed}, ""},
		"an error":     {&exitError{ExitUsage, errors.New("no")}, "no"},
		"interrupted":  {fmt.Errorf("ask: %w", errInterrupted), "interrupted"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := messageOf(c.err); got != c.want {
				t.Errorf("message %q, want %q", got, c.want)
			}
		})
	}
}

func TestErrorsAreHarmless(t *testing.T) {
	s, _, stderr := testStreams()
	run(t.Context(), []string{"\x1b]0;title\x07nope"}, s)
	if strings.ContainsAny(stderr.String(), "\x1b\x07") || !strings.Contains(stderr.String(), "no command") {
		t.Errorf("standard error holds %q", stderr)
	}
}

// What an interrupt leads to is of no interest: the interrupt is the cause.
func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errInterrupted)
	s, _, stderr := testStreams()
	t.Setenv("DOCKER_HOST", "tcp://127.0.0.1:1")
	t.Setenv("DIORAMA_STATE", t.TempDir())
	if code := run(ctx, []string{"plan", "minimal"}, s); code != ExitInterrupted {
		t.Errorf("code %d, want %d; it said %s", code, ExitInterrupted, stderr)
	}
}

func TestEveryCommandIsExplained(t *testing.T) {
	s, _, _ := testStreams()
	root := newRoot(s)
	var visit func(c *cobra.Command)
	visit = func(c *cobra.Command) {
		if c.Hidden {
			return
		}
		if c.Short == "" || strings.HasSuffix(c.Short, ".") {
			t.Errorf("%s: its short help is %q: want a phrase without a full stop", c.CommandPath(), c.Short)
		}
		if c.Example == "" {
			t.Errorf("%s has no example", c.CommandPath())
		}
		for line := range strings.Lines(c.Example) {
			if !strings.Contains(line, "diorama") {
				t.Errorf("%s: the example %q does not call it", c.CommandPath(), line)
			}
		}
		if c.HasParent() && c.Parent() == root && c.GroupID == "" {
			t.Errorf("%s is in no group of the help", c.CommandPath())
		}
		for _, sub := range c.Commands() {
			visit(sub)
		}
	}
	visit(root)
}

func TestNoColor(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		want bool
	}{
		"wanted":     {[]string{"version"}, true},
		"not wanted": {[]string{"version", "--no-color"}, false},
		"before":     {[]string{"--no-color", "version"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			s, _, stderr := testStreams()
			s.color, s.errColor = true, true
			if code := run(t.Context(), c.args, s); code != ExitOK {
				t.Fatalf("code %d: %s", code, stderr)
			}
			if s.color != c.want || s.errColor != c.want {
				t.Errorf("colours %v and %v, want %v", s.color, s.errColor, c.want)
			}
		})
	}
}

func TestQuiet(t *testing.T) {
	for args, want := range map[string]string{"version": "said\n", "version --quiet": "", "version -q": ""} {
		s, _, stderr := testStreams()
		run(t.Context(), strings.Fields(args), s)
		s.say("%s", "said")
		if stderr.String() != want {
			t.Errorf("%s: standard error holds %q, want %q", args, stderr, want)
		}
	}
}

func testStreams() (s *streams, stdout, stderr *bytes.Buffer) {
	stdout, stderr = &bytes.Buffer{}, &bytes.Buffer{}
	return &streams{in: strings.NewReader(""), out: stdout, err: stderr}, stdout, stderr
}
