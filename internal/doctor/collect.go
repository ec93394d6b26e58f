package doctor

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/system"

	"github.com/diorama-dev/diorama/internal/docker"
	"github.com/diorama-dev/diorama/internal/gpu/pass"
)

// kindLabel is the label that kind puts on a cluster's nodes; its value is the
// cluster's name.
const kindLabel = "io.x-k8s.io.kind.cluster"

// Collect gathers the facts. It changes nothing. What cannot be found out
// stays unknown; that Docker cannot be used is a fact too.
func Collect(ctx context.Context, wanted Wanted) Facts {
	f := Facts{Wanted: wanted, OS: runtime.GOOS, Arch: runtime.GOARCH}
	f.Command = findCommand(ctx)
	f.Contexts = ourContexts(kubeconfigs())
	f.GPU = pass.Collect(os.DirFS("/"), wanted.GPUs, pass.Engine{})
	for _, port := range wanted.Ports {
		if owner, taken := PortOwner(port); taken {
			f.Taken = append(f.Taken, PortUse{Port: port, Process: owner})
		}
	}
	engine, err := docker.Open(ctx)
	if err != nil {
		f.Unusable = err
		return f
	}
	defer engine.Close()
	return f.withEngine(ctx, engine)
}

// withEngine adds what the engine knows.
func (f Facts) withEngine(ctx context.Context, engine *docker.Engine) Facts {
	machine, err := MachineOf(ctx, engine)
	if err != nil {
		f.Unusable = err
		return f
	}
	f.Docker, f.GPU.Engine = machine, machine.GPU
	if machine.Here {
		f.Inotify = Inotify{
			Instances: readNumber("/proc/sys/fs/inotify/max_user_instances"),
			Watches:   readNumber("/proc/sys/fs/inotify/max_user_watches"),
		}
	}
	f.Network = kindNetwork(ctx, engine)
	f.noteContainers(ctx, engine)
	return f
}

// MachineOf is what Docker's machine has.
func MachineOf(ctx context.Context, engine *docker.Engine) (Machine, error) {
	info, err := engine.Info(ctx)
	if err != nil {
		return Machine{}, fmt.Errorf("ask Docker about its machine: %w", err)
	}
	m := Machine{
		Endpoint: engine.Endpoint, Version: engine.Version, API: engine.API, System: info.OperatingSystem,
		Arch: engine.Arch, Memory: info.MemTotal, CPUs: info.NCPU, Root: info.DockerRootDir,
		CgroupVersion: info.CgroupVersion,
	}
	m.Here = here(info)
	m.GPU = gpuEngine(info, m.Here)
	if m.Here {
		m.DiskFree = diskFree(m.Root)
		m.MemoryFree = availableMemory()
	}
	return m, nil
}

// here tells this machine from a virtual one by its name and kernel: the path
// of the socket says nothing, Docker Desktop's is the same.
func here(info system.Info) bool {
	name, err := os.Hostname()
	if err != nil || runtime.GOOS != "linux" || name != info.Name {
		return false
	}
	release, err := os.ReadFile("/proc/sys/kernel/osrelease")
	return err == nil && strings.TrimSpace(string(release)) == info.KernelVersion
}

func availableMemory() int64 { return meminfo("MemAvailable") }

// LocalMemory is what this machine has of memory, in bytes; 0 where it is not
// known.
func LocalMemory() int64 { return meminfo("MemTotal") }

func meminfo(name string) int64 {
	data, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return 0
	}
	return parseMeminfo(string(data), name)
}

// parseMeminfo reads an amount, in kB, out of /proc/meminfo.
func parseMeminfo(text, name string) int64 {
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) < 2 || fields[0] != name+":" {
			continue
		}
		kilobytes, err := strconv.ParseInt(fields[1], 10, 64)
		if err != nil || kilobytes < 0 || kilobytes > 1<<50 {
			return 0
		}
		return kilobytes << 10
	}
	return 0
}

func readNumber(path string) int64 {
	data, err := os.ReadFile(path)
	if err != nil {
		return 0
	}
	number, err := strconv.ParseInt(strings.TrimSpace(string(data)), 10, 64)
	if err != nil {
		return 0
	}
	return number
}

func findCommand(ctx context.Context) Command {
	path, err := exec.LookPath("docker")
	if err != nil {
		return Command{}
	}
	path, _ = filepath.Abs(path)
	bounded, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	out, err := exec.CommandContext(bounded, path, "--version").Output()
	if err != nil {
		return Command{Path: path}
	}
	// "Docker version 28.2.2, build e6534b4"
	version, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimSpace(string(out)), "Docker version "), ",")
	return Command{Path: path, Version: version}
}

// noteContainers finds which taken ports are containers', and the clusters
// that have one of our names.
func (f *Facts) noteContainers(ctx context.Context, engine *docker.Engine) {
	running, err := engine.Client.ContainerList(ctx, container.ListOptions{})
	if err != nil {
		return
	}
	for i, use := range f.Taken {
		for _, c := range running {
			publishes := slices.ContainsFunc(c.Ports, func(p container.Port) bool { return int(p.PublicPort) == use.Port })
			if publishes && len(c.Names) > 0 {
				f.Taken[i].Container = strings.TrimPrefix(c.Names[0], "/")
				name, ours := strings.CutPrefix(c.Labels[kindLabel], clusterPrefix)
				f.Taken[i].Ours = ours && slices.Contains(f.Wanted.Known, name)
			}
		}
	}
	nodes, err := engine.Client.ContainerList(ctx, container.ListOptions{All: true, Filters: filters.NewArgs(filters.Arg("label", kindLabel))})
	if err != nil {
		return
	}
	for _, node := range nodes {
		cluster := node.Labels[kindLabel]
		if strings.HasPrefix(cluster, clusterPrefix) && !slices.Contains(f.Clusters, cluster) {
			f.Clusters = append(f.Clusters, cluster)
		}
	}
	slices.Sort(f.Clusters)
}
