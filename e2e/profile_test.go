//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// TestProfileChanges brings a changed profile about in a running cluster.
func TestProfileChanges(t *testing.T) {
	w := newWorld(t)
	profile := w.file("shop.yaml", "name: shop\nstacks: [redis, postgres]\n")
	w.must("up", profile)
	node := docker(t, "inspect", "-f", "{{.Id}}", "diorama-shop-control-plane")
	vars := w.vars("shop")
	runSQL(t, w, "shop", "create table greetings(word text); insert into greetings values ('hello')")

	w.file("shop.yaml", "name: shop\nstacks: [redis, rabbitmq]\n")
	plan := w.must("plan", profile, "-o", "json")
	wantChanges(t, plan, map[string]string{"redis": "keep", "rabbitmq": "add", "postgres": "remove"})
	w.must("up", profile)
	w.wantReady("shop", "redis", "rabbitmq")
	changed := w.vars("shop")
	if changed["POSTGRES_URL"] != "" || changed["RABBITMQ_URL"] == "" {
		t.Errorf("the variables do not follow the profile: %v", changed)
	}
	if got := greets(t, changed["RABBITMQ_HOST"]+":"+changed["RABBITMQ_PORT"], "AMQP\x00\x00\x09\x01"); got == "" {
		t.Error("RabbitMQ does not answer")
	}

	w.file("shop.yaml", "name: shop\nstacks: [redis, rabbitmq, postgres]\n")
	w.must("up", profile)
	w.wantReady("shop", "redis", "rabbitmq", "postgres")
	if again := w.vars("shop"); again["POSTGRES_URL"] != vars["POSTGRES_URL"] {
		t.Errorf("PostgreSQL came back as %s, was %s", again["POSTGRES_URL"], vars["POSTGRES_URL"])
	}
	if got := query(t, vars["POSTGRES_URL"], "select word from greetings"); got != "hello" {
		t.Errorf("PostgreSQL came back with %q, want hello", got)
	}
	if same := docker(t, "inspect", "-f", "{{.Id}}", "diorama-shop-control-plane"); same != node {
		t.Error("the cluster was made anew")
	}
}

// TestSideBySide runs two environments at once; neither is in the other's way.
func TestSideBySide(t *testing.T) {
	w := newWorld(t)
	w.must("up", "backend")
	w.wantReady("backend", "memcached", "mysql", "rabbitmq", "redis")
	w.must("up", w.file("second.yaml", "name: second\nstacks: [redis, valkey]\n"))
	w.wantReady("second", "redis", "valkey")
	w.wantReady("backend", "memcached", "mysql", "rabbitmq", "redis")
	first, second := w.vars("backend"), w.vars("second")
	if first["REDIS_PORT"] == second["REDIS_PORT"] {
		t.Errorf("both have Redis on port %s", first["REDIS_PORT"])
	}
	if got := greets(t, first["MYSQL_HOST"]+":"+first["MYSQL_PORT"], ""); !strings.Contains(got, "\x00") {
		t.Errorf("MySQL greets with %q", got)
	}
	if got := greets(t, first["MEMCACHED_HOST"]+":"+first["MEMCACHED_PORT"], "version\r\n"); !strings.HasPrefix(got, "VERSION") {
		t.Errorf("Memcached answers %q", got)
	}
	redisDo(t, first["REDIS_URL"], "set", "whose", "first")
	redisDo(t, second["REDIS_URL"], "set", "whose", "second")
	if got := redisDo(t, first["REDIS_URL"], "get", "whose"); got != "first" {
		t.Errorf("the first Redis holds %q", got)
	}
	dataOutlivesItsPod(t, w)
	w.fails(2, []string{"backend", "second", "--name"}, "status")
	w.must("down", "--name", "second")
	w.wantReady("backend", "memcached", "mysql", "rabbitmq", "redis")
}

// dataOutlivesItsPod deletes the Pods of the stateful stacks that streaming does
// not have, and finds what they held.
func dataOutlivesItsPod(t *testing.T, w *world) {
	holds := []struct{ name, stack, write, read string }{
		{"backend", "mysql", "create table greetings(word text); insert into greetings values ('hello');", "select word from greetings;"},
		{"backend", "rabbitmq", "rabbitmqctl add_vhost hello", "rabbitmqctl list_vhosts"},
		{"second", "valkey", "set greeting hello", "get greeting"},
	}
	for _, do := range holds {
		if out := tell(t, w, do.name, do.stack, do.write); strings.Contains(strings.ToLower(out), "error") {
			t.Fatalf("%s: %s", do.stack, out)
		}
	}
	deletePods(t, "backend", "mysql-0", "rabbitmq-0")
	deletePods(t, "second", "valkey-0")
	w.must("wait", "--name", "backend", "--timeout", "5m")
	w.must("wait", "--name", "second", "--timeout", "5m")
	for _, do := range holds {
		if out := tell(t, w, do.name, do.stack, do.read); !strings.Contains(out, "hello") {
			t.Errorf("%s has lost its data: %s", do.stack, out)
		}
	}
}

// tell types a line into a stack's shell and returns what it answers.
func tell(t *testing.T, w *world, name, stack, line string) string {
	t.Helper()
	cmd := w.command("connect", stack, "--name", name)
	cmd.Stdin = strings.NewReader(line + "\n")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("connect %s: %v\n%s", stack, err, out)
	}
	return string(out)
}

func wantChanges(t *testing.T, plan string, want map[string]string) {
	t.Helper()
	var p struct {
		Stacks []struct{ Name, Change string }
	}
	if err := json.Unmarshal([]byte(plan), &p); err != nil {
		t.Fatal(err)
	}
	got := make(map[string]string)
	for _, stack := range p.Stacks {
		got[stack.Name] = stack.Change
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("changes = %v, want %v", got, want)
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

// runSQL runs statements through the stack's own shell.
func runSQL(t *testing.T, w *world, name, sql string) {
	t.Helper()
	cmd := w.command("connect", "postgres", "--name", name)
	cmd.Stdin = strings.NewReader(sql + ";\n")
	if out, err := cmd.CombinedOutput(); err != nil || strings.Contains(string(out), "ERROR") {
		t.Fatalf("connect postgres: %v\n%s", err, out)
	}
}
