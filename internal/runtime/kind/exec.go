package kind

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/pkg/stdcopy"

	"github.com/diorama-dev/diorama/internal/docker"
)

// execute runs a command in a node and returns what it printed. The error of
// a command that failed carries its output.
func execute(ctx context.Context, engine *docker.Engine, node string, command ...string) (string, error) {
	made, err := engine.Client.ContainerExecCreate(ctx, node, container.ExecOptions{
		Cmd: command, AttachStdout: true, AttachStderr: true,
	})
	if err != nil {
		return "", fmt.Errorf("run %s in %s: %w", command[0], node, err)
	}
	stream, err := engine.Client.ContainerExecAttach(ctx, made.ID, container.ExecAttachOptions{})
	if err != nil {
		return "", fmt.Errorf("run %s in %s: %w", command[0], node, err)
	}
	stop := context.AfterFunc(ctx, stream.Close)
	defer stop()
	defer stream.Close()
	var stdout, stderr bytes.Buffer
	if _, err := stdcopy.StdCopy(&stdout, &stderr, stream.Reader); err != nil {
		return "", fmt.Errorf("run %s in %s: %w", command[0], node, err)
	}
	ended, err := engine.Client.ContainerExecInspect(ctx, made.ID)
	if err != nil {
		return "", fmt.Errorf("run %s in %s: %w", command[0], node, err)
	}
	if ended.ExitCode != 0 {
		return stdout.String(), fmt.Errorf("run %s in %s: exit code %d: %s", command[0], node, ended.ExitCode, strings.TrimSpace(stderr.String()))
	}
	return stdout.String(), nil
}
