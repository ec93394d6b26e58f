package demo_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/jackc/pgx/v5"
	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/diorama-dev/diorama/internal/demo/control"
	"github.com/diorama-dev/diorama/internal/demo/story"
)

// database makes an empty one on the server that the variable names.
func database(t *testing.T) string {
	t.Helper()
	const variable = "DIORAMA_TEST_POSTGRES_URL"
	server := os.Getenv(variable)
	if server == "" {
		t.Skipf("needs a real PostgreSQL: set %s=postgres://USER:PASSWORD@HOST:PORT/DATABASE", variable)
	}
	name := "demo_test_" + story.NewID()[:12]
	query(t, server, "CREATE DATABASE "+name)
	t.Cleanup(func() { query(t, server, "DROP DATABASE "+name+" WITH (FORCE)") })
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	u.Path = "/" + name
	return u.String()
}

// query returns the result's first numbers.
func query(t *testing.T, server, statement string) []int64 {
	t.Helper()
	ctx := context.WithoutCancel(t.Context()) // also when the test is over
	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	rows, err := conn.Query(ctx, statement)
	if err != nil {
		t.Fatal(err)
	}
	numbers, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		t.Fatal(err)
	}
	return numbers
}

// until reads lines until one has the message.
func (c *child) until(t *testing.T, msg string) line {
	t.Helper()
	for {
		l, ok := c.next(t)
		if !ok {
			t.Fatalf("the process ended before it said %q", msg)
		}
		if l.Msg == msg {
			return l
		}
	}
}

// times reads lines until n have had the message.
func (c *child) times(t *testing.T, msg string, n int) {
	t.Helper()
	for range n {
		c.until(t, msg)
	}
}

// end asks the process to end and reads what it still says.
func (c *child) end(t *testing.T) {
	t.Helper()
	if err := c.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	last := ""
	for l, ok := c.next(t); ok; l, ok = c.next(t) {
		last = l.Msg
	}
	if err := c.Wait(); err != nil || last != "stopped" {
		t.Errorf("%v: ended with %v, its last words: %q", c.Args[1:], err, last)
	}
}

func infer(t *testing.T, base string, n int) story.Completed {
	t.Helper()
	body := fmt.Sprintf(`{"user":"user-%d","item":"item-%d"}`, n%5, n%3)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, base+"/infer", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s %s %v", resp.Status, b, err)
	}
	var c story.Completed
	if err := json.Unmarshal(b, &c); err != nil {
		t.Fatal(err)
	}
	return c
}

// The whole story, each role a process: what the gateway answers is written
// once, charged once and counted once, and an added consumer sees it all.
func TestTheWholeStory(t *testing.T) {
	db := database(t)
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1))
	if err != nil {
		t.Fatal(err)
	}
	defer cluster.Close()
	server := miniredis.RunT(t)
	env := []string{
		"KAFKA_BOOTSTRAP_SERVERS=" + cluster.ListenAddrs()[0], "REDIS_URL=redis://" + server.Addr(), "POSTGRES_URL=" + db,
		"DEMO_MODEL_LATENCY=1ms", "DEMO_MODEL_FAILURES=0", "DEMO_DRAIN=0s",
	}
	gateway, billing, profiles := start(t, env, "gateway"), start(t, env, "billing"), start(t, env, "user-profile")
	base := "http://" + gateway.until(t, "started").Listen
	gateway.until(t, "ready")
	const n = 60
	for i := range n {
		infer(t, base, i)
	}
	billing.times(t, "charged", n)
	profiles.times(t, "profile updated", n)
	fraud := start(t, env, "consumer", "--group", "fraud")
	fraud.times(t, "checked", n)
	load := start(t, append(env, "DEMO_GATEWAY_URL="+base, "DEMO_RATE=0"), "load")
	dial := "http://" + load.until(t, "started").Listen
	load.until(t, "ready")
	if _, err := control.SetRate(t.Context(), dial, 200); err != nil {
		t.Fatal(err)
	}
	billing.times(t, "charged", 20)
	for _, c := range []*child{load, gateway, fraud} {
		c.end(t)
	}
	saved := query(t, db, "SELECT count(*) FROM demo.inferences")[0]
	billing.times(t, "charged", int(saved)-n-20)
	billing.end(t)
	profiles.end(t)
	charged := query(t, db, "SELECT count(*) FROM demo.charges JOIN demo.inferences ON id = event_id WHERE published")[0]
	if saved < n+20 || charged != saved {
		t.Errorf("%d inferences, %d of them published and charged", saved, charged)
	}
}

// A role says what it waits for, to whoever asks and in its log, and ends at
// once when it is told to.
func TestRoleSaysWhatItWaitsFor(t *testing.T) {
	server := miniredis.RunT(t)
	addr := server.Addr()
	server.Close()
	c := start(t, []string{"REDIS_URL=redis://:secret@" + addr, "KAFKA_BOOTSTRAP_SERVERS=127.0.0.1:1"}, "user-profile")
	base := "http://" + c.until(t, "started").Listen
	if l := c.until(t, "waiting for Redis"); !strings.Contains(l.Error, "refused") {
		t.Errorf("error %q", l.Error)
	}
	for _, path := range []string{"/healthz", control.SlowPath} {
		status, body := ask(t, base+path)
		if status != http.StatusServiceUnavailable || !strings.Contains(body, "waiting for Redis: ping Redis") || strings.Contains(body, "secret") {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
	c.end(t)
}

func ask(t *testing.T, url string) (int, string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}
