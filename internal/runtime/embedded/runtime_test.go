//go:build unix

package embedded_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/diorama-dev/diorama/internal/env"
	"github.com/diorama-dev/diorama/internal/plan"
	"github.com/diorama-dev/diorama/internal/runtime/embedded"
)

// freePorts are some that nobody listens on, each another.
func freePorts(t *testing.T, n int) []int {
	t.Helper()
	ports := make([]int, 0, n)
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close() // not before all are chosen
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
	}
	return ports
}

func kafka(port int) plan.Server {
	return plan.Server{
		Service: "kafka", Kind: "kafka", Offer: plan.Offer{Server: env.Server{Form: env.FormImitation}},
		Ports: map[string]int{"broker": port}, Settings: map[string]string{"partitions": "2"},
	}
}

func program(service string, args ...string) plan.Server {
	return plan.Server{Service: service, Kind: plan.KindProgram, Offer: plan.Offer{Server: env.Server{Form: env.FormBinary}}, Arguments: args}
}

// process is the number of a service's process.
func process(t *testing.T, s env.Service) int {
	t.Helper()
	if len(s.Pods) != 1 {
		t.Fatalf("%s has the processes %v", s.Name, s.Pods)
	}
	pid, err := strconv.Atoi(strings.TrimPrefix(s.Pods[0], "pid "))
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

// TestImitations: what an imitation of Kafka has acknowledged outlives its
// SIGKILL, and one of Redis knows its password.
func TestImitations(t *testing.T) {
	folder := folderWith(t)
	w := newWorld(t, folder)
	ports := freePorts(t, 2)
	broker := kafka(ports[0])
	cache := plan.Server{
		Service: "redis", Kind: "redis", Ports: map[string]int{"redis": ports[1]},
		Offer: plan.Offer{Server: env.Server{Form: env.FormImitation, Limits: []string{"in memory only"}}},
	}
	if err := w.up(t.Context(), planOf(broker, cache)); err != nil {
		t.Fatal(err)
	}
	s := w.await(t, "both ready", func(s env.Snapshot) bool {
		return service(s, "kafka").Phase == env.PhaseReady && service(s, "redis").Phase == env.PhaseReady
	})
	if got := service(s, "redis"); !got.Imitated() || got.Server.Limits[0] != "in memory only" {
		t.Errorf("redis is told of as %+v", got.Server)
	}

	client := redis.NewClient(&redis.Options{Addr: fmt.Sprintf("127.0.0.1:%d", cache.Ports["redis"]), Password: password["REDIS_PASSWORD"], Protocol: 2})
	defer client.Close()
	if err := client.Set(t.Context(), "key", "value", 0).Err(); err != nil {
		t.Error(err)
	}
	stranger := redis.NewClient(&redis.Options{Addr: fmt.Sprintf("127.0.0.1:%d", cache.Ports["redis"]), Protocol: 2, MaxRetries: -1})
	defer stranger.Close()
	if err := stranger.Get(t.Context(), "key").Err(); err == nil {
		t.Error("redis asks nobody for a password")
	}

	address := fmt.Sprintf("127.0.0.1:%d", broker.Ports["broker"])
	produce(t, address, "one")
	pid := process(t, service(s, "kafka"))
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	s = w.await(t, "kafka back", func(s env.Snapshot) bool {
		v := service(s, "kafka")
		return v.Phase == env.PhaseReady && v.Restarts == 1
	})
	if got := process(t, service(s, "kafka")); got == pid {
		t.Errorf("still process %d", got)
	}
	if !slices.ContainsFunc(s.Recent, func(r env.Recent) bool { return r.Service == "kafka" && r.Warning && r.Reason == "Ended" }) {
		t.Errorf("nobody is told of its end: %+v", s.Recent)
	}
	produce(t, address, "two")
	if got := consume(t, address, 2); !slices.Equal(got, []string{"one", "two"}) {
		t.Errorf("consumed %q", got)
	}
	if out := w.output(t, "kafka"); strings.Count(out, "an imitation of Kafka listens") != 2 {
		t.Errorf("it wrote %q", out)
	}
}

func produce(t *testing.T, address, value string) {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(address), kgo.AllowAutoTopicCreation(), kgo.DefaultProduceTopic("events"))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	record := &kgo.Record{Value: []byte(value), Key: []byte("the same")}
	if err := client.ProduceSync(t.Context(), record).FirstErr(); err != nil {
		t.Fatal(err)
	}
}

func consume(t *testing.T, address string, n int) []string {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(address), kgo.ConsumeTopics("events"), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	var values []string
	for len(values) < n {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second) // only ends a test that hangs
		fetches := client.PollFetches(ctx)
		cancel()
		if err := fetches.Err(); err != nil {
			t.Fatalf("after %q: %v", values, err)
		}
		fetches.EachRecord(func(r *kgo.Record) { values = append(values, string(r.Value)) })
	}
	return values
}

