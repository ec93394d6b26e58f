//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// queuesJSON is what tests read of `diorama queues -o json`.
type queuesJSON struct {
	Brokers []struct {
		Stack, State   string
		Why            *string
		Topics, Queues []struct {
			Name  string
			Depth *int64
		}
		Groups []struct {
			Name       string
			Lag        *int64
			Partitions []struct {
				Queue     string
				Committed *int64
			}
		}
	}
}

func (w *world) queues(name string) queuesJSON {
	w.t.Helper()
	var q queuesJSON
	if err := json.Unmarshal([]byte(w.must("queues", "--name", name, "-o", "json", "-a")), &q); err != nil {
		w.t.Fatal(err)
	}
	return q
}

// eventuallyOf asks until the broker answers, rather than what is known of it
// from before where it was slow, and what it says is as wanted.
func (w *world) eventuallyOf(t *testing.T, stack, what string, as func(queuesJSON) error) {
	t.Helper()
	eventually(t, what, func() error {
		q := w.queues("shop")
		if state := q.state(stack); state != "answering" {
			return fmt.Errorf("%s is %s", stack, state)
		}
		return as(q)
	})
}

// state is how a broker is: "answering", or what it is instead and why.
func (q queuesJSON) state(stack string) string {
	for _, b := range q.Brokers {
		if b.Stack == stack && b.Why != nil {
			return b.State + ": " + *b.Why
		} else if b.Stack == stack {
			return b.State
		}
	}
	return "not there"
}

// depth is how many messages are in a queue; below zero: not known.
func (q queuesJSON) depth(stack, queue string) int64 {
	for _, b := range q.Brokers {
		for _, v := range append(b.Topics, b.Queues...) {
			if b.Stack == stack && v.Name == queue && v.Depth != nil {
				return *v.Depth
			}
		}
	}
	return -1
}

// lag is that of a group; below zero: not known.
func (q queuesJSON) lag(stack, group string) int64 {
	for _, b := range q.Brokers {
		for _, g := range b.Groups {
			if b.Stack == stack && g.Name == group && g.Lag != nil {
				return *g.Lag
			}
		}
	}
	return -1
}

// shopWithSeeds is a profile with seeds in all that takes some.
const shopWithSeeds = `name: shop
stacks: [%s]
seeds:
  - kafka:
      topics:
        - {name: orders, partitions: 3}
        - {name: prices, config: {cleanup.policy: compact}}
      groups: [{name: billing, topics: [orders]}]
  - redis: {file: keys.redis}
  - postgres:
      users: [{name: shop}]
      databases: [{name: shop, owner: shop}]
      sql: [schema.sql]
`

// rocketSeeds are more seeds, where there is a RocketMQ.
const rocketSeeds = `  - rabbitmq: {queues: [{name: seeded, type: quorum}]}
  - rocketmq: {topics: [{name: seeded, queues: 4}], groups: [{name: readers}]}
`

// TestQueues is what a developer does with queues, the same in every runtime.
func TestQueues(t *testing.T) {
	for _, p := range []place{onServers(), onKind()} {
		t.Run(p.runtime, func(t *testing.T) {
			w := p.world(t)
			stacks, more := "kafka, redis, postgres", ""
			if p.runtime == "kind" {
				stacks += ", rabbitmq, rocketmq"
				more = rocketSeeds
			}
			w.file("keys.redis", "set greeting hello\nxadd jobs * id 1\n")
			w.file("schema.sql", "create table goods(name text); insert into goods values ('pen');\n")
			profile := w.file("shop.yaml", fmt.Sprintf(shopWithSeeds, stacks)+more)
			w.must("up", profile, "--runtime", p.runtime)
			t.Run("seeds", func(t *testing.T) { seeded(t, w.in(t), profile) })
			t.Run("kafka", func(t *testing.T) { kafkaQueues(t, w.in(t)) })
			t.Run("redis", func(t *testing.T) { redisQueues(t, w.in(t)) })
			if p.runtime == "kind" {
				t.Run("rabbitmq", func(t *testing.T) { leavesItThere(t, w.in(t), "rabbitmq/jobs", "--kind", "quorum") })
				t.Run("seeds of rocketmq", func(t *testing.T) {
					if out := w.in(t).must("queues", "show", "rocketmq/seeded", "-o", "json", "--name", "shop"); strings.Count(out, `"partition"`) < 4 {
						t.Errorf("the seeded topic is %s", out)
					}
				})
				t.Run("rocketmq", func(t *testing.T) { leavesItThere(t, w.in(t), "rocketmq/jobs", "--partitions", "2") })
			} else {
				t.Run("a broker that is paused", func(t *testing.T) { pausedBroker(t, w.in(t)) })
			}
			w.must("down", "--name", "shop", "-y")
		})
	}
}

func seeded(t *testing.T, w *world, profile string) {
	vars := w.vars("shop")
	if got := redisDo(t, vars["REDIS_URL"], "get", "greeting"); got != "hello" {
		t.Errorf("Redis holds %q, want hello", got)
	}
	if got := query(t, strings.Replace(vars["POSTGRES_URL"], "/app?", "/shop?", 1), "select name from goods"); got != "pen" {
		t.Errorf("PostgreSQL holds %q, want pen", got)
	}
	w.eventuallyOf(t, "kafka", "the seeded group", func(q queuesJSON) error {
		if got := q.lag("kafka", "billing"); got != 0 {
			return fmt.Errorf("its lag is %d, want 0", got)
		}
		return nil
	})
	r := w.run("up", profile)
	if r.code != 0 || strings.Count(r.stderr, "seeds") == 0 {
		t.Errorf("the same again: exit code %d\n%s", r.code, r.stderr)
	}
	for line := range strings.Lines(r.stderr) {
		if strings.Contains(line, "seeds") && strings.HasPrefix(line, "●") && !strings.Contains(line, "unchanged") && !strings.Contains(line, "already") {
			t.Errorf("seeds were put there again: %s", line)
		}
	}
	if got := redisDo(t, vars["REDIS_URL"], "xlen", "jobs"); got != "1" {
		t.Errorf("the stream has %s entries, want 1", got)
	}
}

