package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/diorama-dev/diorama"
	"github.com/diorama-dev/diorama/internal/report"
)

func newEnv(s *streams) *cobra.Command {
	var name, format string
	c := &cobra.Command{
		Use: "env", GroupID: groupUse, Args: args(0, 0),
		Short: "Print connection strings, with their passwords, as variables",
		Example: `  eval "$(diorama env)"
  diorama env --format dotenv > .env
  diorama env --format fish | source`,
		RunE: func(c *cobra.Command, _ []string) error {
			if !slices.Contains(report.Formats(), report.Format(format)) {
				return &exitError{ExitUsage, fmt.Errorf("there is no format %q; use one of %s", format, strings.Join(formats(), ", "))}
			}
			vars, err := variables(name)
			if err != nil {
				return err
			}
			text, err := report.WriteVars(vars, report.Format(format))
			if err != nil {
				return err
			}
			_, err = s.out.Write(text)
			return err
		},
	}
	nameFlag(c, &name)
	c.Flags().StringVar(&format, "format", "sh", "sh, fish, powershell, dotenv or json")
	_ = c.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(formats(), cobra.ShellCompDirectiveNoFileComp))
	return c
}

func formats() []string {
	var names []string
	for _, format := range report.Formats() {
		names = append(names, string(format))
	}
	return names
}

// variables are those of the environment's endpoints. They are read from its
// records: no keeper is needed.
func variables(name string) ([]report.Var, error) {
	name, err := diorama.Only(name)
	if err != nil {
		return nil, err
	}
	endpoints, err := diorama.Endpoints(name)
	if err != nil {
		return nil, err
	}
	return report.EnvVars(endpoints), nil
}

func newRun(s *streams) *cobra.Command {
	var name string
	c := &cobra.Command{
		Use: "run [--name NAME] -- COMMAND [ARGUMENT…]", GroupID: groupUse, Args: args(1, -1),
		Short:   "Run a command with the environment's variables",
		Example: "  diorama run -- go test ./...\n  diorama run -- sh -c 'psql \"$POSTGRES_URL\"'",
		RunE: func(c *cobra.Command, given []string) error {
			vars, err := variables(name)
			if err != nil {
				return err
			}
			cmd := exec.CommandContext(c.Context(), given[0], given[1:]...) //nolint:gosec // what the person asked for
			cmd.Env = os.Environ()
			for _, v := range vars {
				cmd.Env = append(cmd.Env, v.Name+"="+v.Value)
			}
			return runAttached(s, cmd)
		},
	}
	nameFlag(c, &name)
	c.Flags().SetInterspersed(false) // flags after the command are the command's
	return c
}

// runAttached gives a command our terminal and ends with its exit code.
func runAttached(s *streams, cmd *exec.Cmd) error {
	cmd.Stdin, cmd.Stdout, cmd.Stderr = s.in, s.out, s.err
	// Ctrl-C reaches the command by itself; it decides what that means.
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	err := cmd.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.ExitCode() >= 0 {
		return &exitError{code: ExitCode(exit.ExitCode())}
	}
	return err
}

func newConnect(s *streams) *cobra.Command {
	var name string
	c := &cobra.Command{
		Use: "connect STACK", GroupID: groupUse, Args: args(1, 1),
		Short:   "Open the shell of a stack: psql, redis-cli and so on",
		Example: "  diorama connect postgres\n  echo 'select 1' | diorama connect postgres",
		RunE: func(c *cobra.Command, given []string) error {
			return connect(c.Context(), s, name, given[0])
		},
		ValidArgsFunction: completeOf(&name, 1, diorama.Shells),
	}
	nameFlag(c, &name)
	return c
}

func connect(ctx context.Context, s *streams, name, stack string) error {
	name, err := diorama.Only(name)
	if err != nil {
		return err
	}
	shell, err := diorama.StackShell(name, stack)
	if err != nil {
		return &exitError{ExitUsage, err}
	}
	err = runAttached(s, shell.Command(ctx, s.interactive))
	if exit, ok := errors.AsType[*exitError](err); ok && exit.code == diorama.NotFound && shell.Local() {
		return &diorama.NoClientError{Stack: stack}
	}
	if errors.Is(err, exec.ErrNotFound) {
		return &exitError{ExitHost, fmt.Errorf("%w; install the docker command, which opens the shell", err)}
	}
	return err
}

func newVersion(s *streams) *cobra.Command {
	return &cobra.Command{
		Use: "version", GroupID: groupHelp, Args: args(0, 0),
		Short:   "Print the version",
		Example: "  diorama version",
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintln(s.out, strings.Join([]string{"diorama", diorama.Version()}, " "))
			return err
		},
	}
}
