package kind

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/diorama-dev/diorama/internal/env"
	"github.com/diorama-dev/diorama/internal/plan"
)

// holdsFor is how long a connection must stay open to count as answered. What
// stands between us and the server (Docker's proxy, the node) accepts a
// connection that leads nowhere, and closes it as soon as it has noticed.
const holdsFor = 100 * time.Millisecond

// reach returns once every endpoint can be reached from here. A Pod that is
// ready can be ahead of the node's rules that lead to it.
func reach(ctx context.Context, endpoints []plan.Endpoint, tell func(string)) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, endpoint := range endpoints {
		group.Go(func() error { return reachOne(ctx, endpoint.Endpoint, tell) })
	}
	return group.Wait()
}

func reachOne(ctx context.Context, endpoint env.Endpoint, tell func(string)) error {
	address := net.JoinHostPort(endpoint.Host, strconv.Itoa(endpoint.Port))
	ticker := newTicker()
	defer ticker.Stop()
	for {
		err := answers(ctx, address)
		if err == nil {
			return nil
		}
		tell(fmt.Sprintf("%s is ready, and %s does not lead to it yet: %v", endpoint.Service, address, err))
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// answers reports whether somebody behind the address holds a connection.
func answers(ctx context.Context, address string) error {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.SetReadDeadline(time.Now().Add(holdsFor)); err != nil {
		return err
	}
	if _, err = conn.Read(make([]byte, 1)); errors.Is(err, os.ErrDeadlineExceeded) {
		return nil // it waits for us to speak first
	}
	return err
}
