package doctor

import (
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/diorama-dev/diorama/internal/docker"
)

// healthy are the facts of a machine on which nothing is wrong.
func healthy() Facts {
	return Facts{
		OS: "linux", Arch: "amd64",
		Wanted: Wanted{Environment: "shop", Known: []string{"old"}, Kubernetes: "1.36", Ports: []int{5432, 6379}},
		Docker: Machine{
			Endpoint: docker.Endpoint{Host: "unix:///var/run/docker.sock"}, Version: "28.5.1", API: "1.51",
			System: "Debian GNU/Linux 13", Arch: "amd64", Here: true, Memory: 16 * gib, MemoryFree: 12 * gib,
			CPUs: 8, DiskFree: 100 * gib, Root: "/var/lib/docker", CgroupVersion: "2",
		},
		Command: Command{Path: "/usr/bin/docker", Version: "28.5.1"},
		Inotify: Inotify{Instances: 1024, Watches: 1048576},
		Network: Network{Exists: true, Driver: "bridge", Subnets: []netip.Prefix{netip.MustParsePrefix("172.18.0.0/16")}},
	}
}

func TestExamineHealthy(t *testing.T) {
	checks := Examine(healthy())
	for _, check := range checks {
		if check.Status != OK || check.Remedy != "" || check.Found == "" {
			t.Errorf("on a healthy machine: %+v", check)
		}
	}
	if len(checks) < 9 {
		t.Errorf("%d checks, want one of each rule that has something to say", len(checks))
	}
}

