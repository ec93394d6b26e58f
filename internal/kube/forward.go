package kube

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/tools/portforward"
	"k8s.io/client-go/transport/spdy"
	"k8s.io/streaming/pkg/httpstream"

	"github.com/diorama-dev/diorama/internal/diagnose"
)

// Target is where forwarded connections go: a port of a Service, or of a Pod.
type Target struct {
	Namespace string
	Service   string // or
	Pod       string
	Port      int // the Service's port, or the Pod's
}

func (t Target) String() string {
	if t.Service != "" {
		return fmt.Sprintf("service/%s port %d", t.Service, t.Port)
	}
	return fmt.Sprintf("pod/%s port %d", t.Pod, t.Port)
}

// Forward accepts the listener's connections and carries each to the target
// until ctx ends; it closes the listener. A Pod that went away is replaced by
// another of the Service at the next connection. What befalls one connection
// is told to report, which may be nil, and ends only that one.
func (c *Client) Forward(ctx context.Context, listener net.Listener, target Target, report func(error)) error {
	if report == nil {
		report = func(error) {}
	}
	f := &forwarder{client: c, target: target}
	defer f.drop()
	stop := context.AfterFunc(ctx, func() { _ = listener.Close() })
	defer stop()
	var connections sync.WaitGroup
	defer connections.Wait()
	for {
		conn, err := listener.Accept()
		if ctx.Err() != nil {
			return fmt.Errorf("forward to %s: %w", target, context.Cause(ctx))
		}
		if err != nil {
			return fmt.Errorf("accept connections for %s: %w", target, err)
		}
		connections.Go(func() {
			if err := f.carry(ctx, conn); err != nil && ctx.Err() == nil {
				report(fmt.Errorf("forward to %s: %w", target, err))
			}
		})
	}
}

// forwarder carries connections to one target over one shared tunnel.
type forwarder struct {
	client *Client
	target Target

	mu     sync.Mutex
	tunnel httpstream.Connection // nil before the first and after a failure
	port   int                   // of the Pod at the tunnel's end
	next   int                   // request IDs pair a connection's two streams
}

// carry copies between a local connection and the target until one side ends.
func (f *forwarder) carry(ctx context.Context, conn net.Conn) error {
	defer func() { _ = conn.Close() }()
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	data, failed, done, err := f.streams(ctx)
	if err != nil {
		return err
	}
	defer done()
	remote := make(chan struct{})
	local := make(chan error, 1)
	go func() {
		_, _ = io.Copy(conn, data)
		close(remote)
	}()
	go func() {
		_, err := io.Copy(data, conn)
		_ = data.Close() // the other side sees the end of what we send
		local <- err
	}()
	select {
	case <-remote:
	case err := <-local:
		if err == nil {
			<-remote // sent all, the answer may still come
		}
	}
	_ = data.Reset() // unread data would block the stream of errors
	if message := <-failed; message != "" {
		f.drop()
		return errors.New(message)
	}
	return nil
}

// streams opens the pair of streams of one connection, over the tunnel there
// is or, where that has ended, over a new one.
func (f *forwarder) streams(ctx context.Context) (data httpstream.Stream, failed <-chan string, done func(), err error) {
	for attempt := range 2 {
		tunnel, port, id, err := f.open(ctx)
		if err != nil {
			return nil, nil, nil, err
		}
		data, failed, done, err = pair(tunnel, port, id)
		if err == nil {
			return data, failed, done, nil
		}
		f.drop()
		if attempt == 1 {
			return nil, nil, nil, fmt.Errorf("open stream: %w", err)
		}
	}
	return nil, nil, nil, nil
}

func pair(tunnel httpstream.Connection, port, id int) (data httpstream.Stream, failed <-chan string, done func(), err error) {
	headers := http.Header{}
	headers.Set(corev1.StreamType, corev1.StreamTypeError)
	headers.Set(corev1.PortHeader, strconv.Itoa(port))
	headers.Set(corev1.PortForwardRequestIDHeader, strconv.Itoa(id))
	errorStream, err := tunnel.CreateStream(headers)
	if err != nil {
		return nil, nil, nil, err
	}
	_ = errorStream.Close() // we only read it
	headers.Set(corev1.StreamType, corev1.StreamTypeData)
	data, err = tunnel.CreateStream(headers)
	if err != nil {
		tunnel.RemoveStreams(errorStream)
		return nil, nil, nil, err
	}
	messages := make(chan string, 1)
	go func() {
		message, err := io.ReadAll(errorStream)
		if err != nil {
			message = []byte(err.Error())
		}
		messages <- string(message)
	}()
	return data, messages, func() { tunnel.RemoveStreams(errorStream, data) }, nil
}

// open returns the tunnel, made anew where it has ended.
func (f *forwarder) open(ctx context.Context) (httpstream.Connection, int, int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.tunnel != nil {
		select {
		case <-f.tunnel.CloseChan():
			f.tunnel = nil
		default:
		}
	}
	if f.tunnel == nil {
		pod, port, err := f.client.resolve(ctx, f.target)
		if err != nil {
			return nil, 0, 0, err
		}
		tunnel, err := f.client.tunnel(pod)
		if err != nil {
			return nil, 0, 0, err
		}
		f.tunnel, f.port = tunnel, port
	}
	f.next++
	return f.tunnel, f.port, f.next, nil
}

func (f *forwarder) drop() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.tunnel != nil {
		_ = f.tunnel.Close()
		f.tunnel = nil
	}
}

// tunnelTimeout bounds making a tunnel, which client-go gives no context.
const tunnelTimeout = 10 * time.Second

func (c *Client) tunnel(pod diagnose.PodKey) (httpstream.Connection, error) {
	url := c.typed.CoreV1().RESTClient().Post().Resource("pods").Namespace(pod.Namespace).
		Name(pod.Name).SubResource("portforward").URL()
	transport, upgrader, err := spdy.RoundTripperFor(c.config)
	if err != nil {
		return nil, fmt.Errorf("prepare tunnel to pod/%s: %w", pod.Name, err)
	}
	plain := spdy.NewDialerForStreaming(upgrader, &http.Client{Transport: transport, Timeout: tunnelTimeout}, http.MethodPost, url)
	sockets, err := portforward.NewSPDYOverWebsocketDialerForStreaming(url, c.config)
	if err != nil {
		return nil, fmt.Errorf("prepare tunnel to pod/%s: %w", pod.Name, err)
	}
	dialer := portforward.NewFallbackDialerForStreaming(sockets, plain, mayFallBack)
	tunnel, _, err := dialer.Dial(portforward.PortForwardProtocolV1Name)
	if err != nil {
		return nil, fmt.Errorf("open tunnel to pod/%s: %w", pod.Name, err)
	}
	return tunnel, nil
}
