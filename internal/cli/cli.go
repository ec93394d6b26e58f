// Package cli owns the command line: its commands, what they print where, and
// the exit codes. Results go to standard output, progress to standard error.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/diorama-dev/diorama"
	"github.com/diorama-dev/diorama/internal/docker"
	"github.com/diorama-dev/diorama/internal/plan"
	"github.com/diorama-dev/diorama/internal/terminal"
)

// ExitCode is what the process ends with.
type ExitCode int

// The exit codes, the same for every command.
const (
	ExitOK          ExitCode = 0
	ExitFailed      ExitCode = 1
	ExitUsage       ExitCode = 2 // wrong usage or an invalid profile
	ExitHost        ExitCode = 3 // the host lacks something
	ExitTimeout     ExitCode = 4 // not ready in time
	ExitInterrupted ExitCode = 130
)

// streams are what a command talks to.
type streams struct {
	in       io.Reader
	out, err io.Writer
	// interactive is true where a person sits at a terminal.
	interactive bool
	width       int // columns of the terminal; 0: none
	color       bool
}

// exitError ends the process with a code. Err is nil where all has been said.
type exitError struct {
	code ExitCode
	err  error
}

func (e *exitError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit code %d", e.code)
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

// errInterrupted is the cause of a context that a signal ended.
var errInterrupted = errors.New("interrupted")

// Main runs the command line of this process and returns its exit code.
func Main() int {
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-signals
		cancel(errInterrupted)
		<-signals // the second time at once
		os.Exit(int(ExitInterrupted))
	}()
	return int(run(ctx, os.Args[1:], terminalStreams()))
}

func terminalStreams() streams {
	s := streams{in: os.Stdin, out: os.Stdout, err: os.Stderr}
	s.interactive = term.IsTerminal(int(os.Stdin.Fd())) && term.IsTerminal(int(os.Stdout.Fd())) //nolint:gosec // a descriptor fits
	if width, _, err := term.GetSize(int(os.Stdout.Fd())); err == nil {                         //nolint:gosec // a descriptor fits
		s.width = width
	}
	s.color = s.width > 0 && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
	return s
}

// run executes one command line.
func run(ctx context.Context, args []string, s streams) ExitCode {
	root := newRoot(s)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return ExitOK
	}
	code := codeOf(err)
	if message := messageOf(err); message != "" {
		fmt.Fprintln(s.err, "diorama: "+harmless(message))
	}
	return code
}

func messageOf(err error) string {
	if exit, ok := errors.AsType[*exitError](err); ok && exit.err == nil {
		return ""
	}
	if errors.Is(err, errInterrupted) {
		return "interrupted"
	}
	return err.Error()
}

// codeOf finds the exit code for an error.
func codeOf(err error) ExitCode {
	if exit, ok := errors.AsType[*exitError](err); ok {
		return exit.code
	}
	if errors.Is(err, errInterrupted) {
		return ExitInterrupted
	}
	if _, ok := errors.AsType[*diorama.UsageError](err); ok {
		return ExitUsage
	}
	if _, ok := errors.AsType[*docker.Error](err); ok {
		return ExitHost
	}
	if _, ok := errors.AsType[*plan.MemoryError](err); ok {
		return ExitHost
	}
	if _, ok := errors.AsType[*plan.PortTakenError](err); ok {
		return ExitHost
	}
	for _, invalid := range []func(error) bool{is[*plan.MissingRequirementError], is[*plan.CycleError], is[*plan.RecreateError]} {
		if invalid(err) {
			return ExitUsage
		}
	}
	return ExitFailed
}

func is[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

// newRoot makes the command tree.
func newRoot(s streams) *cobra.Command {
	root := &cobra.Command{
		Use:   "diorama",
		Short: "Your AI platform in miniature",
		Long: `Diorama brings the platform that an AI application lives on about on this machine:
a Kubernetes cluster in containers, and in it the queues, caches and databases
that a profile names. One command starts it, one takes it all down again.`,
		Example: `  diorama up streaming        # Kafka, Redis, PostgreSQL and a demo on them
  diorama status              # what runs, and why something does not
  eval "$(diorama env)"       # connection strings for your own programs
  diorama down                # take it all down again`,
		SilenceUsage: true, SilenceErrors: true,
	}
	root.SetIn(s.in)
	root.SetOut(s.out)
	root.SetErr(s.err)
	root.PersistentFlags().Bool("no-color", false, "no colours")
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return &exitError{ExitUsage, fmt.Errorf("%w; see `%s --help`", err, c.CommandPath())}
	})
	root.AddGroup(
		&cobra.Group{ID: groupRun, Title: "Bring about and take down:"},
		&cobra.Group{ID: groupLook, Title: "Look:"},
		&cobra.Group{ID: groupUse, Title: "Use:"},
		&cobra.Group{ID: groupLearn, Title: "Before the start:"},
	)
	for _, add := range commands() {
		root.AddCommand(add(s))
	}
	return root
}

const (
	groupRun   = "run"
	groupLook  = "look"
	groupUse   = "use"
	groupLearn = "learn"
)

// commands are all commands, in the order of the help.
func commands() []func(streams) *cobra.Command {
	return []func(streams) *cobra.Command{
		newUp, newStop, newStart, newDown,
		newStatus, newUI, newLogs, newEvents, newExplain,
		newEnv, newRun, newConnect,
		newPlan, newProfiles, newStacks, newVersion,
		newInternal,
	}
}

// args checks the number of arguments and says how to call the command.
func args(minimum, maximum int) cobra.PositionalArgs {
	return func(c *cobra.Command, given []string) error {
		if len(given) >= minimum && (maximum < 0 || len(given) <= maximum) {
			return nil
		}
		return &exitError{ExitUsage, fmt.Errorf("usage: %s", c.UseLine())}
	}
}

// harmless makes every line of a message safe to show.
func harmless(message string) string {
	lines := strings.Split(message, "\n")
	for i, line := range lines {
		lines[i] = terminal.Harmless(line)
	}
	return strings.Join(lines, "\n")
}