func TestExamine(t *testing.T) {
	cases := []struct {
		name   string
		change func(*Facts)
		id     string
		status Status
		found  string
		remedy string
	}{
		{"Docker does not answer", func(f *Facts) {
			f.Unusable = &docker.Error{Reason: docker.NotRunning, Err: errors.New("connection refused")}
		}, "docker", Fail, "not running: connection refused", "start Docker"},
		{"Docker is broken", func(f *Facts) { f.Unusable = errors.New("odd answer") }, "docker", Fail, "odd answer", "docker version"},
		{"no docker command", func(f *Facts) { f.Command = Command{} }, "docker-command", Fail, "PATH", "install"},
		{"little memory", func(f *Facts) { f.Docker.Memory = 3 * gib }, "memory", Warn, "3GiB", "machine with more memory"},
		{"too little memory", func(f *Facts) { f.Docker.Memory = gib }, "memory", Fail, "needed 2GiB", "smaller profile"},
		{"less memory than wanted", func(f *Facts) { f.Wanted.Memory = 20 * gib }, "memory", Fail, "needed 20GiB", "smaller profile"},
		{"less memory free than wanted", func(f *Facts) { f.Wanted.Memory = 14 * gib }, "memory", Warn, "12GiB free", "end programs"},
		{"memory of Docker Desktop", func(f *Facts) {
			f.Docker.Here, f.Docker.System, f.Docker.Memory = false, "Docker Desktop", gib
		}, "memory", Fail, "1GiB", "Settings, Resources"},
		{"one CPU", func(f *Facts) { f.Docker.CPUs = 1 }, "cpus", Warn, "1 on", "more CPUs"},
		{"little disk", func(f *Facts) { f.Docker.DiskFree = 5 * gib }, "disk", Warn, "5GiB free", "prune"},
		{"too little disk", func(f *Facts) { f.Docker.DiskFree = gib }, "disk", Fail, "needed 2GiB", "prune"},
		{"less disk than wanted", func(f *Facts) { f.Wanted.Disk = 200 * gib }, "disk", Fail, "needed 200GiB", "prune"},
		{"cgroup v1", func(f *Facts) { f.Docker.CgroupVersion, f.Wanted.Kubernetes = "1", "v1.34.4" }, "cgroup", Warn, "version 1", "cgroup v2"},
		{"cgroup v1 and no version wanted", func(f *Facts) { f.Docker.CgroupVersion, f.Wanted.Kubernetes = "1", "" }, "cgroup", Warn, "version 1", "cgroup v2"},
		{"cgroup v1 and a strict kubelet", func(f *Facts) { f.Docker.CgroupVersion, f.Wanted.Kubernetes = "1", "1.35" }, "cgroup", Fail, "1.35", `"1.34"`},
		{"few inotify instances", func(f *Facts) { f.Inotify.Instances = 128 }, "inotify", Warn, "128", "sudo sysctl fs.inotify.max_user_instances=512"},
		{"few inotify watches", func(f *Facts) { f.Inotify.Watches = 8192 }, "inotify", Warn, "8192", "sudo sysctl fs.inotify.max_user_watches=524288"},
		{"a port is taken", func(f *Facts) {
			f.Taken = []PortUse{{Port: 5432, Process: Process{PID: 812, Name: "postgres"}}}
		}, "port", Warn, "postgres (process 812)", "another port"},
		{"a container has the port", func(f *Facts) {
			f.Taken = []PortUse{{Port: 5432, Process: Process{PID: 9, Name: "docker-proxy"}, Container: "db"}}
		}, "port", Warn, "container db", "another port"},
		{"the network is no bridge", func(f *Facts) { f.Network.Driver = "macvlan" }, "network", Fail, "macvlan", "docker network rm kind"},
		{"the network clashes", func(f *Facts) {
			f.Network.Clashes = []Clash{{Interface: "tun0", Prefix: netip.MustParsePrefix("172.16.0.0/12")}}
		}, "network", Warn, "tun0", "default-address-pools"},
		{"another's cluster", func(f *Facts) { f.Clusters = []string{"diorama-old", "diorama-alien"} }, "cluster", Warn, "not ours", "kind delete cluster --name diorama-alien"},
		{"another's cluster has our name", func(f *Facts) { f.Clusters = []string{"diorama-shop"} }, "cluster", Fail, "not ours", "--name"},
		{"another's context", func(f *Facts) { f.Contexts = []string{"kind-diorama-old", "kind-diorama-alien"} }, "context", Warn, "not ours", "delete-context kind-diorama-alien"},
		{"an emulated machine", func(f *Facts) { f.Arch = "arm64" }, "platform", Warn, "amd64", "slow"},
		{"a machine without node images", func(f *Facts) { f.Docker.Arch = "riscv64" }, "platform", Fail, "riscv64", "amd64 or arm64"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			f := healthy()
			c.change(&f)
			checks := Examine(f)
			unwell := slices.DeleteFunc(slices.Clone(checks), func(check Check) bool { return check.Status == OK })
			if len(unwell) != 1 {
				t.Fatalf("unwell are %+v, want one check", unwell)
			}
			got := unwell[0]
			if got.ID != c.id || got.Status != c.status || !strings.Contains(got.Found, c.found) || !strings.Contains(got.Remedy, c.remedy) {
				t.Errorf("got %+v, want %s %s with %q and %q", got, c.id, c.status, c.found, c.remedy)
			}
			if Worst(checks) != c.status {
				t.Errorf("the worst is %s, want %s", Worst(checks), c.status)
			}
		})
	}
}

func TestExamineKnowsNothing(t *testing.T) {
	for _, check := range Examine(Facts{OS: "linux", Arch: "amd64", Unusable: errors.New("x")}) {
		if check.Status == Warn {
			t.Errorf("what is not known is warned of: %+v", check)
		}
		if check.Status == Fail && check.Remedy == "" {
			t.Errorf("a failure without a remedy: %+v", check)
		}
	}
}

func TestOurOwnPortsAreNoTrouble(t *testing.T) {
	f := healthy()
	f.Taken = []PortUse{{Port: 5432, Container: "diorama-old-control-plane", Ours: true}}
	if got := Worst(Examine(f)); got != OK {
		t.Errorf("the worst is %s, want ok", got)
	}
}
