//go:build e2e

package e2e

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// clientTime bounds what one client may take.
const clientTime = time.Minute

// produce makes the topic where it is not there and writes the value to it.
func produce(t *testing.T, brokers, topic, value string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), clientTime)
	defer cancel()
	client, err := kgo.NewClient(kgo.SeedBrokers(brokers))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	_, err = kadm.NewClient(client).CreateTopic(ctx, 1, 1, nil, topic)
	if err != nil && !strings.Contains(err.Error(), "already exists") {
		t.Fatalf("create topic: %v", err)
	}
	record := &kgo.Record{Topic: topic, Value: []byte(value)}
	if err := client.ProduceSync(ctx, record).FirstErr(); err != nil {
		t.Fatalf("produce: %v", err)
	}
}

// consume returns the topic's first value.
func consume(t *testing.T, brokers, topic string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), clientTime)
	defer cancel()
	client, err := kgo.NewClient(kgo.SeedBrokers(brokers), kgo.ConsumeTopics(topic),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	for {
		fetches := client.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			t.Fatalf("consume: %v", err)
		}
		for record := range fetches.RecordsAll() {
			return string(record.Value)
		}
	}
}

// commitAll reads the topic's one record as a member of the group, and commits.
func commitAll(t *testing.T, brokers, topic, group string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), clientTime)
	defer cancel()
	client, err := kgo.NewClient(kgo.SeedBrokers(brokers), kgo.ConsumerGroup(group), kgo.ConsumeTopics(topic),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.DisableAutoCommit())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if err := client.PollFetches(ctx).Err(); err != nil {
		t.Fatalf("consume as the group %s: %v", group, err)
	}
	if err := client.CommitUncommittedOffsets(ctx); err != nil {
		t.Fatalf("commit: %v", err)
	}
}

// committed is how far the group has read the topic, over all partitions.
func committed(t *testing.T, brokers, topic, group string) (sum int64) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), clientTime)
	defer cancel()
	client, err := kgo.NewClient(kgo.SeedBrokers(brokers))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	offsets, err := kadm.NewClient(client).FetchOffsetsForTopics(ctx, group, topic)
	if err != nil {
		t.Fatalf("fetch the offsets of %s: %v", group, err)
	}
	offsets.Each(func(o kadm.OffsetResponse) { sum += max(o.At, 0) })
	return sum
}

// query runs SQL and returns the first column of the first row.
func query(t *testing.T, url, sql string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), clientTime)
	defer cancel()
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatalf("connect to PostgreSQL: %v", err)
	}
	defer conn.Close(ctx)
	var value string
	if err := conn.QueryRow(ctx, sql).Scan(&value); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return value
}

// execute runs SQL statements.
func execute(t *testing.T, url, sql string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), clientTime)
	defer cancel()
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatalf("connect to PostgreSQL: %v", err)
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, sql); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// redisDo runs a Redis command and returns its answer as text.
func redisDo(t *testing.T, url string, args ...any) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), clientTime)
	defer cancel()
	options, err := redis.ParseURL(url)
	if err != nil {
		t.Fatal(err)
	}
	client := redis.NewClient(options)
	defer client.Close()
	value, err := client.Do(ctx, args...).Result()
	if err != nil {
		t.Fatalf("redis %v: %v", args, err)
	}
	return fmt.Sprint(value)
}

// greets returns the first bytes that a server says by itself, or answers to
// what it is told.
func greets(t *testing.T, address, tell string) string {
	t.Helper()
	conn, err := net.DialTimeout("tcp", address, clientTime)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(clientTime)); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Write([]byte(tell)); err != nil {
		t.Fatal(err)
	}
	buffer := make([]byte, 256)
	n, err := bufio.NewReader(conn).Read(buffer)
	if err != nil {
		t.Fatalf("read from %s: %v", address, err)
	}
	return string(buffer[:n])
}
