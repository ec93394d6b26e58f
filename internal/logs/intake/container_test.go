package intake

import (
	"fmt"
	"testing"

	"github.com/diorama-dev/diorama/internal/logs"
	"github.com/diorama-dev/diorama/internal/logs/wire"
)

// asked counts how often a keeper is asked for each mark.
type asked struct {
	*memory
	marks map[string]int
}

func (k asked) Mark(file string) (int64, bool) {
	k.marks[file]++
	return k.memory.Mark(file)
}

// TestTheKeeperIsRemindedOfFilesThatAreThere keeps an idle container's marks
// alive, and nothing of one that is gone.
func TestTheKeeperIsRemindedOfFilesThatAreThere(t *testing.T) {
	keeper := newMemory()
	d := newDesk(t, keeper)
	k := asked{keeper, make(map[string]int)}
	d.in.keeper = k
	for n := range uint32(endings + 10) {
		d.announce(n+1, source(int(n)))
	}
	d.listed()
	for n := range uint32(endings + 9) {
		d.chunk(n+1, out(int(n), fmt.Sprint(n)))
		d.hear(wire.Frame{Kind: wire.End, File: n + 1, Offset: d.offsets[n+1]})
		d.flush()
	}
	idle := source(endings + 9)
	for _, file := range []string{idle.FileID(), source(endings + 8).FileID(), idle.ContainerID()} {
		before := k.marks[file]
		d.pass(refreshEvery)
		if k.marks[file] <= before {
			t.Errorf("the keeper is not reminded of %s", file)
		}
	}
	if c := d.s.containers[idle.ContainerID()]; len(c.ended) != endings {
		t.Errorf("%d files that ended are remembered", len(c.ended))
	}
	d.in.Set([]logs.Container{})
	d.pass(refreshEvery)
	if len(d.s.containers) != 1 {
		t.Error("a container is forgotten whose file is still read")
	}
	d.hear(wire.Frame{Kind: wire.End, File: endings + 10, Offset: 0})
	d.flush()
	d.pass(refreshEvery)
	if len(d.s.containers) != 0 || len(d.s.files) != 0 {
		t.Errorf("%d containers and %d files are remembered of Pods that are gone", len(d.s.containers), len(d.s.files))
	}
}
