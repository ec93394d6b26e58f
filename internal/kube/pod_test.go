package kube_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"sigs.k8s.io/yaml"

	"github.com/diorama-dev/diorama/internal/diagnose"
	"github.com/diorama-dev/diorama/internal/env"
	"github.com/diorama-dev/diorama/internal/kube"
)

// ready applies redis and returns its Pod when it is ready.
func ready(t *testing.T, c *kube.Client) (kube.Scope, diagnose.PodKey) {
	t.Helper()
	scope := namespace(t, c)
	apply(t, c, scope, objects(t, scope, redis))
	o := awaitPhase(t, c, scope, env.PhaseReady)
	return scope, diagnose.PodKey{Namespace: scope.Namespace, Name: o.Pods[0].Name}
}

func TestTalkingToAPod(t *testing.T) {
	c := connect(t)
	scope, pod := ready(t, c)
	t.Run("exec", func(t *testing.T) { testExec(t, c, pod) })
	t.Run("logs", func(t *testing.T) { testLogs(t, c, pod) })
	t.Run("forward", func(t *testing.T) { testForward(t, c, scope) })
	t.Run("usage", func(t *testing.T) { testUsage(t, c, pod) })
	t.Run("diff", func(t *testing.T) { testDiff(t, c, scope) })
	t.Run("scale", func(t *testing.T) { testScale(t, c, scope) })
}

func testExec(t *testing.T, c *kube.Client, pod diagnose.PodKey) {
	var out bytes.Buffer
	err := c.Exec(within(t, 20*time.Second), pod, kube.ExecOptions{
		Command: []string{"sh", "-c", "cat; exit 3"}, Stdin: strings.NewReader("hello"), Stdout: &out,
	})
	var ended *kube.ExitError
	if !errors.As(err, &ended) || ended.Code != 3 || out.String() != "hello" {
		t.Errorf("got %v, %q", err, out.String())
	}
	if err := c.Exec(within(t, 20*time.Second), pod, kube.ExecOptions{Command: []string{"true"}, Stdout: io.Discard}); err != nil {
		t.Error(err)
	}
}

func testLogs(t *testing.T, c *kube.Client, pod diagnose.PodKey) {
	stream, err := c.Logs(within(t, 20*time.Second), pod, kube.LogOptions{Once: true})
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(stream)
	if err != nil {
		t.Fatal(err)
	}
	stamp, line, _ := strings.Cut(string(text), " ")
	if _, err := time.Parse(time.RFC3339Nano, stamp); err != nil || line == "" {
		t.Errorf("not a time and a line: %q", text)
	}
}

func testForward(t *testing.T, c *kube.Client, scope kube.Scope) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(within(t, 30*time.Second))
	ended := make(chan error, 1)
	go func() {
		target := kube.Target{Namespace: scope.Namespace, Service: "redis", Port: 6379}
		ended <- c.Forward(ctx, listener, target, func(err error) { t.Error(err) })
	}()
	var clients sync.WaitGroup
	for range 5 {
		clients.Go(func() {
			if got := ping(t, listener.Addr().String()); got != "+PONG\r\n" {
				t.Errorf("got %q", got)
			}
		})
	}
	clients.Wait()
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func ping(t *testing.T, address string) string {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Error(err)
		return ""
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, "PING\r\n"); err != nil {
		t.Error(err)
	}
	answer := make([]byte, 7)
	if _, err := io.ReadFull(conn, answer); err != nil {
		t.Error(err)
	}
	return string(answer)
}

