package keeper

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"sync"

	"github.com/diorama-dev/diorama/internal/env"
	"github.com/diorama-dev/diorama/internal/plan"
)

// forwards listen on the ports that stacks prefer and could not be given,
// because the cluster's ports were fixed before they were added, and lead on
// to the ports that they have.
type forwards struct {
	log *slog.Logger

	mu        sync.Mutex
	listeners map[env.PortRecord]net.Listener
}

func newForwards(log *slog.Logger) *forwards {
	return &forwards{log: log, listeners: make(map[env.PortRecord]net.Listener)}
}

// hold makes the listeners those that the ports ask for. A preferred port
// that is taken is left to whoever has it: the endpoint's own port works.
func (f *forwards) hold(ctx context.Context, ports map[string]env.PortRecord) {
	f.mu.Lock()
	defer f.mu.Unlock()
	wanted := make(map[env.PortRecord]bool)
	for key, port := range ports {
		if port.Preferred == 0 || port.Preferred == port.Host {
			continue
		}
		wanted[port] = true
		if f.listeners[port] != nil {
			continue
		}
		listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address(port.Preferred))
		if err != nil {
			f.log.Info("the preferred port is not free", "endpoint", key, "error", err)
			continue
		}
		f.listeners[port] = listener
		go f.accept(listener, address(port.Host))
	}
	for port, listener := range f.listeners {
		if !wanted[port] {
			_ = listener.Close()
			delete(f.listeners, port)
		}
	}
}

func (f *forwards) close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, listener := range f.listeners {
		_ = listener.Close()
	}
}

func address(port int) string { return net.JoinHostPort(plan.Localhost, fmt.Sprint(port)) }

func (f *forwards) accept(listener net.Listener, target string) {
	for {
		client, err := listener.Accept()
		if err != nil {
			return // closed
		}
		go f.carry(client, target)
	}
}

// carry copies both ways until both are done.
func (f *forwards) carry(client net.Conn, target string) {
	server, err := net.Dial("tcp", target) //nolint:noctx // ends with the client's connection
	if err != nil {
		f.log.Warn("a forward leads nowhere", "target", target, "error", err)
		_ = client.Close()
		return
	}
	var both sync.WaitGroup
	one := func(to, from net.Conn) {
		defer both.Done()
		_, _ = io.Copy(to, from)
		if half, ok := to.(interface{ CloseWrite() error }); ok {
			_ = half.CloseWrite()
		}
	}
	both.Add(2)
	go one(server, client)
	go one(client, server)
	both.Wait()
	_ = client.Close()
	_ = server.Close()
}
