package doctor

import (
	"context"
	"net"
	"net/netip"
	"strings"

	"github.com/docker/docker/api/types/network"

	"github.com/diorama-dev/diorama/internal/docker"
)

// kindNetwork looks at Docker's network named kind.
func kindNetwork(ctx context.Context, engine *docker.Engine) Network {
	found, err := engine.Client.NetworkInspect(ctx, "kind", network.InspectOptions{})
	if err != nil {
		return Network{}
	}
	out := Network{Exists: true, Driver: found.Driver}
	for _, config := range found.IPAM.Config {
		if subnet, err := netip.ParsePrefix(config.Subnet); err == nil {
			out.Subnets = append(out.Subnets, subnet)
		}
	}
	out.Clashes = clashes(out.Subnets, hostNetworks(found.ID))
	return out
}

// clashes are the host's networks that overlap the subnets.
func clashes(subnets []netip.Prefix, host []Clash) []Clash {
	var out []Clash
	for _, candidate := range host {
		for _, subnet := range subnets {
			if subnet.Overlaps(candidate.Prefix) {
				out = append(out, candidate)
				break
			}
		}
	}
	return out
}

// hostNetworks are the networks of this machine's interfaces, without the
// bridge of the Docker network with this ID.
func hostNetworks(id string) []Clash {
	interfaces, err := net.Interfaces()
	if err != nil {
		return nil
	}
	own := "br-" + id[:min(len(id), 12)]
	var out []Clash
	for _, i := range interfaces {
		if i.Name == own || i.Flags&net.FlagUp == 0 || i.Flags&net.FlagLoopback != 0 || strings.HasPrefix(i.Name, "veth") {
			continue
		}
		addresses, err := i.Addrs()
		if err != nil {
			continue
		}
		for _, address := range addresses {
			if prefix, err := netip.ParsePrefix(address.String()); err == nil {
				out = append(out, Clash{Interface: i.Name, Prefix: prefix.Masked()})
			}
		}
	}
	return out
}
