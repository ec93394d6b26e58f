package doctor

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/diorama-dev/diorama/internal/docker"
)

// listen takes a port of 127.0.0.1 until the test ends.
func listen(t *testing.T, address string) int {
	t.Helper()
	listener, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	return listener.Addr().(*net.TCPAddr).Port
}

func TestPortOwner(t *testing.T) {
	for _, address := range []string{"127.0.0.1:0", "0.0.0.0:0", "[::]:0"} {
		t.Run(address, func(t *testing.T) {
			if address == "[::]:0" && runtime.GOOS != "linux" {
				t.Skip("left out: only Linux shares such a port with IPv4 always")
			}
			port := listen(t, address)
			owner, taken := PortOwner(port)
			if !taken {
				t.Fatalf("port %d is free, want it taken", port)
			}
			if runtime.GOOS == "linux" && (owner.PID != os.Getpid() || owner.Name == "") {
				t.Errorf("its owner is %v, want this process, %d", owner, os.Getpid())
			}
		})
	}
	t.Run("free", func(t *testing.T) {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		port := listener.Addr().(*net.TCPAddr).Port
		if err := listener.Close(); err != nil {
			t.Fatal(err)
		}
		if owner, taken := PortOwner(port); taken {
			t.Errorf("port %d is taken by %v, want it free", port, owner)
		}
	})
}

func TestCollectWithoutDocker(t *testing.T) {
	port := listen(t, "127.0.0.1:0")
	t.Setenv("DOCKER_HOST", "unix://"+filepath.Join(t.TempDir(), "none.sock"))
	kubeconfig := filepath.Join(t.TempDir(), "config")
	text := "contexts:\n- name: kind-diorama-shop\n- name: kind-other\n- name: prod\n"
	if err := os.WriteFile(kubeconfig, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("KUBECONFIG", kubeconfig+string(os.PathListSeparator)+kubeconfig+".none")
	f := Collect(t.Context(), Wanted{Ports: []int{port}})
	var unusable *docker.Error
	if !errors.As(f.Unusable, &unusable) || unusable.Reason != docker.NotRunning {
		t.Errorf("Docker is unusable for %v, want that it is not running", f.Unusable)
	}
	if len(f.Taken) != 1 || f.Taken[0].Port != port {
		t.Errorf("taken ports are %v, want %d", f.Taken, port)
	}
	if diff := cmp.Diff([]string{"kind-diorama-shop"}, f.Contexts); diff != "" {
		t.Errorf("contexts (-want +got):\n%s", diff)
	}
	if Worst(Examine(f)) != Fail {
		t.Error("without Docker nothing fails")
	}
}

func TestCollectStopsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if f := Collect(ctx, Wanted{}); f.Unusable == nil {
		t.Errorf("got %+v from an interrupted collection", f)
	}
}

func TestCollectHere(t *testing.T) {
	f := Collect(t.Context(), Wanted{})
	if f.Unusable != nil {
		t.Skipf("left out: %v", f.Unusable)
	}
	if f.Docker.Memory < 1<<20 || f.Docker.CPUs < 1 || f.Docker.Root == "" || f.Docker.CgroupVersion == "" {
		t.Errorf("Docker's machine is %+v", f.Docker)
	}
	if f.Docker.Here && (f.Docker.DiskFree == 0 || f.Docker.MemoryFree == 0 || f.Inotify.Watches == 0) {
		t.Errorf("Docker's machine is this one, and of it is known only %+v, %+v", f.Docker, f.Inotify)
	}
}

// Lines as Linux 6.18 writes them.
const socketTable = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:07E8 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1077 1 0000000075a361f5 100 0 0 10 0
   1: 0100007F:18EB 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 66527 1 00000000ef6cfdb9 100 0 0 10 0
   2: 0100007F:18EB 0100007F:A5ED 01 00000000:00000000 00:00000000 00000000     0        0 66528 1 00000000ef6cfdb9 100 0 0 10 0
   3: 00000000000000000000000000000000:1538 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000   101        0 812 1 0 100 0 0 10 0
   4: 0000000000000000FFFF00000100007F:1539 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000   101        0 813 1 0 100 0 0 10 0
   5: 00000000000000000000000001000000:153A 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000   101        0 814 1 0 100 0 0 10 0
   6: 0200A8C0:153B 00000000:0000 0A 00000000:00000000 00:00000000 00000000   101        0 815 1 0 100 0 0 10 0
   7: what:ever is 0A this line then 0 0 0 0
`

func TestParseSockets(t *testing.T) {
	sockets := parseSockets(socketTable)
	if len(sockets) != 7 {
		t.Fatalf("read %d sockets, want 7: %+v", len(sockets), sockets)
	}
	want := socket{address: netip.MustParseAddrPort("127.0.0.1:6379"), listening: true, inode: "66527"}
	if diff := cmp.Diff(want, sockets[1], cmp.AllowUnexported(socket{}), cmpopts.EquateComparable(netip.AddrPort{})); diff != "" {
		t.Errorf("socket 1 (-want +got):\n%s", diff)
	}
	for port, want := range map[int]bool{
		2024: true,  // every address
		6379: true,  // 127.0.0.1
		5432: true,  // every address of IPv6, which takes IPv4's too
		5433: true,  // 127.0.0.1, written as IPv6
		5434: false, // ::1 only
		5435: false, // another address
	} {
		taken := false
		for _, s := range sockets {
			taken = taken || s.listening && s.takes(port)
		}
		if taken != want {
			t.Errorf("port %d taken: %t, want %t", port, taken, want)
		}
	}
}

func FuzzParseSockets(f *testing.F) {
	f.Add(socketTable)
	f.Add("0: :0 0:0 0A 0 0 0 0 0 0")
	f.Fuzz(func(t *testing.T, table string) {
		for _, s := range parseSockets(table) {
			if !s.address.IsValid() {
				t.Errorf("an invalid address in %+v", s)
			}
		}
	})
}

func FuzzContextNames(f *testing.F) {
	f.Add([]byte("contexts: [{name: kind-diorama-a}]"))
	f.Add([]byte("contexts: &a [*a]"))
	f.Fuzz(func(_ *testing.T, config []byte) { contextNames(config) })
}

func TestParseAvailable(t *testing.T) {
	for text, want := range map[string]int64{
		"MemTotal:  10 kB\nMemAvailable:   2048 kB\n": 2 << 20,
		"MemAvailable: -1 kB\n":                       0,
		"MemAvailable: 99999999999999999999 kB":       0,
		"":                                            0,
	} {
		if got := parseMeminfo(text, "MemAvailable"); got != want {
			t.Errorf("available of %q is %d, want %d", text, got, want)
		}
	}
}

func TestClashes(t *testing.T) {
	subnets := []netip.Prefix{netip.MustParsePrefix("172.18.0.0/16"), netip.MustParsePrefix("fc00:f853:ccd:e793::/64")}
	host := []Clash{
		{Interface: "eth0", Prefix: netip.MustParsePrefix("192.168.1.0/24")},
		{Interface: "tun0", Prefix: netip.MustParsePrefix("172.16.0.0/12")},
		{Interface: "eth1", Prefix: netip.MustParsePrefix("fe80::/64")},
	}
	if diff := cmp.Diff(host[1:2], clashes(subnets, host), cmpopts.EquateComparable(netip.Prefix{})); diff != "" {
		t.Errorf("clashes (-want +got):\n%s", diff)
	}
}
