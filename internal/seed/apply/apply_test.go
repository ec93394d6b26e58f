package apply_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/alicebob/miniredis/v2"
	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/diorama-dev/diorama/internal/queue"
	"github.com/diorama-dev/diorama/internal/seed"
	"github.com/diorama-dev/diorama/internal/seed/apply"
)

// put puts a set there and wants that it works.
func put(t *testing.T, s seed.Set, target apply.Target) seed.Outcome {
	t.Helper()
	outcome, err := apply.Apply(t.Context(), s, target, func(detail string) { t.Log(detail) })
	if err != nil {
		t.Fatal(err)
	}
	return outcome
}

// wantOutcome compares what came of a set, by subjects.
func wantOutcome(t *testing.T, got seed.Outcome, created, unchanged, different []string) {
	t.Helper()
	var differences []string
	for _, d := range got.Differences {
		differences = append(differences, d.String())
	}
	for _, c := range []struct {
		what      string
		want, got []string
	}{{"created", created, got.Created}, {"unchanged", unchanged, got.Unchanged}, {"different", different, differences}} {
		if diff := cmp.Diff(c.want, slices.Clip(append([]string(nil), c.got...))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.what, diff)
		}
	}
}

// interrupted puts a set there and ends the context at the nth report.
func interrupted(t *testing.T, s seed.Set, target apply.Target, n int) seed.Outcome {
	t.Helper()
	cause := errors.New("killed")
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	reports := 0
	outcome, err := apply.Apply(ctx, s, target, func(string) {
		if reports++; reports == n {
			cancel(cause)
		}
	})
	if err == nil {
		t.Fatalf("it was not interrupted: %+v", outcome)
	}
	return outcome
}

func script(name, text string) seed.Script {
	sum := sha256.Sum256([]byte(text))
	return seed.Script{Name: name, Hash: hex.EncodeToString(sum[:]), Bytes: len(text), Text: text, At: "mine.yaml:1:1"}
}

func endpoint(t *testing.T, address string) queue.Endpoint {
	t.Helper()
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	return queue.Endpoint{Host: host, Port: number}
}

func kafkaSet() seed.Set {
	return seed.Set{
		Instance: "kafka", Stack: "kafka",
		Topics: []seed.Topic{
			{Name: "orders", Partitions: 3, Config: map[string]string{"cleanup.policy": "compact"}, At: "mine.yaml:4:9"},
			{Name: "features", At: "mine.yaml:5:9"},
		},
		Groups: []seed.Group{{Name: "billing", Topics: []string{"orders"}, Place: seed.PlaceStart, At: "mine.yaml:7:9"}},
	}
}

func kafkaTarget(t *testing.T, address string) apply.Target {
	t.Helper()
	return apply.Target{Access: queue.Access{"broker": endpoint(t, address)}}
}

func TestKafkaImitation(t *testing.T) {
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.DefaultNumPartitions(1))
	if err != nil {
		t.Fatal(err)
	}
	defer cluster.Close()
	address := cluster.ListenAddrs()[0]
	checkKafka(t, address)
}

// checkKafka holds a broker without any topics against what is promised.
func checkKafka(t *testing.T, address string) {
	t.Helper()
	target, set := kafkaTarget(t, address), kafkaSet()
	first := interrupted(t, set, target, 1)
	wantOutcome(t, first, []string{"topic orders"}, nil, nil)
	wantOutcome(t, put(t, set, target), []string{"topic features", "group billing"}, []string{"topic orders"}, nil)
	wantOutcome(t, put(t, set, target), nil, []string{"topic orders", "topic features", "group billing"}, nil)

	client, err := kgo.NewClient(kgo.SeedBrokers(address))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	admin := kadm.NewClient(client)
	offsets, err := admin.FetchOffsets(t.Context(), "billing")
	if err != nil {
		t.Fatal(err)
	}
	for partition := range int32(3) {
		if o, ok := offsets.Lookup("orders", partition); !ok || o.At != 0 {
			t.Errorf("partition %d: offset %+v, want 0", partition, o)
		}
	}
	// A group that has gone on is left where it is.
	moved := make(kadm.Offsets)
	moved.AddOffset("orders", 0, 7, -1)
	if err := admin.CommitAllOffsets(t.Context(), "billing", moved); err != nil {
		t.Fatal(err)
	}
	set.Topics[0].Partitions, set.Topics[0].Config = 6, map[string]string{"cleanup.policy": "delete", "no.such": "1"}
	wantOutcome(t, put(t, set, target), nil, []string{"topic features", "group billing"}, []string{
		"topic orders has 3 partitions, the seed says 6",
		"topic orders has cleanup.policy=compact, the seed says delete",
		"topic orders has no setting no.such, the seed says 1",
	})
	if offsets, err = admin.FetchOffsets(t.Context(), "billing"); err != nil {
		t.Fatal(err)
	}
	if o, _ := offsets.Lookup("orders", 0); o.At != 7 {
		t.Errorf("the group was moved to %d", o.At)
	}
}

