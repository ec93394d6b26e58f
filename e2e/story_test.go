//go:build e2e

package e2e

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/diorama-dev/diorama/internal/env"
	"github.com/diorama-dev/diorama/internal/runtime/embedded"
)

// place is where the main story is told: all that differs between runtimes.
type place struct {
	runtime string
	world   func(t *testing.T) *world
	// killed ends the servers without warning; others take their place.
	killed func(t *testing.T, w *world)
	// between happens while the environment is stopped.
	between func(t *testing.T)
	// traces notes what belongs to an environment that is there, and returns
	// a look at what of it is left.
	traces func(t *testing.T, w *world, name string) func() []string
}

func onKind() place {
	return place{
		runtime: "kind", world: func(t *testing.T) *world { return newWorld(t) },
		killed: func(t *testing.T, _ *world) {
			deletePods(t, "streaming", "kafka-0", "redis-0", "postgres-0")
		},
		between: func(t *testing.T) { takeAddress(t, "diorama-streaming-control-plane") },
		traces:  nodeTraces,
	}
}

// nodeTraces are an environment's nodes and their volumes, and nothing of what
// else there is on this Docker.
func nodeTraces(t *testing.T, _ *world, name string) func() []string {
	t.Helper()
	nodes := func() []string {
		return strings.Fields(docker(t, "ps", "-aq", "--filter", "label=io.x-k8s.kind.cluster=diorama-"+name))
	}
	var volumes []string
	for _, node := range nodes() {
		its := strings.Fields(docker(t, "inspect", "-f", `{{range .Mounts}}{{if eq .Type "volume"}}{{.Name}} {{end}}{{end}}`, node))
		if len(its) == 0 {
			t.Errorf("node %s has no volume, and kind gives it one", node)
		}
		volumes = append(volumes, its...)
	}
	return func() []string {
		there := strings.Fields(docker(t, "volume", "ls", "-q"))
		return append(nodes(), slices.DeleteFunc(volumes, func(v string) bool { return !slices.Contains(there, v) })...)
	}
}

func onServers() place {
	return place{
		runtime: "embedded", world: func(t *testing.T) *world { return newServerWorld(t) },
		killed: func(t *testing.T, w *world) {
			for _, service := range []string{"kafka", "postgres", "gateway"} {
				killServer(t, w, "streaming", service)
			}
		},
		between: func(*testing.T) {},
		traces: func(t *testing.T, w *world, _ string) func() []string {
			return func() []string { return processesOf(t, w) }
		},
	}
}

// TestStreaming is the main story, the same in every runtime: a profile comes
// up, clients of the host use it, it is stopped, started, and taken down
// without a trace.
func TestStreaming(t *testing.T) {
	for _, p := range []place{onServers(), onKind()} {
		t.Run(p.runtime, func(t *testing.T) { story(t, p) })
	}
}

func story(t *testing.T, p place) {
	w := p.world(t)
	w.must("up", "streaming", "--runtime", p.runtime)
	w.wantReady("streaming", "demo", "kafka", "postgres", "redis")

	vars := w.vars("streaming")
	produce(t, vars["KAFKA_BOOTSTRAP_SERVERS"], "greetings", "hello")
	commitAll(t, vars["KAFKA_BOOTSTRAP_SERVERS"], "greetings", "readers")
	redisDo(t, vars["REDIS_URL"], "set", "greeting", "hello")
	execute(t, vars["POSTGRES_URL"], "create table greetings(word text); insert into greetings values ('hello')")
	keeps := w.keeps("streaming")
	holds := func(t *testing.T, vars map[string]string) {
		t.Helper()
		if got := consume(t, vars["KAFKA_BOOTSTRAP_SERVERS"], "greetings"); got != "hello" {
			t.Errorf("Kafka holds %q, want hello", got)
		}
		if got := committed(t, vars["KAFKA_BOOTSTRAP_SERVERS"], "greetings", "readers"); got != 1 {
			t.Errorf("the group has read %d records, want 1", got)
		}
		if got := query(t, vars["POSTGRES_URL"], "select word from greetings"); got != "hello" {
			t.Errorf("PostgreSQL holds %q, want hello", got)
		}
		if keeps["redis"] {
			if got := redisDo(t, vars["REDIS_URL"], "get", "greeting"); got != "hello" {
				t.Errorf("Redis holds %q, want hello", got)
			}
		}
	}
	holds(t, vars)

	t.Run("the demo's events flow", func(t *testing.T) { wantEvents(t, vars) })
	t.Run("the same up again changes nothing", func(t *testing.T) {
		r := w.in(t).run("up", "streaming")
		if r.code != 0 {
			t.Fatalf("exit code %d: %s", r.code, r.stderr)
		}
		for line := range strings.Lines(r.stderr) {
			if strings.HasPrefix(line, "●") && !strings.Contains(line, "unchanged") && !strings.Contains(line, "already") {
				t.Errorf("something was done: %s", line)
			}
		}
	})
	t.Run("logs of every service are kept", func(t *testing.T) { wantLogs(t, w.in(t), "streaming") })
	t.Run("data outlives what serves it", func(t *testing.T) {
		w := w.in(t)
		p.killed(t, w)
		w.must("wait", "--name", "streaming", "--timeout", "3m")
		holds(t, vars)
	})
	t.Run("stop and start keep data, ports and credentials", func(t *testing.T) {
		w := w.in(t)
		w.must("stop", "--name", "streaming")
		if s := w.status("streaming"); s.Phase != "stopped" {
			t.Errorf("phase = %q, want stopped", s.Phase)
		}
		wantSilence(t, vars)
		p.between(t)
		w.must("start", "--name", "streaming")
		w.awaitReady("streaming", "demo", "kafka", "postgres", "redis")
		after := w.vars("streaming")
		if fmt.Sprint(after) != fmt.Sprint(vars) {
			t.Errorf("the variables changed:\n%v\n%v", vars, after)
		}
		holds(t, after)
	})
	t.Run("Kafka's own consumer reads the demo's events", func(t *testing.T) { consoleConsumer(t, vars) })
	left := p.traces(t, w, "streaming")
	w.must("down", "--name", "streaming", "-y")
	wantSilence(t, vars)
	if entries, err := os.ReadDir(w.state); err != nil || len(entries) > 0 {
		t.Errorf("the state folder still holds %v, %v", entries, err)
	}
	if left := left(); len(left) > 0 {
		t.Errorf("left behind:\n%s", strings.Join(left, "\n"))
	}
}

