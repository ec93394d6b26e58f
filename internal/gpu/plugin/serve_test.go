package plugin

import (
	"context"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	api "k8s.io/kubelet/pkg/apis/deviceplugin/v1beta1"

	"github.com/diorama-dev/diorama/internal/gpu"
)

// kubelet is one that takes registrations.
type kubelet struct {
	api.UnimplementedRegistrationServer
	registered chan *api.RegisterRequest
}

func (k kubelet) Register(_ context.Context, r *api.RegisterRequest) (*api.Empty, error) {
	k.registered <- r
	return &api.Empty{}, nil
}

// startKubelet does what a kubelet does that starts: it removes all sockets and
// makes its own.
func startKubelet(t *testing.T, folder string, registered chan *api.RegisterRequest) (stop func()) {
	t.Helper()
	sockets, err := filepath.Glob(filepath.Join(folder, "*.sock"))
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range sockets {
		if err := os.Remove(s); err != nil {
			t.Fatal(err)
		}
	}
	listener, err := net.Listen("unix", filepath.Join(folder, kubeletSocket))
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer()
	api.RegisterRegistrationServer(server, kubelet{registered: registered})
	go func() { _ = server.Serve(listener) }()
	return server.Stop
}

// folder is a short one: a socket's path has at most 108 bytes.
func folder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "gpu")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// serving has the plugin serve until the test ends.
func serving(t *testing.T, p *plugin) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		p.serve(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-ended
	})
}

func options(t *testing.T, shape string, share int) Options {
	t.Helper()
	s, err := gpu.ParseShape(shape)
	if err != nil {
		t.Fatal(err)
	}
	return Options{Shape: s, Share: share, Environment: "shop", Node: "node", Programs: "/programs"}
}

// list asks the plugin for its devices, and follows them until it leaves.
func list(t *testing.T, socket string) (ids []string, leave func()) {
	t.Helper()
	conn, err := grpc.NewClient("unix://"+socket, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	leave = sync.OnceFunc(func() { _ = conn.Close() })
	t.Cleanup(leave)
	stream, err := api.NewDevicePluginClient(conn).ListAndWatch(t.Context(), &api.Empty{})
	if err != nil {
		t.Fatal(err)
	}
	response, err := stream.Recv()
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range response.Devices {
		if d.Health != api.Healthy {
			t.Errorf("%s is %s", d.ID, d.Health)
		}
		ids = append(ids, d.ID)
	}
	return ids, leave
}

// TestRegistersWithEveryKubelet: the first, one that starts again, and with the
// same devices after a start of its own.
func TestRegistersWithEveryKubelet(t *testing.T) {
	o := options(t, "2xA100", 1)
	o.Plugins = folder(t)
	registered := make(chan *api.RegisterRequest, 8)
	var first []string
	for range 2 { // starts of the plugin
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			newPlugin(o, slog.New(slog.DiscardHandler)).serve(ctx)
		}()
		for range 2 { // starts of the kubelet
			stop := startKubelet(t, o.Plugins, registered)
			r := <-registered
			if r.ResourceName != gpu.Resource || r.Version != api.Version {
				t.Errorf("registered as %+v", r)
			}
			ids, _ := list(t, filepath.Join(o.Plugins, r.Endpoint))
			if len(first) == 0 {
				first = ids
			}
			if len(ids) != 2 || !slices.Equal(ids, first) {
				t.Errorf("devices %v, at first %v", ids, first)
			}
			stop()
		}
		cancel()
		<-ended
	}
}

// TestRegistersAgain while the kubelet, or what is left of it, follows the list.
func TestRegistersAgain(t *testing.T) {
	for name, change := range map[string]func(t *testing.T, o Options, registered chan *api.RegisterRequest){
		"another kubelet in the place of the first": func(t *testing.T, o Options, registered chan *api.RegisterRequest) {
			t.Helper()
			elsewhere := folder(t)
			t.Cleanup(startKubelet(t, elsewhere, registered))
			if err := os.Rename(filepath.Join(elsewhere, kubeletSocket), filepath.Join(o.Plugins, kubeletSocket)); err != nil {
				t.Fatal(err)
			}
		},
		"the socket is gone": func(t *testing.T, o Options, _ chan *api.RegisterRequest) {
			t.Helper()
			if err := os.Remove(filepath.Join(o.Plugins, ownSocket)); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			o := options(t, "2xA100", 1)
			o.Plugins = folder(t)
			registered := make(chan *api.RegisterRequest, 8)
			t.Cleanup(startKubelet(t, o.Plugins, registered))
			serving(t, newPlugin(o, slog.New(slog.DiscardHandler)))
			for range 2 {
				if ids, _ := list(t, filepath.Join(o.Plugins, (<-registered).Endpoint)); len(ids) != 2 {
					t.Errorf("devices %v", ids)
				}
				change(t, o, registered)
			}
		})
	}
}

