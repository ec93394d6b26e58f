package demo_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/diorama-dev/diorama/internal/demo"
	"github.com/diorama-dev/diorama/internal/demo/bus"
	"github.com/diorama-dev/diorama/internal/demo/story"
)

// asProcess makes this test binary be the demo, so that it can be killed.
const asProcess = "DEMO_TEST_AS_PROCESS"

func TestMain(m *testing.M) {
	if os.Getenv(asProcess) == "" {
		os.Exit(m.Run())
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	err := demo.Run(ctx, os.Args[1:], os.Getenv, os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// line is a log line, as far as tests look.
type line struct {
	Msg       string `json:"msg"`
	Partition int32  `json:"partition"`
	Offset    *int64 `json:"offset"`
	Listen    string `json:"listen"`
	Error     string `json:"error"`
}

// child is a role in a process of its own.
type child struct {
	*exec.Cmd
	// lines has room for all that a test makes a role say: a pipe that nobody
	// reads would hold the role up.
	lines chan []byte
}

func start(t *testing.T, env []string, args ...string) *child {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], args...)
	cmd.Env = append(env, asProcess+"=1", "DEMO_LISTEN=127.0.0.1:0")
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	c := &child{Cmd: cmd, lines: make(chan []byte, 1<<16)}
	go func() {
		defer close(c.lines)
		for s := bufio.NewScanner(out); s.Scan(); {
			c.lines <- bytes.Clone(s.Bytes())
		}
	}()
	return c
}

// next waits for the next log line; it reports false at the end of the output.
func (c *child) next(t *testing.T) (line, bool) {
	t.Helper()
	b, ok := <-c.lines
	if !ok {
		return line{}, false
	}
	var l line
	if err := json.Unmarshal(b, &l); err != nil {
		t.Fatalf("a log line that is no JSON: %s", b)
	}
	return l, true
}

// What a line says of an event that is done with.
const (
	updated = "profile updated"
	again   = "event came again, profile left as it is"
)

// places are the last offsets that were handled, by partition.
type places map[int32]int64

// note takes down what a line tells. An event that comes again may be an older
// one: a role that stood still loses its partitions, and reads from the commit.
func (p places) note(t *testing.T, l line) {
	t.Helper()
	if l.Offset == nil || l.Msg != updated && l.Msg != again {
		return
	}
	if before, seen := p[l.Partition]; seen && *l.Offset <= before && l.Msg == updated {
		t.Errorf("offset %d of partition %d after %d", *l.Offset, l.Partition, before)
	}
	p[l.Partition] = max(p[l.Partition], *l.Offset)
}

// handle reads lines until done, and reports what became of each place of the
// topic and how many events came again.
func (c *child) handle(t *testing.T, done func(line) bool) (reached places, twice int) {
	t.Helper()
	reached = places{}
	for {
		l, ok := c.next(t)
		if !ok {
			t.Fatal("the process ended early")
		}
		reached.note(t, l)
		if l.Msg == again {
			twice++
		}
		if done(l) {
			return reached, twice
		}
	}
}

// kill ends the process as a machine that dies would. What it has done since
// it was last listened to may be committed, so nobody need do it again.
func (c *child) kill(t *testing.T, reached places) {
	t.Helper()
	if err := c.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	for l, ok := c.next(t); ok; l, ok = c.next(t) {
		reached.note(t, l)
	}
	_ = c.Wait() // it was killed, and says so
}

func publish(t *testing.T, servers []string, n int) map[int32]int64 {
	t.Helper()
	o := bus.Options{Servers: servers, Client: "test", Log: slog.New(slog.DiscardHandler)}
	if err := bus.EnsureTopic(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	p, err := bus.NewProducer(o)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	for i := range n {
		p.Publish(t.Context(), story.Completed{
			ID: fmt.Sprintf("e%d", i), Time: time.Unix(int64(i), 0).UTC(),
			User: fmt.Sprintf("user-%d", i%10), Item: "item-1", Model: "resnet50", Trace: story.NewTrace(),
		}, func(err error) {
			if err != nil {
				t.Error(err)
			}
		})
	}
	if err := p.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	return newest(t, o, n)
}

// newest are the last offsets of the partitions.
func newest(t *testing.T, o bus.Options, n int) map[int32]int64 {
	t.Helper()
	r, err := bus.NewReader(bus.ReaderOptions{Options: o, Group: "only-looking", Session: 10 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	last := map[int32]int64{}
	for seen := 0; seen < n; {
		messages, err := r.Poll(t.Context(), n)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range messages {
			last[m.Partition] = max(last[m.Partition], m.Offset)
		}
		seen += len(messages)
		r.Release()
	}
	if err := r.Leave(t.Context()); err != nil {
		t.Fatal(err)
	}
	return last
}

// A consumer that is killed with SIGKILL in the middle of its work loses no
// event and counts none twice, once another has taken its place.
func TestKilledConsumerLosesNothing(t *testing.T) {
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.GroupMinSessionTimeout(100*time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	defer cluster.Close()
	server := miniredis.RunT(t)
	const events, killedAfter = 300, 137
	ends := publish(t, cluster.ListenAddrs(), events)
	env := []string{
		"KAFKA_BOOTSTRAP_SERVERS=" + cluster.ListenAddrs()[0], "REDIS_URL=redis://" + server.Addr(), "DEMO_SESSION=1s",
	}
	done := 0
	first := start(t, env, "user-profile")
	reached, _ := first.handle(t, func(l line) bool {
		if l.Msg == updated {
			done++
		}
		return done == killedAfter
	})
	first.kill(t, reached)

	second := start(t, env, "consumer", "--group", "user-profile")
	left := map[int32]bool{}
	for partition, end := range ends {
		if before, ok := reached[partition]; !ok || before < end {
			left[partition] = true // what the first did and logged, nobody need do again
		}
	}
	ready := false // it may have nothing left to do
	_, twice := second.handle(t, func(l line) bool {
		ready = ready || l.Msg == "ready"
		if (l.Msg == updated || l.Msg == again) && *l.Offset == ends[l.Partition] {
			delete(left, l.Partition)
		}
		return len(left) == 0 && ready
	})
	second.end(t)
	if n := counted(t, server); n != events {
		t.Errorf("%d events counted, want %d", n, events)
	}
	t.Logf("%d events came again", twice)
}

// counted is the sum over the profiles of all ten users.
func counted(t *testing.T, server *miniredis.Miniredis) int {
	t.Helper()
	sum := 0
	for user := range 10 {
		var n int
		if _, err := fmt.Sscan(server.HGet(fmt.Sprintf("profile:user-%d", user), "inferences"), &n); err != nil {
			t.Fatal(err)
		}
		sum += n
	}
	return sum
}
