//go:build e2e

package queuetest

import (
	"strings"
	"testing"
)

func TestStart(t *testing.T) {
	redis := Start(t, Spec{Image: "docker.io/library/redis:8.10.1-alpine", Ports: map[int]int{FreePort(t): 6379}})
	if got := redis.Run(t, "redis-cli", "ping"); !strings.Contains(got, "PONG") {
		t.Errorf("redis-cli ping printed %q", got)
	}
}
