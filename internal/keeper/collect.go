package keeper

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/diorama-dev/diorama/internal/env"
	"github.com/diorama-dev/diorama/internal/logs"
	"github.com/diorama-dev/diorama/internal/logs/intake"
)

// countEvery is how often the log store's counters are looked at: as often as
// a person can tell.
const countEvery = 200 * time.Millisecond

// collector brings the output of all containers into the store: from their log
// files, or else from streams that it follows.
type collector struct {
	store    *logs.Store
	intake   *intake.Intake
	follower *logs.Follower
	once     sync.Once
	followed chan struct{} // closed when streams are to be followed
	emit     func(env.Event)
	log      *slog.Logger
}

func newCollector(o Options, k *keeper) (*collector, error) {
	store, err := logs.Open(o.Folder.Logs(), logs.Options{Report: func(err error) { o.Log.Warn("the log store", "error", err) }})
	if err != nil {
		return nil, err
	}
	c := &collector{store: store, followed: make(chan struct{}), emit: k.store.Emit, log: o.Log}
	c.intake = intake.New(store, intake.Options{Report: func(err error) { c.log.Error("log lines cannot be stored; they wait", "error", err) }})
	c.follower = logs.NewFollower(runtimeStreams{k}, store, logs.FollowOptions{Report: c.report})
	return c, nil
}

func (c *collector) report(from logs.Container, err error) {
	c.log.Warn("logs cannot be followed", "pod", from.Pod, "container", from.Container, "error", err)
}

// containers says which there are now.
func (c *collector) containers(all []logs.Container) {
	c.intake.Set(all)
	c.follower.Set(all)
}

// follow has streams followed from now on.
func (c *collector) follow(why error) {
	c.once.Do(func() {
		if why != nil {
			c.log.Warn("the nodes' log files cannot be read; logs are followed through the cluster's API", "error", why)
		}
		if err := c.intake.Elsewhere(); err != nil {
			c.log.Error("it cannot be noted how logs are followed", "error", err)
		}
		close(c.followed)
	})
}

// start follows and counts until the function that it returns is called,
// which also closes the store.
func (c *collector) start(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var all sync.WaitGroup
	all.Go(func() { c.intake.Run(ctx) })
	all.Go(func() {
		select {
		case <-c.followed:
			c.follower.Run(ctx)
		case <-ctx.Done():
		}
	})
	all.Go(func() { c.count(ctx) })
	return func() {
		cancel()
		all.Wait()
		if err := c.store.Close(); err != nil {
			c.log.Error("the log store was not closed well", "error", err)
		}
	}
}

// count emits the store's counters whenever they have changed.
func (c *collector) count(ctx context.Context) {
	ticker := time.NewTicker(countEvery)
	defer ticker.Stop()
	var last env.LogCounters
	for {
		if counters := c.store.Counters(); counters != last {
			last = counters
			c.emit(env.Event{Time: time.Now(), Logs: &counters})
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}

// runtimeStreams are those of the runtime, which is made after the collector.
type runtimeStreams struct{ k *keeper }

// Logs opens what a container writes.
func (s runtimeStreams) Logs(ctx context.Context, pod, container string, since time.Time, previous bool) (io.ReadCloser, error) {
	streams, ok := s.k.runtime.(logs.Streams)
	if !ok {
		return nil, errors.New("this runtime's output is not followed")
	}
	return streams.Logs(ctx, pod, container, since, previous)
}