// TestRegistersWhereNobodyFollows: a kubelet that ends the list has taken the
// devices from the node, and nothing but another registration brings them back.
func TestRegistersWhereNobodyFollows(t *testing.T) {
	o := options(t, "2xA100", 1)
	o.Plugins = folder(t)
	registered := make(chan *api.RegisterRequest, 8)
	defer startKubelet(t, o.Plugins, registered)()
	p := newPlugin(o, slog.New(slog.DiscardHandler))
	serving(t, p)
	node := fakeNode(t, map[string]string{})
	for range 3 {
		r := <-registered
		if err := p.ready(t.Context(), node); err == nil {
			t.Error("it is ready before anybody asks for the devices")
		}
		_, leave := list(t, filepath.Join(o.Plugins, r.Endpoint))
		for p.ready(t.Context(), node) != nil { // the list is sent a moment before it is said to be followed
			runtime.Gosched()
		}
		leave()
	}
}

func TestAllocate(t *testing.T) {
	p := newPlugin(options(t, "2xA100", 2), slog.New(slog.DiscardHandler))
	ids := p.advertised()
	if len(ids) != 4 || !strings.HasSuffix(ids[1], "::1") {
		t.Fatal(ids)
	}
	response, err := p.Allocate(t.Context(), &api.AllocateRequest{ContainerRequests: []*api.ContainerAllocateRequest{
		{DevicesIds: []string{ids[3], ids[0], ids[1]}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	got := response.ContainerResponses[0]
	want := map[string]string{
		"NVIDIA_VISIBLE_DEVICES": p.devices[0].UUID + "," + p.devices[1].UUID, "DIORAMA_GPU_SIMULATED": "A100",
	}
	if diff := cmp.Diff(want, got.Envs); diff != "" {
		t.Error(diff)
	}
	if m := got.Mounts[0]; m.HostPath != "/programs/nvidia-smi" || m.ContainerPath != "/usr/bin/nvidia-smi" || !m.ReadOnly {
		t.Errorf("%v", m)
	}
	if _, err := p.Allocate(t.Context(), &api.AllocateRequest{ContainerRequests: []*api.ContainerAllocateRequest{{DevicesIds: []string{"GPU-none"}}}}); err == nil {
		t.Error("a device that is not there was given")
	}
}

// TestPrefer spreads Pods over devices, and takes the lowest of equal ones.
func TestPrefer(t *testing.T) {
	all := []string{"a::0", "a::1", "b::0", "b::1"}
	for name, c := range map[string]struct {
		available, must []string
		size            int
		want            []string
	}{
		"first":               {available: all, size: 1, want: []string{"a::0"}},
		"the other device":    {available: all[1:], size: 1, want: []string{"b::0"}},
		"two, one of each":    {available: all, size: 2, want: []string{"a::0", "b::0"}},
		"one must be":         {available: all, must: []string{"b::1"}, size: 2, want: []string{"b::1", "a::0"}},
		"fewer than are free": {available: all[:1], size: 3, want: []string{"a::0"}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, prefer(all, c.available, c.must, c.size)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestOptions(t *testing.T) {
	for name, c := range map[string]struct {
		env      map[string]string
		resource string
		want     string // of the error
	}{
		"whole":         {env: map[string]string{shapeVariable: "2xA100", nodeVariable: "n"}, resource: gpu.Resource},
		"shared":        {env: map[string]string{shapeVariable: "2xA100", nodeVariable: "n", shareVariable: "4"}, resource: gpu.Resource},
		"renamed":       {env: map[string]string{shapeVariable: "2xA100", nodeVariable: "n", shareVariable: "4", renameVariable: "true"}, resource: gpu.SharedResource},
		"nothing moved": {env: map[string]string{shapeVariable: "2xA100", nodeVariable: "n", shareVariable: "1", renameVariable: "true"}, resource: gpu.Resource},
		"no node":       {env: map[string]string{shapeVariable: "2xA100"}, want: nodeVariable},
		"unknown model": {env: map[string]string{shapeVariable: "2xA1000", nodeVariable: "n"}, want: "A100, A100-80GB"},
		"too many":      {env: map[string]string{shapeVariable: "2xA100", nodeVariable: "n", shareVariable: "65"}, want: shareVariable},
	} {
		t.Run(name, func(t *testing.T) {
			o, err := read(func(name string) string { return c.env[name] })
			if c.want != "" {
				if err == nil || !strings.Contains(err.Error(), c.want) {
					t.Errorf("%v, want %s", err, c.want)
				}
				return
			}
			if err != nil || o.resource() != c.resource {
				t.Errorf("%s, %v", o.resource(), err)
			}
		})
	}
}
