package kind

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/docker/docker/api/types"
	"github.com/docker/docker/api/types/container"

	"github.com/diorama-dev/diorama/internal/docker"
)

// stderrBytes bounds what is kept of what a command says on standard error.
const stderrBytes = 4 << 10

// command is one that runs in a node: it reads what is written, and what it
// writes is read. Closing it closes the command's standard input.
type command struct {
	conn   types.HijackedResponse
	in     *bufio.Reader
	left   int // of the present frame
	stderr []byte
}

// attach starts a command in a node.
func attach(ctx context.Context, engine *docker.Engine, node, program string) (*command, error) {
	created, err := engine.Client.ContainerExecCreate(ctx, node, container.ExecOptions{
		Cmd: []string{program}, AttachStdin: true, AttachStdout: true, AttachStderr: true,
	})
	if err != nil {
		return nil, fmt.Errorf("run %s in node %s: %w", program, node, err)
	}
	attached, err := engine.Client.ContainerExecAttach(ctx, created.ID, container.ExecAttachOptions{})
	if err != nil {
		return nil, fmt.Errorf("run %s in node %s: %w", program, node, err)
	}
	return &command{conn: attached, in: bufio.NewReaderSize(attached.Reader, 64<<10)}, nil
}

// Write writes to the command's standard input.
func (c *command) Write(p []byte) (int, error) { return c.conn.Conn.Write(p) }

// Close lets go of the command.
func (c *command) Close() error {
	c.conn.Close()
	return nil
}

// Read reads the command's standard output. Docker sends it in frames: the
// stream's number in the first byte, the length in the last four of eight
// (see "Attach to a container" in the Engine's API).
func (c *command) Read(p []byte) (int, error) {
	for c.left == 0 {
		var head [8]byte
		if _, err := io.ReadFull(c.in, head[:]); err != nil {
			return 0, err
		}
		size := int(binary.BigEndian.Uint32(head[4:]))
		if head[0] == 1 {
			c.left = size
			continue
		}
		if err := c.complain(size); err != nil {
			return 0, err
		}
	}
	n, err := c.in.Read(p[:min(len(p), c.left)])
	c.left -= n
	return n, err
}

// complain takes in what came on standard error.
func (c *command) complain(size int) error {
	text := make([]byte, min(size, max(0, stderrBytes-len(c.stderr))))
	if _, err := io.ReadFull(c.in, text); err != nil {
		return err
	}
	c.stderr = append(c.stderr, text...)
	_, err := c.in.Discard(size - len(text))
	return err
}
