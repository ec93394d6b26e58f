//go:build e2e

package queuetest

import (
	"net"
	"strings"
	"testing"
)

// TestStart: a broker whose port somebody has by the time it starts is started
// on another.
func TestStart(t *testing.T) {
	taken, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	port := taken.Addr().(*net.TCPAddr).Port
	asked := 0
	redis := Start(t, func() Spec {
		if asked++; asked > 1 {
			port = FreePort(t)
		}
		return Spec{Image: "docker.io/library/redis:8.10.1-alpine", Ports: map[int]int{port: 6379}}
	})
	if got := redis.Run(t, "redis-cli", "ping"); asked < 2 || !strings.Contains(got, "PONG") {
		t.Errorf("redis-cli ping printed %q after %d starts", got, asked)
	}
}
