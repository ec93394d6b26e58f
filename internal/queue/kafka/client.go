package kafka

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/kversion"

	"github.com/diorama-dev/diorama/internal/queue"
)

const (
	// lanes is how many requests of a sample one broker works on at once: it
	// takes those of one connection one after the other.
	lanes       = 4
	dialTimeout = 3 * time.Second
	// silence is how long a broker may take beyond what was asked of it before
	// its connection is given up.
	silence = 5 * time.Second
	// mostAnswer bounds an answer's length: nobody's 10,000 groups are longer,
	// and another program's port may say anything.
	mostAnswer = 256 << 20
)

// Client speaks to one Kafka cluster. Its methods may be called at once.
type Client struct {
	address string
	lanes   []*kgo.Client
	admin   *kadm.Client

	mu    sync.Mutex
	nodes map[int32]chan *kgo.Client // lanes that are free, by broker

	// turn holds the memory; who has taken it makes a sample.
	turn chan *memory
}

// Open makes a client of the endpoint "broker". It does not dial.
func Open(access queue.Access) (queue.Source, error) {
	endpoint, ok := access["broker"]
	if !ok {
		return nil, errors.New(`kafka needs an endpoint "broker"`)
	}
	c := &Client{
		address: net.JoinHostPort(endpoint.Host, strconv.Itoa(endpoint.Port)),
		nodes:   make(map[int32]chan *kgo.Client), turn: make(chan *memory, 1),
	}
	for range lanes {
		client, err := c.dialer()
		if err != nil {
			c.Close()
			return nil, err
		}
		c.lanes = append(c.lanes, client)
	}
	c.admin = kadm.NewClient(c.lanes[0])
	c.turn <- newMemory()
	return c, nil
}

// dialer makes a client of the library's, which dials when it is asked.
func (c *Client) dialer(more ...kgo.Opt) (*kgo.Client, error) {
	versions := kversion.Stable()
	// The next versions name topics by ID alone, and so cannot speak of offsets
	// of topics that are gone.
	versions.SetMaxKeyVersion(int16(kmsg.OffsetCommit), 9)
	versions.SetMaxKeyVersion(int16(kmsg.OffsetFetch), 9)
	client, err := kgo.NewClient(append([]kgo.Opt{
		kgo.SeedBrokers(c.address), kgo.ClientID("diorama"), kgo.MaxVersions(versions),
		kgo.DialTimeout(dialTimeout), kgo.RequestTimeoutOverhead(silence), kgo.RetryTimeout(silence),
		kgo.BrokerMaxReadBytes(mostAnswer), kgo.DisableClientMetrics(),
		kgo.MetadataMinAge(100 * time.Millisecond),
	}, more...)...)
	if err != nil {
		return nil, fmt.Errorf("reach Kafka at %s: %w", c.address, err)
	}
	return client, nil
}

// Close ends all that is under way.
func (c *Client) Close() {
	for _, client := range c.lanes {
		client.Close()
	}
}

// seed is the broker at the endpoint, whatever its ID.
const seed int32 = -1

// ask asks one broker once.
func (c *Client) ask(ctx context.Context, node int32, r kmsg.Request) (kmsg.Response, error) {
	free := c.free(node)
	var client *kgo.Client
	select {
	case client = <-free:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { free <- client }()
	broker := client.SeedBrokers()[0]
	if node != seed {
		broker = client.Broker(int(node))
	}
	answer, err := broker.Request(ctx, r)
	if err != nil {
		return nil, fmt.Errorf("ask %s for %s: %w", c.at(node), kmsg.NameForKey(r.Key()), err)
	}
	return answer, nil
}

func (c *Client) at(node int32) string {
	if node == seed {
		return c.address
	}
	return "broker " + strconv.Itoa(int(node))
}

func (c *Client) free(node int32) chan *kgo.Client {
	c.mu.Lock()
	defer c.mu.Unlock()
	free, ok := c.nodes[node]
	if !ok {
		free = make(chan *kgo.Client, len(c.lanes))
		for _, client := range c.lanes {
			free <- client
		}
		c.nodes[node] = free
	}
	return free
}

// why says what an error code of a broker's means; nil for none.
func why(code int16) error { return kerr.ErrorForCode(code) }

// told is an error code and the words that a broker adds.
func told(code int16, message *string) error {
	err := why(code)
	if err != nil && message != nil && *message != "" {
		return fmt.Errorf("%w: %s", err, *message)
	}
	return err
}

// missing reports whether an error says that there is no such topic.
func missing(err error) bool {
	return errors.Is(err, kerr.UnknownTopicOrPartition) || errors.Is(err, kerr.UnknownTopicID)
}
