//go:build e2e

package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/twmb/franz-go/pkg/kgo"
)

// serverPID is the process of a service without a cluster.
func serverPID(t *testing.T, w *world, name, service string) int {
	t.Helper()
	var holder struct{ PID int }
	data, err := os.ReadFile(filepath.Join(w.state, name, "servers", service, "process.json"))
	if err == nil {
		err = json.Unmarshal(data, &holder)
	}
	if err != nil || holder.PID <= 1 {
		t.Fatalf("the process of %s: %d, %v", service, holder.PID, err)
	}
	return holder.PID
}

// killServer kills a service's process as nothing can be caught, and waits
// until another has taken its place.
func killServer(t *testing.T, w *world, name, service string) {
	t.Helper()
	pid := serverPID(t, w, name, service)
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	eventually(t, service+" in its place", func() error {
		if serverPID(t, w, name, service) == pid {
			return fmt.Errorf("still process %d", pid)
		}
		return nil
	})
}

// TestServersAreKilled kills the keeper and each server while clients write:
// what was acknowledged is there, in order, and nothing runs twice.
func TestServersAreKilled(t *testing.T) {
	w := newServerWorld(t)
	w.must("up", "streaming", "--runtime", "embedded")
	vars := w.vars("streaming")
	execute(t, vars["POSTGRES_URL"], "create table numbers(n int)")
	produce(t, vars["KAFKA_BOOTSTRAP_SERVERS"], "numbers", "0")

	offset := func() int64 { return committed(t, vars["KAFKA_BOOTSTRAP_SERVERS"], "billing", "inference-completed") }
	eventually(t, "a committed offset", func() error {
		if offset() == 0 {
			return errors.New("billing has committed none")
		}
		return nil
	})
	before := offset()
	writing, stop := context.WithCancel(t.Context())
	var both sync.WaitGroup
	var rows, records []int
	both.Go(func() { rows = writeRows(writing, vars["POSTGRES_URL"]) })
	both.Go(func() { records = writeRecords(writing, vars["KAFKA_BOOTSTRAP_SERVERS"]) })
	for _, service := range []string{"postgres", "kafka", "redis", "gateway"} {
		killServer(t, w, "streaming", service)
		w.must("wait", "--name", "streaming", "--timeout", "1m")
	}
	killKeeper(t, w, "streaming")
	w.must("wait", "--name", "streaming", "--timeout", "1m")
	w.wantReady("streaming", "demo", "kafka", "postgres", "redis")
	stop()
	both.Wait()

	t.Logf("%d rows and %d records were acknowledged", len(rows), len(records))
	if len(rows) == 0 || len(records) == 0 {
		t.Fatal("nothing was written meanwhile")
	}
	wantAll(t, "PostgreSQL", rows, readRows(t, vars["POSTGRES_URL"]))
	wantAll(t, "Kafka", records, readRecords(t, vars["KAFKA_BOOTSTRAP_SERVERS"], records[len(records)-1]))
	if after := offset(); after < before {
		t.Errorf("billing has gone back from %d to %d", before, after)
	}
	for _, e := range w.status("streaming").Endpoints {
		if n := listeners(t, e.URL); n != 1 {
			t.Errorf("%d listen at %s", n, e.URL)
		}
	}
	w.must("down", "--name", "streaming", "-y")
	if left := processesOf(t, w); len(left) > 0 {
		t.Errorf("left behind:\n%s", strings.Join(left, "\n"))
	}
}

// writeRows inserts numbers, one commit each, and returns those that were
// acknowledged.
func writeRows(ctx context.Context, url string) (acknowledged []int) {
	var conn *pgx.Conn
	for n := 1; ctx.Err() == nil; n++ {
		if conn == nil || conn.IsClosed() {
			var err error
			if conn, err = pgx.Connect(ctx, url); err != nil {
				conn = nil
				pause(ctx)
				continue
			}
		}
		if _, err := conn.Exec(ctx, "insert into numbers values ($1)", n); err == nil {
			acknowledged = append(acknowledged, n)
		}
	}
	if conn != nil {
		_ = conn.Close(context.WithoutCancel(ctx)) // it has done its part
	}
	return acknowledged
}

// writeRecords produces numbers, one at a time, and returns those that were
// acknowledged.
func writeRecords(ctx context.Context, brokers string) (acknowledged []int) {
	client, err := kgo.NewClient(kgo.SeedBrokers(brokers), kgo.DefaultProduceTopic("numbers"), kgo.RecordDeliveryTimeout(30*time.Second))
	if err != nil {
		return nil
	}
	defer client.Close()
	for n := 1; ctx.Err() == nil; n++ {
		if err := client.ProduceSync(ctx, &kgo.Record{Value: fmt.Append(nil, n)}).FirstErr(); err == nil {
			acknowledged = append(acknowledged, n)
		}
	}
	return acknowledged
}

// pause lets a server that is starting be.
func pause(ctx context.Context) {
	timer := time.NewTimer(10 * time.Millisecond)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

func readRows(t *testing.T, url string) []int {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	rows, err := conn.Query(t.Context(), "select n from numbers order by n")
	if err != nil {
		t.Fatal(err)
	}
	numbers, err := pgx.CollectRows(rows, pgx.RowTo[int])
	if err != nil {
		t.Fatal(err)
	}
	return numbers
}

// readRecords reads until the number, in the order of the topic.
func readRecords(t *testing.T, brokers string, until int) (numbers []int) {
	t.Helper()
	ctx, cancel := context.WithTimeoutCause(t.Context(), clientTime, errors.New("the last record never came"))
	defer cancel()
	client, err := kgo.NewClient(kgo.SeedBrokers(brokers), kgo.ConsumeTopics("numbers"), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	for {
		fetches := client.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			t.Fatalf("after %d records: %v", len(numbers), err)
		}
		for record := range fetches.RecordsAll() {
			var n int
			if _, err := fmt.Sscan(string(record.Value), &n); err != nil {
				t.Fatal(err)
			}
			numbers = append(numbers, n)
			if n == until {
				return numbers
			}
		}
	}
}

// wantAll sees that every acknowledged number is there, in order; of those that
// were not, any may be.
func wantAll(t *testing.T, where string, acknowledged, there []int) {
	t.Helper()
	at := 0
	for _, n := range acknowledged {
		for at < len(there) && there[at] != n {
			at++
		}
		if at == len(there) {
			t.Fatalf("%s has lost %d, or has it out of order; it has %d numbers", where, n, len(there))
		}
	}
}

// listeners counts who listens on the port of a URL, in /proc/net/tcp.
func listeners(t *testing.T, url string) int {
	t.Helper()
	_, rest, found := strings.Cut(url, "127.0.0.1:")
	if !found {
		t.Fatalf("%s is no address of this machine", url)
	}
	port, _, _ := strings.Cut(rest, "/")
	number, err := net.LookupPort("tcp", port)
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile("/proc/net/tcp")
	if err != nil {
		t.Skipf("no /proc here: %v", err)
	}
	// local address, remote address, state 0A: listening (proc(5))
	return strings.Count(string(data), fmt.Sprintf(":%04X 00000000:0000 0A", number))
}