// wantSilence finds nobody listening on the ports of the variables.
func wantSilence(t *testing.T, vars map[string]string) {
	t.Helper()
	for variable, port := range vars {
		if !strings.HasSuffix(variable, "_PORT") {
			continue
		}
		if conn, err := net.DialTimeout("tcp", "127.0.0.1:"+port, time.Second); err == nil {
			conn.Close()
			t.Errorf("somebody listens on %s, which was %s", port, variable)
		}
	}
}

// wantEvents sees that a request of the demo goes all the way: an event in
// Kafka, a row in PostgreSQL, what the consumers make of it, and the cache.
func wantEvents(t *testing.T, vars map[string]string) {
	if got := consume(t, vars["KAFKA_BOOTSTRAP_SERVERS"], "inference-completed"); !strings.Contains(got, `"trace`) {
		t.Errorf("the event is %q", got)
	}
	eventually(t, "charges in PostgreSQL", func() error {
		if n := query(t, vars["POSTGRES_URL"], "select count(*)::text from demo.inferences join demo.charges on true"); n == "0" {
			return fmt.Errorf("no inference was charged")
		}
		return nil
	})
	eventually(t, "profiles in Redis", func() error {
		if keys := redisDo(t, vars["REDIS_URL"], "keys", "profile:*"); keys == "[]" {
			return fmt.Errorf("no profile was updated")
		}
		return nil
	})
}

// consoleConsumer reads with the client that comes with Kafka, where Docker
// has an image with it.
func consoleConsumer(t *testing.T, vars map[string]string) {
	image := kafkaImage(t)
	if _, err := try(t, nil, "docker", "image", "inspect", image); err != nil {
		t.Skipf("left out: the image %s is not here", image)
	}
	out, err := bounded(t, "docker", "run", "--rm", "--network", "host", "--entrypoint", "/opt/kafka/bin/kafka-console-consumer.sh", image,
		"--bootstrap-server", vars["KAFKA_BOOTSTRAP_SERVERS"], "--topic", "inference-completed", "--from-beginning", "--max-messages", "5", "--timeout-ms", "60000").CombinedOutput()
	if err != nil || strings.Count(string(out), `"trace`) < 5 {
		t.Errorf("the console consumer: %v\n%s", err, out)
	}
}

// kafkaImage is the image of the stack kafka, as DIORAMA_IMAGES has it.
func kafkaImage(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile(os.Getenv("DIORAMA_IMAGES"))
	if err != nil {
		return "apache/kafka:4.3.1"
	}
	for line := range strings.Lines(string(data)) {
		if target, ok := strings.CutPrefix(line, "docker.io/apache/kafka:"); ok {
			return strings.TrimSpace(target)
		}
	}
	return "apache/kafka:4.3.1"
}

// takeAddress lets another container have the address that a stopped node had,
// as happens when Docker starts again.
func takeAddress(t *testing.T, node string) {
	t.Helper()
	image := docker(t, "inspect", "-f", "{{.Config.Image}}", node)
	squatter := docker(t, "run", "-d", "--network", "kind", "--entrypoint", "sleep", image, "infinity")
	t.Cleanup(func() { docker(t, "rm", "-f", "-v", squatter) })
}

// processesOf are the processes that belong to a world's environments: those
// whose folder, arguments or variables name the folders of these.
func processesOf(t *testing.T, w *world) (found []string) {
	t.Helper()
	entries, err := os.ReadDir("/proc")
	if err != nil {
		t.Skipf("no /proc here: %v", err)
	}
	folders := []string{w.state}
	for _, name := range []string{"streaming", "minimal"} {
		folders = append(folders, embedded.ServedBy(env.FolderOf(w.state, name)))
	}
	for _, entry := range entries {
		at := filepath.Join("/proc", entry.Name())
		// What has ended meanwhile tells nothing, as it should be.
		folder, _ := os.Readlink(filepath.Join(at, "cwd"))
		arguments, _ := os.ReadFile(filepath.Join(at, "cmdline"))
		variables, _ := os.ReadFile(filepath.Join(at, "environ"))
		all := folder + "\x00" + string(arguments) + "\x00" + string(variables)
		if slices.ContainsFunc(folders, func(one string) bool { return strings.Contains(all, one) }) {
			found = append(found, entry.Name()+" "+strings.ReplaceAll(string(arguments), "\x00", " "))
		}
	}
	return found
}
