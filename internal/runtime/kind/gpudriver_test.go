package kind

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/diorama-dev/diorama/internal/gpu"
	"github.com/diorama-dev/diorama/internal/gpu/nvml"
)

// askedDriver is a driver with devices, and counts its questions.
type askedDriver struct {
	uuids            []string
	errors           map[string]string // of a device
	silent           error             // of the whole
	inventory, reads int
	closed           int
}

func (d *askedDriver) Inventory(context.Context) gpu.Inventory {
	d.inventory++
	if d.silent != nil {
		return gpu.Inventory{Devices: []gpu.Device{}, Absence: d.silent.Error()}
	}
	found := gpu.Inventory{Driver: "580.1", Devices: []gpu.Device{}}
	for i, uuid := range d.uuids {
		found.Devices = append(found.Devices, gpu.Device{Index: i, UUID: uuid, Error: d.errors[uuid]})
	}
	return found
}

func (d *askedDriver) Read(context.Context) (nvml.Sample, error) {
	d.reads++
	if d.silent != nil {
		return nvml.Sample{}, d.silent
	}
	s := nvml.Sample{Readings: make(map[string]gpu.Reading), Errors: d.errors}
	for _, uuid := range d.uuids {
		if d.errors[uuid] == "" {
			s.Readings[uuid] = gpu.Reading{}
		}
	}
	return s, nil
}

func (d *askedDriver) Close() { d.closed++ }

// TestDriverIsGivenBack: with the runtime, where there is one to be asked, and
// not with each cluster that the runtime makes.
func TestDriverIsGivenBack(t *testing.T) {
	fake := &askedDriver{}
	r := New(Options{GPU: fake})
	r.forget()
	if fake.closed != 0 {
		t.Error("given back with a cluster")
	}
	r.Close()
	New(Options{}).Close()
	if fake.closed != 1 {
		t.Errorf("given back %d times", fake.closed)
	}
}

// TestInventoryHolds: every two seconds only what devices do is asked for.
func TestInventoryHolds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := &askedDriver{uuids: []string{"GPU-a", "GPU-b"}}
		g := gpuDriver{ask: fake}
		for range 30 {
			if d := g.say(t.Context()); len(d.Inventory.Devices) != 2 || len(d.Readings) != 2 || d.Error != "" {
				t.Fatalf("%+v", d)
			}
			<-time.After(gpu.Interval)
		}
		if fake.inventory != 1 || fake.reads != 30 {
			t.Errorf("asked for the inventory %d times, for readings %d times", fake.inventory, fake.reads)
		}
		g.say(t.Context())
		if fake.inventory != 2 {
			t.Errorf("after a minute: asked for the inventory %d times", fake.inventory)
		}
	})
}

// TestInventoryIsAskedForAnew: what is told of a device shows at once, though
// the inventory is younger than a minute.
func TestInventoryIsAskedForAnew(t *testing.T) {
	fake := &askedDriver{uuids: []string{"GPU-a"}}
	g := gpuDriver{ask: fake}
	g.say(t.Context())
	for name, change := range map[string]func(){
		"another device": func() { fake.uuids = []string{"GPU-a", "GPU-b"} },
		"one is lost":    func() { fake.errors = map[string]string{"GPU-a": "GPU is lost"} },
	} {
		before := fake.inventory
		change()
		d := g.say(t.Context())
		if diff := cmp.Diff(fake.Inventory(t.Context()), d.Inventory); diff != "" || fake.inventory != before+2 {
			t.Errorf("%s: asked %d times, %s", name, fake.inventory-before-1, diff)
		}
	}
}

// TestDriverThatIsSilent is told, by the question that finds it so and by
// those after it; each asks only once.
func TestDriverThatIsSilent(t *testing.T) {
	fake := &askedDriver{uuids: []string{"GPU-a"}}
	g := gpuDriver{ask: fake}
	g.say(t.Context())
	fake.silent = errors.New("NVIDIA's driver does not answer")
	for range 3 {
		before := fake.inventory + fake.reads
		if d := g.say(t.Context()); d.Error != fake.silent.Error() || fake.inventory+fake.reads != before+1 {
			t.Errorf("%+v, asked %d times", d, fake.inventory+fake.reads-before)
		}
	}
	fake.silent = nil
	if d := g.say(t.Context()); d.Error != "" || len(d.Readings) != 1 {
		t.Errorf("it answers again: %+v", d)
	}
}

func TestMachineWithoutDriver(t *testing.T) {
	fake := &askedDriver{silent: errors.New("NVIDIA's driver is not installed")}
	g := gpuDriver{ask: fake}
	if d := g.say(t.Context()); d.Error != fake.silent.Error() || d.Inventory.Absence != d.Error || fake.reads != 0 {
		t.Errorf("%+v", d)
	}
}
