package rocketmq

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"
)

// silence is how long nothing may come while a request waits, before the
// connection is taken for one to nobody.
const silence = 2 * time.Second

// connection is one TCP connection on which many requests are under way at
// once; an answer finds its request by its number.
type connection struct {
	conn net.Conn
	// writing holds a token while nobody writes.
	writing chan struct{}
	// done is closed once nothing can be asked any more.
	done chan struct{}

	mu      sync.Mutex
	next    int32
	waiting map[int32]chan frame
	heard   int   // how many answers have come
	err     error // why done is closed
}

func newConnection(conn net.Conn) *connection {
	c := &connection{
		conn: conn, writing: make(chan struct{}, 1), done: make(chan struct{}), waiting: map[int32]chan frame{},
	}
	c.writing <- struct{}{}
	go c.read()
	return c
}

// read hands each answer to whoever waits for it, until the connection ends.
func (c *connection) read() {
	reader := bufio.NewReaderSize(c.conn, 64<<10)
	for {
		f, err := readFrame(reader)
		if err != nil {
			if errors.Is(err, io.EOF) {
				err = errors.New("the broker closed the connection")
			}
			c.close(err)
			return
		}
		if f.Flag&isResponse == 0 {
			continue // what a broker asks its clients; we are none
		}
		c.mu.Lock()
		answer := c.waiting[f.Opaque]
		delete(c.waiting, f.Opaque)
		c.heard++
		c.mu.Unlock()
		if answer != nil {
			answer <- f
		}
	}
}

// close ends the connection and all that waits on it.
func (c *connection) close(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return
	}
	c.err = err
	close(c.done)
	_ = c.conn.Close() // nobody uses it any more
}

func (c *connection) closed() bool {
	select {
	case <-c.done:
		return true
	default:
		return false
	}
}

// ask sends a request and waits for its answer.
func (c *connection) ask(ctx context.Context, request frame) (frame, error) {
	answer := make(chan frame, 1)
	c.mu.Lock()
	c.next++
	request.Opaque = c.next
	c.waiting[request.Opaque] = answer
	before, asked := c.heard, time.Now()
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		delete(c.waiting, request.Opaque)
		c.mu.Unlock()
	}()
	if err := c.write(ctx, request); err != nil {
		return frame{}, err
	}
	select {
	case f := <-answer:
		return f, nil
	case <-c.done:
		select {
		case f := <-answer: // it came just before the end
			return f, nil
		default:
			return frame{}, c.why()
		}
	case <-ctx.Done():
		if time.Since(asked) > silence {
			c.giveUp(before)
		}
		return frame{}, context.Cause(ctx)
	}
}

// giveUp ends a connection on which nothing has come while a request waited in
// vain: it may be one to nobody, of which TCP would tell much later.
func (c *connection) giveUp(before int) {
	c.mu.Lock()
	silent := c.heard == before
	c.mu.Unlock()
	if silent {
		c.close(errors.New("nothing came on the connection"))
	}
}

func (c *connection) why() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// write sends a frame whole. A part of one would spoil the stream: where the
// context ends within, so does the connection. Where the connection has ended
// already, the error is why: what a write to it says is only that it has.
func (c *connection) write(ctx context.Context, f frame) error {
	data, err := f.encode()
	if err != nil {
		return err
	}
	select {
	case <-c.writing:
	case <-c.done:
		return c.why()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	defer func() { c.writing <- struct{}{} }()
	interrupt := context.AfterFunc(ctx, func() { _ = c.conn.SetWriteDeadline(time.Unix(1, 0)) })
	_, err = c.conn.Write(data)
	if !interrupt() && err == nil {
		err = context.Cause(ctx) // the deadline may still come, and hit the next
	}
	if err == nil {
		return nil
	}
	c.close(fmt.Errorf("send a request: %w", err))
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return c.why()
}
