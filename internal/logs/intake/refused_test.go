package intake

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/diorama-dev/diorama/internal/logs"
)

// tight is a keeper on a disk with so much room: it takes small batches only.
type tight struct {
	*memory
	room int
}

func (k tight) Put(b logs.Batch) error {
	size := 0
	for _, l := range b.Lines {
		size += len(l.Message)
	}
	if size > k.room {
		return errors.New("no space left on device")
	}
	return k.memory.Put(b)
}

// TestNothingIsStoredAfterABatchThatIsGivenUp ends the intake while a batch is
// refused and a smaller one waits behind it, whose marks are later.
func TestNothingIsStoredAfterABatchThatIsGivenUp(t *testing.T) {
	keeper := newMemory()
	d := newDesk(t, keeper)
	d.in.keeper = tight{keeper, 100 << 10}
	refused := make(chan struct{})
	d.in.options.Report = func(error) { close(refused) }
	d.announce(1, source(0))
	d.listed()
	for i := range batchLines + 100 {
		d.chunk(1, out(i, fmt.Sprintf("%06d %s", i, strings.Repeat("x", 100))))
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var running sync.WaitGroup
	running.Go(func() { d.in.Run(ctx) })
	<-refused
	cancel()
	running.Wait()
	d.want()
	if offset, known := keeper.Mark(source(0).FileID()); known {
		t.Errorf("the file counts as read up to %d", offset)
	}
}
