package embedded

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"strings"
	"time"
)

// redisRecipe runs Redis or Valkey, each by its own programs first: they speak
// the same protocol and read the same files.
func redisRecipe(kind string) recipe {
	programs := []program{{name: "redis-server"}, {name: "valkey-server"}}
	if kind == "valkey" {
		programs[0], programs[1] = programs[1], programs[0]
	}
	return recipe{
		kind: kind, programs: programs, imitation: true,
		limits: []string{
			"it keeps its data in memory only: what is in it is gone when it or the keeper ends",
			"memory is not bounded, and there is no cluster, no modules and no persistence",
		},
		memory: 16 << 20, imitationMemory: 30 << 20,
		prepare: prepareRedis, command: redisCommand, ready: redisReady,
		stop: sigterm, orphan: sigterm, grace: 10 * time.Second,
	}
}

func prepareRedis(_ context.Context, j job) error { return os.MkdirAll(j.data, 0o700) }

func redisCommand(j job) (command, error) {
	password := j.secrets[passwordName(j)]
	if j.Program == "" {
		return imitate(j, map[string]string{"DIORAMA_PASSWORD": password}), nil
	}
	lines := []string{
		"bind 127.0.0.1", fmt.Sprintf("port %d", j.port("redis")), "protected-mode yes", "daemonize no",
		"dir " + quoted(j.data), "appendonly yes", "appendfsync everysec", `save ""`, "requirepass " + password,
	}
	if j.Settings["maxmemory"] != "" {
		lines = append(lines, "maxmemory "+j.Settings["maxmemory"])
	}
	if j.Settings["policy"] != "" {
		lines = append(lines, "maxmemory-policy "+j.Settings["policy"])
	}
	file, err := j.writeFile("redis.conf", strings.Join(lines, "\n")+"\n")
	return command{path: j.Program, args: []string{file}}, err
}

// passwordName is what the stack calls its one credential.
func passwordName(j job) string {
	for name := range j.secrets {
		return name
	}
	return ""
}

// quoted is a word of Redis' configuration.
func quoted(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

// redisReady asks with PING, which a server that still reads its data answers
// with an error (https://redis.io/docs/latest/commands/ping).
func redisReady(ctx context.Context, j job) error {
	conn, err := dial(ctx, j.address("redis"))
	if err != nil {
		return err
	}
	defer conn.Close()
	password := j.secrets[passwordName(j)]
	_, err = fmt.Fprintf(conn, "*2\r\n$4\r\nAUTH\r\n$%d\r\n%s\r\n*1\r\n$4\r\nPING\r\n", len(password), password)
	if err != nil {
		return err
	}
	answers := bufio.NewReader(conn)
	for range 2 {
		line, err := answers.ReadString('\n')
		if err != nil {
			return err
		}
		if strings.HasPrefix(line, "-") {
			return fmt.Errorf("%w: %s", errStarting, strings.TrimSpace(line[1:]))
		}
	}
	return nil
}

// askWithin bounds how long a server may take to answer whether it is ready.
const askWithin = 2 * time.Second

func dial(ctx context.Context, address string) (net.Conn, error) {
	dialer := net.Dialer{Timeout: askWithin}
	conn, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	return conn, conn.SetDeadline(time.Now().Add(askWithin))
}
