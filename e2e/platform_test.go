//go:build e2e

package e2e

import (
	"fmt"
	"net"
	"os"
	"strings"
	"testing"
	"time"
)

// TestPlatform is the main story, the same on every runtime: a profile comes
// up, clients of the host use it, its servers are killed, it is stopped,
// started, and taken down without a trace.
func TestPlatform(t *testing.T) {
	for _, on := range []runtime{onKind(), onEmbedded()} {
		t.Run(on.name, func(t *testing.T) { platform(t, on) })
	}
}

func platform(t *testing.T, on runtime) {
	t.Helper()
	const name = "streaming"
	w := newWorld(t, on)
	before := on.traces(t, w)
	w.must("up", name, "--runtime", on.name)
	ready := func(w *world) {
		w.t.Helper()
		w.wantReady(name, "demo", "kafka", "postgres", "redis")
	}
	ready(w)
	vars := w.vars(name)
	fill(t, vars)
	wantFilled(t, w.in(t), name, vars)

	t.Run("the demo's events flow", func(t *testing.T) { wantFlow(t, vars) })
	t.Run("the same up again changes nothing", func(t *testing.T) {
		r := w.in(t).run("up", name, "--runtime", on.name)
		if r.code != 0 {
			t.Fatalf("exit code %d: %s", r.code, r.stderr)
		}
		for line := range strings.Lines(r.stderr) {
			if strings.HasPrefix(line, "●") && !strings.Contains(line, "unchanged") && !strings.Contains(line, "already") {
				t.Errorf("something was done: %s", line)
			}
		}
	})
	t.Run("the status names every endpoint", func(t *testing.T) { wantEndpoints(t, w.in(t), name, vars) })
	t.Run("logs of every service are kept", func(t *testing.T) { wantLogs(t, w.in(t), name) })
	t.Run("data outlives its server", func(t *testing.T) {
		w := w.in(t)
		on.disturb(t, w, name)
		wantFilled(t, w, name, vars)
	})
	t.Run("stop and start keep data, ports and credentials", func(t *testing.T) {
		w := w.in(t)
		w.must("stop", "--name", name)
		if s := w.status(name); s.Phase != "stopped" {
			t.Errorf("phase = %q, want stopped", s.Phase)
		}
		wantSilence(t, vars)
		on.meanwhile(t, w, name)
		w.must("start", "--name", name)
		ready(w)
		after := w.vars(name)
		if fmt.Sprint(after) != fmt.Sprint(vars) {
			t.Errorf("the variables changed:\n%v\n%v", vars, after)
		}
		wantFilled(t, w, name, after)
		wantFlow(t, after)
	})
	w.must("down", "--name", name)
	wantSilence(t, vars)
	if entries, err := os.ReadDir(w.state); err != nil || len(entries) > 0 {
		t.Errorf("the state folder still holds %v, %v", entries, err)
	}
	if after := on.traces(t, w); after != before {
		t.Errorf("left behind:\nbefore\n%s\nafter\n%s", before, after)
	}
}

// fill puts something into every server, and reads from Kafka as a group.
func fill(t *testing.T, vars map[string]string) {
	t.Helper()
	produce(t, vars["KAFKA_BOOTSTRAP_SERVERS"], "greetings", "hello")
	commitAll(t, vars["KAFKA_BOOTSTRAP_SERVERS"], "greetings", "readers")
	redisDo(t, vars["REDIS_URL"], "set", "greeting", "hello")
	execute(t, vars["POSTGRES_URL"], "create table greetings(word text); insert into greetings values ('hello')")
}

// wantFilled finds again what fill has put there, but for servers that say
// of themselves that they keep nothing.
func wantFilled(t *testing.T, w *world, name string, vars map[string]string) {
	t.Helper()
	if got := consume(t, vars["KAFKA_BOOTSTRAP_SERVERS"], "greetings"); got != "hello" {
		t.Errorf("Kafka holds %q, want hello", got)
	}
	if got := committed(t, vars["KAFKA_BOOTSTRAP_SERVERS"], "greetings", "readers"); got != 1 {
		t.Errorf("the group has read %d records of Kafka's, want 1", got)
	}
	if got := query(t, vars["POSTGRES_URL"], "select word from greetings"); got != "hello" {
		t.Errorf("PostgreSQL holds %q, want hello", got)
	}
	if w.forgets(name, "redis") {
		redisDo(t, vars["REDIS_URL"], "set", "greeting", "hello")
	}
	if got := redisDo(t, vars["REDIS_URL"], "get", "greeting"); got != "hello" {
		t.Errorf("Redis holds %q, want hello", got)
	}
}

// wantFlow follows what the demo does: its events are in Kafka, and what comes
// of new ones in PostgreSQL and Redis.
func wantFlow(t *testing.T, vars map[string]string) {
	t.Helper()
	if event := consume(t, vars["KAFKA_BOOTSTRAP_SERVERS"], "inference-completed"); !strings.Contains(event, `"user"`) {
		t.Errorf("an event of the demo is %s", event)
	}
	const charges = "select count(*)::text from demo.charges"
	before := query(t, vars["POSTGRES_URL"], charges)
	eventually(t, "another charge", func() error {
		if now := query(t, vars["POSTGRES_URL"], charges); now == before {
			return fmt.Errorf("there are still %s charges", now)
		}
		return nil
	})
	eventually(t, "a profile in Redis", func() error {
		if keys := redisDo(t, vars["REDIS_URL"], "keys", "profile:*"); keys == "[]" {
			return fmt.Errorf("there is none")
		}
		return nil
	})
}

// wantEndpoints finds each endpoint of the status among the variables, with
// its password only there.
func wantEndpoints(t *testing.T, w *world, name string, vars map[string]string) {
	t.Helper()
	s := w.status(name)
	if s.Schema != 1 || s.Environment != name || s.Runtime != w.on.name {
		t.Errorf("the status is of schema %d, of the environment %q on %q", s.Schema, s.Environment, s.Runtime)
	}
	if len(s.Endpoints) != 6 {
		t.Errorf("endpoints = %v, want 6", s.Endpoints)
	}
	for _, e := range s.Endpoints {
		if vars[e.Env+"_PORT"] == "" {
			t.Errorf("the endpoint %s/%s has no variable %s_PORT", e.Stack, e.Name, e.Env)
		}
		for variable, value := range vars {
			if strings.HasSuffix(variable, "_PASSWORD") && strings.Contains(e.URL, value) {
				t.Errorf("the status gives %s away", variable)
			}
		}
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

func wantLogs(t *testing.T, w *world, name string) {
	t.Helper()
	for _, service := range w.status(name).Services {
		eventually(t, "logs of "+service.Name, func() error {
			if out := w.must("logs", "--name", name, service.Name, "--tail", "1"); strings.TrimSpace(out) == "" {
				return fmt.Errorf("no line of %s is kept", service.Name)
			}
			return nil
		})
	}
}
