package diorama

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/diorama-dev/diorama/internal/credentials"
	"github.com/diorama-dev/diorama/internal/env"
	"github.com/diorama-dev/diorama/internal/logs"
	"github.com/diorama-dev/diorama/internal/manifest"
	"github.com/diorama-dev/diorama/internal/plan"
	"github.com/diorama-dev/diorama/profiles"
)

// Shell leads into a service of an environment.
type Shell struct {
	// arguments begin with the program; interactive: it has a terminal.
	arguments func(interactive bool) []string
	env       []string // beside our own
	folder    string   // "": ours
}

// NotFound is the exit code of a shell that did not find the program that it
// was to run (POSIX, 2.8.2).
const NotFound = 127

// NoClientError says that this machine has no program that talks to a stack.
type NoClientError struct{ Stack string }

func (e *NoClientError) Error() string {
	return fmt.Sprintf("without a cluster, the program that talks to %s has to be on this machine, and is not; install it, or use another with what `diorama env` prints", e.Stack)
}

// existing returns the plan of an environment that is there.
func existing(name string) (env.Folder, plan.Plan, error) {
	root, err := env.StateRoot(os.Getenv)
	if err != nil {
		return "", plan.Plan{}, err
	}
	folder := env.FolderOf(root, name)
	if _, err := os.Stat(folder.Plan()); errors.Is(err, os.ErrNotExist) {
		return "", plan.Plan{}, noEnvironment(name)
	}
	p, err := readPlan(folder)
	return folder, p, err
}

// Endpoints returns an environment's endpoints with their credentials in
// clear, from its records alone.
func Endpoints(name string) ([]env.Endpoint, error) {
	folder, p, err := existing(name)
	if err != nil {
		return nil, err
	}
	set, err := credentials.Load(string(folder))
	if err != nil {
		return nil, err
	}
	revealed := make([]env.Endpoint, len(p.Endpoints))
	for i, endpoint := range p.Endpoints {
		revealed[i] = endpoint.Reveal(set.Of(endpoint.Stack))
	}
	return revealed, nil
}

// StackShell returns the shell of a stack: psql for PostgreSQL.
func StackShell(name, stack string) (Shell, error) {
	_, p, err := existing(name)
	if err != nil {
		return Shell{}, err
	}
	if len(p.Stacks) > 0 && p.Runtime == string(profiles.RuntimeEmbedded) {
		return clientShell(name, p, stack)
	}
	wanted, ok := p.Stack(stack)
	if !ok {
		var names []string
		for _, s := range p.Stacks {
			names = append(names, s.Name)
		}
		return Shell{}, fmt.Errorf("the environment %s has no stack %s; it has %s", name, stack, strings.Join(names, ", "))
	}
	if len(wanted.Shell) == 0 || len(wanted.Workloads) == 0 {
		return Shell{}, fmt.Errorf("the stack %s has no shell; open one in a service with the UI's `s`", stack)
	}
	return shell(p, wanted.Workloads[0], wanted.Shell), nil
}

// clientShell is the program of this machine that talks to a stack without a
// cluster; it finds the way and the password in variables.
func clientShell(name string, p plan.Plan, stack string) (Shell, error) {
	wanted, ok := p.Stack(stack)
	if !ok || len(wanted.Client) == 0 {
		return Shell{}, fmt.Errorf("without a cluster there is no shell for %s; these have one: %s", stack, strings.Join(withShell(p), ", "))
	}
	endpoints, err := Endpoints(name)
	if err != nil {
		return Shell{}, err
	}
	i := slices.IndexFunc(endpoints, func(e env.Endpoint) bool { return e.Stack == stack })
	if i < 0 {
		return Shell{}, fmt.Errorf("the stack %s has no endpoint", stack)
	}
	e := endpoints[i]
	return Shell{
		arguments: func(bool) []string { return wanted.Client },
		env: []string{
			"DIORAMA_HOST=" + e.Host, fmt.Sprintf("DIORAMA_PORT=%d", e.Port), "DIORAMA_USER=" + e.User, "DIORAMA_PASSWORD=" + e.Password,
		},
	}, nil
}

