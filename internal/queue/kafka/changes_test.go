//go:build e2e

package kafka

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/diorama-dev/diorama/internal/queue"
)

// TestSigns: what changes between two samples is in the second, though only what
// the coordinators' topic tells of is asked for.
func TestSigns(t *testing.T) {
	broker := startReal(t, nil)
	source := broker.source(t)
	create(t, source, "orders", 1, nil)
	client := broker.client(t, kgo.RecordPartitioner(kgo.ManualPartitioner()))
	write(t, client, "orders", 0, 10)
	admin := kadm.NewClient(client)
	for n := range 40 { // so many that few are asked for without a sign
		commitAt(t, admin, fmt.Sprintf("group-%02d", n), 1)
	}
	sampleOf(t, source)
	steps := []struct {
		name string
		do   func()
		lag  int64
	}{
		{"commit", func() { commitAt(t, admin, "group-07", 4) }, 6},
		{"another", func() { commitAt(t, admin, "group-07", 5) }, 5},
		{"messages", func() { write(t, client, "orders", 0, 2) }, 7},
	}
	for _, step := range steps {
		step.do()
		if got := lagIn(groupIn(t, sampleOf(t, source), "group-07"), 0); got != queue.Known(step.lag) {
			t.Errorf("%s: lag is %v, want %d", step.name, got, step.lag)
		}
	}
	transactional(t, broker, source)

	if _, err := admin.DeleteGroups(t.Context(), "group-09"); err != nil {
		t.Fatal(err)
	}
	for _, g := range sampleOf(t, source).Groups {
		if g.Name == "group-09" {
			t.Error("a group that was deleted is there")
		}
	}
	for name, protocol := range map[string][]kgo.Opt{"joined": nil, "joined-modern": {kgo.ServerSideBalancer()}} {
		member := broker.client(t, append(protocol, kgo.ConsumerGroup(name), kgo.ConsumeTopics("orders"), kgo.DisableAutoCommit(),
			kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))...)
		poll(t, member)
		if g := groupIn(t, sampleOf(t, source), name); len(g.Members) != 1 || len(g.Members[0].Assigned) != 1 {
			t.Errorf("%s: %+v", name, g)
		}
		member.Close()
		if g := groupIn(t, sampleOf(t, source), name); len(g.Members) != 0 {
			t.Errorf("%s: after it left: %+v", name, g)
		}
	}

	// A start that moves, and a topic that is made again.
	var cut kadm.Offsets
	cut.AddOffset("orders", 0, 3, -1)
	if _, err := admin.DeleteRecords(t.Context(), cut); err != nil {
		t.Fatal(err)
	}
	if q := queueOf(t, sampleOf(t, source), "orders"); q.Partitions[0].Start != queue.Known[int64](3) || q.Depth != queue.Known[int64](9) {
		t.Errorf("after records were deleted, orders are %+v", q)
	}
	if err := source.Delete(t.Context(), "orders"); err != nil {
		t.Fatal(err)
	}
	create(t, source, "orders", 2, nil)
	q := queueOf(t, sampleOf(t, source), "orders")
	if q.Written != queue.Known[int64](0) || len(q.Partitions) != 2 || q.Trouble != "" {
		t.Errorf("made again, orders are %+v", q)
	}
}

func commitAt(t *testing.T, admin *kadm.Client, group string, at int64) {
	t.Helper()
	var offsets kadm.Offsets
	offsets.AddOffset("orders", 0, at, -1)
	if err := admin.CommitAllOffsets(t.Context(), group, offsets); err != nil {
		t.Fatal(err)
	}
}

// transactional commits as part of a transaction, which counts once that ends.
func transactional(t *testing.T, broker real, source *Client) {
	t.Helper()
	session, err := kgo.NewGroupTransactSession(
		kgo.SeedBrokers(fmt.Sprint("127.0.0.1:", broker.port)), kgo.TransactionalID("copier"), kgo.TransactionTimeout(10*time.Minute),
		kgo.ConsumerGroup("copying"), kgo.ConsumeTopics("orders"), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	if err := session.Begin(); err != nil {
		t.Fatal(err)
	}
	for fetched := 0; fetched < 12; {
		fetched += session.PollFetches(t.Context()).NumRecords()
	}
	if lag := lagIn(groupIn(t, sampleOf(t, source), "copying"), 0); lag.IsKnown() {
		t.Errorf("before the transaction ends, the lag is %v", lag)
	}
	if ok, err := session.End(t.Context(), kgo.TryCommit); !ok || err != nil {
		t.Fatal(ok, err)
	}
	eventually(t, func() error { // markers are written after the answer
		if lag := lagIn(groupIn(t, sampleOf(t, source), "copying"), 0); lag != queue.Known[int64](0) {
			return fmt.Errorf("after the transaction has ended, the lag is %v", lag)
		}
		return nil
	})
}

// TestPaused: a broker that is stopped in its tracks makes a sample end with its
// context, and the next after it goes on is whole.
func TestPaused(t *testing.T) {
	broker := startReal(t, nil)
	source := broker.source(t)
	create(t, source, "orders", 1, nil)
	before := sampleOf(t, source)
	docker(t, "pause", broker.GetContainerID())
	paused := true
	t.Cleanup(func() {
		if paused {
			docker(t, "unpause", broker.GetContainerID())
		}
	})
	for range 3 {
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		begin := time.Now()
		_, err := source.Sample(ctx)
		if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "does not answer") {
			t.Errorf("after %v: %v", time.Since(begin), err)
		}
		cancel()
	}
	docker(t, "unpause", broker.GetContainerID())
	paused = false
	eventually(t, func() error {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		after, err := source.Sample(ctx)
		if err == nil && !cmp.Equal(queueOf(t, after, "orders"), queueOf(t, before, "orders"), counts) {
			err = fmt.Errorf("orders are %+v", queueOf(t, after, "orders"))
		}
		return err
	})
}

func docker(t *testing.T, args ...string) {
	t.Helper()
	//nolint:gosec // words of this test
	if out, err := exec.Command("docker", args...).CombinedOutput(); err != nil {
		t.Fatalf("docker %q: %v: %s", args, err, out)
	}
}

// TestShareReset: a share group is moved like the others.
func TestShareReset(t *testing.T) {
	broker := startReal(t, nil)
	source := broker.source(t)
	create(t, source, "orders", 1, nil)
	client := broker.client(t, kgo.RecordPartitioner(kgo.ManualPartitioner()))
	write(t, client, "orders", 0, 5)
	if err := shareFromStart(t.Context(), client, "sharing"); err != nil {
		t.Fatal(err)
	}
	member := broker.client(t, kgo.ShareGroup("sharing"), kgo.ConsumeTopics("orders"))
	poll(t, member)
	request := queue.ResetRequest{Group: "sharing", Queue: "orders", To: queue.ResetOffset, Value: 2}
	if plan, err := source.PlanReset(t.Context(), request); err != nil || plan.Refused == "" {
		t.Errorf("with a member: %+v, %v", plan, err)
	}
	member.Close()
	eventually(t, func() error {
		plan, err := source.PlanReset(t.Context(), request)
		if err != nil || plan.Refused != "" {
			return fmt.Errorf("%+v, %w", plan, err)
		}
		return source.Reset(t.Context(), plan)
	})
	if o := groupIn(t, sampleOf(t, source), "sharing").Offsets; len(o) != 1 || o[0].Committed != queue.Known[int64](2) {
		t.Errorf("after the reset it is at %+v", o)
	}
}
