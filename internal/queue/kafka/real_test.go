//go:build e2e

package kafka

import (
	"fmt"
	"strconv"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/diorama-dev/diorama/internal/queue"
	"github.com/diorama-dev/diorama/internal/queue/queuetest"
)

// real is a broker of its own for a test.
type real struct {
	queuetest.Broker
	port int
}

// startReal starts Kafka as the stack does; with says what is different.
func startReal(tb testing.TB, with map[string]string) real {
	tb.Helper()
	return startRealOn(tb, with, nil)
}

// startRealOn is startReal with folders on small disks.
func startRealOn(tb testing.TB, with, small map[string]string) real {
	tb.Helper()
	env := map[string]string{
		"CLUSTER_ID": "4L6g3nShT-eMCtK--X86sw", "KAFKA_NODE_ID": "1", "KAFKA_PROCESS_ROLES": "broker,controller",
		"KAFKA_CONTROLLER_LISTENER_NAMES":                        "CONTROLLER",
		"KAFKA_CONTROLLER_QUORUM_VOTERS":                         "1@127.0.0.1:9093",
		"KAFKA_LISTENERS":                                        "INTERNAL://0.0.0.0:9092,EXTERNAL://0.0.0.0:9094,CONTROLLER://127.0.0.1:9093",
		"KAFKA_LISTENER_SECURITY_PROTOCOL_MAP":                   "INTERNAL:PLAINTEXT,EXTERNAL:PLAINTEXT,CONTROLLER:PLAINTEXT",
		"KAFKA_INTER_BROKER_LISTENER_NAME":                       "INTERNAL",
		"KAFKA_LOG_DIRS":                                         "/var/lib/kafka/data/log",
		"KAFKA_DEFAULT_REPLICATION_FACTOR":                       "1",
		"KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR":                 "1",
		"KAFKA_OFFSETS_TOPIC_NUM_PARTITIONS":                     "3",
		"KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR":         "1",
		"KAFKA_TRANSACTION_STATE_LOG_MIN_ISR":                    "1",
		"KAFKA_TRANSACTION_STATE_LOG_NUM_PARTITIONS":             "1",
		"KAFKA_SHARE_COORDINATOR_STATE_TOPIC_REPLICATION_FACTOR": "1",
		"KAFKA_SHARE_COORDINATOR_STATE_TOPIC_MIN_ISR":            "1",
		"KAFKA_SHARE_COORDINATOR_STATE_TOPIC_NUM_PARTITIONS":     "1",
		"KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS":                 "0",
		"KAFKA_HEAP_OPTS":                                        "-Xms256m -Xmx256m",
	}
	for name, value := range with {
		env[name] = value
	}
	var port int
	b := queuetest.Start(tb, func() queuetest.Spec {
		port = queuetest.FreePort(tb)
		env["KAFKA_ADVERTISED_LISTENERS"] = "INTERNAL://127.0.0.1:9092,EXTERNAL://127.0.0.1:" + strconv.Itoa(port)
		return queuetest.Spec{
			Image: "docker.io/apache/kafka:4.3.1", Env: env, Ports: map[int]int{port: 9094}, Small: small,
			Ready: "Transitioning from RECOVERY to RUNNING",
		}
	})
	return real{Broker: b, port: port}
}

// tool runs one of Kafka's own programs in the container.
func (r real) tool(tb testing.TB, name string, args ...string) string {
	tb.Helper()
	return r.Run(tb, append([]string{"/opt/kafka/bin/" + name, "--bootstrap-server", "127.0.0.1:9092"}, args...)...)
}

// source is the adapter under test.
func (r real) source(tb testing.TB) *Client {
	tb.Helper()
	return open(tb, r.port)
}

// client is a client as a program of the user's would have.
func (r real) client(tb testing.TB, opts ...kgo.Opt) *kgo.Client {
	tb.Helper()
	client, err := kgo.NewClient(append([]kgo.Opt{
		kgo.SeedBrokers("127.0.0.1:" + strconv.Itoa(r.port)), kgo.UnknownTopicRetries(50),
	}, opts...)...)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(client.Close)
	return client
}

// create makes a topic through the adapter.
func create(tb testing.TB, c *Client, name string, partitions int32, settings map[string]string) {
	tb.Helper()
	if err := c.Create(tb.Context(), queue.CreateRequest{Name: name, Partitions: partitions, Settings: settings}); err != nil {
		tb.Fatal(err)
	}
}

// write writes values "0" to "n-1" into a partition.
func write(tb testing.TB, client *kgo.Client, topic string, partition int32, n int) {
	tb.Helper()
	var records []*kgo.Record
	for i := range n {
		records = append(records, &kgo.Record{
			Topic: topic, Partition: partition, Key: fmt.Append(nil, "key-", i%3), Value: strconv.AppendInt(nil, int64(i), 10),
		})
	}
	if err := client.ProduceSync(tb.Context(), records...).FirstErr(); err != nil {
		tb.Fatal(err)
	}
}