// ServiceShell returns a plain shell in a service; without a cluster, in the
// service's folder.
func ServiceShell(name, service string) (Shell, error) {
	folder, p, err := existing(name)
	if err != nil {
		return Shell{}, err
	}
	if p.Runtime == string(profiles.RuntimeEmbedded) {
		return Shell{
			arguments: func(bool) []string { return []string{cmp.Or(os.Getenv("SHELL"), "sh")} },
			folder:    filepath.Join(folder.Servers(), service),
		}, nil
	}
	for _, stack := range p.Stacks {
		i := slices.IndexFunc(stack.Workloads, func(w manifest.Workload) bool { return w.Service == service })
		if i >= 0 {
			plain := []string{"sh", "-c", "command -v bash >/dev/null && exec bash || exec sh"}
			return shell(p, stack.Workloads[i], plain), nil
		}
	}
	return Shell{}, fmt.Errorf("the environment %s has no service %s", name, service)
}

// shell goes through the node, which has a kubectl of its own: the host needs
// none, and terminals work as with docker exec.
func shell(p plan.Plan, w manifest.Workload, command []string) Shell {
	container := p.Cluster.Name + "-control-plane"
	target := []string{"-n", cmp.Or(w.Namespace, p.Namespace), strings.ToLower(w.Kind) + "/" + w.Name, "--"}
	return Shell{arguments: func(interactive bool) []string {
		flags := []string{"docker", "exec", "-i"}
		inner := []string{"kubectl", "--kubeconfig", "/etc/kubernetes/admin.conf", "exec", "-i"}
		if interactive {
			flags, inner = append(flags, "-t"), append(inner, "-t")
		}
		return slices.Concat(flags, []string{container}, inner, target, command)
	}}
}

// Local reports whether the shell is a program of this machine.
func (s Shell) Local() bool { return len(s.env) > 0 }

// Command is the command that opens the shell.
func (s Shell) Command(ctx context.Context, interactive bool) *exec.Cmd {
	arguments := s.arguments(interactive)
	cmd := exec.CommandContext(ctx, arguments[0], arguments[1:]...) //nolint:gosec // names are from our own plan
	cmd.Dir = s.folder
	if len(s.env) > 0 {
		cmd.Env = append(os.Environ(), s.env...)
	}
	return cmd
}

// Version is that of this build of the module.
func Version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "(devel)"
	}
	return info.Main.Version
}

// Logs reads the lines of all services of an environment, also of one that was
// taken down with its logs kept.
func Logs(name string) (logs.Reader, error) {
	root, err := env.StateRoot(os.Getenv)
	if err != nil {
		return nil, err
	}
	folder := env.FolderOf(root, name)
	if _, err := os.Stat(folder.Logs()); errors.Is(err, os.ErrNotExist) {
		return nil, noEnvironment(name)
	}
	return logs.OpenReader(folder.Logs())
}

// ExportedLogs reads the lines in a folder that [Export] wrote, or in a log
// store's own folder.
func ExportedLogs(folder string) (logs.Reader, error) {
	for _, dir := range []string{filepath.Join(folder, exportedLogs), folder} {
		if logs.IsStore(dir) {
			return logs.OpenReader(dir)
		}
	}
	return nil, usage(fmt.Errorf("there are no log lines in %s; `diorama export %s` writes them", folder, folder))
}

// Services are the names of an environment's services, from its records alone.
func Services(name string) ([]string, error) {
	_, p, err := existing(name)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, stack := range p.Stacks {
		for _, workload := range stack.Workloads {
			names = append(names, workload.Service)
		}
	}
	return names, nil
}

// Shells are the names of an environment's stacks that have a shell.
func Shells(name string) ([]string, error) {
	_, p, err := existing(name)
	if err != nil {
		return nil, err
	}
	return withShell(p), nil
}

// withShell are the stacks of the plan that have a shell.
func withShell(p plan.Plan) []string {
	var names []string
	for _, stack := range p.Stacks {
		there := len(stack.Shell) > 0 && len(stack.Workloads) > 0
		if p.Runtime == string(profiles.RuntimeEmbedded) {
			there = len(stack.Client) > 0
		}
		if there {
			names = append(names, stack.Name)
		}
	}
	return names
}
