// Package postgres owns the demo's side of PostgreSQL: its tables, and the
// statements on features, inferences and charges.
package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/diorama-dev/diorama/internal/demo/story"
)

// DB is a pool of connections. It is safe for concurrent use.
type DB struct{ pool *pgxpool.Pool }

// Open returns a pool of at most connections to the database at the URL
// (postgres://…). It does not connect yet.
func Open(ctx context.Context, url string, connections int) (*DB, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		// The reason may quote the URL, and with it the password.
		return nil, errors.New("the PostgreSQL URL is not valid: give postgres://USER:PASSWORD@HOST:PORT/DATABASE")
	}
	config.MaxConns = int32(min(max(connections, 1), 1000))
	config.ConnConfig.ConnectTimeout = 3 * time.Second
	config.MaxConnLifetime = 10 * time.Minute
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("open PostgreSQL: %w", err)
	}
	return &DB{pool: pool}, nil
}

// Close disconnects, once all statements are done.
func (db *DB) Close() { db.pool.Close() }

// Features returns those of the features that the database has.
func (db *DB) Features(ctx context.Context, keys []story.Key) (map[story.Key]story.Features, error) {
	kinds, names := make([]string, 0, len(keys)), make([]string, 0, len(keys))
	for _, k := range keys {
		kinds, names = append(kinds, string(k.Kind)), append(names, k.Name)
	}
	rows, err := db.pool.Query(ctx, `
		SELECT kind, name, segment, weight FROM demo.features
		WHERE (kind, name) IN (SELECT * FROM unnest($1::text[], $2::text[]))`, kinds, names)
	if err != nil {
		return nil, fmt.Errorf("read features from PostgreSQL: %w", err)
	}
	found := make(map[story.Key]story.Features, len(keys))
	var kind, name string
	var f story.Features
	_, err = pgx.ForEachRow(rows, []any{&kind, &name, &f.Segment, &f.Weight}, func() error {
		found[story.Key{Kind: story.Kind(kind), Name: name}] = f
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read features from PostgreSQL: %w", err)
	}
	return found, nil
}

// Save writes an inference that is yet to be published.
func (db *DB) Save(ctx context.Context, c story.Completed) error {
	_, err := db.pool.Exec(ctx, `
		INSERT INTO demo.inferences (id, created_at, user_name, item, model, score, latency_ms, cached, trace)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		c.ID, c.Time, c.User, c.Item, c.Model, c.Score, c.LatencyMS, c.Cached, c.Trace.String())
	if err != nil {
		return fmt.Errorf("write inference %s to PostgreSQL: %w", c.ID, err)
	}
	return nil
}

// Unpublished returns the oldest inferences, limit at most, that were written
// before the instant and of which nobody knows that they were published.
func (db *DB) Unpublished(ctx context.Context, before time.Time, limit int) ([]story.Completed, error) {
	rows, err := db.pool.Query(ctx, `
		SELECT id, created_at, user_name, item, model, score, latency_ms, cached, trace FROM demo.inferences
		WHERE NOT published AND created_at < $1 ORDER BY created_at LIMIT $2`, before, limit)
	if err != nil {
		return nil, fmt.Errorf("read unpublished inferences from PostgreSQL: %w", err)
	}
	found, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (story.Completed, error) {
		var c story.Completed
		var trace string
		err := row.Scan(&c.ID, &c.Time, &c.User, &c.Item, &c.Model, &c.Score, &c.LatencyMS, &c.Cached, &trace)
		c.Trace, _ = story.ParseTraceparent(trace) // without it the event is as good
		return c, err
	})
	if err != nil {
		return nil, fmt.Errorf("read unpublished inferences from PostgreSQL: %w", err)
	}
	return found, nil
}

// MarkPublished records that the topic has these inferences.
func (db *DB) MarkPublished(ctx context.Context, ids []string) error {
	if _, err := db.pool.Exec(ctx, `UPDATE demo.inferences SET published = true WHERE id = ANY($1)`, ids); err != nil {
		return fmt.Errorf("mark %d inferences as published in PostgreSQL: %w", len(ids), err)
	}
	return nil
}

// Prune deletes what is older than the instant, and returns how many rows that
// were. Charges must outlive the topic's events: they are how a redelivered
// event is known again.
func (db *DB) Prune(ctx context.Context, before time.Time) (int64, error) {
	var pruned int64
	for _, statement := range []string{
		`DELETE FROM demo.inferences WHERE created_at < $1 AND published`,
		`DELETE FROM demo.charges WHERE created_at < $1`,
	} {
		tag, err := db.pool.Exec(ctx, statement, before)
		if err != nil {
			return pruned, fmt.Errorf("delete old rows from PostgreSQL: %w", err)
		}
		pruned += tag.RowsAffected()
	}
	return pruned, nil
}

// Charge writes a charge unless its event has been charged before, and
// reports whether it wrote one.
func (db *DB) Charge(ctx context.Context, c story.Charge) (bool, error) {
	tag, err := db.pool.Exec(ctx, `
		INSERT INTO demo.charges (event_id, user_name, micros, created_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (event_id) DO NOTHING`, c.EventID, c.User, c.Micros, c.Time)
	if err != nil {
		return false, fmt.Errorf("write the charge for event %s to PostgreSQL: %w", c.EventID, err)
	}
	return tag.RowsAffected() == 1, nil
}