// testUsage waits until the kubelet has measured the Pod.
func testUsage(t *testing.T, c *kube.Client, pod diagnose.PodKey) {
	ctx := within(t, time.Minute)
	for ctx.Err() == nil {
		pods, err := c.Usage(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, usage := range pods {
			if usage.Pod == pod && usage.Memory != nil && *usage.Memory > 1<<20 && usage.CPU != nil {
				return
			}
		}
	}
	t.Error("the Pod's usage never came")
}

func testDiff(t *testing.T, c *kube.Client, scope kube.Scope) {
	opts := kube.ApplyOptions{Scope: scope}
	none, err := c.Diff(within(t, 20*time.Second), objects(t, scope, redis), opts)
	if err != nil || len(none) != 0 {
		t.Errorf("got %v, %v", none, err)
	}
	changed := objects(t, scope, strings.NewReplacer("password: first", "password: second", `a: "1"`, `a: "2"`,
		"storage: 16Mi", "storage: 32Mi").Replace(redis))
	differences, err := c.Diff(within(t, 20*time.Second), append(changed[:2:2], changed[3]), opts)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]kube.Difference{}
	for _, d := range differences {
		got[d.Kind] = d
	}
	if d := got["ConfigMap"]; len(d.Fields) != 1 || d.Fields[0] != (kube.FieldChange{Path: "/data/a", Old: `"1"`, New: `"2"`}) {
		t.Errorf("ConfigMap: %+v", d)
	}
	if d := got["Secret"]; len(d.Fields) != 1 || d.Fields[0] != (kube.FieldChange{Path: "/data/password", Old: "***", New: "***"}) {
		t.Errorf("Secret: %+v", d)
	}
	if d := got["StatefulSet"]; d.Action != kube.ActionRecreated || !d.LosesData {
		t.Errorf("StatefulSet: %+v", d)
	}
	if d := got["Service"]; d.Action != kube.ActionDeleted {
		t.Errorf("Service, which left: %+v", d)
	}
	ignored := kube.ApplyOptions{Scope: scope, IgnoreDrift: []string{"/data/a"}}
	differences, err = c.Diff(within(t, 20*time.Second), changed[1:2], ignored)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range differences {
		if d.Kind == "ConfigMap" {
			t.Errorf("drift is not ignored: %+v", d)
		}
	}
}

func testScale(t *testing.T, c *kube.Client, scope kube.Scope) {
	w := kube.Workload{Kind: "StatefulSet", Namespace: scope.Namespace, Name: "redis"}
	if err := c.Restart(t.Context(), w); err != nil {
		t.Fatal(err)
	}
	if got := apply(t, c, scope, objects(t, scope, redis)); got["StatefulSet"] != kube.ActionUnchanged {
		t.Errorf("a restart is drift: %v", got)
	}
	if err := c.Scale(t.Context(), w, 0); err != nil {
		t.Fatal(err)
	}
	awaitPhase(t, c, scope, env.PhaseStopped)
}

// proxy carries connections to the API until it is cut, and again once mended.
type proxy struct {
	target string
	mu     sync.Mutex
	cut    bool
	conns  []net.Conn
}

func (p *proxy) serve(listener net.Listener) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", p.target)
		p.mu.Lock()
		if p.cut || err != nil {
			conn.Close()
			p.mu.Unlock()
			continue
		}
		p.conns = append(p.conns, conn, server)
		p.mu.Unlock()
		go func() { _, _ = io.Copy(conn, server); conn.Close() }()
		go func() { _, _ = io.Copy(server, conn); server.Close() }()
	}
}

func (p *proxy) set(cut bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut = cut
	if cut {
		for _, conn := range p.conns {
			conn.Close()
		}
		p.conns = nil
	}
}

// behindProxy is a client whose way to the API can be cut.
func behindProxy(t *testing.T) (*kube.Client, *proxy) {
	t.Helper()
	connect(t) // skips
	raw, err := os.ReadFile(os.Getenv(kubeconfigVariable))
	if err != nil {
		t.Fatal(err)
	}
	var config struct {
		Clusters []struct{ Cluster struct{ Server string } }
	}
	if err := yaml.Unmarshal(raw, &config); err != nil {
		t.Fatal(err)
	}
	server := strings.TrimPrefix(config.Clusters[0].Cluster.Server, "https://")
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	p := &proxy{target: server}
	go p.serve(listener)
	path := t.TempDir() + "/kubeconfig"
	text := strings.ReplaceAll(string(raw), server, listener.Addr().String())
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	client, err := kube.Connect(path)
	if err != nil {
		t.Fatal(err)
	}
	return client, p
}

func TestObserveSurvivesAnAPIThatGoesAway(t *testing.T) {
	c, way := behindProxy(t)
	scope := namespace(t, connect(t))
	recovered := errors.New("recovered")
	ctx, cancel := context.WithCancelCause(within(t, time.Minute))
	stage, lost := 0, false
	err := c.Observe(ctx, scope.Namespace, func(o diagnose.Observation) {
		findings := diagnose.Explain(o)
		unreachable := len(findings) > 0 && findings[0].ID == "api-unreachable"
		switch {
		case stage == 0 && !unreachable:
			stage = 1
			way.set(true)
		case stage == 1 && unreachable:
			stage = 2
			lost = len(o.Nodes) == 0
			way.set(false)
		case stage == 2 && !unreachable:
			cancel(recovered)
		}
	})
	if !errors.Is(err, recovered) {
		t.Errorf("stage %d: %v", stage, err)
	}
	if lost {
		t.Error("what was known was forgotten when the API went away")
	}
}