func TestRedisImitation(t *testing.T) {
	server := miniredis.RunT(t)
	server.RequireAuth("secret")
	checkRedis(t, "redis", server.Addr(), "secret")
}

// checkRedis holds an empty server against what is promised.
func checkRedis(t *testing.T, stack, address, password string) {
	t.Helper()
	e := endpoint(t, address)
	e.Password = password
	target := apply.Target{Access: queue.Access{stack: e}}
	set := seed.Set{Instance: stack, Stack: stack, Commands: []seed.Script{
		script("a.redis", "SET greeting \"hello\\x21\"\nINCR visits\n"), script("b.redis", "# one\nRPUSH jobs 'a b' c\n"),
	}}
	wantOutcome(t, interrupted(t, set, target, 2), []string{"file a.redis"}, nil, nil)
	wantOutcome(t, put(t, set, target), []string{"file b.redis"}, []string{"file a.redis"}, nil)
	wantOutcome(t, put(t, set, target), nil, []string{"file a.redis", "file b.redis"}, nil)
	set.Commands[0] = script("a.redis", "SET greeting hi\n")
	wantOutcome(t, put(t, set, target), nil, []string{"file b.redis"}, []string{
		"file a.redis has changed since it was run; it is not run again unless the key diorama:seed:a.redis is deleted",
	})

	set.Commands = []seed.Script{script("c.redis", "# first\nINCR visits\nLPUSH greeting x\n")}
	for range 2 { // without its marker a mended file is run again
		_, err := apply.Apply(t.Context(), set, target, nil)
		if err == nil || !strings.Contains(err.Error(), "c.redis:3: LPUSH: WRONGTYPE") || !strings.Contains(err.Error(), "took effect") {
			t.Errorf("error = %v", err)
		}
	}
	set.Commands = []seed.Script{script("d.redis", "INCR visits\nNOSUCH x\n")}
	_, err := apply.Apply(t.Context(), set, target, nil)
	if err == nil || !strings.Contains(err.Error(), "d.redis:2: NOSUCH: ERR unknown command") || !strings.Contains(err.Error(), "no command of the file took effect") {
		t.Errorf("error = %v", err)
	}
	set.Commands = []seed.Script{script("e.redis", "SET answer x\n")}
	e.Password = "wrong"
	target.Access[stack] = e
	if _, err := apply.Apply(t.Context(), set, target, nil); err == nil || !strings.Contains(err.Error(), "WRONGPASS") {
		t.Errorf("error = %v", err)
	}
}

// adapter is a broker that is only spoken to through its adapter.
type adapter struct{ sample queue.Sample }

func (a *adapter) Sample(context.Context) (*queue.Sample, error) { return &a.sample, nil }

func (a *adapter) Close() {}

func (a *adapter) Create(_ context.Context, r queue.CreateRequest) error {
	a.sample.Queues = append(a.sample.Queues, &queue.Queue{Name: r.Name, Kind: r.Kind, Partitions: make([]queue.Partition, r.Partitions)})
	return nil
}

func (a *adapter) Delete(context.Context, string) error { return nil }

func TestRocketMQ(t *testing.T) {
	set := seed.Set{
		Instance: "rocketmq", Stack: "rocketmq", Topics: []seed.Topic{{Name: "orders", Partitions: 4}}, Groups: []seed.Group{{Name: "billing"}},
	}
	target := apply.Target{Source: &adapter{}}
	left := "group billing is not there: the broker makes it when its first member comes"
	wantOutcome(t, put(t, set, target), []string{"topic orders"}, nil, []string{left})
	wantOutcome(t, put(t, set, target), nil, []string{"topic orders"}, []string{left})
	set.Topics[0].Partitions = 8
	wantOutcome(t, put(t, set, target), nil, nil, []string{"topic orders has 4 queues, the seed says 8", left})
	if _, err := apply.Apply(t.Context(), set, apply.Target{}, nil); err == nil {
		t.Error("seeds without anybody to make them")
	}
}
