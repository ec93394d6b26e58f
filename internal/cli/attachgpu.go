package cli

import (
	"context"

	"github.com/diorama-dev/diorama"
	"github.com/diorama-dev/diorama/internal/gpu"
	"github.com/diorama-dev/diorama/internal/latest"
	screen "github.com/diorama-dev/diorama/tui/gpu"
)

// attachedGPUs are a session's GPUs as the terminal UI wants them.
type attachedGPUs struct{ session *diorama.Session }

// gpusOf are the GPUs of a session for the terminal UI; none where nodes are no
// part of the environment.
func gpusOf(session *diorama.Session) screen.Source {
	p, err := session.Plan()
	if err != nil || p.Cluster.Name == "" {
		return screen.Source{} // the UI says that there is nothing
	}
	return screen.Source{Watcher: attachedGPUs{session}}
}

// Watch sends the newest state of the GPUs until the environment is gone or
// ctx ends.
func (a attachedGPUs) Watch(ctx context.Context) <-chan gpu.State {
	return latest.Relay(func(see func(gpu.State)) {
		_ = a.session.WatchGPUs(ctx, func(state gpu.State) bool { see(state); return true }) // the UI sees the channel close
	})
}
