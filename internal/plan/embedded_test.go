package plan_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/diorama-dev/diorama/internal/env"
	"github.com/diorama-dev/diorama/internal/plan"
	"github.com/diorama-dev/diorama/profiles"
)

// embedded is the input of a profile on a host without Docker that has a
// PostgreSQL of its own.
func embedded(t *testing.T, set ...string) plan.Input {
	t.Helper()
	in := input(t, set...)
	in.Runtime = profiles.RuntimeEmbedded
	in.Offer = func(kind string) (plan.Offer, error) {
		switch kind {
		case "postgres":
			return plan.Offer{Server: env.Server{Form: env.FormBinary, Version: "PostgreSQL 18.1"}, Program: "/usr/bin/postgres", Memory: 35 << 20}, nil
		case "kafka", "redis":
			return plan.Offer{Server: env.Server{Form: env.FormImitation, Limits: []string{"it is none"}}, Memory: 30 << 20}, nil
		case plan.KindProgram:
			return plan.Offer{Server: env.Server{Form: env.FormBinary}, Memory: 14 << 20}, nil
		default:
			return plan.Offer{}, errors.New("there is no " + kind + " on PATH")
		}
	}
	return in
}

func TestReportOfServers(t *testing.T) {
	p := resolve(t, embedded(t))
	got, err := json.MarshalIndent(p.Report(), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "streaming-embedded.json", got)
	whole, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(whole), "Secret0") {
		t.Error("the plan shows a credential")
	}
}

// TestProgramsFindEachOther: there is no network of names without a cluster.
func TestProgramsFindEachOther(t *testing.T) {
	in := embedded(t)
	in.Host.Taken = func(port int) (string, bool) { return "nginx", port == 8080 }
	p := resolve(t, in)
	demo, _ := p.Stack("demo")
	load := demo.Servers[slices.IndexFunc(demo.Servers, func(s plan.Server) bool { return s.Service == "load" })]
	for name, want := range map[string]string{
		"DEMO_GATEWAY_URL": "http://127.0.0.1:18080", "DEMO_LISTEN": "127.0.0.1:8081",
	} {
		if got := load.Environment[name]; got != want {
			t.Errorf("%s=%s, want %s", name, got, want)
		}
	}
	gateway := demo.Servers[slices.IndexFunc(demo.Servers, func(s plan.Server) bool { return s.Service == "gateway" })]
	if want := "redis://:" + plan.Placeholder("redis", "REDIS_PASSWORD") + "@127.0.0.1:6379/0"; gateway.Environment["REDIS_URL"] != want {
		t.Errorf("REDIS_URL=%s, want %s", gateway.Environment["REDIS_URL"], want)
	}
	if want := "http://127.0.0.1:18080/healthz"; gateway.Health != want {
		t.Errorf("health at %s, want %s", gateway.Health, want)
	}
}

// TestLeftOut: what cannot run is left out, and what needs it, each with its
// reason, and an error where that was asked for.
func TestLeftOut(t *testing.T) {
	in := embedded(t)
	offer := in.Offer
	in.Offer = func(kind string) (plan.Offer, error) {
		if kind == "redis" {
			return plan.Offer{}, errors.New("there is no redis-server")
		}
		return offer(kind)
	}
	p := resolve(t, in)
	want := []plan.LeftOut{{Name: "redis", Reason: "there is no redis-server"}, {Name: "demo", Reason: "it needs redis"}}
	if !slices.Equal(p.Placement.LeftOut, want) {
		t.Errorf("left out %v, want %v", p.Placement.LeftOut, want)
	}
	if _, there := p.Stack("demo"); there || len(p.Stacks) != 2 {
		t.Errorf("the plan has %d stacks", len(p.Stacks))
	}
	if err := p.Allow(false, true); err != nil {
		t.Errorf("refused: %v", err)
	}
	var out *plan.LeftOutError
	if err := p.Allow(true, true); !errors.As(err, &out) || len(out.All) != 2 {
		t.Errorf("strict: %v", err)
	}
	var imitations *plan.ImitationError
	if err := p.Allow(false, false); !errors.As(err, &imitations) || !slices.Equal(imitations.Services, []string{"kafka"}) {
		t.Errorf("without imitations: %v", err)
	}
}

// TestServersKeepTheirPorts: a port once planned belongs to the environment.
func TestServersKeepTheirPorts(t *testing.T) {
	in := embedded(t)
	in.Record.Ports = map[string]env.PortRecord{"postgres/sql": {Host: 15999, Preferred: 5432}}
	if got := resolve(t, in).Ports["postgres/sql"].Host; got != 15999 {
		t.Errorf("port %d, want the one that it had", got)
	}
}

// TestServersFetchFirst: what has to be fetched comes before the stack starts.
func TestServersFetchFirst(t *testing.T) {
	in := embedded(t)
	offer := in.Offer
	in.Offer = func(kind string) (plan.Offer, error) {
		o, err := offer(kind)
		if kind == "postgres" {
			o.Fetch, o.Program = "PostgreSQL 18.1", ""
		}
		return o, err
	}
	steps := resolve(t, in).Steps
	i := slices.IndexFunc(steps, func(s env.Step) bool { return s.ID == "apply/postgres" })
	if i < 0 || !slices.Contains(steps[i].Needs, "fetch/PostgreSQL 18.1") {
		t.Errorf("apply/postgres of %+v does not wait for what is fetched", steps)
	}
}
