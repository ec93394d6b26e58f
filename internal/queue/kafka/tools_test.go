//go:build e2e

package kafka

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/diorama-dev/diorama/internal/queue"
)

// TestAsTheTools: every number of a sample is what Kafka's own tools print at
// the same quiet moment, of the first sample and of one that asks for what has
// changed only.
func TestAsTheTools(t *testing.T) {
	// The tools take half a minute for what a sample has at once, so the broker
	// must not write by itself meanwhile: not what becomes of a share group's
	// records when their time is up (30 s, by its own choice), nor what it does
	// to its own topics every 5 minutes.
	const late = "3600000" // ms, the longest that it allows
	broker := startReal(t, map[string]string{
		"KAFKA_NUM_PARTITIONS":                                        "2",
		"KAFKA_GROUP_SHARE_RECORD_LOCK_DURATION_MS":                   late,
		"KAFKA_GROUP_SHARE_MAX_RECORD_LOCK_DURATION_MS":               late,
		"KAFKA_SHARE_COORDINATOR_COLD_PARTITION_SNAPSHOT_INTERVAL_MS": late,
		"KAFKA_SHARE_COORDINATOR_STATE_TOPIC_PRUNE_INTERVAL_MS":       late,
	})
	source := broker.source(t)
	workload(t, broker, source)
	first := broker.source(t)
	sample := sampleOf(t, first)
	if o := groupIn(t, sample, "sharing").Offsets; len(o) != 1 || o[0].Committed != queue.Known[int64](4) || o[0].Lag != queue.Known[int64](2) {
		t.Errorf("the share group is at %v, want 4, with 2 before it", o)
	}
	compare(t, broker, sample)

	// What changes now is asked for because signs tell of it.
	admin := kadm.NewClient(broker.client(t))
	var moved kadm.Offsets
	moved.AddOffset("orders", 0, 9, -1)
	if err := admin.CommitAllOffsets(t.Context(), "behind", moved); err != nil {
		t.Fatal(err)
	}
	write(t, broker.client(t, kgo.RecordPartitioner(kgo.ManualPartitioner())), "orders", 1, 4)
	if _, err := admin.DeleteGroups(t.Context(), "gone"); err != nil {
		t.Fatal(err)
	}
	second := sampleOf(t, first)
	compare(t, broker, second)
	if got := lagOf(groupIn(t, second, "behind"), "orders", 0); got != queue.Known[int64](1) {
		t.Errorf("lag of behind in orders 0 is %v after a commit of 9 of 10", got)
	}
}

func lagOf(g *queue.Group, topic string, partition int32) queue.Count {
	for _, o := range g.Offsets {
		if o.Queue == topic && o.Partition == partition {
			return o.Lag
		}
	}
	return queue.Count{}
}

// workload makes topics and groups of every kind.
func workload(t *testing.T, broker real, source *Client) {
	t.Helper()
	ctx := t.Context()
	create(t, source, "orders", 3, nil)
	create(t, source, "empty", 2, nil)
	create(t, source, "compacted", 1, map[string]string{
		"cleanup.policy": "compact", "segment.ms": "100", "min.cleanable.dirty.ratio": "0.01", "max.compaction.lag.ms": "100", "min.compaction.lag.ms": "0",
	})
	create(t, source, "trimmed", 1, nil)
	create(t, source, "payments", 1, nil)
	create(t, source, "jobs", 1, nil)
	client := broker.client(t, kgo.RecordPartitioner(kgo.ManualPartitioner()))
	admin := kadm.NewClient(client)
	for partition := range int32(3) {
		write(t, client, "orders", partition, 10)
	}
	write(t, client, "compacted", 0, 30)
	write(t, client, "trimmed", 0, 20)
	write(t, client, "jobs", 0, 4)
	var cut kadm.Offsets
	cut.AddOffset("trimmed", 0, 12, -1)
	if _, err := admin.DeleteRecords(ctx, cut); err != nil {
		t.Fatal(err)
	}
	commit := func(group string, offsets kadm.Offsets) {
		if err := admin.CommitAllOffsets(ctx, group, offsets); err != nil {
			t.Fatal(err)
		}
	}
	var behind, below, gone kadm.Offsets
	for partition, at := range []int64{3, 10, 0} {
		behind.AddOffset("orders", int32(partition), at, -1)
	}
	behind.AddOffset("compacted", 0, 7, -1)
	commit("behind", behind)
	below.AddOffset("trimmed", 0, 5, -1)
	below.AddOffset("payments", 0, 1, -1)
	commit("below", below)
	gone.AddOffset("orders", 0, 1, -1)
	commit("gone", gone)
	commit("dead", gone)
	if _, err := admin.DeleteOffsets(ctx, "dead", kadm.TopicsSet{"orders": {0: {}}}); err != nil {
		t.Fatal(err)
	}
	transaction(t, broker)
	// Members: of a classic group without commits, of a consumer group that has
	// committed for a part, of a share group.
	poll(t, broker.client(t, kgo.ConsumerGroup("silent"), kgo.ConsumeTopics("orders"), kgo.DisableAutoCommit(), kgo.ClientID("silent-1"),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart())))
	modern := broker.client(t, kgo.ConsumerGroup("modern"), kgo.ServerSideBalancer(), kgo.ConsumeTopics("orders", "empty"), kgo.DisableAutoCommit(),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	records := poll(t, modern)
	if err := modern.CommitRecords(ctx, records[0]); err != nil {
		t.Fatal(err)
	}
	if err := shareFromStart(ctx, client, "sharing"); err != nil {
		t.Fatal(err)
	}
	shared(t, broker, client)
}

