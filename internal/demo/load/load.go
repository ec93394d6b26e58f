// Package load owns the demo's load generator: when requests are due, who asks
// for what, and the switches that turn the rate.
package load

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/diorama-dev/diorama/internal/demo/control"
	"github.com/diorama-dev/diorama/internal/demo/story"
)

const (
	// tick is how often due requests are sent: short enough to look steady,
	// long enough that an idle generator sleeps.
	tick = 20 * time.Millisecond
	// maxUnderWay bounds the requests that wait for an answer, and the memory.
	maxUnderWay = 256
	// reportEvery is how often a line sums up.
	reportEvery = 10 * time.Second
)

// Sender makes one request.
type Sender interface {
	Send(ctx context.Context, r story.Request, t story.Trace) error
}

// Generator sends requests at the rate of its dial. It is safe for concurrent use.
type Generator struct {
	Dial   *Dial
	Sender Sender
	Log    *slog.Logger

	sent, failed, skipped atomic.Int64
	// lastWarned is when a failed request was last logged: a broken gateway
	// is news once a second, not for each request.
	lastWarned atomic.Int64
}

// State is what the generator does.
func (g *Generator) State() control.LoadState {
	rate, effective, ends := g.Dial.Read()
	return control.LoadState{
		PerSecond: rate, Effective: effective, SpikeEnds: ends,
		Sent: g.sent.Load(), Failed: g.failed.Load(), Skipped: g.skipped.Load(),
	}
}

// Run sends requests until ctx ends, and then waits for those under way.
func (g *Generator) Run(ctx context.Context) {
	var underWay sync.WaitGroup
	defer underWay.Wait()
	room := make(chan struct{}, maxUnderWay)
	who := newCrowd(rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64())))
	ticker, report := time.NewTicker(tick), time.NewTicker(reportEvery)
	defer ticker.Stop()
	defer report.Stop()
	var owed float64
	last, before := time.Now(), g.State()
	for {
		select {
		case <-ctx.Done():
			return
		case <-report.C:
			before = g.report(ctx, before)
		case now := <-ticker.C:
			var n int
			n, owed = due(owed, g.Dial.Rate(), now.Sub(last))
			last = now
			for range n {
				g.start(ctx, &underWay, room, who.next())
			}
		}
	}
}

// maxCatchUp bounds what a generator that was held up makes good.
const maxCatchUp = time.Second

// due is how many requests to send now, and the fraction left over, when owed
// was left over before and the time since then has passed.
func due(owed, rate float64, passed time.Duration) (int, float64) {
	if rate <= 0 {
		return 0, 0
	}
	owed += rate * min(max(passed, 0), maxCatchUp).Seconds()
	n := int(owed)
	return n, owed - float64(n)
}

func (g *Generator) start(ctx context.Context, underWay *sync.WaitGroup, room chan struct{}, r story.Request) {
	select {
	case room <- struct{}{}:
	default:
		g.skipped.Add(1)
		return
	}
	underWay.Go(func() {
		defer func() { <-room }()
		trace := story.NewTrace()
		g.sent.Add(1)
		// A request that is out is answered, also when the role is ending.
		if err := g.Sender.Send(context.WithoutCancel(ctx), r, trace); err != nil {
			g.failed.Add(1)
			g.warn(ctx, err, trace)
		}
	})
}

func (g *Generator) warn(ctx context.Context, err error, trace story.Trace) {
	now, last := time.Now().UnixNano(), g.lastWarned.Load()
	if now-last < int64(time.Second) || !g.lastWarned.CompareAndSwap(last, now) {
		return
	}
	g.Log.WarnContext(ctx, "request failed", "error", err.Error(), "failed", g.failed.Load(), trace.Attr())
}

func (g *Generator) report(ctx context.Context, before control.LoadState) control.LoadState {
	now := g.State()
	if now.Sent == before.Sent && now.Skipped == before.Skipped {
		return now // paused: nothing to tell
	}
	level := slog.LevelInfo
	if now.Skipped > before.Skipped {
		level = slog.LevelWarn
	}
	g.Log.Log(ctx, level, "load", "per_second", now.Effective, "within", reportEvery.String(),
		"sent", now.Sent-before.Sent, "failed", now.Failed-before.Failed, "skipped", now.Skipped-before.Skipped)
	return now
}

// crowd picks who asks for what: a few users and items are asked for often,
// as everywhere.
type crowd struct {
	users, items *rand.Zipf
}

// The numbers of users and items that the database knows. A few more are
// asked for, so that newcomers come by.
const (
	users = 1020
	items = 202
)

func newCrowd(r *rand.Rand) crowd {
	return crowd{users: rand.NewZipf(r, 1.1, 8, users-1), items: rand.NewZipf(r, 1.2, 4, items-1)}
}

func (c crowd) next() story.Request {
	return story.Request{
		User: fmt.Sprintf("user-%d", 1+c.users.Uint64()),
		Item: fmt.Sprintf("item-%d", 1+c.items.Uint64()),
	}
}
