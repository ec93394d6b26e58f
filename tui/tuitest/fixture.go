// Package tuitest owns what tests of the terminal UI share: fixtures, a driver
// that runs commands at once, goldens, and a store of log lines in memory.
package tuitest

import (
	"time"

	"github.com/diorama-dev/diorama/internal/env"
)

// Noon is the instant at which the fixtures stand.
func Noon() time.Time { return time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC) }

func mebi(n int64) *int64 { return new(n << 20) }

// Running is a ready environment with one service that is not well, a port
// that was taken, and a service whose name takes two cells a character.
func Running() env.Snapshot {
	at := Noon()
	s := env.Snapshot{
		Identity: env.Identity{Environment: "ai-platform", Profile: "ai-platform", Runtime: "kind", Namespace: "diorama"},
		Phase:    env.PhaseDegraded,
		Started:  at.Add(-133 * time.Minute), ReadyAt: at.Add(-131 * time.Minute), Updated: at,
		Budget: 6 << 30,
		Usage:  env.Usage{CPU: new(int64(412)), Memory: mebi(4300), MemoryLimit: mebi(8192)},
		Logs:   env.LogCounters{Lines: 2184220, Bytes: 61 << 20, Limit: 1 << 30, Generation: 7},
	}
	s.Services = services(at)
	s.Endpoints = []env.Endpoint{
		{Stack: "kafka", Name: "bootstrap", Service: "kafka", Host: "127.0.0.1", Port: 9092, Preferred: 9092, URL: "127.0.0.1:9092", Env: "KAFKA", Variable: "KAFKA_BOOTSTRAP_SERVERS"},
		{Stack: "postgres", Name: "sql", Service: "postgres", Host: "127.0.0.1", Port: 15432, Preferred: 5432, URL: "postgres://app:***@127.0.0.1:15432/app?sslmode=disable", Env: "POSTGRES"},
		{Stack: "demo", Name: "http", Service: "gateway", Host: "127.0.0.1", Port: 8080, Preferred: 8080, URL: "http://127.0.0.1:8080", Env: "DEMO", Web: true},
	}
	s.Steps = steps(at.Add(-133*time.Minute), 7)
	s.Recent = recent(at)
	return s
}

func services(at time.Time) []env.Service {
	up := at.Add(-131 * time.Minute)
	usage := func(cpu, memory, limit int64) env.Usage {
		return env.Usage{CPU: &cpu, Memory: mebi(memory), MemoryLimit: mebi(limit)}
	}
	return []env.Service{
		{Stack: "kafka", Category: "queue", Name: "kafka", Kind: "StatefulSet", Phase: env.PhaseReady, Ready: 1, Desired: 1, Created: up, Usage: usage(82, 338, 768), Pods: []string{"kafka-0"}},
		{Stack: "postgres", Category: "database", Name: "postgres", Kind: "StatefulSet", Phase: env.PhaseReady, Ready: 1, Desired: 1, Created: up, Usage: usage(4, 61, 128), Pods: []string{"postgres-0"}},
		{Stack: "demo", Category: "app", Name: "gateway", Kind: "Deployment", Phase: env.PhaseReady, Ready: 2, Desired: 2, Created: up, Usage: usage(31, 24, 64), Pods: []string{"gateway-5d9c-x1", "gateway-5d9c-x2"}},
		{Stack: "demo", Category: "app", Name: "billing", Kind: "Deployment", Phase: env.PhaseDegraded, Ready: 0, Desired: 1, Restarts: 6, Created: at.Add(-11 * time.Minute), Usage: env.Usage{Memory: mebi(64), MemoryLimit: mebi(64)}, Pods: []string{"billing-7f4d-qq"}, Why: []env.Finding{killed(at)}},
		{Stack: "demo", Category: "app", Name: "支付", Kind: "Deployment", Phase: env.PhaseStarting, Ready: 0, Desired: 1, Created: at.Add(-38 * time.Second), Waiting: "容器正在启动 🚀 its first container is starting"},
		{Stack: "demo", Category: "app", Name: "log", Kind: "Deployment", Phase: env.PhaseReady, Ready: 1, Desired: 1, Created: up, Usage: usage(3, 18, 64)},
		{Stack: "istio", Category: "mesh", Name: "istiod", Kind: "Deployment", Phase: env.PhaseReady, Ready: 1, Desired: 1, Created: up, Usage: usage(6, 118, 256)},
	}
}

func killed(at time.Time) env.Finding {
	return env.Finding{
		ID: "out-of-memory", Subject: "pod/billing-7f4d-qq", Service: "billing", Since: at.Add(-11 * time.Minute),
		Summary: "killed 6 times for using more than 64Mi of memory, last 38 s ago · try: --set demo.billing.memory=128Mi",
		Evidence: []string{
			"container billing: terminated, OOMKilled, exit code 137",
			"limit: 64Mi",
			`last line: {"level":"info","msg":"loading accounts","count":184220}`,
		},
		Advice: []string{"--set demo.billing.memory=128Mi", "diorama logs billing --since 5m"},
	}
}

// ComingUp is an environment whose steps are under way, 23 seconds in.
func ComingUp() env.Snapshot {
	at := Noon()
	s := env.Snapshot{
		Identity: env.Identity{Environment: "streaming", Profile: "streaming", Runtime: "kind", Namespace: "diorama"},
		Phase:    env.PhaseStarting,
		Started:  at.Add(-23 * time.Second), Updated: at,
		Budget: 6 << 30,
		Usage:  env.Usage{Memory: mebi(3174)},
	}
	s.Services = []env.Service{
		{Stack: "redis", Category: "cache", Name: "redis", Kind: "StatefulSet", Phase: env.PhaseReady, Ready: 1, Desired: 1, Created: at.Add(-3 * time.Second)},
		{Stack: "postgres", Category: "database", Name: "postgres", Kind: "StatefulSet", Phase: env.PhaseStarting, Desired: 1, Waiting: "postgres-0: database is initialising"},
		{Stack: "kafka", Category: "queue", Name: "kafka", Kind: "StatefulSet", Phase: env.PhasePlanned, Desired: 1},
	}
	s.Steps = steps(s.Started, 4)
	s.Recent = recent(at)
	return s
}
