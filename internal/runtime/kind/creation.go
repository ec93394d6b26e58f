package kind

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"

	"github.com/diorama-dev/diorama/internal/docker"
)

// creation is a child of ours that makes a cluster, see [CreateMain].
type creation struct {
	cmd   *exec.Cmd
	stdin io.WriteCloser

	mu       sync.Mutex
	doing    string
	warnings []string
	failure  notice
	prepared chan struct{} // closed once the node containers run
	ended    chan struct{} // closed once the child is gone
	exit     error
}

// child says how to start one: our own binary, and the lock that must
// outlive us if we are killed.
type child struct {
	Executable string
	Arguments  []string
	Lock       *os.File
}

// create starts making the cluster.
func (c child) create(engine *docker.Engine, o order) (*creation, error) {
	told, err := json.Marshal(o)
	if err != nil {
		return nil, fmt.Errorf("start creating the cluster: %w", err)
	}
	// The child ends when its standard input closes, which is also what our
	// own death does; a context would not be there for it then.
	cmd := exec.Command(c.Executable, c.Arguments...) //nolint:noctx,gosec // see above; the executable is our own
	cmd.Env = engine.Endpoint.Environ(os.Environ())
	if c.Lock != nil {
		inherit(cmd, c.Lock)
	}
	ownGroup(cmd)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("start creating the cluster: %w", err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("start creating the cluster: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start creating the cluster: %w", err)
	}
	made := &creation{cmd: cmd, stdin: stdin, prepared: make(chan struct{}), ended: make(chan struct{})}
	go made.follow(stdout)
	if _, err := stdin.Write(append(told, '\n')); err != nil {
		made.abandon()
		return nil, fmt.Errorf("start creating the cluster: %w", err)
	}
	return made, nil
}

// follow reads the child's notices until it ends.
func (c *creation) follow(stdout io.Reader) {
	prepared := false
	lines := bufio.NewScanner(stdout)
	lines.Buffer(nil, 4<<20)
	for lines.Scan() {
		var n notice
		if json.Unmarshal(lines.Bytes(), &n) != nil {
			continue
		}
		c.note(n)
		if n.Done == preparing && !prepared {
			prepared = true
			close(c.prepared)
		}
	}
	_, _ = io.Copy(io.Discard, stdout) // a line beyond all bounds must not block the child
	c.exit = c.cmd.Wait()
	close(c.ended)
}

func (c *creation) note(n notice) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case n.Doing != "":
		c.doing = n.Doing
	case n.Warning != "":
		c.warnings = append(c.warnings, n.Warning)
	case n.Error != "":
		c.failure = n
	}
}

// stage is what kind is doing.
func (c *creation) stage() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.doing
}

// err is why the ended child failed; nil when it made the cluster.
func (c *creation) err() error {
	<-c.ended
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.exit == nil {
		return nil
	}
	if c.failure.Error == "" {
		return fmt.Errorf("create the cluster: kind ended early while at %q: %w", c.doing, c.exit)
	}
	message := fmt.Sprintf("create the cluster: %s", c.failure.Error)
	if c.doing != "" {
		message = fmt.Sprintf("create the cluster: while %s: %s", strings.ToLower(c.doing), c.failure.Error)
	}
	if lines := lastLines(c.failure.Output, 12); lines != "" {
		message += "\n" + lines
	}
	return errors.New(message)
}

// abandon ends the child and all that it has started, and waits for that.
func (c *creation) abandon() {
	select {
	case <-c.ended:
		return // its process number may be another's by now
	default:
	}
	_ = c.stdin.Close()
	killGroup(c.cmd)
	<-c.ended
}

// await waits until the channel closes, telling each new stage meanwhile.
func (c *creation) await(ctx context.Context, done <-chan struct{}, tell func(string)) error {
	ticker := newTicker()
	defer ticker.Stop()
	last := ""
	for {
		select {
		case <-done:
			return nil
		case <-c.ended:
			return c.err()
		case <-ctx.Done():
			<-c.ended // its end is on its way, see [Runtime.make]
			return context.Cause(ctx)
		case <-ticker.C:
			if stage := c.stage(); stage != last {
				last = stage
				tell(strings.ToLower(stage))
			}
		}
	}
}

func lastLines(text string, n int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	if len(lines) > n {
		lines = lines[len(lines)-n:]
	}
	return strings.Join(lines, "\n")
}
