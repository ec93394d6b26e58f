package kind

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/docker/docker/client"

	"github.com/diorama-dev/diorama/internal/docker"
	"github.com/diorama-dev/diorama/internal/logs/intake"
)

// TestReadersThatEnd tells those of which another one is of use.
func TestReadersThatEnd(t *testing.T) {
	torn, other := errors.New("torn"), errors.New("killed")
	type ending struct {
		asleep bool
		life   time.Duration
		err    error
	}
	soon := ending{life: time.Second, err: torn}
	late := ending{life: time.Hour, err: torn}
	for name, c := range map[string]struct {
		endings []ending
		useless bool
		reports int
	}{
		"soon, each time":       {[]ending{soon, soon, soon, soon, soon}, true, 1},
		"four times":            {[]ending{soon, soon, soon, soon}, false, 1},
		"late in between":       {[]ending{soon, soon, soon, late, soon, soon, soon, soon}, false, 1},
		"of another reason":     {[]ending{soon, {life: time.Second, err: other}, soon}, false, 3},
		"with its node":         {[]ending{soon, soon, soon, soon, {asleep: true, err: other}, soon, soon}, false, 1},
		"of another version":    {[]ending{{life: time.Hour, err: intake.ErrVersion}, soon, soon, soon, soon}, true, 2},
		"late, as often as not": {[]ending{late, late, late, late, late, late}, false, 1},
	} {
		t.Run(name, func(t *testing.T) {
			reports := 0
			e := endings{report: func(error) { reports++ }}
			useless := false
			for _, one := range c.endings {
				useless = e.tooOften(!one.asleep, one.life, one.err)
			}
			if useless != c.useless || reports != c.reports {
				t.Errorf("another one is useless: %v, want %v; %d reports, want %d", useless, c.useless, reports, c.reports)
			}
		})
	}
}

// TestNamespacesThatGrowEndTheWaitForNodes: what Docker said to that is no
// reason to read logs in another way.
func TestNamespacesThatGrowEndTheWaitForNodes(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errNamespaces)
	dead, err := client.NewClientWithOpts(client.WithHost("tcp://127.0.0.1:1"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := awaitNodes(ctx, &docker.Engine{Client: dead}, "diorama-x"); !errors.Is(err, errNamespaces) {
		t.Errorf("got %v", err)
	}
}