// shared lets a share group take 4 records and give back 2 more. Giving back
// makes the broker write down where the group is: of what is acknowledged it
// does so with the next change only. The member has the two again at once, and
// keeps them, for nobody acknowledges them; a connection that it closed because
// nothing is said on it would give them back.
func shared(t *testing.T, broker real, writer *kgo.Client) {
	t.Helper()
	sharing := broker.client(t, kgo.ShareGroup("sharing"), kgo.ConsumeTopics("jobs"), kgo.ConnIdleTimeout(15*time.Minute))
	answer := func(status kgo.AckStatus) int {
		records := poll(t, sharing)
		for _, record := range records {
			record.Ack(status)
		}
		if err := sharing.FlushAcks(t.Context()); err != nil {
			t.Fatal(err)
		}
		return len(records)
	}
	for left := 4; left > 0; {
		left -= answer(kgo.AckAccept)
	}
	write(t, writer, "jobs", 0, 2)
	answer(kgo.AckRelease)
}

// transaction leaves one transaction committed and one open.
func transaction(t *testing.T, broker real) {
	t.Helper()
	client := broker.client(t, kgo.TransactionalID("bank"), kgo.TransactionTimeout(10*time.Minute), kgo.DefaultProduceTopic("payments"))
	for n, last := range []bool{false, true} {
		if err := client.BeginTransaction(); err != nil {
			t.Fatal(err)
		}
		if err := client.ProduceSync(t.Context(), kgo.StringRecord("a"), kgo.StringRecord("b")).FirstErr(); err != nil {
			t.Fatal(n, err)
		}
		if last {
			return
		}
		if err := client.EndTransaction(t.Context(), kgo.TryCommit); err != nil {
			t.Fatal(err)
		}
	}
}

// shareFromStart lets a share group begin at the beginning.
func shareFromStart(ctx context.Context, client *kgo.Client, group string) error {
	request := kmsg.NewPtrIncrementalAlterConfigsRequest()
	resource := kmsg.NewIncrementalAlterConfigsRequestResource()
	resource.ResourceType, resource.ResourceName = kmsg.ConfigResourceTypeGroupConfig, group
	config := kmsg.NewIncrementalAlterConfigsRequestResourceConfig()
	config.Name, config.Value = "share.auto.offset.reset", kmsg.StringPtr("earliest")
	resource.Configs = append(resource.Configs, config)
	request.Resources = append(request.Resources, resource)
	answer, err := request.RequestWith(ctx, client)
	if err != nil {
		return err
	}
	return why(answer.Resources[0].ErrorCode)
}

func poll(t *testing.T, client *kgo.Client) []*kgo.Record {
	t.Helper()
	for {
		fetches := client.PollFetches(t.Context())
		if err := fetches.Err(); err != nil {
			t.Fatal(err)
		}
		if records := fetches.Records(); len(records) > 0 {
			return records
		}
	}
}

