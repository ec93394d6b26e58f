package rocketmq

import (
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"

	"github.com/diorama-dev/diorama/internal/queue"
)

// imitation answers as a name server and a broker at once: with recorded
// bodies, and with whatever a test puts in their place.
type imitation struct {
	listener net.Listener
	answer   func(frame) (frame, bool) // false: none

	mu    sync.Mutex
	conns []net.Conn
}

func imitate(t testing.TB, answer func(frame) (frame, bool)) *imitation {
	t.Helper()
	var config net.ListenConfig
	listener, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	i := &imitation{listener: listener, answer: answer}
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			i.mu.Lock()
			i.conns = append(i.conns, conn)
			i.mu.Unlock()
			serving.Go(func() { i.serve(conn) })
		}
	})
	t.Cleanup(func() {
		listener.Close()
		i.drop()
		serving.Wait()
	})
	return i
}

func (i *imitation) serve(conn net.Conn) {
	for {
		request, err := readFrame(conn)
		if err != nil {
			return
		}
		answer, ok := i.answer(request)
		if !ok {
			continue
		}
		answer.Opaque, answer.Flag = request.Opaque, isResponse
		data, err := answer.encode()
		if err != nil {
			return
		}
		if _, err := conn.Write(data); err != nil {
			return
		}
	}
}

// drop ends all connections.
func (i *imitation) drop() {
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, conn := range i.conns {
		conn.Close()
	}
	i.conns = nil
}

func (i *imitation) open(t testing.TB) *Source {
	t.Helper()
	at := queue.Endpoint{Host: "127.0.0.1", Port: i.listener.Addr().(*net.TCPAddr).Port}
	source, err := Open(queue.Access{namesrvEndpoint: at, brokerEndpoint: at})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(source.Close)
	return source.(*Source)
}

func recorded(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "recorded", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// asRecorded answers as a broker did that had the topic orders, which the group
// billing had read to its end and was still connected to.
func asRecorded(t testing.TB) func(frame) (frame, bool) {
	t.Helper()
	bodies := map[int][]byte{
		askClusters: recorded(t, "clusters.json"), askTopicConfigs: recorded(t, "topics.json"),
		askGroupConfigs: recorded(t, "groups.json"), askConsumerOffsets: recorded(t, "offsets.json"),
		askSystemTopics: recorded(t, "system-topics.json"), askRuntime: recorded(t, "runtime.json"),
		askBrokerConfig: recorded(t, "settings.properties"),
	}
	stats, members, messages := recorded(t, "stats-orders.json"), recorded(t, "connections-billing.json"), recorded(t, "messages-orders-3.bin")
	return func(request frame) (frame, bool) {
		switch request.Code {
		case askTopicStats:
			if request.Fields["topic"] == "orders" {
				return frame{body: stats}, true
			}
			return frame{body: []byte(`{"offsetTable":{}}`)}, true
		case askConnections:
			if request.Fields["consumerGroup"] == "billing" {
				return frame{body: members}, true
			}
			return refuse(consumerNotOnline), true
		case askPull:
			offset, _ := strconv.Atoi(request.Fields["queueOffset"])
			if request.Fields["queueId"] != "3" || offset >= 6 {
				return frame{header: header{Code: pullNotFound, Fields: map[string]string{"nextBeginOffset": strconv.Itoa(offset)}}}, true
			}
			return frame{header: header{Fields: map[string]string{"nextBeginOffset": "6"}}, body: messages}, true
		case askConsumerOffset:
			return frame{header: header{Fields: map[string]string{"offset": "2"}}}, true
		}
		body, ok := bodies[request.Code]
		if !ok {
			return refuse(systemError), true
		}
		return frame{body: body}, true
	}
}

func refuse(code int) frame { return frame{header: header{Code: code, Remark: "no"}} }
