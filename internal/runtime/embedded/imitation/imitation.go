// Package imitation owns the servers that only answer like the real ones:
// Kafka by kfake, whose records, topics and committed offsets are on disk, and
// Redis by miniredis, which keeps everything in memory. Each runs in a process
// of its own.
package imitation

import (
	"context"
	"fmt"
	"io"
	"net"
	"strconv"

	"github.com/alicebob/miniredis/v2"
	"github.com/twmb/franz-go/pkg/kfake"
)

// Main imitates the kind of server until ctx ends. Everything is set by
// environment variables: DIORAMA_PORT, DIORAMA_PASSWORD, DIORAMA_DATA,
// DIORAMA_PARTITIONS, DIORAMA_AUTO_CREATE.
func Main(ctx context.Context, kind string, getenv func(string) string, out io.Writer) error {
	port, err := strconv.Atoi(getenv("DIORAMA_PORT"))
	if err != nil || port < 1 || port > 65535 {
		return fmt.Errorf("imitate %s: DIORAMA_PORT=%q is no port", kind, getenv("DIORAMA_PORT"))
	}
	switch kind {
	case "kafka":
		return kafka(ctx, port, getenv, out)
	case "redis", "valkey":
		return redis(ctx, port, getenv("DIORAMA_PASSWORD"), out)
	default:
		return fmt.Errorf("there is no imitation of %q", kind)
	}
}

// kafka is one broker. Every write is on disk before it is acknowledged.
func kafka(ctx context.Context, port int, getenv func(string) string, out io.Writer) error {
	partitions, err := strconv.Atoi(getenv("DIORAMA_PARTITIONS"))
	if err != nil || partitions < 1 {
		partitions = 1
	}
	options := []kfake.Opt{
		kfake.NumBrokers(1), kfake.Ports(port), kfake.DataDir(getenv("DIORAMA_DATA")), kfake.SyncWrites(),
		kfake.DefaultNumPartitions(partitions), kfake.WithLogger(kfake.BasicLogger(out, kfake.LogLevelWarn)),
		// Only this machine: the address that it tells its clients is the one
		// that it listens on.
		kfake.ListenFn(func(network, _ string) (net.Listener, error) {
			return net.Listen(network, net.JoinHostPort("127.0.0.1", strconv.Itoa(port))) //nolint:noctx // the broker's own life ends it
		}),
	}
	if getenv("DIORAMA_AUTO_CREATE") != "false" {
		options = append(options, kfake.AllowAutoTopicCreation())
	}
	cluster, err := kfake.NewCluster(options...)
	if err != nil {
		return fmt.Errorf("imitate kafka: %w", err)
	}
	fmt.Fprintf(out, "INFO an imitation of Kafka listens on 127.0.0.1:%d\n", port)
	<-ctx.Done()
	fmt.Fprintln(out, "INFO stopping")
	cluster.Close()
	return nil
}

func redis(ctx context.Context, port int, password string, out io.Writer) error {
	server := miniredis.NewMiniRedis()
	server.ClockTTL(true)
	if password != "" {
		server.RequireAuth(password)
	}
	if err := server.StartAddr(net.JoinHostPort("127.0.0.1", strconv.Itoa(port))); err != nil {
		return fmt.Errorf("imitate redis: %w", err)
	}
	fmt.Fprintf(out, "INFO an imitation of Redis, in memory only, listens on 127.0.0.1:%d\n", port)
	<-ctx.Done()
	server.Close()
	return nil
}