func compare(t *testing.T, broker real, sample *queue.Sample) {
	t.Helper()
	if diff := cmp.Diff(toolOffsets(t, broker, "-1"), edgesOf(sample, func(p queue.Partition) queue.Count { return p.End })); diff != "" {
		t.Errorf("ends, -tool +ours:\n%s", diff)
	}
	if diff := cmp.Diff(toolOffsets(t, broker, "-2"), edgesOf(sample, func(p queue.Partition) queue.Count { return p.Start })); diff != "" {
		t.Errorf("starts, -tool +ours:\n%s", diff)
	}
	if diff := cmp.Diff(toolSizes(t, broker), edgesOf(sample, func(p queue.Partition) queue.Count { return p.Bytes })); diff != "" {
		t.Errorf("bytes, -tool +ours:\n%s", diff)
	}
	groups := broker.tool(t, "kafka-consumer-groups.sh", "--describe", "--all-groups")
	shares := broker.tool(t, "kafka-share-groups.sh", "--describe", "--all-groups")
	if diff := cmp.Diff(append(rows(t, groups), rows(t, shares)...), offsetRows(sample), sorted); diff != "" {
		t.Errorf("offsets, -tool +ours:\n%s", diff)
	}
	states := append(
		toolStates(t, broker.tool(t, "kafka-consumer-groups.sh", "--describe", "--all-groups", "--state")),
		toolStates(t, broker.tool(t, "kafka-share-groups.sh", "--describe", "--all-groups", "--state"))...)
	if diff := cmp.Diff(states, stateRows(sample), sorted); diff != "" {
		t.Errorf("states, -tool +ours:\n%s", diff)
	}
	members := append(
		toolMembers(t, broker.tool(t, "kafka-consumer-groups.sh", "--describe", "--all-groups", "--members", "--verbose")),
		toolMembers(t, broker.tool(t, "kafka-share-groups.sh", "--describe", "--all-groups", "--members", "--verbose"))...)
	if diff := cmp.Diff(members, memberRows(sample), sorted); diff != "" {
		t.Errorf("members, -tool +ours:\n%s", diff)
	}
	for _, g := range sample.Groups {
		if g.Trouble != "" {
			t.Errorf("group %s has trouble: %s", g.Name, g.Trouble)
		}
	}
	payments := queueOf(t, sample, "payments").Partitions[0]
	if payments.End != queue.Known[int64](5) || payments.Stable != queue.Known[int64](3) {
		t.Errorf("payments end at %v and are stable to %v, want 5 and 3: a marker and an open transaction of 2", payments.End, payments.Stable)
	}
	if q := queueOf(t, sample, "trimmed"); q.Depth != queue.Known[int64](8) || q.Written != queue.Known[int64](20) {
		t.Errorf("trimmed has depth %v of %v written, want 8 of 20", q.Depth, q.Written)
	}
	if sample.Version != "4.3" || !queueOf(t, sample, "__consumer_offsets").Internal {
		t.Errorf("version %q, internal %v", sample.Version, queueOf(t, sample, "__consumer_offsets").Internal)
	}
}

var sorted = cmp.Transformer("sorted", func(list []string) []string {
	if slices.IsSorted(list) {
		return list
	}
	return slices.Sorted(slices.Values(list))
})

// toolOffsets are offsets by "topic:partition".
func toolOffsets(t *testing.T, broker real, time string) map[string]string {
	t.Helper()
	offsets := make(map[string]string)
	for line := range strings.Lines(broker.tool(t, "kafka-get-offsets.sh", "--time", time)) {
		parts := strings.Split(strings.TrimSpace(line), ":")
		if len(parts) == 3 {
			offsets[parts[0]+":"+parts[1]] = parts[2]
		}
	}
	return offsets
}

func edgesOf(s *queue.Sample, edge func(queue.Partition) queue.Count) map[string]string {
	offsets := make(map[string]string)
	for _, q := range s.Queues {
		for _, p := range q.Partitions {
			offsets[fmt.Sprintf("%s:%d", q.Name, p.ID)] = edge(p).String()
		}
	}
	return offsets
}

