package kind

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/diorama-dev/diorama/internal/mesh/istio"
)

// proxies are n Pods with a proxy.
func proxies(n int) []istio.Pod {
	var all []istio.Pod
	for i := range n {
		all = append(all, istio.Pod{Name: fmt.Sprintf("p%03d", i), Namespace: "n", Proxy: true, ProxyReady: true})
	}
	return append(all, istio.Pod{Name: "outside", Namespace: "n"}, istio.Pod{Name: "starting", Namespace: "n", Proxy: true})
}

// TestHungProxiesHoldUpNobody asks a hundred proxies of which all but the last
// ten hang: a look takes no longer than it may, and those that answer are known
// from then on.
func TestHungProxiesHoldUpNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var turns turns
		all := proxies(100)
		known := make(map[string]bool)
		proxy := func(ctx context.Context, pod istio.Pod) (istio.Answer, error) {
			if pod.Name >= "p090" {
				return istio.Answer{}, nil
			}
			ctx, cancel := context.WithTimeout(ctx, answersWithin)
			defer cancel()
			<-ctx.Done()
			return istio.Answer{}, ctx.Err()
		}
		for range 10 {
			begin := time.Now()
			answers := turns.ask(t.Context(), begin, all, proxy)
			if d := time.Since(begin); d > askedWithin {
				t.Fatalf("a look takes %v", d)
			}
			clear(known)
			for key := range answers {
				known[key] = true
			}
		}
		if len(known) != 10 {
			t.Errorf("known are %v", known)
		}
		if len(turns.last) != 100 {
			t.Errorf("%d turns are kept", len(turns.last))
		}
	})
}

// TestEveryProxyHasItsTurn asks more proxies than there is time for: none is
// passed by for ever, and one that hung is asked again.
func TestEveryProxyHasItsTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var turns turns
		var mu sync.Mutex
		known := make(map[string]int)
		hangs := true
		proxy := func(ctx context.Context, pod istio.Pod) (istio.Answer, error) {
			mu.Lock()
			hung := hangs && pod.Name == "p000"
			mu.Unlock()
			wait := time.Second
			if hung {
				wait = time.Hour
			}
			ctx, cancel := context.WithTimeout(ctx, answersWithin)
			defer cancel()
			select {
			case <-time.After(wait):
				return istio.Answer{}, nil
			case <-ctx.Done():
				return istio.Answer{}, ctx.Err()
			}
		}
		for i := range 12 {
			if i == 4 {
				mu.Lock()
				hangs = false
				mu.Unlock()
			}
			for key := range turns.ask(t.Context(), time.Now(), proxies(30), proxy) {
				known[key]++
			}
		}
		if len(known) != 30 {
			t.Errorf("%d of 30 are known: %v", len(known), known)
		}
	})
}

// TestAnswersHaveRoom checks that answers that are too much at once are refused,
// and that there is room again once they were read.
func TestAnswersHaveRoom(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(strings.Repeat("x", 1000)))
	}))
	defer server.Close()
	pods := asked{server.Client(), newRoom(1500)}
	for range 3 {
		err := pods.get(t.Context(), server.URL, func(data []byte) error {
			if beside := pods.get(t.Context(), server.URL, func([]byte) error { return nil }); !errors.Is(beside, errNoRoom) {
				t.Errorf("beside another the answer is %v", beside)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
	if left := pods.room.left.Load(); left != 1500 {
		t.Errorf("%d bytes are left", left)
	}
}
