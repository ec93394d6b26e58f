package kind

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/diorama-dev/diorama/internal/diagnose"
	"github.com/diorama-dev/diorama/internal/kube"
	"github.com/diorama-dev/diorama/internal/mesh/istio"
)

const (
	// answersWithin is how long a proxy may take to say what it knows. One that
	// takes longer is not known this time; the others are.
	answersWithin = 1500 * time.Millisecond
	// askedWithin bounds how long proxies are asked in one look, however many there
	// are: whoever looks waits for it, and others for them. Twice as many as are
	// asked at a time may hang.
	askedWithin = 2*answersWithin + 200*time.Millisecond
	// proxiesAtOnce bounds the proxies that are asked at a time.
	proxiesAtOnce = 8
	// proxyAnswer bounds what a proxy may answer; a big mesh's takes some MiB.
	proxyAnswer = 32 << 20
	// answersAtOnce bounds what is read of answers at a time.
	answersAtOnce = 64 << 20
)

// turns are when proxies were asked last, by Pod. Where there is no time to ask
// all, those are asked first that have waited for the longest, and last those that
// did not answer: they would take the others' time every time.
type turns struct{ last map[string]turn }

type turn struct {
	at     time.Time // of the look
	silent bool
}

// ask asks the proxies that are ready, and returns the answers of those that give
// one, by Pod.
func (t *turns) ask(ctx context.Context, now time.Time, pods []istio.Pod, proxy func(context.Context, istio.Pod) (istio.Answer, error)) map[string]istio.Answer {
	ctx, cancel := context.WithTimeout(ctx, askedWithin)
	defer cancel()
	pods = t.order(pods)
	answers, next := make(map[string]istio.Answer), make(map[string]turn)
	for _, pod := range pods {
		next[pod.Key()] = t.last[pod.Key()] // where its turn does not come
	}
	t.last = next
	var mu sync.Mutex
	var group errgroup.Group
	group.SetLimit(proxiesAtOnce)
	for _, pod := range pods {
		group.Go(func() error {
			if ctx.Err() != nil {
				return nil
			}
			answer, err := proxy(ctx, pod)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				answers[pod.Key()], next[pod.Key()] = answer, turn{at: now}
			case ctx.Err() == nil: // it had its time
				next[pod.Key()] = turn{at: now, silent: true}
			}
			return nil // what is not known is absent
		})
	}
	_ = group.Wait() // nobody fails
	return answers
}

// order is the order in which the proxies that are ready are asked: those that
// answered, then those that did not. The first of these comes before all, since it
// may answer by now, and there may be no time left after the others.
func (t *turns) order(pods []istio.Pod) []istio.Pod {
	pods = slices.DeleteFunc(slices.Clone(pods), func(p istio.Pod) bool { return !p.Proxy || !p.ProxyReady })
	slices.SortStableFunc(pods, func(a, b istio.Pod) int {
		x, y := t.last[a.Key()], t.last[b.Key()]
		switch {
		case x.silent == y.silent:
			return x.at.Compare(y.at)
		case y.silent:
			return -1
		default:
			return 1
		}
	})
	if i := slices.IndexFunc(pods, func(p istio.Pod) bool { return t.last[p.Key()].silent }); i > 0 {
		silent := pods[i]
		copy(pods[1:i+1], pods[:i])
		pods[0] = silent
	}
	return pods
}

// asked are Pods that are asked what they know.
type asked struct {
	client *http.Client
	room   *room // that the answers share
}

// syncs are what istiods say of proxies; nil: none does. Silent is true where one
// of them does not answer.
func (a asked) syncs(ctx context.Context, istiods []diagnose.PodKey) (all []istio.Sync, silent bool) {
	ctx, cancel := context.WithTimeout(ctx, answersWithin)
	defer cancel()
	var mu sync.Mutex
	var group errgroup.Group
	group.SetLimit(proxiesAtOnce)
	for _, pod := range istiods {
		group.Go(func() error {
			var syncs []istio.Sync
			err := a.get(ctx, kube.PodURL(pod, istio.SyncPort, istio.SyncPath), func(data []byte) (err error) {
				syncs, err = istio.ParseSync(data)
				return err
			})
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				silent = true
				return nil // what is not known is absent
			}
			all = slices.Concat([]istio.Sync{}, all, syncs) // not nil: it may be known that none is connected
			return nil
		})
	}
	_ = group.Wait() // nobody fails
	return all, silent
}

// proxy asks a proxy.
func (a asked) proxy(ctx context.Context, pod istio.Pod) (answer istio.Answer, err error) {
	ctx, cancel := context.WithTimeout(ctx, answersWithin)
	defer cancel()
	key := diagnose.PodKey{Namespace: pod.Namespace, Name: pod.Name}
	if err = a.get(ctx, kube.PodURL(key, istio.AdminPort, istio.AdminClusters), func(data []byte) (err error) {
		answer.Hosts, err = istio.ParseClusters(data)
		return err
	}); err != nil {
		return istio.Answer{}, err
	}
	err = a.get(ctx, kube.PodURL(key, istio.AdminPort, istio.AdminStats), func(data []byte) (err error) {
		answer.Counts, err = istio.ParseStats(data)
		return err
	})
	return answer, err
}

// get asks an address, and parses the answer while there is room for it.
func (a asked) get(ctx context.Context, url string, parse func([]byte) error) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return err
	}
	response, err := a.client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body := &taking{from: io.LimitReader(response.Body, proxyAnswer), room: a.room}
	defer body.leave()
	data, err := io.ReadAll(body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s answers %s", url, response.Status)
	}
	if err != nil {
		return err
	}
	return parse(data)
}

// room is how many bytes there is room for.
type room struct{ left atomic.Int64 }

func newRoom(bytes int64) *room {
	r := new(room)
	r.left.Store(bytes)
	return r
}

// errNoRoom is of an answer that is too much beside those that are read already.
var errNoRoom = errors.New("the proxies' answers are too big to be read at once")

// taking takes room for what it reads.
type taking struct {
	from  io.Reader
	room  *room
	taken int64
}

func (t *taking) Read(p []byte) (int, error) {
	n, err := t.from.Read(p)
	t.taken += int64(n)
	if t.room.left.Add(int64(-n)) < 0 {
		return n, errNoRoom
	}
	return n, err
}

// leave gives the room back.
func (t *taking) leave() { t.room.left.Add(t.taken) }
