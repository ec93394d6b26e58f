package plugin

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	api "k8s.io/kubelet/pkg/apis/deviceplugin/v1beta1"

	"github.com/diorama-dev/diorama/internal/gpu"
)

const (
	kubeletSocket = "kubelet.sock"
	ownSocket     = "diorama-gpu.sock"
	// registerWithin bounds how long the kubelet may take to answer.
	registerWithin = 5 * time.Second
)

// plugin is what the kubelet asks (k8s.io/kubelet, deviceplugin/v1beta1).
type plugin struct {
	api.UnimplementedDevicePluginServer
	options Options
	devices []gpu.Device
	log     *slog.Logger
	// listed is true while the kubelet follows the list of devices.
	listed atomic.Bool
	// counted is true once the node has been seen to count them since.
	counted atomic.Bool
	// left has an entry once the kubelet has ended the list.
	left chan struct{}
}

func newPlugin(o Options, log *slog.Logger) *plugin {
	return &plugin{options: o, devices: o.Shape.Devices(o.Environment, o.Node), log: log, left: make(chan struct{}, 1)}
}

// serve registers with the kubelet, and again whenever it is another one: a
// kubelet that starts makes its socket anew and removes those of all plugins.
func (p *plugin) serve(ctx context.Context) {
	said := ""
	for ctx.Err() == nil {
		err := p.once(ctx)
		if err != nil && ctx.Err() == nil && err.Error() != said {
			said = err.Error()
			p.log.Warn("not registered; trying again", "error", err)
		}
		if err == nil {
			said = ""
		}
		wait(ctx, pace)
	}
}

// once serves one kubelet, and returns when that is gone or follows no more.
func (p *plugin) once(ctx context.Context) error {
	kubelet, own := filepath.Join(p.options.Plugins, kubeletSocket), filepath.Join(p.options.Plugins, ownSocket)
	known, err := os.Stat(kubelet)
	if err != nil {
		return fmt.Errorf("the kubelet has no socket yet: %w", err)
	}
	if err := os.Remove(own); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove the socket of an earlier start: %w", err)
	}
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "unix", own)
	if err != nil {
		return fmt.Errorf("listen for the kubelet: %w", err)
	}
	// The list of one kubelet must have ended before another is served.
	server := grpc.NewServer(grpc.WaitForHandlers(true))
	api.RegisterDevicePluginServer(server, p)
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	defer func() {
		server.Stop()
		select {
		case <-p.left: // this one's
		default:
		}
	}()
	if err := p.register(ctx, kubelet); err != nil {
		return err
	}
	p.log.Info("registered with the kubelet", "devices", len(p.advertised()))
	for {
		select {
		case <-ctx.Done():
			return nil
		case err := <-ended:
			return fmt.Errorf("serve the kubelet: %w", err)
		case <-p.left:
			// It gives the devices to no Pod any more. One that still runs does so
			// where it notes late that an earlier start of the plugin has ended: it
			// knows each by resource and socket alone (Kubernetes,
			// pkg/kubelet/cm/devicemanager/plugin/v1beta1/handler.go, runClient).
			p.log.Info("the kubelet does not follow the devices any more")
			return nil
		case <-time.After(pace):
		}
		if now, err := os.Stat(kubelet); err != nil || !os.SameFile(known, now) || now.ModTime() != known.ModTime() {
			p.log.Info("the kubelet has started again")
			return nil
		}
		if _, err := os.Stat(own); err != nil {
			p.log.Info("the kubelet has removed the socket")
			return nil
		}
	}
}

// register tells the kubelet of this plugin.
func (p *plugin) register(ctx context.Context, kubelet string) error {
	conn, err := grpc.NewClient("unix://"+kubelet, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return fmt.Errorf("reach the kubelet: %w", err)
	}
	defer conn.Close()
	ctx, cancel := context.WithTimeout(ctx, registerWithin)
	defer cancel()
	_, err = api.NewRegistrationClient(conn).Register(ctx, &api.RegisterRequest{
		Version: api.Version, Endpoint: ownSocket, ResourceName: p.options.resource(),
		Options: &api.DevicePluginOptions{GetPreferredAllocationAvailable: true},
	})
	if err != nil {
		return fmt.Errorf("register with the kubelet: %w", err)
	}
	return nil
}

