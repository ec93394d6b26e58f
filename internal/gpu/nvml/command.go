package nvml

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"

	"github.com/diorama-dev/diorama/internal/gpu"
)

// command asks nvidia-smi.
type command struct{ program string }

// The exit codes of nvidia-smi, which are NVML's results (its manual page,
// "return value").
const (
	exitNoPermission    = 4
	exitNotLoaded       = 9
	exitLibraryNotFound = 12
	exitOperatingSystem = 17
	exitMismatch        = 18
)

func (c command) inventory(ctx context.Context) gpu.Inventory {
	report, err := c.report(ctx)
	if err != nil {
		return gpu.Inventory{Absence: err.Error()}
	}
	return report.inventory()
}

func (c command) sample(ctx context.Context) (Sample, error) {
	report, err := c.report(ctx)
	if err != nil {
		return Sample{}, err
	}
	return report.sample(), nil
}

// close has nothing to give back: each question is a program of its own.
func (command) close() {}

// report asks for all that there is; the names of MIG devices are only in the
// list. What is said of the other devices counts although the program fails, as
// it does with 15 where one is lost.
func (c command) report(ctx context.Context) (report, error) {
	out, failed := c.run(ctx, "-q", "-x")
	r, err := parse(out)
	switch {
	case failed != nil && (err != nil || len(r.GPUs) == 0):
		return report{}, failed
	case err != nil:
		return report{}, errors.New(unknownAnswer(err.Error()))
	}
	if !r.divided() {
		return r, nil
	}
	list, failed := c.run(ctx, "-L")
	r.parts = parseList(string(list))
	if failed != nil && len(r.parts) == 0 {
		return report{}, failed
	}
	return r, nil
}

// run returns what the program printed also with the error of a code that does
// not say that nothing can be asked.
func (c command) run(ctx context.Context, arguments ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, c.program, arguments...)
	cmd.WaitDelay = time.Second
	out, err := cmd.Output()
	if err == nil {
		return out, nil
	}
	if errors.Is(err, exec.ErrNotFound) {
		return nil, errors.New(strings.Replace(noDriver, "its library libnvidia-ml.so.1", "its program nvidia-smi", 1))
	}
	exit, ok := errors.AsType[*exec.ExitError](err)
	if !ok || ctx.Err() != nil {
		return nil, fmt.Errorf("run nvidia-smi: %w", errors.Join(context.Cause(ctx), err))
	}
	switch exit.ExitCode() {
	case exitNotLoaded:
		return nil, errors.New(notLoaded)
	case exitLibraryNotFound:
		return nil, errors.New(noDriver)
	case exitMismatch:
		return nil, errors.New(mismatch)
	case exitNoPermission, exitOperatingSystem:
		return nil, errors.New(notPermitted)
	}
	said, _, _ := strings.Cut(strings.TrimSpace(string(out)+string(exit.Stderr)), "\n")
	return out, errors.New(unknownAnswer(fmt.Sprintf("%q (exit code %d)", said, exit.ExitCode())))
}
