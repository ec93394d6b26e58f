package embedded

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"time"
)

// process is a server at work.
type process struct {
	cmd     *exec.Cmd
	started time.Time
	leash   io.Closer     // its standard input, where it ends with that; else nil
	env     []string      // what a server beside it has to know
	ended   chan struct{} // closed once it is over
	err     error         // how it ended; read after ended
}

// launch starts a process. What it writes goes to output, which is read to its
// end before the process counts as over. The lock goes with it.
func launch(j job, c command, r recipe, lock *os.File, output func(io.Reader)) (*process, error) {
	reader, writer, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", j.Service, err)
	}
	cmd := exec.Command(c.path, c.args...) //nolint:noctx,gosec // its life is the supervisor's; found by us
	cmd.Env = append(surroundings(), append([]string{"HOME=" + j.folder}, c.env...)...)
	cmd.Dir = j.user.place(j.folder)
	cmd.Stdout, cmd.Stderr = writer, writer
	p := &process{cmd: cmd, ended: make(chan struct{})}
	if c.leash {
		in, out, err := os.Pipe()
		if err != nil {
			return nil, errors.Join(fmt.Errorf("start %s: %w", j.Service, err), reader.Close(), writer.Close())
		}
		defer in.Close()
		cmd.Stdin, p.leash = in, out
	}
	confine(cmd, r.orphan, lock)
	j.user.apply(cmd)
	err = begin(cmd)
	_ = writer.Close() // the process has its own
	if err != nil {
		if p.leash != nil {
			_ = p.leash.Close()
		}
		return nil, errors.Join(fmt.Errorf("start %s: %w", j.Service, err), reader.Close())
	}
	p.started = time.Now()
	go p.wait(reader, output)
	return p, nil
}

// outputGrace is how long what a process has left behind in its output may
// still be read: its children can hold the other end open.
const outputGrace = time.Second

func (p *process) wait(reader *os.File, output func(io.Reader)) {
	read := make(chan struct{})
	go func() {
		defer close(read)
		output(reader)
	}()
	p.err = p.cmd.Wait()
	timer := time.NewTimer(outputGrace)
	defer timer.Stop()
	select {
	case <-read:
	case <-timer.C:
	}
	_ = reader.Close()
	<-read
	if p.leash != nil {
		_ = p.leash.Close()
	}
	close(p.ended)
}

// end ends the process in good order, and by force once its grace is over or
// hurry closes.
func (p *process) end(s signal, grace time.Duration, hurry <-chan struct{}) {
	p.send(s)
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case <-p.ended:
		return
	case <-timer.C:
	case <-hurry:
	}
	p.send(sigkill)
	<-p.ended
}

// exit says in a few words how the process ended.
func (p *process) exit() string {
	state := p.cmd.ProcessState
	switch {
	case state == nil:
		return "ended"
	case state.ExitCode() >= 0:
		return "ended with exit code " + strconv.Itoa(state.ExitCode())
	default:
		return "ended by " + state.String()
	}
}

// surroundings are the variables that a server needs of ours, and no others:
// what a person has set for their own programs must not change it.
func surroundings() []string {
	var list []string
	for _, name := range []string{"PATH", "TMPDIR", "LANG", "LC_ALL", "TZ", "SYSTEMROOT", "TEMP"} {
		if value, ok := os.LookupEnv(name); ok {
			list = append(list, name+"="+value)
		}
	}
	return list
}