func kafkaQueues(t *testing.T, w *world) {
	lines := w.file("lines", strings.Repeat("{\"id\": 1}\n", 100))
	w.must("queues", "produce", "kafka/orders", "--lines", "--file", lines, "--name", "shop")
	w.eventuallyOf(t, "kafka", "the messages in kafka/orders", func(q queuesJSON) error {
		if q.depth("kafka", "orders") != 100 || q.lag("kafka", "billing") != 100 {
			return fmt.Errorf("%d messages, lag %d; want 100 of both", q.depth("kafka", "orders"), q.lag("kafka", "billing"))
		}
		return nil
	})
	if out := w.must("queues", "peek", "kafka/orders", "-n", "3", "-o", "json", "--name", "shop"); strings.Count(out, `"value":"{\"id\": 1}"`) != 3 {
		t.Errorf("peeking shows %s", out)
	}
	wait := []string{"wait", "--name", "shop", "--queue", "kafka/orders", "--consumed", "100", "--lag", "0", "--stable", "1s", "--group"}
	w.fails(4, []string{"billing", "0 of 100"}, append(wait, "billing", "--timeout", "10s")...)
	w.fails(4, []string{"not committed"}, append(wait, "nobody", "--timeout", "10s")...)
	w.fails(2, []string{"--yes"}, "queues", "reset", "kafka/orders", "--group", "billing", "--to", "end", "--name", "shop")
	w.must("queues", "reset", "kafka/orders", "--group", "billing", "--to", "end", "--yes", "--name", "shop")
	w.must(append(wait, "billing", "--timeout", "1m")...)

	w.must("queues", "create", "kafka/passing", "--partitions", "2", "--name", "shop")
	if out := w.must("queues", "show", "kafka/passing", "-o", "json", "--name", "shop"); strings.Count(out, `"partition"`) != 2 {
		t.Errorf("the topic made is %s", out)
	}
	w.must("queues", "delete", "kafka/passing", "-y", "--name", "shop")
	w.fails(1, []string{"there is no"}, "queues", "show", "kafka/passing", "--name", "shop")
}

func redisQueues(t *testing.T, w *world) {
	vars := w.vars("shop")
	redisDo(t, vars["REDIS_URL"], "xgroup", "create", "jobs", "workers", "0")
	w.must("queues", "produce", "redis/jobs", "two", "--name", "shop")
	redisDo(t, vars["REDIS_URL"], "xreadgroup", "group", "workers", "one", "count", "1", "streams", "jobs", ">")
	redisDo(t, vars["REDIS_URL"], "rpush", "todo", "a", "b", "c")
	w.eventuallyOf(t, "redis", "what is in Redis", func(q queuesJSON) error {
		if q.depth("redis", "jobs") != 2 || q.depth("redis", "todo") != 3 {
			return fmt.Errorf("%d entries and %d elements, want 2 and 3", q.depth("redis", "jobs"), q.depth("redis", "todo"))
		}
		if lag := q.lag("redis", "workers"); lag != 1 && lag != -1 { // not every server says
			return fmt.Errorf("the lag is %d, want 1", lag)
		}
		return nil
	})
	if out := w.must("queues", "peek", "redis/jobs", "--from", "oldest", "--name", "shop"); !strings.Contains(out, "two") {
		t.Errorf("peeking shows %s", out)
	}
}

// leavesItThere makes a queue, writes into it, and looks at what is there.
func leavesItThere(t *testing.T, w *world, queue string, kind ...string) {
	stack, name, _ := strings.Cut(queue, "/")
	w.must(slices.Concat([]string{"queues", "create", queue, "--name", "shop"}, kind)...)
	w.must("queues", "produce", queue, "hello", "--name", "shop")
	depth := func() error {
		if got := w.queues("shop").depth(stack, name); got != 1 {
			return fmt.Errorf("%d messages, want 1", got)
		}
		return nil
	}
	eventually(t, "the message in "+queue, depth)
	if out := w.must("queues", "peek", queue, "--from", "oldest", "--name", "shop"); !strings.Contains(out, "hello") {
		t.Errorf("peeking shows %s", out)
	}
	eventually(t, "the message in "+queue+" after it was looked at", depth)
}

// pausedBroker stops Kafka's process as it is: the rest stays live, it is said
// since when and why it is silent, and it recovers by itself.
func pausedBroker(t *testing.T, w *world) {
	pid := serverPID(t, w, "shop", "kafka")
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = syscall.Kill(pid, syscall.SIGCONT) }()
	eventually(t, "Kafka is silent", func() error {
		began := time.Now()
		q := w.queues("shop")
		if took := time.Since(began); took > 10*time.Second {
			return fmt.Errorf("the answer took %v", took)
		}
		if state := q.state("kafka"); !strings.HasPrefix(state, "silent: ") {
			return fmt.Errorf("Kafka is %s", state)
		}
		if q.depth("kafka", "orders") != 100 || q.state("redis") != "answering" {
			return fmt.Errorf("%d messages are known, Redis is %s", q.depth("kafka", "orders"), q.state("redis"))
		}
		return nil
	})
	if err := syscall.Kill(pid, syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	eventually(t, "Kafka answers", func() error {
		if state := w.queues("shop").state("kafka"); state != "answering" {
			return fmt.Errorf("Kafka is %s", state)
		}
		return nil
	})
}