// advertised are the IDs of the devices, or of their shares.
func (p *plugin) advertised() []string {
	var ids []string
	for _, d := range p.devices {
		if p.options.Share == 1 {
			ids = append(ids, d.UUID)
			continue
		}
		for n := range p.options.Share {
			ids = append(ids, gpu.Replica(d.UUID, n))
		}
	}
	return ids
}

// GetDevicePluginOptions says that devices are preferred, see
// [plugin.GetPreferredAllocation].
func (p *plugin) GetDevicePluginOptions(context.Context, *api.Empty) (*api.DevicePluginOptions, error) {
	return &api.DevicePluginOptions{GetPreferredAllocationAvailable: true}, nil
}

// ListAndWatch lists the devices. They never change while the program runs.
func (p *plugin) ListAndWatch(_ *api.Empty, stream grpc.ServerStreamingServer[api.ListAndWatchResponse]) error {
	defer func() {
		p.listed.Store(false)
		p.counted.Store(false)
		select {
		case p.left <- struct{}{}:
		default:
		}
	}()
	var list []*api.Device
	for _, id := range p.advertised() {
		list = append(list, &api.Device{ID: id, Health: api.Healthy})
	}
	if err := stream.Send(&api.ListAndWatchResponse{Devices: list}); err != nil {
		return err
	}
	p.listed.Store(true)
	<-stream.Context().Done()
	return nil
}

// GetPreferredAllocation chooses the devices with the lowest indices, and
// shares of devices that have the fewest holders, as NVIDIA's plugin does.
func (p *plugin) GetPreferredAllocation(_ context.Context, r *api.PreferredAllocationRequest) (*api.PreferredAllocationResponse, error) {
	response := &api.PreferredAllocationResponse{}
	for _, c := range r.ContainerRequests {
		response.ContainerResponses = append(response.ContainerResponses, &api.ContainerPreferredAllocationResponse{
			DeviceIDs: prefer(p.advertised(), c.AvailableDeviceIDs, c.MustIncludeDeviceIDs, int(c.AllocationSize)),
		})
	}
	return response, nil
}

// prefer picks so many of the available IDs; all are every ID in the order of
// the devices. Each next one is of the device with the most shares left.
func prefer(all, available, must []string, size int) []string {
	picked := slices.Clone(must)
	for len(picked) < size {
		left := make(map[string]int)
		for _, id := range available {
			if !slices.Contains(picked, id) {
				left[gpu.PhysicalUUID(id)]++
			}
		}
		best := ""
		for _, id := range all {
			if !slices.Contains(available, id) || slices.Contains(picked, id) {
				continue
			}
			if best == "" || left[gpu.PhysicalUUID(id)] > left[gpu.PhysicalUUID(best)] {
				best = id
			}
		}
		if best == "" {
			break
		}
		picked = append(picked, best)
	}
	return picked
}

// Allocate gives a container its devices: which they are, that they are
// simulated, and the look-alike of nvidia-smi.
func (p *plugin) Allocate(_ context.Context, r *api.AllocateRequest) (*api.AllocateResponse, error) {
	known := p.advertised()
	response := &api.AllocateResponse{}
	for _, c := range r.ContainerRequests {
		var uuids []string
		for _, id := range c.DevicesIds {
			if !slices.Contains(known, id) {
				return nil, status.Errorf(codes.NotFound, "there is no device %s", id)
			}
			if uuid := gpu.PhysicalUUID(id); !slices.Contains(uuids, uuid) {
				uuids = append(uuids, uuid)
			}
		}
		slices.SortFunc(uuids, func(a, b string) int { return p.index(a) - p.index(b) })
		response.ContainerResponses = append(response.ContainerResponses, &api.ContainerAllocateResponse{
			Envs: map[string]string{
				visibleVariable: strings.Join(uuids, ","), simulatedVariable: p.options.Shape.Model.Name,
			},
			Mounts: []*api.Mount{{
				HostPath: filepath.Join(p.options.Programs, smiName), ContainerPath: "/usr/bin/" + smiName, ReadOnly: true,
			}},
		})
	}
	return response, nil
}

func (p *plugin) index(uuid string) int {
	return slices.IndexFunc(p.devices, func(d gpu.Device) bool { return d.UUID == uuid })
}

// wait returns after the time, or when the context ends.
func wait(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
