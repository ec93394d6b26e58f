package cli

import (
	"strings"
	"testing"
	"time"

	"github.com/diorama-dev/diorama"
	"github.com/diorama-dev/diorama/internal/demo/control"
	"github.com/diorama-dev/diorama/internal/doctor"
	"github.com/diorama-dev/diorama/internal/env"
)

func TestJudge(t *testing.T) {
	ready := env.Service{Name: "redis", Phase: env.PhaseReady, Ready: 1, Desired: 1}
	coming := env.Service{Name: "kafka", Phase: env.PhaseStarting, Desired: 1, Waiting: "starting"}
	slow := env.Service{Name: "kafka", Phase: env.PhaseStarting, Desired: 1, Why: []env.Finding{{Summary: "its probe fails"}}}
	lost := env.Service{Name: "kafka", Phase: env.PhaseFailed, Desired: 1, Why: []env.Finding{
		{Summary: "its image is not there", Advice: []string{"check the tag"}, Terminal: true},
	}}
	for name, c := range map[string]struct {
		phase    env.Phase
		reason   env.Reason
		kafka    env.Service
		services []string
		over     bool
		code     ExitCode
		says     string
	}{
		"all ready":                       {phase: env.PhaseReady, kafka: env.Service{Name: "kafka", Phase: env.PhaseReady}, over: true},
		"the named one ready":             {phase: env.PhaseStarting, kafka: coming, services: []string{"redis"}, over: true},
		"the other one is lost":           {phase: env.PhaseFailed, kafka: lost, services: []string{"redis"}, over: true},
		"one is coming":                   {phase: env.PhaseStarting, kafka: coming},
		"the named one is coming":         {phase: env.PhaseStarting, kafka: coming, services: []string{"kafka"}},
		"ready, and steps under way":      {phase: env.PhaseStarting, kafka: env.Service{Name: "kafka", Phase: env.PhaseReady}},
		"unwell, and may recover":         {phase: env.PhaseDegraded, kafka: slow},
		"took too long, and may recover":  {phase: env.PhaseFailed, reason: env.ReasonTimeout, kafka: slow},
		"terminal":                        {phase: env.PhaseStarting, kafka: lost, over: true, code: ExitFailed, says: "kafka 0/1: its image is not there; check the tag"},
		"the start failed":                {phase: env.PhaseFailed, reason: env.ReasonFailed, kafka: coming, over: true, code: ExitFailed, says: "kafka 0/1: starting"},
		"stopped":                         {phase: env.PhaseStopped, kafka: coming, over: true, code: ExitFailed, says: "diorama start"},
		"one that is not there":           {phase: env.PhaseReady, kafka: coming, services: []string{"redis", "nope"}, over: true, code: ExitUsage, says: "no service nope; shop has redis, kafka"},
		"nothing is planned but the rest": {phase: env.PhasePlanned, kafka: coming},
	} {
		t.Run(name, func(t *testing.T) {
			s := env.Snapshot{
				Identity: env.Identity{Environment: "shop"}, Phase: c.phase, Reason: c.reason, Services: []env.Service{ready, c.kafka},
			}
			over, err := judge(s, c.services)
			if over != c.over || (err == nil) != (c.code == ExitOK) {
				t.Fatalf("over %v with %v, want over %v with code %d", over, err, c.over, c.code)
			}
			if err != nil && (codeOf(err) != c.code || !strings.Contains(err.Error(), c.says)) {
				t.Errorf("%v (code %d), want %q (code %d)", err, codeOf(err), c.says, c.code)
			}
		})
	}
}

func TestJudgeNamesWhatIsWrongWithTheHost(t *testing.T) {
	s := env.Snapshot{
		Phase:    env.PhaseStarting,
		Services: []env.Service{{Name: "redis", Phase: env.PhasePlanned, Desired: 1}},
		Findings: []env.Finding{{Subject: "node/a", Summary: "its disk is full", Terminal: true}},
	}
	over, err := judge(s, nil)
	if !over || err == nil || !strings.Contains(err.Error(), "node/a: its disk is full") {
		t.Errorf("over %v with %v, want the node's trouble", over, err)
	}
}

