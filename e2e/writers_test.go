//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// acknowledged are the numbers that a server has told a writer it has.
type acknowledged struct {
	what string
	mu   sync.Mutex
	all  []int
}

func (a *acknowledged) add(n int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.all = append(a.all, n)
}

func (a *acknowledged) list() []int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.all)
}

// writers are clients that go on writing while servers are killed. What one
// was not told of it may find or not; what it was told of must be there.
type writers struct {
	place              string // the table, topic, group and key
	vars               map[string]string
	rows, records, set acknowledged
	commits            atomic.Int64 // the highest offset whose commit was acknowledged
	stop               context.CancelFunc
	done               sync.WaitGroup
}

// write begins to write, each kind of server into a place called so.
func write(t *testing.T, vars map[string]string, place string) *writers {
	t.Helper()
	execute(t, vars["POSTGRES_URL"], "create table "+place+"(n bigint)")
	produceOnto(t, vars["KAFKA_BOOTSTRAP_SERVERS"], place)
	ctx, stop := context.WithCancel(t.Context())
	w := &writers{place: place, vars: vars, stop: stop, rows: acknowledged{what: "rows"}, records: acknowledged{what: "records"}, set: acknowledged{what: "keys"}}
	for _, one := range []func(context.Context) error{w.insert, w.produce, w.consume, w.setKeys} {
		w.done.Go(func() {
			if err := one(ctx); err != nil && ctx.Err() == nil {
				t.Errorf("a client gave up: %v", err)
			}
		})
	}
	t.Cleanup(w.end)
	return w
}

func (w *writers) end() {
	w.stop()
	w.done.Wait()
}

// produceOnto makes a topic of one partition, so that there is one order.
func produceOnto(t *testing.T, brokers, topic string) {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(brokers))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if _, err := kadm.NewClient(client).CreateTopic(t.Context(), 1, 1, nil, topic); err != nil {
		t.Fatal(err)
	}
}

// more waits until every client has been told of much more.
func (w *writers) more(t *testing.T) {
	t.Helper()
	const n = 50
	for _, a := range []*acknowledged{&w.rows, &w.records, &w.set} {
		before := len(a.list())
		eventually(t, "more "+a.what, func() error {
			if now := len(a.list()); now < before+n {
				return fmt.Errorf("%d, want %d more than %d", now, n, before)
			}
			return nil
		})
	}
	before := w.commits.Load()
	eventually(t, "another commit of an offset", func() error {
		if now := w.commits.Load(); now <= before {
			return fmt.Errorf("it is at %d", now)
		}
		return nil
	})
}

// insert commits a row at a time; one whose end it is not told is not repeated.
func (w *writers) insert(ctx context.Context) error {
	var conn *pgx.Conn
	for n := 0; ctx.Err() == nil; n++ {
		var err error
		if conn == nil {
			if conn, err = pgx.Connect(ctx, w.vars["POSTGRES_URL"]); err != nil {
				conn = nil
				continue
			}
		}
		if _, err = conn.Exec(ctx, "insert into "+w.place+" values ($1)", n); err != nil {
			_ = conn.Close(context.WithoutCancel(ctx)) // it is broken
			conn = nil
			continue
		}
		w.rows.add(n)
	}
	if conn != nil {
		return conn.Close(context.WithoutCancel(ctx))
	}
	return nil
}

// produce has up to a hundred records under way, as franz-go does by default:
// idempotent, acknowledged by all.
func (w *writers) produce(ctx context.Context) error {
	client, err := kgo.NewClient(kgo.SeedBrokers(w.vars["KAFKA_BOOTSTRAP_SERVERS"]), kgo.DefaultProduceTopic(w.place), kgo.MaxBufferedRecords(100))
	if err != nil {
		return err
	}
	defer client.Close()
	var failed atomic.Pointer[error]
	for n := 0; ctx.Err() == nil && failed.Load() == nil; n++ {
		client.Produce(context.WithoutCancel(ctx), kgo.StringRecord(strconv.Itoa(n)), func(_ *kgo.Record, err error) {
			if err != nil {
				failed.Store(&err)
				return
			}
			w.records.add(n)
		})
	}
	if err := client.Flush(context.WithoutCancel(ctx)); err != nil {
		return err
	}
	if err := failed.Load(); err != nil {
		return *err
	}
	return nil
}

