package diorama

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/diorama-dev/diorama/internal/credentials"
	"github.com/diorama-dev/diorama/internal/env"
	"github.com/diorama-dev/diorama/internal/logs"
	"github.com/diorama-dev/diorama/internal/manifest"
	"github.com/diorama-dev/diorama/internal/plan"
)

// Shell leads into a service of an environment.
type Shell struct {
	container string // the node
	target    []string
	command   []string
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
	return shell(p, wanted.Workloads[0].Kind, wanted.Workloads[0].Name, wanted.Shell), nil
}

// ServiceShell returns a plain shell in a service.
func ServiceShell(name, service string) (Shell, error) {
	_, p, err := existing(name)
	if err != nil {
		return Shell{}, err
	}
	for _, stack := range p.Stacks {
		i := slices.IndexFunc(stack.Workloads, func(w manifest.Workload) bool { return w.Service == service })
		if i >= 0 {
			plain := []string{"sh", "-c", "command -v bash >/dev/null && exec bash || exec sh"}
			return shell(p, stack.Workloads[i].Kind, stack.Workloads[i].Name, plain), nil
		}
	}
	return Shell{}, fmt.Errorf("the environment %s has no service %s", name, service)
}

// shell goes through the node, which has a kubectl of its own: the host needs
// none, and terminals work as with docker exec.
func shell(p plan.Plan, kind, workload string, command []string) Shell {
	return Shell{
		container: p.Cluster.Name + "-control-plane",
		target:    []string{"-n", p.Namespace, strings.ToLower(kind) + "/" + workload},
		command:   command,
	}
}

// Command is the command that opens the shell.
func (s Shell) Command(ctx context.Context, interactive bool) *exec.Cmd {
	flags := []string{"exec", "-i"}
	inner := []string{"kubectl", "--kubeconfig", "/etc/kubernetes/admin.conf", "exec", "-i"}
	if interactive {
		flags, inner = append(flags, "-t"), append(inner, "-t")
	}
	arguments := slices.Concat(flags, []string{s.container}, inner, s.target, []string{"--"}, s.command)
	return exec.CommandContext(ctx, "docker", arguments...) //nolint:gosec // names are from our own plan
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
	var names []string
	for _, stack := range p.Stacks {
		if len(stack.Shell) > 0 && len(stack.Workloads) > 0 {
			names = append(names, stack.Name)
		}
	}
	return names, nil
}
