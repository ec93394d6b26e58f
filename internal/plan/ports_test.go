package plan

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/diorama-dev/diorama/internal/env"
)

// taken makes a host on which these ports belong to somebody.
func taken(ports ...int) Host {
	return Host{Taken: func(port int) (string, bool) {
		return "nginx (pid 7)", slices.Contains(ports, port)
	}}
}

func TestPortsOfANewCluster(t *testing.T) {
	two := []wish{{key: "postgres/sql", preferred: 5432}, {key: "redis/redis", preferred: 6379}}
	tests := map[string]struct {
		wishes []wish
		record env.Record
		host   Host
		want   map[string]int
		err    string
	}{
		"as preferred":           {wishes: two, host: taken(), want: map[string]int{"postgres/sql": 5432, "redis/redis": 6379}},
		"taken: one like it":     {wishes: two, host: taken(5432), want: map[string]int{"postgres/sql": 15432, "redis/redis": 6379}},
		"taken, the next too":    {wishes: two, host: taken(5432, 15432), want: map[string]int{"postgres/sql": 15433, "redis/redis": 6379}},
		"two want the same":      {wishes: []wish{{key: "a/x", preferred: 80}, {key: "b/x", preferred: 80}}, host: taken(), want: map[string]int{"a/x": 80, "b/x": 10080}},
		"kept from before":       {wishes: two, record: env.Record{Ports: map[string]env.PortRecord{"postgres/sql": {Host: 15432}}}, host: taken(), want: map[string]int{"postgres/sql": 15432, "redis/redis": 6379}},
		"from before, and taken": {wishes: two, record: env.Record{Ports: map[string]env.PortRecord{"postgres/sql": {Host: 15432}}}, host: taken(15432), want: map[string]int{"postgres/sql": 5432, "redis/redis": 6379}},
		"named by the profile":   {wishes: []wish{{key: "postgres/sql", preferred: 7000, fixed: true}}, host: taken(7000), err: "port 7000, which the profile wants for postgres/sql, is taken by nginx (pid 7)"},
		"the profile names one twice": {
			wishes: []wish{{key: "a/x", preferred: 80, fixed: true}, {key: "b/x", preferred: 80, fixed: true}},
			host:   taken(), err: "another endpoint of this profile",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			assigned, published, err := ports("shop", test.wishes, test.record, test.host)
			if test.err != "" {
				if err == nil || !strings.Contains(err.Error(), test.err) {
					t.Fatalf("error = %v, want %q", err, test.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			got := make(map[string]int)
			for key, port := range assigned {
				got[key] = port.Host
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("ports (-want +got):\n%s", diff)
			}
			wantUnique(t, published, len(test.wishes)+poolSize)
		})
	}
}

// wantUnique checks that no port is published twice, on either side.
func wantUnique(t *testing.T, published []env.PortRecord, n int) {
	t.Helper()
	hosts, nodes := make(map[int]bool), make(map[int]bool)
	for _, port := range published {
		hosts[port.Host], nodes[port.Node] = true, true
	}
	if len(published) != n || len(hosts) != n || len(nodes) != n {
		t.Errorf("%d ports are published, %d of the host, %d of the node; want %d of each", len(published), len(hosts), len(nodes), n)
	}
}

func TestPortsOfARunningCluster(t *testing.T) {
	_, published, err := ports("shop", []wish{{key: "redis/redis", preferred: 6379}}, env.Record{}, taken())
	if err != nil {
		t.Fatal(err)
	}
	running := env.Record{
		Cluster: env.ClusterRecord{Complete: true, Ports: published},
		Ports:   map[string]env.PortRecord{"redis/redis": published[0], "gone/x": published[1]},
	}
	// Its own ports are taken, by itself: that must not matter.
	busy := Host{Taken: func(int) (string, bool) { return "docker-proxy", true }}

	t.Run("what has a port keeps it, what is new gets a spare one", func(t *testing.T) {
		got, _, err := ports("shop", []wish{{key: "redis/redis", preferred: 6379}, {key: "postgres/sql", preferred: 5432}}, running, busy)
		if err != nil {
			t.Fatal(err)
		}
		if got["redis/redis"] != published[0] {
			t.Errorf("Redis moved to %+v", got["redis/redis"])
		}
		want := env.PortRecord{Node: published[2].Node, Host: published[2].Host, Preferred: 5432}
		if got["postgres/sql"] != want {
			t.Errorf("PostgreSQL has %+v, want %+v", got["postgres/sql"], want)
		}
	})
	t.Run("what is gone keeps its port for when it comes back", func(t *testing.T) {
		got, _, err := ports("shop", nil, running, busy)
		if err != nil || got["gone/x"] != published[1] {
			t.Errorf("ports = %v, %v", got, err)
		}
	})
	t.Run("the record is not changed", func(t *testing.T) {
		before := maps.Clone(running.Ports)
		if _, _, err := ports("shop", []wish{{key: "new/x", preferred: 1}}, running, busy); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(before, running.Ports); diff != "" {
			t.Errorf("record (-before +after):\n%s", diff)
		}
	})
	t.Run("the pool has an end", func(t *testing.T) {
		var many []wish
		for i := range poolSize + 1 {
			many = append(many, wish{key: fmt.Sprintf("s%d/x", i), preferred: 1000 + i})
		}
		_, _, err := ports("shop", many, running, busy)
		if _, ok := errors.AsType[*PoolEmptyError](err); !ok {
			t.Errorf("error = %v, want a PoolEmptyError", err)
		}
	})
}
