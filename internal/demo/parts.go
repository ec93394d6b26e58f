package demo

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"golang.org/x/sync/errgroup"

	"github.com/diorama-dev/diorama/internal/demo/alone"
	"github.com/diorama-dev/diorama/internal/demo/bus"
	"github.com/diorama-dev/diorama/internal/demo/cache"
	"github.com/diorama-dev/diorama/internal/demo/consumer"
	"github.com/diorama-dev/diorama/internal/demo/gateway"
	"github.com/diorama-dev/diorama/internal/demo/load"
	"github.com/diorama-dev/diorama/internal/demo/postgres"
	"github.com/diorama-dev/diorama/internal/demo/recommender"
	"github.com/diorama-dev/diorama/internal/demo/retry"
	"github.com/diorama-dev/diorama/internal/demo/story"
)

func (p *process) bus() bus.Options {
	return bus.Options{Servers: p.Kafka, Client: "demo-" + string(p.role), Log: p.log}
}

func (p *process) awaitTopic(ctx context.Context) error {
	return p.await(ctx, "Kafka", func(ctx context.Context) error { return bus.EnsureTopic(ctx, p.bus()) })
}

func (p *process) openPostgres(ctx context.Context) (*postgres.DB, error) {
	db, err := postgres.Open(ctx, p.Postgres, p.Connections)
	if err != nil {
		return nil, fmt.Errorf("POSTGRES_URL: %w", err)
	}
	if err := p.await(ctx, "PostgreSQL", db.EnsureSchema); err != nil {
		db.Close()
		return nil, err
	}
	return db, nil
}

func (p *process) openRedis(ctx context.Context) (*cache.Cache, error) {
	c, err := cache.New(p.Redis, p.FeatureTTL)
	if err != nil {
		return nil, fmt.Errorf("REDIS_URL: %w", err)
	}
	if err := p.await(ctx, "Redis", c.Ping); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

// options are what every gateway has, whatever it stands on.
func (p *process) options() gateway.Options {
	o := gateway.Options{Model: p.Model, Log: p.log, Slow: p.Slow, Retention: p.Retention}
	if p.URL != "" {
		client := recommender.NewClient(p.URL)
		o.Model, o.About = client, client.About
	}
	return o
}

// alone is a gateway without Kafka, Redis and PostgreSQL.
func (p *process) alone() work {
	o := p.options()
	o.Cache, o.Store, o.Publisher = alone.Backends{}, alone.Backends{}, alone.Backends{}
	g := gateway.New(o)
	return work{pages: g.Handler(), run: g.Relay}
}

func (p *process) recommender(ctx context.Context) (work, error) {
	about := story.About{Version: p.Version, GPU: p.GPU}
	p.log.InfoContext(ctx, "recommending", "version", about.Version, "gpu", cmp.Or(about.GPU, "none"))
	service := recommender.Service{Model: p.Model, About: about, Log: p.log, Slow: p.Slow}
	return work{pages: service.Handler(), run: func(ctx context.Context) { <-ctx.Done() }}, nil
}

func (p *process) gateway(ctx context.Context) (work, error) {
	if p.Alone {
		return p.alone(), nil
	}
	var db *postgres.DB
	var features *cache.Cache
	all, allCtx := errgroup.WithContext(ctx)
	all.Go(func() (err error) { db, err = p.openPostgres(allCtx); return err })
	all.Go(func() (err error) { features, err = p.openRedis(allCtx); return err })
	all.Go(func() error { return p.awaitTopic(allCtx) })
	err := all.Wait()
	if err != nil {
		return work{}, err // the process ends, and its connections with it
	}
	producer, err := bus.NewProducer(p.bus())
	if err != nil {
		return work{}, err
	}
	o := p.options()
	o.Cache, o.Store, o.Publisher = features, db, producer
	g := gateway.New(o)
	return work{pages: g.Handler(), run: g.Relay, finish: func(ctx context.Context) {
		if err := producer.Flush(ctx); err != nil {
			p.log.WarnContext(ctx, "events are left to be sent by the next gateway", "error", err.Error())
		}
		g.MarkAll(ctx)
		producer.Close()
		db.Close()
		_ = features.Close() // nothing is left to lose
	}}, nil
}

func (p *process) load(ctx context.Context) (work, error) {
	g := &load.Generator{Dial: load.NewDial(p.Rate), Sender: load.NewHTTP(p.Gateway), Log: p.log}
	err := p.await(ctx, "the gateway", func(ctx context.Context) error { return healthy(ctx, p.Gateway+"/healthz") })
	return work{pages: load.Switches(g, p.log), run: g.Run}, err
}

// healthy asks a health page.
func healthy(ctx context.Context, url string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return fmt.Errorf("ask for health: %w", err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("ask for health: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		said, _ := io.ReadAll(io.LimitReader(resp.Body, 1000)) // part of it is better than nothing
		return fmt.Errorf("ask for health: %s: %s", resp.Status, said)
	}
	return nil
}

func (p *process) consumer(ctx context.Context) (work, error) {
	handle, closeDeps, err := p.handler(ctx)
	if err != nil {
		return work{}, err
	}
	if err := p.awaitTopic(ctx); err != nil {
		return work{}, err
	}
	reader, err := bus.NewReader(bus.ReaderOptions{Options: p.bus(), Group: string(p.role), Session: p.Session})
	if err != nil {
		return work{}, err
	}
	c := &consumer.Consumer{
		Source: reader, Handle: handle, Log: p.log, Slow: consumer.NewSlow(),
		Backoff: retry.Standard(),
	}
	c.Slow.Set(p.Delay)
	return work{pages: consumer.Switches(c, p.log), run: c.Run, finish: func(ctx context.Context) {
		if err := reader.Leave(ctx); err != nil {
			p.log.WarnContext(ctx, "the group was not left in order", "error", err.Error())
		}
		closeDeps()
	}}, nil
}

// handler is the role's part of the story, and how to let go of what it needs.
func (p *process) handler(ctx context.Context) (consumer.Handler, func(), error) {
	nothing := func() {}
	switch p.role {
	case UserProfile:
		profiles, err := p.openRedis(ctx)
		if err != nil {
			return nil, nothing, err
		}
		return consumer.UserProfile(profiles), func() { _ = profiles.Close() }, nil
	case Billing:
		db, err := p.openPostgres(ctx)
		if err != nil {
			return nil, nothing, err
		}
		return consumer.Billing(db), db.Close, nil
	case Fraud:
		return consumer.Fraud(), nothing, nil
	default:
		return consumer.Log(), nothing, nil
	}
}