func toolSizes(t *testing.T, broker real) map[string]string {
	t.Helper()
	var said struct {
		Brokers []struct {
			LogDirs []struct {
				Partitions []struct {
					Partition string
					Size      int64
				}
			}
		}
	}
	for line := range strings.Lines(broker.tool(t, "kafka-log-dirs.sh", "--describe")) {
		if strings.HasPrefix(line, "{") {
			if err := json.Unmarshal([]byte(line), &said); err != nil {
				t.Fatal(err)
			}
		}
	}
	sizes := make(map[string]string)
	for _, b := range said.Brokers {
		for _, d := range b.LogDirs {
			for _, p := range d.Partitions {
				at := strings.LastIndex(p.Partition, "-")
				sizes[p.Partition[:at]+":"+p.Partition[at+1:]] = strconv.FormatInt(p.Size, 10)
			}
		}
	}
	return sizes
}

// table reads what a tool prints as rows of columns by their headings, which
// stand where the values begin.
func table(text string) []map[string]string {
	var list []map[string]string
	var headings []string
	lines := bufio.NewScanner(strings.NewReader(strings.ReplaceAll(text, "COORDINATOR (ID)", "COORDINATOR")))
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		switch {
		case len(fields) > 0 && fields[0] == "GROUP":
			headings = fields
		case len(fields) < 3 || len(headings) == 0 || strings.HasPrefix(lines.Text(), "Consumer group") || strings.HasPrefix(lines.Text(), "Share group"):
		default:
			row := make(map[string]string)
			for i, f := range fields {
				if i < len(headings) {
					row[headings[i]] = f
				}
			}
			list = append(list, row)
		}
	}
	return list
}

// rows are a group's offsets as "group topic/partition committed lag".
func rows(t *testing.T, text string) []string {
	t.Helper()
	var list []string
	for _, row := range table(text) {
		at := row["CURRENT-OFFSET"]
		if at == "" {
			at = row["START-OFFSET"]
		}
		if row["TOPIC"] == "-" { // a member without partitions
			continue
		}
		list = append(list, fmt.Sprintf("%s %s/%s %s %s", row["GROUP"], row["TOPIC"], row["PARTITION"], at, row["LAG"]))
	}
	if len(list) == 0 {
		t.Fatalf("the tool printed no offsets:\n%s", text)
	}
	return list
}

func dash(c queue.Count) string { return strings.ReplaceAll(c.String(), "–", "-") }

func offsetRows(s *queue.Sample) []string {
	var list []string
	for _, g := range s.Groups {
		for _, o := range g.Offsets {
			list = append(list, fmt.Sprintf("%s %s/%d %s %s", g.Name, o.Queue, o.Partition, dash(o.Committed), dash(o.Lag)))
		}
	}
	return list
}

func toolStates(t *testing.T, text string) []string {
	t.Helper()
	var list []string
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) < 5 || fields[0] == "GROUP" || fields[0] == "Consumer" || fields[0] == "Share" {
			continue
		}
		list = append(list, fmt.Sprintf("%s %s %s", fields[0], strings.ToLower(fields[len(fields)-2]), fields[len(fields)-1]))
	}
	if len(list) == 0 {
		t.Fatalf("the tool printed no states:\n%s", text)
	}
	return list
}

func stateRows(s *queue.Sample) []string {
	var list []string
	for _, g := range s.Groups {
		list = append(list, fmt.Sprintf("%s %s %d", g.Name, g.State, len(g.Members)))
	}
	return list
}

func toolMembers(t *testing.T, text string) []string {
	t.Helper()
	var list []string
	for _, row := range table(text) {
		assigned := row["CURRENT-ASSIGNMENT"]
		if assigned == "" {
			assigned = row["ASSIGNMENT"]
		}
		list = append(list, fmt.Sprintf("%s %s %s %s %s", row["GROUP"], row["CONSUMER-ID"], strings.TrimPrefix(row["HOST"], "/"), row["CLIENT-ID"], assigned))
	}
	return list
}

// memberRows are members with what they read as the tool has it:
// "orders:0,1;empty:0".
func memberRows(s *queue.Sample) []string {
	var list []string
	for _, g := range s.Groups {
		for _, m := range g.Members {
			var assigned []string
			for _, a := range m.Assigned {
				var ids []string
				for _, id := range a.Partitions {
					ids = append(ids, strconv.Itoa(int(id)))
				}
				assigned = append(assigned, a.Queue+":"+strings.Join(ids, ","))
			}
			list = append(list, fmt.Sprintf("%s %s %s %s %s", g.Name, m.ID, m.Host, m.Client, strings.Join(assigned, ";")))
		}
	}
	return list
}