// TestNothingToDo: the same plan again leaves servers alone, another one starts
// them anew, and what left goes.
func TestNothingToDo(t *testing.T) {
	w := newWorld(t, folderWith(t))
	p := planOf(program("a", "works"), program("b", "works"))
	if err := w.up(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	both := func(s env.Snapshot) bool {
		return service(s, "a").Phase == env.PhaseReady && service(s, "b").Phase == env.PhaseReady
	}
	s := w.await(t, "both", both)
	a, b := process(t, service(s, "a")), process(t, service(s, "b"))
	changed := planOf(program("a", "works"), program("b", "works")) // of its own: the runtime reads the other
	changed.Stacks[1].Servers = []plan.Server{program("b", "works", "otherwise")}
	if err := w.up(t.Context(), changed); err != nil {
		t.Fatal(err)
	}
	s = w.await(t, "b anew", func(s env.Snapshot) bool {
		return both(s) && process(t, service(s, "b")) != b
	})
	if got := process(t, service(s, "a")); got != a {
		t.Errorf("a was started anew: process %d, before %d", got, a)
	}
	w.Use(planOf(program("a", "works")))
	remove := env.Step{ID: "remove/b", Kind: env.StepRemove, Subject: "b"}
	if _, err := w.Execute(t.Context(), remove, nil); err != nil {
		t.Fatal(err)
	}
	if alive(process(t, service(s, "b"))) {
		t.Error("what left the profile goes on")
	}
}

// alive reports whether a process runs. One that has ended can be there still,
// until whoever inherited it asks how it ended.
func alive(pid int) bool {
	if stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid)); err == nil {
		return !strings.Contains(string(stat), ") Z ")
	}
	return syscall.Kill(pid, 0) == nil
}

// TestEndsInARow: a server that ends again and again fails the wait, with its
// last words, and not before it has been tried.
func TestEndsInARow(t *testing.T) {
	w := newWorld(t, folderWith(t))
	server := program("broken", "fails")
	server.Environment = map[string]string{"SECRET_LENGTH": plan.Placeholder("redis", "REDIS_PASSWORD")}
	server.Health = fmt.Sprintf("http://127.0.0.1:%d/", freePorts(t, 1)[0])
	err := w.up(t.Context(), planOf(server))
	unwell, ok := errors.AsType[*embedded.UnwellError](err)
	if !ok {
		t.Fatalf("ended with %v", err)
	}
	f := unwell.Findings[0]
	if f.ID != "server-ended" || !f.Terminal || !strings.Contains(f.Summary, "exit code 1") || !strings.Contains(f.Summary, "boom") {
		t.Errorf("found %+v", f)
	}
	if !strings.Contains(w.output(t, "broken"), "boom: "+password["REDIS_PASSWORD"]) {
		t.Error("the credential did not reach its environment")
	}
}

// TestPortTaken: the holder of a port is named, and the server starts once the
// port is free.
func TestPortTaken(t *testing.T) {
	w := newWorld(t, folderWith(t))
	server := kafka(freePorts(t, 1)[0])
	holder, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", server.Ports["broker"]))
	if err != nil {
		t.Fatal(err)
	}
	err = w.up(t.Context(), planOf(server))
	if err == nil || !strings.Contains(err.Error(), "is taken by nginx (process 7)") {
		t.Fatalf("ended with %v", err)
	}
	if err := holder.Close(); err != nil {
		t.Fatal(err)
	}
	w.await(t, "kafka ready", func(s env.Snapshot) bool { return service(s, "kafka").Phase == env.PhaseReady })
}

// keep is the life of a keeper that will be killed: two servers, one of them
// deaf to its end.
func keep(ctx context.Context, folder string) error {
	w, err := open(ctx, env.Folder(folder))
	if err != nil {
		return err
	}
	if err := w.up(ctx, planOf(program("good", "works"), program("deaf", "deaf"))); err != nil {
		return err
	}
	fmt.Fprintln(os.Stdout, "running")
	select {}
}

// TestKilledKeeper: nothing of a keeper that was killed goes on once another
// has taken over, and no two have one folder.
func TestKilledKeeper(t *testing.T) {
	folder := folderWith(t)
	executable, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(executable, "internal", "keeper", string(folder))
	in, err := cmd.StdinPipe() // held open: it must not end by that
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := out.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	var pids []int
	for _, service := range []string{"good", "deaf"} {
		data, err := os.ReadFile(filepath.Join(folder.Servers(), service, "process.json"))
		if err != nil {
			t.Fatal(err)
		}
		var pid int
		if _, err := fmt.Sscanf(string(data), `{"pid":%d`, &pid); err != nil {
			t.Fatalf("%v in %s", err, data)
		}
		pids = append(pids, pid)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // killed

	w := newWorld(t, folder)
	if err := w.up(t.Context(), planOf(program("good", "works"), program("deaf", "works"))); err != nil {
		t.Fatal(err)
	}
	for _, pid := range pids {
		if alive(pid) {
			t.Errorf("process %d of the killed keeper goes on", pid)
		}
	}
}

// TestReapForeignHolder: whoever holds a folder and does not end is ended by
// force, and then the folder is free.
func TestReapForeignHolder(t *testing.T) {
	folder := folderWith(t)
	home := filepath.Join(folder.Servers(), "stuck")
	if err := os.MkdirAll(home, 0o700); err != nil {
		t.Fatal(err)
	}
	lock, err := env.Folder(home).Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	holder := exec.Command("sh", "-c", `trap "" TERM; echo on; while :; do sleep 1; done`)
	holder.ExtraFiles = []*os.File{lock}
	holder.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	out, err := holder.StdoutPipe()
	if err == nil {
		err = holder.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := out.Read(make([]byte, 2)); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(lock.Close(), embedded.NoteHolder(home, holder.Process.Pid)); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- holder.Wait() }()
	if err := embedded.Reap(t.Context(), folder); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err == nil {
		t.Error("it ended by itself")
	}
}
