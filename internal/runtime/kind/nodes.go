package kind

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	"golang.org/x/sync/errgroup"

	"github.com/diorama-dev/diorama/internal/docker"
)

// The labels that kind puts on the containers that are its nodes.
const (
	labelCluster = "io.x-k8s.kind.cluster"
	labelRole    = "io.x-k8s.kind.role"
)

// Node is a container that is a node of a cluster.
type Node struct {
	ID      string
	Name    string
	Role    string // "control-plane" or "worker"
	Running bool
	Image   string
	// Ports are those of 127.0.0.1 that the container publishes or asks for.
	Ports []int
	// Started is when it was last started.
	Started time.Time
}

// Nodes lists the nodes of a cluster, the control plane first.
func Nodes(ctx context.Context, engine *docker.Engine, cluster string) ([]Node, error) {
	found, err := engine.Client.ContainerList(ctx, container.ListOptions{
		All: true, Filters: filters.NewArgs(filters.Arg("label", labelCluster+"="+cluster)),
	})
	if err != nil {
		return nil, fmt.Errorf("list the nodes of %s: %w", cluster, err)
	}
	nodes := make([]Node, 0, len(found))
	for _, summary := range found {
		inspected, err := engine.Client.ContainerInspect(ctx, summary.ID)
		if cerrdefs.IsNotFound(err) {
			continue // it has gone since
		}
		if err != nil {
			return nil, fmt.Errorf("inspect a node of %s: %w", cluster, err)
		}
		nodes = append(nodes, nodeOf(inspected))
	}
	slices.SortFunc(nodes, func(a, b Node) int {
		return strings.Compare(a.Role+a.Name, b.Role+b.Name) // "control-plane" sorts before "worker"
	})
	return nodes, nil
}

func nodeOf(c container.InspectResponse) Node {
	node := Node{ID: c.ID, Name: strings.TrimPrefix(c.Name, "/"), Role: c.Config.Labels[labelRole], Image: c.Config.Image}
	if c.State != nil {
		node.Running = c.State.Running
		node.Started, _ = time.Parse(time.RFC3339Nano, c.State.StartedAt)
	}
	for _, bindings := range c.HostConfig.PortBindings {
		for _, binding := range bindings {
			var port int
			if _, err := fmt.Sscanf(binding.HostPort, "%d", &port); err == nil {
				node.Ports = append(node.Ports, port)
			}
		}
	}
	return node
}

// startNodes starts those that do not run.
func startNodes(ctx context.Context, engine *docker.Engine, nodes []Node) error {
	for _, node := range nodes {
		if node.Running {
			continue
		}
		if err := engine.Client.ContainerStart(ctx, node.ID, container.StartOptions{}); err != nil {
			return fmt.Errorf("start node %s: %w", node.Name, err)
		}
	}
	return nil
}

// quiesce ends the containers of a node in good order: without their kubelet
// nobody starts them again, and each is asked with its own stop signal and
// gets ten seconds to write down what it holds. It uses only what every node
// image has.
const quiesce = `systemctl stop kubelet
kind='labels."io.cri-containerd.kind"==container'
for id in $(ctr -n k8s.io containers ls -q "$kind"); do
  signal=$(ctr -n k8s.io containers info "$id" | sed -n 's/.*"io.containerd.image.config.stop-signal": "\(.*\)".*/\1/p')
  ctr -n k8s.io tasks kill -s "${signal:-SIGTERM}" "$id" 2>/dev/null &
done
wait
for i in $(seq 50); do
  running=0
  for id in $(ctr -n k8s.io tasks ls | awk '$3 == "RUNNING" {print $1}'); do
    ctr -n k8s.io containers ls -q "$kind" | grep -q "^$id" && running=1
  done
  [ $running = 0 ] && break
  sleep 0.2
done
sync`

// StopNodes stops a cluster and keeps its data.
func StopNodes(ctx context.Context, engine *docker.Engine, nodes []Node) error {
	var group errgroup.Group
	for _, node := range nodes {
		if !node.Running {
			continue
		}
		group.Go(func() error {
			// A node that is too broken to be asked is stopped all the same.
			if _, err := engine.Exec(ctx, node.Name, nil, "sh", "-c", quiesce); ctx.Err() != nil {
				return err
			}
			patience := 2 // what holds data has ended already
			if err := engine.Client.ContainerStop(ctx, node.ID, container.StopOptions{Timeout: &patience}); err != nil {
				return fmt.Errorf("stop node %s: %w", node.Name, err)
			}
			return nil
		})
	}
	return group.Wait()
}

// DeleteNodes removes the nodes and the anonymous volumes that hold their data.
func DeleteNodes(ctx context.Context, engine *docker.Engine, nodes []Node) error {
	still(ctx, engine, nodes)
	var errs []error
	for _, node := range nodes {
		err := engine.Client.ContainerRemove(ctx, node.ID, container.RemoveOptions{Force: true, RemoveVolumes: true})
		if err != nil && !cerrdefs.IsNotFound(err) {
			errs = append(errs, fmt.Errorf("remove node %s: %w", node.Name, err))
		}
	}
	return errors.Join(errs...)
}

// stillWithin is how long a node may take to be still.
const stillWithin = 10 * time.Second

// still keeps nodes from beginning containers while they are killed. With the
// first version of cgroups runc freezes each for a moment as it begins, and what
// is frozen cannot die: of a node that is killed then nobody can thaw it any
// more, and Docker cannot remove it. A node that cannot be asked is not waited for.
func still(ctx context.Context, engine *docker.Engine, nodes []Node) {
	running := slices.DeleteFunc(slices.Clone(nodes), func(n Node) bool { return !n.Running })
	if len(running) == 0 {
		return
	}
	if info, err := engine.Client.Info(ctx); err != nil || info.CgroupVersion != "1" {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, stillWithin)
	defer cancel()
	var group sync.WaitGroup
	for _, node := range running {
		group.Go(func() { _, _ = engine.Exec(ctx, node.Name, nil, "systemctl", "stop", "kubelet", "containerd") })
	}
	group.Wait()
}

// Data is how many volumes the nodes hold data of, and how many bytes. Nodes
// that do not run cannot be asked.
func Data(ctx context.Context, engine *docker.Engine, nodes []Node) (volumes int, bytes int64, err error) {
	for _, node := range nodes {
		if !node.Running {
			continue
		}
		out, err := engine.Exec(ctx, node.Name, nil, "sh", "-c", "cd /var/local-path-provisioner 2>/dev/null && ls | wc -l && du -sb . | cut -f1; true")
		if err != nil {
			return volumes, bytes, err
		}
		var n int
		var size int64
		if _, err := fmt.Sscan(string(out), &n, &size); err == nil {
			volumes, bytes = volumes+n, bytes+size
		}
	}
	return volumes, bytes, nil
}
