//go:build e2e

package apply_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/diorama-dev/diorama/internal/queue"
	"github.com/diorama-dev/diorama/internal/queue/queuetest"
	"github.com/diorama-dev/diorama/internal/seed"
	"github.com/diorama-dev/diorama/internal/seed/apply"
)

func TestKafka(t *testing.T) {
	var port int
	broker := queuetest.Start(t, func() queuetest.Spec {
		port = queuetest.FreePort(t)
		return queuetest.Spec{
			Image: "docker.io/apache/kafka:4.3.1", Ports: map[int]int{port: 9094}, Ready: "Kafka Server started",
			Env: map[string]string{
				"KAFKA_NODE_ID": "1", "KAFKA_PROCESS_ROLES": "broker,controller", "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
				"KAFKA_CONTROLLER_QUORUM_VOTERS":       "1@127.0.0.1:9093",
				"KAFKA_LISTENERS":                      "INTERNAL://0.0.0.0:9092,EXTERNAL://0.0.0.0:9094,CONTROLLER://127.0.0.1:9093",
				"KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "INTERNAL:PLAINTEXT,EXTERNAL:PLAINTEXT,CONTROLLER:PLAINTEXT",
				"KAFKA_INTER_BROKER_LISTENER_NAME":     "INTERNAL",
				"KAFKA_ADVERTISED_LISTENERS":           fmt.Sprintf("INTERNAL://127.0.0.1:9092,EXTERNAL://127.0.0.1:%d", port),
				"KAFKA_LOG_DIRS":                       "/var/lib/kafka/data/log", "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
				"KAFKA_OFFSETS_TOPIC_NUM_PARTITIONS": "1", "KAFKA_HEAP_OPTS": "-Xms256M -Xmx256M",
			},
		}
	})
	address := fmt.Sprintf("127.0.0.1:%d", port)
	checkKafka(t, address)
	described := broker.Run(t, "/opt/kafka/bin/kafka-topics.sh", "--bootstrap-server", "127.0.0.1:9092", "--describe", "--topic", "orders")
	if !strings.Contains(described, "PartitionCount: 3") || !strings.Contains(described, "cleanup.policy=compact") {
		t.Errorf("Kafka's own tool says:\n%s", described)
	}
	groups := broker.Run(t, "/opt/kafka/bin/kafka-consumer-groups.sh", "--bootstrap-server", "127.0.0.1:9092", "--list")
	if !strings.Contains(groups, "billing") {
		t.Errorf("Kafka's own tool lists the groups %q", groups)
	}
	bad := seed.Set{Instance: "kafka", Stack: "kafka", Topics: []seed.Topic{{Name: "x", Config: map[string]string{"cleanup.polcy": "compact"}, At: "mine.yaml:4:9"}}}
	_, err := apply.Apply(t.Context(), bad, kafkaTarget(t, address), nil)
	if err == nil || !strings.Contains(err.Error(), "mine.yaml:4:9: topic x: ") || !strings.Contains(err.Error(), "cleanup.polcy") {
		t.Errorf("error = %v", err)
	}
	t.Log(err)
}

func TestRedis(t *testing.T) {
	var port int
	server := queuetest.Start(t, func() queuetest.Spec {
		port = queuetest.FreePort(t)
		return queuetest.Spec{
			Image: "docker.io/library/redis:8.10.1-alpine", Ports: map[int]int{port: 6379}, Cmd: []string{"redis-server", "--requirepass", "secret"},
		}
	})
	checkRedis(t, "redis", fmt.Sprintf("127.0.0.1:%d", port), "secret")
	if got := server.Run(t, "redis-cli", "-a", "secret", "--no-auth-warning", "lrange", "jobs", "0", "-1"); strings.Fields(got)[0] != "a" {
		t.Errorf("redis-cli says %q", got)
	}
}

func TestRabbitMQ(t *testing.T) {
	var port int
	broker := queuetest.Start(t, func() queuetest.Spec {
		port = queuetest.FreePort(t)
		return queuetest.Spec{
			Image: "docker.io/library/rabbitmq:4.3.5-management-alpine",
			Env:   map[string]string{"RABBITMQ_DEFAULT_USER": "app", "RABBITMQ_DEFAULT_PASS": "rabbitmq", "RABBITMQ_NODENAME": "rabbit@localhost"},
			Ports: map[int]int{port: 15672}, Ready: "Server startup complete",
		}
	})
	target := apply.Target{Access: queue.Access{"management": {
		Host: "127.0.0.1", Port: port, URL: fmt.Sprintf("http://127.0.0.1:%d", port), User: "app", Password: "rabbitmq",
	}}}
	set := seed.Set{
		Instance: "rabbitmq", Stack: "rabbitmq",
		Exchanges: []seed.Exchange{{Name: "events", Type: "topic", Durable: true}, {Name: "hdr", Type: "headers", Durable: true}},
		Queues: []seed.Queue{
			{Name: "jobs", Type: "quorum", Durable: true, Arguments: map[string]any{"x-max-length": 1000.0}},
			{Name: "plain", Type: "classic", Durable: false},
			{Name: "log", Type: "stream", Durable: true},
		},
		Bindings: []seed.Binding{
			{Exchange: "events", Queue: "jobs", Key: "job.#"},
			{Exchange: "amq.topic", Queue: "plain", Key: "a"},
			{Exchange: "hdr", Queue: "log", Arguments: map[string]any{"x-match": "all", "kind": "a"}},
			{Exchange: "hdr", Queue: "log", Arguments: map[string]any{"x-match": "all", "kind": "b"}},
		},
	}
	all := []string{
		"exchange events", "exchange hdr", "queue jobs", "queue plain", "queue log",
		"binding events → jobs by job.#", "binding amq.topic → plain by a", "binding hdr → log", "binding hdr → log",
	}
	wantOutcome(t, interrupted(t, set, target, 3), all[:3], nil, nil)
	wantOutcome(t, put(t, set, target), all[3:], all[:3], nil)
	wantOutcome(t, put(t, set, target), nil, all, nil)
	if got := broker.Run(t, "rabbitmqctl", "-q", "list_queues", "name", "type", "durable", "arguments"); !strings.Contains(got, "x-max-length") {
		t.Errorf("rabbitmqctl says:\n%s", got)
	}
	set.Exchanges[0].Type = "fanout"
	set.Queues[0].Arguments = map[string]any{"x-max-length": 5.0, "x-overflow": "reject-publish"}
	set.Queues[1].Type, set.Queues[1].Durable = "quorum", true
	set.Bindings = nil
	wantOutcome(t, put(t, set, target), nil, []string{"exchange hdr", "queue log"}, []string{
		"exchange events has type topic, the seed says fanout",
		"queue jobs has x-max-length 1000, the seed says 5",
		`queue jobs has x-overflow none, the seed says "reject-publish"`,
		"queue plain has type classic, the seed says quorum",
		"queue plain has durable false, the seed says true",
	})
	set.Queues = []seed.Queue{{Name: "bad", Type: "classic", Durable: true, Arguments: map[string]any{"x-max-length": "many"}, At: "mine.yaml:4:9"}}
	_, err := apply.Apply(t.Context(), set, target, nil)
	if err == nil || !strings.Contains(err.Error(), "mine.yaml:4:9: queue bad: ") {
		t.Errorf("error = %v", err)
	}
	t.Log(err)
}
