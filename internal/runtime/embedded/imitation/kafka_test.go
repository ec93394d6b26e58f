package imitation

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// begin imitates Kafka on the folder until the test or, with end, it is over.
func begin(t *testing.T, folder string) (client *kgo.Client, end context.CancelFunc, ended <-chan error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	port, over, err := listening(ctx, t, folder)
	for err != nil && strings.Contains(err.Error(), "address already in use") { // somebody was quicker
		port, over, err = listening(ctx, t, folder)
	}
	if err != nil {
		t.Fatal(err)
	}
	if client, err = kgo.NewClient(kgo.SeedBrokers(fmt.Sprintf("127.0.0.1:%d", port)), kgo.DefaultProduceTopic("kept")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client, cancel, over
}

// listening waits until an imitation of Kafka listens, or says why it does not.
func listening(ctx context.Context, t *testing.T, folder string) (port int, over <-chan error, err error) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port = listener.Addr().(*net.TCPAddr).Port
	listener.Close()
	ended := make(chan error, 1)
	vars := map[string]string{"DIORAMA_DATA": folder, "DIORAMA_PARTITIONS": "1"}
	said, out := io.Pipe()
	go func() {
		err := kafka(ctx, port, func(name string) string { return vars[name] }, out)
		out.CloseWithError(err)
		ended <- err
	}()
	if _, err := said.Read(make([]byte, 100)); err != nil {
		return 0, nil, err
	}
	go func() { _, _ = io.Copy(io.Discard, said) }()
	return port, ended, nil
}

// broker is one that ends well.
func broker(t *testing.T, folder string) (client *kgo.Client, end func()) {
	t.Helper()
	client, cancel, ended := begin(t, folder)
	return client, func() {
		client.Close()
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the broker ended with %v", err)
		}
	}
}

// TestSentAgain: what a producer sends again, because its answer was lost with
// the broker that was killed, or that ended, is there once.
func TestSentAgain(t *testing.T) {
	folder := t.TempDir()
	client, end := broker(t, folder)
	if _, err := kadm.NewClient(client).CreateTopic(t.Context(), 1, 1, nil, "kept"); err != nil {
		t.Fatal(err)
	}
	for n := range 7 { // more than the broker keeps in mind
		if err := client.ProduceSync(t.Context(), kgo.StringRecord(strconv.Itoa(n))).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	// What a broker that is killed now has left behind; the one that ends in
	// good order has all that, and more.
	killed := t.TempDir()
	if err := os.CopyFS(killed, os.DirFS(folder)); err != nil {
		t.Fatal(err)
	}
	end()
	again := lastBatch(t, killed)
	for what, folder := range map[string]string{"killed": killed, "ended": folder} {
		t.Run(what, func(t *testing.T) {
			client, end := broker(t, folder)
			defer end()
			wantSentAgain(t, client, again)
		})
	}
}

// lastBatch is that of the topic's one partition, as it was sent.
func lastBatch(t *testing.T, folder string) (last []byte) {
	t.Helper()
	err := eachBatch(filepath.Join(folder, "partitions", "kept-0", "0.dat"), func(b []byte) { last = append([]byte(nil), b...) })
	if err != nil || last == nil {
		t.Fatalf("read the records: %v", err)
	}
	return last
}

func wantSentAgain(t *testing.T, client *kgo.Client, batch []byte) {
	t.Helper()
	admin := kadm.NewClient(client)
	listed, err := admin.ListTopics(t.Context(), "kept")
	if err != nil {
		t.Fatal(err)
	}
	partition := kmsg.NewProduceRequestTopicPartition()
	partition.Records = slices.Clone(batch)
	// A client does not know where the records will be.
	copy(partition.Records, make([]byte, 8))
	copy(partition.Records[12:], []byte{0xff, 0xff, 0xff, 0xff})
	topic := kmsg.NewProduceRequestTopic()
	topic.Topic, topic.TopicID = "kept", listed["kept"].ID
	topic.Partitions = append(topic.Partitions, partition)
	request := kmsg.NewPtrProduceRequest()
	request.Acks, request.TimeoutMillis = -1, 10000
	request.Topics = append(request.Topics, topic)
	response, err := request.RequestWith(t.Context(), client)
	if err != nil {
		t.Fatal(err)
	}
	got := response.Topics[0].Partitions[0]
	if err := kerr.ErrorForCode(got.ErrorCode); err != nil || got.BaseOffset != 6 {
		t.Errorf("it is answered with %v and the offset %d, want 6", err, got.BaseOffset)
	}
	ends, err := admin.ListEndOffsets(t.Context(), "kept")
	if end, _ := ends.Lookup("kept", 0); err != nil || end.Offset != 7 {
		t.Errorf("there are %d records, %v, want 7", end.Offset, err)
	}
}

// TestUnwritten: what cannot be written down is not acknowledged; the broker
// ends instead.
func TestUnwritten(t *testing.T) {
	folder := t.TempDir()
	client, _, ended := begin(t, folder)
	admin := kadm.NewClient(client)
	if _, err := admin.CreateTopic(t.Context(), 1, 1, nil, "kept"); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(folder, "groups.log")
	if err := errors.Join(os.RemoveAll(file), os.Mkdir(file, 0o700)); err != nil { // no file can be there
		t.Fatal(err)
	}
	committing, cancel := context.WithCancel(t.Context())
	defer cancel()
	answered := make(chan error, 1)
	go func() {
		offsets := make(kadm.Offsets)
		offsets.AddOffset("kept", 0, 1, -1)
		answered <- admin.CommitAllOffsets(committing, "readers", offsets)
	}()
	if err := <-ended; err == nil || !strings.Contains(err.Error(), "groups.log") {
		t.Errorf("it ended with %v", err)
	}
	cancel()
	if err := <-answered; err == nil {
		t.Error("it acknowledged an offset that is nowhere")
	}
}
