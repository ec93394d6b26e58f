package rocketmq

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
)

// client asks one server, the name server or the broker, over one connection
// that it makes anew when it has ended.
type client struct {
	what    string // "name server" or "broker", for messages
	address string
	// dialing holds a token while nobody dials.
	dialing chan struct{}

	mu      sync.Mutex
	current *connection
	closed  bool
}

var errClosed = errors.New("the source is closed")

func newClient(what, address string) *client {
	c := &client{what: what, address: address, dialing: make(chan struct{}, 1)}
	c.dialing <- struct{}{}
	return c
}

// asker counts the requests of one task, over all servers.
type asker struct{ requests atomic.Int64 }

// ask sends a request with its fields and returns the answer's fields and body.
// An answer that is a refusal is a *refusal.
func (a *asker) ask(ctx context.Context, c *client, code int, fields map[string]string, body []byte) (frame, error) {
	a.requests.Add(1)
	answer, err := c.ask(ctx, frame{
		header: header{Code: code, Language: "GO", Version: protocolVersion, Fields: fields}, body: body,
	})
	if err != nil {
		return frame{}, fmt.Errorf("ask the %s at %s: %w", c.what, c.address, err)
	}
	if answer.Code != success {
		return answer, &refusal{code: answer.Code, remark: answer.Remark, what: c.what}
	}
	return answer, nil
}

func (c *client) ask(ctx context.Context, request frame) (frame, error) {
	connection, err := c.connection(ctx)
	if err != nil {
		return frame{}, err
	}
	return connection.ask(ctx, request)
}

// connection is the one that is open, or a new one.
func (c *client) connection(ctx context.Context) (*connection, error) {
	if open, err := c.open(); open != nil || err != nil {
		return open, err
	}
	select {
	case <-c.dialing:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	defer func() { c.dialing <- struct{}{} }()
	if open, err := c.open(); open != nil || err != nil {
		return open, err // another made it meanwhile
	}
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp", c.address)
	if ctx.Err() != nil && err != nil {
		return nil, context.Cause(ctx) // the dialer says "i/o timeout" of that
	}
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		_ = conn.Close() // nothing was sent on it
		return nil, errClosed
	}
	c.current = newConnection(conn)
	return c.current, nil
}

func (c *client) open() (*connection, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil, errClosed
	}
	if c.current == nil || c.current.closed() {
		return nil, nil //nolint:nilnil // none is open, which is no error
	}
	return c.current, nil
}

func (c *client) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	if c.current != nil {
		c.current.close(errClosed)
	}
}
