package doctor

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/docker/go-units"

	"github.com/diorama-dev/diorama/internal/docker"
)

const gib = 1 << 30

// What a cluster of one node and a few small stacks takes, measured with the
// profile "minimal"; below the lower bounds it does not come up.
const (
	leastMemory   = 2 * gib
	comfortMemory = 4 * gib
	leastDisk     = 2 * gib
	comfortDisk   = 10 * gib
	comfortCPUs   = 2
)

const (
	otherArchitecture = "use a machine of architecture amd64 or arm64: node images are built for these"
	askDocker         = "try: docker version"
	installCommand    = "install the docker command line (https://docs.docker.com/get-docker/): kind runs it"
	endPrograms       = "end programs that use memory, or use a smaller profile"
	freeDisk          = "free some, for example with: docker system prune"
)

func ownArchitecture(arch string) string {
	return "give Docker a machine of architecture " + arch + ": emulated nodes are slow"
}

func platform(f Facts, check Check) []Check {
	check.Found = f.OS + "/" + f.Arch
	switch arch := cmp.Or(f.Docker.Arch, f.Arch); {
	case arch != "amd64" && arch != "arm64":
		check.Status = Fail
		check.Found += ", Docker runs " + arch
		check.Remedy = otherArchitecture
	case f.Docker.Arch != "" && f.Docker.Arch != f.Arch:
		check.Status = Warn
		check.Found += ", Docker runs " + f.Docker.Arch
		check.Remedy = ownArchitecture(f.Arch)
	}
	return []Check{check}
}

func dockerAnswers(f Facts, check Check) []Check {
	if f.Unusable == nil {
		check.Found = fmt.Sprintf("%s, API %s, at %s", f.Docker.Version, f.Docker.API, f.Docker.Endpoint)
		return []Check{check}
	}
	check.Status, check.Found = Fail, f.Unusable.Error()
	check.Remedy = askDocker
	var known *docker.Error
	if errors.As(f.Unusable, &known) {
		check.Found = fmt.Sprintf("%s: %v", known.Reason, known.Err)
		check.Remedy = known.Remedy()
	}
	if f.Wanted.Anyhow {
		check.Status = Warn
		check.Found += "; the environment then runs without a cluster"
	}
	return []Check{check}
}

func dockerCommand(f Facts, check Check) []Check {
	check.Found = f.Command.Version + " at " + f.Command.Path
	if f.Command.Path == "" {
		check.Status, check.Found = Fail, "not on PATH"
		check.Remedy = installCommand
	}
	if check.Status == Fail && f.Unusable != nil && f.Wanted.Anyhow {
		return nil // nothing runs it then
	}
	return []Check{check}
}

// raise says how Docker's machine gets more of something.
func (m Machine) raise(what string) string {
	switch {
	case m.Here:
		return "use a machine with more " + what + ", or a smaller profile"
	case strings.Contains(m.System, "Docker Desktop"):
		return "raise it in Docker Desktop: Settings, Resources, or use a smaller profile"
	default:
		return "give the virtual machine of Docker more " + what + ", or use a smaller profile"
	}
}

// raises are the ways to more of something, on every kind of machine.
func raises(what string) []string {
	return []string{Machine{Here: true}.raise(what), Machine{System: "Docker Desktop"}.raise(what), Machine{}.raise(what)}
}

func memory(f Facts, check Check) []Check {
	m, wanted := f.Docker, f.Wanted.Memory
	if m.Memory == 0 {
		return nil
	}
	check.Found = size(m.Memory) + " on Docker's machine"
	if m.MemoryFree > 0 {
		check.Found += ", " + size(m.MemoryFree) + " free"
	}
	switch {
	case m.Memory < max(leastMemory, wanted):
		check.Status = Fail
		check.Found += ", needed " + size(max(leastMemory, wanted))
		check.Remedy = m.raise("memory")
	case m.MemoryFree > 0 && m.MemoryFree < max(leastMemory, wanted):
		check.Status = Warn
		check.Found += ", needed " + size(max(leastMemory, wanted))
		check.Remedy = endPrograms
	case m.Memory < comfortMemory:
		check.Status = Warn
		check.Remedy = m.raise("memory")
	}
	return []Check{check}
}

func cpus(f Facts, check Check) []Check {
	if f.Docker.CPUs == 0 {
		return nil
	}
	check.Found = strconv.Itoa(f.Docker.CPUs) + " on Docker's machine"
	if f.Docker.CPUs < comfortCPUs {
		check.Status, check.Remedy = Warn, f.Docker.raise("CPUs")
	}
	return []Check{check}
}

func disk(f Facts, check Check) []Check {
	m := f.Docker
	if m.DiskFree == 0 {
		return nil
	}
	check.Found = size(m.DiskFree) + " free at " + m.Root
	least := max(leastDisk, f.Wanted.Disk)
	switch {
	case m.DiskFree < least:
		check.Status = Fail
		check.Found += ", needed " + size(least)
	case m.DiskFree < max(comfortDisk, least):
		check.Status = Warn
	}
	if check.Status != OK {
		check.Remedy = freeDisk
	}
	return []Check{check}
}

func size(bytes int64) string { return units.BytesSize(float64(bytes)) }
