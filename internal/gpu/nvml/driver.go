// Package nvml owns asking NVIDIA's driver what GPUs there are and what they
// do: through its library, NVML, where this program was built with cgo for
// Linux, and through nvidia-smi, which comes with every driver, where it was
// not. It is the only importer of go-nvml.
package nvml

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/diorama-dev/diorama/internal/gpu"
)

// Patience is how long the driver may take for an answer. One that has just
// been loaded takes seconds for each device (without persistence mode); one
// that has lost a device may never answer.
const Patience = 20 * time.Second

// Sample is what all devices do at an instant.
type Sample struct {
	// Readings are by the UUID of the device or of the MIG device.
	Readings map[string]gpu.Reading
	// Processes are by the same UUIDs; those of a MIG device are not told
	// again for the device that it is a part of.
	Processes map[string][]gpu.Process
	// Errors say what the driver answered for devices that cannot be asked.
	Errors map[string]string
}

// asker is a way of asking the driver. Its calls may block beyond the end of
// the context.
type asker interface {
	inventory(context.Context) gpu.Inventory
	sample(context.Context) (Sample, error)
	// close gives back what the questions took.
	close()
}

// Driver asks NVIDIA's driver. Its methods are safe for concurrent use, and
// always return: a question that the driver does not answer is given up, and
// none is asked until it has.
type Driver struct {
	ask      asker
	patience time.Duration

	mu     sync.Mutex
	stuck  chan struct{} // closed once the question that was given up has its answer
	closed bool
}

// New returns what asks this machine's driver. Nothing is loaded before the
// first question.
func New() *Driver { return &Driver{ask: open(), patience: Patience} }

// Inventory is what the machine has. That there is no driver, or that it does
// not answer, is the inventory's Absence.
func (d *Driver) Inventory(ctx context.Context) gpu.Inventory {
	var found gpu.Inventory
	answer, err := bounded(ctx, d, func(ctx context.Context) (gpu.Inventory, error) { return d.ask.inventory(ctx), nil })
	if err != nil {
		found.Absence = err.Error()
	} else {
		found = answer
	}
	if found.Devices == nil {
		found.Devices = []gpu.Device{}
	}
	return found
}

// Read is what the devices do now. The error says why that is not known of
// any; what is not known of one is in the sample.
func (d *Driver) Read(ctx context.Context) (Sample, error) {
	return bounded(ctx, d, d.ask.sample)
}

// closeWithin is how long the driver may take to be given back.
const closeWithin = 2 * time.Second

// errClosed says that a question came after the end.
var errClosed = errors.New("NVIDIA's driver is not asked any more: what asked it has ended")

// Close gives the driver's library back; what is asked afterwards is refused.
// A driver that hangs is left as it is, with what the process has of it.
func (d *Driver) Close() {
	d.mu.Lock()
	again := d.closed
	d.closed = true
	asked := d.stuck
	d.mu.Unlock()
	if again {
		return
	}
	late := time.NewTimer(closeWithin)
	defer late.Stop()
	if asked != nil {
		select {
		case <-asked:
		case <-late.C:
			return
		}
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		d.ask.close()
	}()
	select {
	case <-done:
	case <-late.C:
	}
}

// errSilent says that the driver does not answer.
var errSilent = errors.New("NVIDIA's driver does not answer; see what the kernel says of it with: sudo dmesg | grep -i nvrm (a GPU that is lost comes back with a restart of the machine)")

// bounded asks for an answer and waits for it as long as the driver may take.
func bounded[T any](ctx context.Context, d *Driver, ask func(context.Context) (T, error)) (T, error) {
	type answer struct {
		value T
		err   error
	}
	var none T
	ctx, cancel := context.WithTimeoutCause(ctx, d.patience, errSilent)
	defer cancel()
	done, err := d.turn(ctx)
	if err != nil {
		return none, err
	}
	answers := make(chan answer, 1)
	go func() {
		defer close(done)
		value, err := ask(ctx)
		answers <- answer{value, err}
	}()
	select {
	case a := <-answers:
		return a.value, a.err
	case <-ctx.Done():
		return none, fmt.Errorf("ask the driver for GPUs: %w", context.Cause(ctx))
	}
}

// turn waits until nobody else asks, and returns what to close afterwards.
func (d *Driver) turn(ctx context.Context) (chan struct{}, error) {
	for {
		d.mu.Lock()
		if d.closed {
			d.mu.Unlock()
			return nil, errClosed
		}
		before := d.stuck
		select {
		case <-before:
			before = nil
		default:
		}
		if before == nil {
			d.stuck = make(chan struct{})
			mine := d.stuck
			d.mu.Unlock()
			return mine, nil
		}
		d.mu.Unlock()
		select {
		case <-before:
		case <-ctx.Done():
			return nil, fmt.Errorf("ask the driver for GPUs: %w", context.Cause(ctx))
		}
	}
}
