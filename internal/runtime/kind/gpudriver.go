package kind

import (
	"context"
	"maps"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/diorama-dev/diorama/internal/gpu"
	"github.com/diorama-dev/diorama/internal/gpu/nvml"
	"github.com/diorama-dev/diorama/internal/gpu/watch"
)

// GPUDriver is what the machine's driver is asked through.
type GPUDriver interface {
	Inventory(ctx context.Context) gpu.Inventory
	Read(ctx context.Context) (nvml.Sample, error)
	// Close gives the driver back, and does not wait long for it.
	Close()
}

// inventoryFor is how long an inventory holds. Without cgo each question is a
// full report of nvidia-smi: what devices do is asked for every [gpu.Interval],
// and what there is only now and then.
const inventoryFor = time.Minute

// gpuDriver asks the driver, and remembers what devices there are. Its zero
// value has no driver.
type gpuDriver struct {
	ask GPUDriver

	mu        sync.Mutex
	inventory gpu.Inventory
	at        time.Time // of the inventory; zero: it does not hold
	// told are the devices that were told of with the inventory, and whether
	// each answered: where others are, there is something new to be asked for.
	told map[string]bool
}

// close gives the driver back.
func (g *gpuDriver) close() {
	if g.ask != nil {
		g.ask.Close()
	}
}

// say is what the machine's driver says. Where it does not say what there is,
// that is the Error.
func (g *gpuDriver) say(ctx context.Context) watch.Driver {
	g.mu.Lock()
	defer g.mu.Unlock()
	if time.Since(g.at) >= inventoryFor {
		g.look(ctx)
	}
	if len(g.inventory.Devices) == 0 {
		return watch.Driver{Inventory: g.inventory, Error: g.inventory.Absence}
	}
	sample, err := g.ask.Read(ctx)
	if err != nil {
		// The next time begins with what there is: two questions in a row that
		// are not answered would take twice as long.
		g.at = time.Time{}
		return watch.Driver{Inventory: g.inventory, Error: err.Error()}
	}
	told := toldOf(sample)
	if g.told != nil && !maps.Equal(told, g.told) {
		g.look(ctx)
	}
	g.told = told
	return watch.Driver{
		Inventory: g.inventory, Readings: sample.Readings, Processes: sample.Processes, Errors: sample.Errors,
		Error: g.inventory.Absence, PodOf: podsOf(sample),
	}
}

// look asks what devices there are. Where there are none, that does not hold:
// a driver may be loaded any time, and one that hangs may come back.
func (g *gpuDriver) look(ctx context.Context) {
	g.inventory, g.at, g.told = g.ask.Inventory(ctx), time.Time{}, nil
	if len(g.inventory.Devices) > 0 {
		g.at = time.Now()
	}
}

// toldOf are the devices and parts that a sample tells of, and whether each
// answered.
func toldOf(s nvml.Sample) map[string]bool {
	told := make(map[string]bool)
	for uuid := range s.Readings {
		told[uuid] = true
	}
	for uuid := range s.Errors {
		told[uuid] = false
	}
	return told
}

// podsOf are the UIDs of the Pods of a sample's processes, by PID. Only Linux
// has them, and only where nodes are containers of this machine: elsewhere
// nobody knows whose a process is.
func podsOf(s nvml.Sample) map[int]string {
	pods := make(map[int]string)
	for _, processes := range s.Processes {
		for _, process := range processes {
			if text, err := os.ReadFile("/proc/" + strconv.Itoa(process.PID) + "/cgroup"); err == nil {
				pods[process.PID] = watch.PodOfCgroup(string(text))
			}
		}
	}
	return pods
}
