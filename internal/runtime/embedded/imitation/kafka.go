package imitation

import (
	"context"
	"fmt"
	"io"
	"net"
	"strconv"
	"sync"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// kafka is one broker. Every write is on disk before it is acknowledged.
func kafka(ctx context.Context, port int, getenv func(string) string, out io.Writer) error {
	partitions, err := strconv.Atoi(getenv("DIORAMA_PARTITIONS"))
	if err != nil || partitions < 1 {
		partitions = 1
	}
	folder := getenv("DIORAMA_DATA")
	if err := restoreSequences(folder); err != nil {
		return fmt.Errorf("imitate kafka: %w", err)
	}
	log := newLedger(out)
	cluster, err := kfake.NewCluster(
		kfake.NumBrokers(1), kfake.Ports(port), kfake.DataDir(folder), kfake.SyncWrites(),
		kfake.DefaultNumPartitions(partitions), kfake.WithLogger(log),
		// Only this machine: the address that it tells its clients is the one
		// that it listens on.
		kfake.ListenFn(func(network, _ string) (net.Listener, error) {
			return net.Listen(network, net.JoinHostPort("127.0.0.1", strconv.Itoa(port))) //nolint:noctx // the broker's own life ends it
		}),
	)
	log.armed.Store(true)
	if err == nil {
		err = log.failure()
	}
	if err == nil {
		err = forgetSequences(folder)
	}
	if err != nil {
		return fmt.Errorf("imitate kafka: %w", err)
	}
	if getenv("DIORAMA_AUTO_CREATE") != "false" {
		createTopics(cluster)
	}
	fmt.Fprintf(out, "INFO an imitation of Kafka listens on 127.0.0.1:%d\n", port)
	select {
	case err := <-log.failed:
		return err
	case <-ctx.Done():
	}
	fmt.Fprintln(out, "INFO stopping")
	log.armed.Store(false)
	cluster.Close()
	return noteClosed(folder)
}

// createTopics creates topics that clients ask for as they write to them. kfake
// does so itself on request, but then forgets them when it is killed, and with
// them the records: only topics that are created by name are written down.
func createTopics(cluster *kfake.Cluster) {
	topics := &topics{known: make(map[string]bool)}
	cluster.ControlKey(int16(kmsg.Metadata), func(request kmsg.Request) (kmsg.Response, error, bool) {
		asked, ok := request.(*kmsg.MetadataRequest)
		if !ok || !asked.AllowAutoTopicCreation {
			return nil, nil, false
		}
		if missing := topics.missing(asked); len(missing) > 0 {
			// The cluster's own goroutine has to be free for this.
			cluster.SleepControl(func() {
				for _, topic := range missing {
					// One that is there already, or cannot be, is answered as usual.
					_ = cluster.CreateTopic(topic, 0, nil)
				}
			})
			topics.learn(missing)
		}
		return nil, nil, false
	})
	cluster.ControlKey(int16(kmsg.DeleteTopics), func(kmsg.Request) (kmsg.Response, error, bool) {
		topics.forget()
		return nil, nil, false
	})
}

// topics are those that need not be created. Control functions run one at a
// time, except while one sleeps.
type topics struct {
	mu    sync.Mutex
	known map[string]bool
}

func (t *topics) missing(asked *kmsg.MetadataRequest) (missing []string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, topic := range asked.Topics {
		if topic.Topic != nil && !t.known[*topic.Topic] {
			missing = append(missing, *topic.Topic)
		}
	}
	return missing
}

func (t *topics) learn(names []string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, name := range names {
		t.known[name] = true
	}
}

func (t *topics) forget() {
	t.mu.Lock()
	defer t.mu.Unlock()
	clear(t.known)
}
