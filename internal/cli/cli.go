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
	"github.com/diorama-dev/diorama/internal/chart"
	"github.com/diorama-dev/diorama/internal/docker"
	"github.com/diorama-dev/diorama/internal/env"
	"github.com/diorama-dev/diorama/internal/plan"
	"github.com/diorama-dev/diorama/internal/report"
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
	// color and errColor say whether out and err take colours.
	color, errColor bool
	// quiet leaves out progress; results and errors are told all the same.
	quiet bool
}

// say tells of progress.
func (s *streams) say(format string, arguments ...any) {
	if !s.quiet {
		fmt.Fprintf(s.err, format+"\n", arguments...)
	}
}

func (s *streams) options() report.Options {
	return report.Options{Width: s.width, Color: s.color}
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
	cobra.EnableCommandSorting = false                           // the help has the order of [commands]
	ctx, cancel := context.WithCancelCause(context.Background()) //nolint:forbidigo // main only calls this
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

func terminalStreams() *streams {
	s := &streams{in: os.Stdin, out: os.Stdout, err: os.Stderr}
	s.interactive = term.IsTerminal(int(os.Stdin.Fd())) && term.IsTerminal(int(os.Stdout.Fd())) //nolint:gosec // a descriptor fits
	if width, _, err := term.GetSize(int(os.Stdout.Fd())); err == nil {                         //nolint:gosec // a descriptor fits
		s.width = width
	}
	wanted := os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
	s.color = wanted && term.IsTerminal(int(os.Stdout.Fd()))    //nolint:gosec // a descriptor fits
	s.errColor = wanted && term.IsTerminal(int(os.Stderr.Fd())) //nolint:gosec // a descriptor fits
	return s
}

// run executes one command line.
func run(ctx context.Context, args []string, s *streams) ExitCode {
	root := newRoot(s)
	if s.interactive { // a person without a wish is better served with a choice than with help
		root.RunE = func(*cobra.Command, []string) error { return begin(ctx, s) }
	}
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return ExitOK
	}
	if interrupted := context.Cause(ctx); errors.Is(interrupted, errInterrupted) && !is[*exitError](err) {
		err = interrupted // what it led to is of no interest
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
	if noRoom(err) {
		return err.Error() + "; make room on that disk and try again"
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
	for _, kind := range kinds() {
		if kind.is(err) {
			return kind.code
		}
	}
	return ExitFailed
}

// errorKind is a type of error and the exit code that it means.
type errorKind struct {
	is   func(error) bool
	code ExitCode
}

// kinds are in the order in which they are looked for.
func kinds() []errorKind {
	return []errorKind{
		{is[*diorama.UsageError], ExitUsage},
		{is[*docker.Error], ExitHost},
		{is[*env.FolderError], ExitHost},
		{noRoom, ExitHost},
		{is[*diorama.MissingImagesError], ExitHost},
		{is[*plan.MemoryError], ExitHost},
		{is[*plan.GPUError], ExitHost},
		{is[*plan.PortTakenError], ExitHost},
		{is[*diorama.NoClientError], ExitHost},
		{is[*plan.LeftOutError], ExitHost},
		{is[*plan.ImitationError], ExitHost},
		{is[*plan.MissingRequirementError], ExitUsage},
		{is[*plan.CycleError], ExitUsage},
		{is[*chart.RenderError], ExitUsage},
		{is[*plan.TypeError], ExitUsage},
		{is[*plan.ConflictError], ExitUsage},
		{chartOfTheStack, ExitUsage},
		{chartOfTheMachine, ExitHost},
		{is[*plan.MissingChartsError], ExitHost},
		{is[*plan.RecreateError], ExitUsage},
		{is[*plan.PoolEmptyError], ExitUsage}, // --recreate is what is missing
	}
}

// chartOfTheStack is true of a chart that is not where a stack says.
func chartOfTheStack(err error) bool {
	e, ok := errors.AsType[*chart.PullError](err)
	return ok && e.OfTheStack()
}

// chartOfTheMachine is true of a chart that this machine cannot get.
func chartOfTheMachine(err error) bool {
	e, ok := errors.AsType[*chart.PullError](err)
	return ok && e.OfTheMachine()
}

// noRoom is true of an error that a full disk has led to.
func noRoom(err error) bool { return errors.Is(err, syscall.ENOSPC) }

func is[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
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
