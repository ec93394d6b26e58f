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
