package embedded

import (
	"bufio"
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"
)

func memcachedRecipe() recipe {
	return recipe{
		kind: "memcached", programs: []program{{name: "memcached"}}, memory: 6 << 20, unprivileged: true,
		command: func(j job) (command, error) {
			return command{path: j.Program, args: []string{
				"-l", "127.0.0.1", "-p", strconv.Itoa(j.port("memcached")), "-U", "0",
				"-m", j.Settings["megabytes"], "-c", j.Settings["connections"],
			}}, nil
		},
		ready: memcachedReady, stop: sigterm, orphan: sigkill, grace: 5 * time.Second, // it keeps nothing
	}
}

// memcachedReady asks for the version
// (https://github.com/memcached/memcached/blob/master/doc/protocol.txt).
func memcachedReady(ctx context.Context, j job) error {
	conn, err := dial(ctx, j.address("memcached"))
	if err != nil {
		return err
	}
	defer conn.Close()
	if _, err := conn.Write([]byte("version\r\n")); err != nil {
		return err
	}
	line, err := bufio.NewReader(conn).ReadString('\n')
	if err == nil && !strings.HasPrefix(line, "VERSION ") {
		err = fmt.Errorf("%w: %s", errStarting, strings.TrimSpace(line))
	}
	return err
}