func TestDescribe(t *testing.T) {
	for want, remains := range map[string]diorama.Remains{
		"nothing but its records was left": {},
		"1 cluster":                        {Clusters: 1},
		"1 cluster, 1 volume":              {Clusters: 1, Volumes: 1},
		"1 cluster, 2 volumes, 1.2GiB":     {Clusters: 1, Volumes: 2, Bytes: 1288490189},
	} {
		if got := describe(remains); got != want {
			t.Errorf("%+v is %q, want %q", remains, got, want)
		}
	}
}

func TestEndOf(t *testing.T) {
	for name, c := range map[string]struct {
		phase  env.Phase
		reason env.Reason
		want   ExitCode
	}{
		"ready":       {env.PhaseReady, "", ExitOK},
		"degraded":    {env.PhaseDegraded, "", ExitOK},
		"failed":      {env.PhaseFailed, env.ReasonFailed, ExitFailed},
		"too slow":    {env.PhaseFailed, env.ReasonTimeout, ExitTimeout},
		"interrupted": {env.PhaseFailed, env.ReasonInterrupted, ExitInterrupted},
		"stopped":     {env.PhaseStopped, "", ExitFailed},
	} {
		t.Run(name, func(t *testing.T) {
			err := endOf(env.Snapshot{Phase: c.phase, Reason: c.reason})
			if err == nil && c.want != ExitOK || err != nil && codeOf(err) != c.want {
				t.Errorf("%v, want code %d", err, c.want)
			}
		})
	}
}

func TestLoadText(t *testing.T) {
	now := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	for want, state := range map[string]control.LoadState{
		"the load generator sends 5 requests a second; 10 sent so far, 1 failed":                         {PerSecond: 5, Effective: 5, Sent: 10, Failed: 1},
		"the load generator pauses; 0 sent so far, 0 failed":                                             {},
		"the load generator sends 50 requests a second for another 30s, then 5; 0 sent so far, 0 failed": {PerSecond: 5, Effective: 50, SpikeEnds: now.Add(30 * time.Second)},
	} {
		if got := loadText(state, now); got != want {
			t.Errorf("%+v is\n%q, want\n%q", state, got, want)
		}
	}
}

func TestDemoArguments(t *testing.T) {
	for text, want := range map[string]time.Duration{"off": 0, "0s": 0, "200ms": 200 * time.Millisecond} {
		if got, err := delayOf(text); err != nil || got != want {
			t.Errorf("delay %q is %v (%v), want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "5", "-1s", "2h"} {
		if got, err := delayOf(text); err == nil {
			t.Errorf("delay %q was taken for %v", text, got)
		}
	}
	if got, err := rateOf("0.5"); err != nil || got != 0.5 {
		t.Errorf("rate 0.5 is %v (%v)", got, err)
	}
	for _, text := range []string{"", "NaN", "Inf", "-1", "5001", "1e9", "five"} {
		if got, err := rateOf(text); err == nil {
			t.Errorf("rate %q was taken for %v", text, got)
		}
	}
}

func TestChecks(t *testing.T) {
	s, stdout, _ := testStreams()
	checks := []doctor.Check{
		{ID: "docker", Title: "Docker", Status: doctor.OK, Found: "28.5.1"},
		{ID: "memory", Title: "Memory", Status: doctor.Warn, Found: "2GiB", Remedy: "give it more"},
		{ID: "disk", Title: "Disk", Status: doctor.Fail, Found: "\x1b[2Jnone", Remedy: "free some"},
	}
	if err := showChecks(s, checks, "text"); err != nil {
		t.Fatal(err)
	}
	want := "● Docker  28.5.1\n! Memory  2GiB\n          → give it more\n✗ Disk    none\n          → free some\n\n" +
		"This will not work until what is marked ✗ is mended.\n"
	if stdout.String() != want {
		t.Errorf("checks are\n%s, want\n%s", stdout, want)
	}
	if got := verdict(checks[:1]); got != "All is well." {
		t.Errorf("one good check: %q", got)
	}
}
