package tuitest

import (
	"time"

	"github.com/diorama-dev/diorama/internal/env"
)

// steps is a plan of one cluster, three stacks and seeds, with the first
// stages of it done: 7 is all.
func steps(start time.Time, stage int) []env.StepState {
	at := func(seconds float64) time.Time { return start.Add(time.Duration(seconds * float64(time.Second))) }
	var out []env.StepState
	add := func(from int, kind env.StepKind, subject string, begin, end float64, detail string, needs ...string) {
		s := env.StepState{Step: env.Step{ID: string(kind) + "/" + subject, Kind: kind, Subject: subject, Needs: needs}, Phase: env.StepPending}
		switch {
		case stage > from:
			s.Phase, s.Started, s.Ended = env.StepDone, at(begin), at(end)
		case stage == from:
			s.Phase, s.Started, s.Detail = env.StepRunning, at(begin), detail
		}
		out = append(out, s)
	}
	add(0, env.StepCluster, "diorama-streaming", 0, 14.2, "")
	add(0, env.StepFetch, "docker.io/library/redis:8.6", 0.1, 0.3, "")
	add(0, env.StepFetch, "docker.io/library/postgres:18.6", 0.1, 0.4, "")
	add(0, env.StepFetch, "docker.io/apache/kafka:4.3.1", 0.1, 0.5, "")
	add(1, env.StepLoad, "docker.io/library/redis:8.6", 14.3, 16.1, "", "cluster/diorama-streaming", "fetch/docker.io/library/redis:8.6")
	add(2, env.StepLoad, "docker.io/library/postgres:18.6", 14.3, 17.6, "", "cluster/diorama-streaming", "fetch/docker.io/library/postgres:18.6")
	add(4, env.StepLoad, "docker.io/apache/kafka:4.3.1", 14.4, 26.2, "apache/kafka 4.3.1", "cluster/diorama-streaming", "fetch/docker.io/apache/kafka:4.3.1")
	add(2, env.StepApply, "redis", 16.2, 16.4, "", "load/docker.io/library/redis:8.6")
	add(3, env.StepWait, "redis", 16.4, 17.3, "", "apply/redis")
	add(3, env.StepApply, "postgres", 17.7, 18.0, "", "load/docker.io/library/postgres:18.6")
	add(4, env.StepWait, "postgres", 18.0, 31.0, "postgres-0: database is initialising 数据库", "apply/postgres")
	add(5, env.StepApply, "kafka", 26.3, 26.5, "", "load/docker.io/apache/kafka:4.3.1")
	add(6, env.StepWait, "kafka", 26.5, 38.0, "", "apply/kafka")
	add(6, env.StepSeed, "kafka", 38.1, 39.0, "", "wait/kafka")
	if stage == 4 {
		out[6].Progress = env.Progress{Done: 212 << 20, Total: 286 << 20}
	}
	return out
}

func recent(at time.Time) []env.Recent {
	ago := func(s int) time.Time { return at.Add(-time.Duration(s) * time.Second) }
	return []env.Recent{
		{Time: ago(95), Occurrence: env.Occurrence{Source: "user", Subject: "service/gateway", Service: "gateway", Reason: "Restarted", Message: "restarted by hand", Count: 1}},
		{Time: ago(60), Occurrence: env.Occurrence{Source: "kubernetes", Subject: "pod/支付-0", Service: "支付", Reason: "Pulled", Message: "镜像已存在 🚀 image is present on the machine", Count: 1}},
		{Time: ago(38), Occurrence: env.Occurrence{Source: "kubernetes", Subject: "pod/billing-7f4d-qq", Service: "billing", Warning: true, Reason: "BackOff", Message: "Back-off restarting failed container billing in pod billing-7f4d-qq", Count: 6}},
		{Time: ago(4), Occurrence: env.Occurrence{Source: "keeper", Subject: "port/15432", Service: "postgres", Reason: "Listening", Message: "127.0.0.1:15432 goes to postgres", Count: 1}},
	}
}
