package tuitest

import (
	"time"

	"github.com/diorama-dev/diorama/internal/env"
)

// Streaming is the profile of that name two hours after it was ready, in six
// snapshots, the newest last: billing is killed for using too much memory
// again and again, and a consumer has just been added.
func Streaming() []env.Snapshot {
	const samples = 6
	var out []env.Snapshot
	for i := range samples {
		out = append(out, streamingAt(Noon().Add(time.Duration(i-samples+1)*5*time.Second), i))
	}
	return out
}

func streamingAt(at time.Time, sample int) env.Snapshot {
	s := env.Snapshot{
		Identity: env.Identity{Environment: "streaming", Profile: "streaming", Runtime: "kind", Namespace: "diorama"},
		Phase:    env.PhaseDegraded,
		Started:  at.Add(-133 * time.Minute), ReadyAt: at.Add(-131 * time.Minute), Updated: at,
		Usage: env.Usage{CPU: new(int64(412)), Memory: mebi(506), MemoryLimit: mebi(1600)},
	}
	local := func(stack, name, service string, port int) env.Endpoint {
		return env.Endpoint{Stack: stack, Name: name, Service: service, Host: "127.0.0.1", Port: port, Preferred: port}
	}
	s.Endpoints = []env.Endpoint{
		local("kafka", "bootstrap", "kafka", 9092), local("redis", "redis", "redis", 6379),
		local("postgres", "sql", "postgres", 5432), local("demo", "gateway", "gateway", 8080),
		local("demo", "load", "load", 8081), local("demo", "billing", "billing", 8084),
	}
	used := func(limit int64, cpu, memory []int64) env.Usage {
		return env.Usage{CPU: new(cpu[sample]), Memory: mebi(memory[sample]), MemoryLimit: mebi(limit)}
	}
	up := func(stack, category, name string, usage env.Usage) env.Service {
		return env.Service{
			Stack: stack, Category: category, Name: name, Kind: "Deployment", Phase: env.PhaseReady, Ready: 1, Desired: 1,
			Created: s.ReadyAt, Usage: usage,
		}
	}
	s.Services = []env.Service{
		up("kafka", "queue", "kafka", used(768, []int64{61, 74, 70, 96, 118, 142}, []int64{318, 322, 325, 331, 334, 338})),
		up("postgres", "database", "postgres", used(256, []int64{9, 12, 12, 21, 34, 46}, []int64{50, 51, 52, 56, 58, 61})),
		up("redis", "cache", "redis", used(192, []int64{6, 7, 6, 10, 13, 16}, []int64{9, 9, 9, 10, 10, 11})),
		billing(at, sample),
		up("demo", "app", "gateway", used(64, []int64{22, 26, 25, 48, 71, 88}, []int64{17, 18, 18, 21, 23, 24})),
		up("demo", "app", "load", used(64, []int64{7, 8, 8, 15, 22, 27}, []int64{9, 9, 9, 10, 10, 10})),
		up("demo", "app", "log", used(64, []int64{3, 4, 4, 7, 9, 12}, []int64{8, 8, 8, 9, 9, 9})),
		up("demo", "app", "user-profile", used(64, []int64{11, 13, 12, 24, 36, 44}, []int64{12, 12, 13, 14, 14, 15})),
		{
			Stack: "fraud", Category: "app", Name: "fraud", Kind: "Deployment", Phase: env.PhaseStarting, Desired: 1,
			Created: at.Add(-4 * time.Second), Waiting: "started, not ready yet",
		},
	}
	return s
}

// billing fills its memory, is killed, and waits to be started again.
func billing(at time.Time, sample int) env.Service {
	memory := []int64{38, 52, 61, 64, 44, 64}[sample]
	return env.Service{
		Stack: "demo", Category: "app", Name: "billing", Kind: "Deployment", Phase: env.PhaseFailed, Desired: 1,
		Restarts: 6, Created: at.Add(-11 * time.Minute), Usage: env.Usage{Memory: mebi(memory), MemoryLimit: mebi(64)},
		Why: []env.Finding{{
			ID: "out-of-memory", Subject: "pod/billing-7f4d6c9b5-qq2xl", Service: "billing", Since: at.Add(-38 * time.Second),
			Summary: "killed 6 times for using more than 64Mi of memory, last 38 s ago · try: --set demo.memory=128Mi",
			Advice:  []string{"--set demo.memory=128Mi", "make it use less: a smaller heap, cache or batch"}, Terminal: true,
		}},
	}
}