// consume reads as a group and commits what it has read.
func (w *writers) consume(ctx context.Context) error {
	client, err := kgo.NewClient(kgo.SeedBrokers(w.vars["KAFKA_BOOTSTRAP_SERVERS"]), kgo.ConsumerGroup(w.place), kgo.ConsumeTopics(w.place),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.DisableAutoCommit())
	if err != nil {
		return err
	}
	defer client.CloseAllowingRebalance()
	for ctx.Err() == nil {
		fetches := client.PollFetches(ctx)
		last := int64(0)
		fetches.EachRecord(func(r *kgo.Record) { last = max(last, r.Offset+1) })
		if last == 0 || client.CommitUncommittedOffsets(ctx) != nil {
			continue
		}
		if last > w.commits.Load() {
			w.commits.Store(last)
		}
	}
	return nil
}

func (w *writers) setKeys(ctx context.Context) error {
	options, err := redis.ParseURL(w.vars["REDIS_URL"])
	if err != nil {
		return err
	}
	client := redis.NewClient(options)
	defer client.Close()
	for n := 0; ctx.Err() == nil; n++ {
		if client.Set(ctx, w.place, n, 0).Err() == nil {
			w.set.add(n)
		}
	}
	return nil
}

// wantKept ends the writers and finds all that they were told is kept: once,
// and in order.
func (w *writers) wantKept(t *testing.T) {
	t.Helper()
	w.end()
	wantOnce(t, "PostgreSQL", w.rows.list(), rows(t, w.vars["POSTGRES_URL"], w.place))
	wantOnce(t, "Kafka", w.records.list(), records(t, w.vars["KAFKA_BOOTSTRAP_SERVERS"], w.place))
	if got := committed(t, w.vars["KAFKA_BOOTSTRAP_SERVERS"], w.place, w.place); got < w.commits.Load() {
		t.Errorf("the group is at %d and was told of %d", got, w.commits.Load())
	}
}

// wantOnce compares what was acknowledged with what is there, which may be
// more.
func wantOnce(t *testing.T, server string, acknowledged, there []int) {
	t.Helper()
	if !slices.IsSorted(there) {
		t.Errorf("%s does not hold its numbers in order", server)
	}
	times := make(map[int]int, len(there))
	for _, n := range there {
		times[n]++
	}
	for n, count := range times {
		if count > 1 {
			t.Errorf("%s holds %d %d times", server, n, count)
		}
	}
	lost := slices.DeleteFunc(slices.Clone(acknowledged), func(n int) bool { return times[n] > 0 })
	if len(lost) > 0 {
		t.Errorf("%s has lost %d of %d that it had acknowledged, from %d to %d", server, len(lost), len(acknowledged), lost[0], lost[len(lost)-1])
	}
	t.Logf("%s: %d acknowledged, %d there", server, len(acknowledged), len(there))
}

func rows(t *testing.T, url, table string) []int {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	list, err := conn.Query(t.Context(), "select n from "+table+" order by ctid")
	if err != nil {
		t.Fatal(err)
	}
	all, err := pgx.CollectRows(list, pgx.RowTo[int])
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// records are all of a topic of one partition, in its order.
func records(t *testing.T, brokers, topic string) (all []int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), clientTime)
	defer cancel()
	client, err := kgo.NewClient(kgo.SeedBrokers(brokers), kgo.ConsumeTopics(topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	ends, err := kadm.NewClient(client).ListEndOffsets(ctx, topic)
	if err != nil {
		t.Fatal(err)
	}
	end, _ := ends.Lookup(topic, 0)
	for next := int64(0); next < end.Offset; {
		fetches := client.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			t.Fatalf("after %d of %d records: %v", next, end.Offset, err)
		}
		fetches.EachRecord(func(r *kgo.Record) {
			n, err := strconv.Atoi(string(r.Value))
			if err != nil {
				t.Errorf("record %d holds %q", r.Offset, r.Value)
			}
			all, next = append(all, n), r.Offset+1
		})
	}
	return all
}
