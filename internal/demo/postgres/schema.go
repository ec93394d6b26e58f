package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// schemaLock is the key of the advisory lock under which the schema is made:
// "create … if not exists" alone fails when two roles try it at once.
const schemaLock int64 = 0x64696f72616d61 // "diorama"

// schema is idempotent. The features are what the feature cache is filled
// from: 1,000 users and 200 items, always the same.
const schema = `
CREATE SCHEMA IF NOT EXISTS demo;
CREATE TABLE IF NOT EXISTS demo.features (
	kind    text NOT NULL,
	name    text NOT NULL,
	segment text NOT NULL,
	weight  double precision NOT NULL,
	PRIMARY KEY (kind, name)
);
CREATE TABLE IF NOT EXISTS demo.inferences (
	id         text PRIMARY KEY,
	created_at timestamptz NOT NULL,
	user_name  text NOT NULL,
	item       text NOT NULL,
	model      text NOT NULL,
	score      double precision NOT NULL,
	latency_ms double precision NOT NULL,
	cached     boolean NOT NULL,
	trace      text NOT NULL,
	published  boolean NOT NULL DEFAULT false
);
CREATE INDEX IF NOT EXISTS inferences_created ON demo.inferences (created_at);
CREATE INDEX IF NOT EXISTS inferences_unpublished ON demo.inferences (created_at) WHERE NOT published;
CREATE TABLE IF NOT EXISTS demo.charges (
	event_id   text PRIMARY KEY,
	user_name  text NOT NULL,
	micros     bigint NOT NULL,
	created_at timestamptz NOT NULL,
	charged_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX IF NOT EXISTS charges_created ON demo.charges (created_at);
INSERT INTO demo.features (kind, name, segment, weight)
	SELECT 'user', 'user-' || n, (ARRAY['new', 'casual', 'regular', 'fan'])[1 + n % 4], (n * 37 % 101) / 100.0
	FROM generate_series(1, 1000) AS n
	UNION ALL
	SELECT 'item', 'item-' || n, (ARRAY['image', 'text', 'video', 'mixed'])[1 + n % 4], (n * 53 % 101) / 100.0
	FROM generate_series(1, 200) AS n
	ON CONFLICT DO NOTHING;
`

// EnsureSchema makes the tables that are not there. Roles may call it all at
// once: one makes them, the others wait for it.
func (db *DB) EnsureSchema(ctx context.Context) error {
	err := pgx.BeginFunc(ctx, db.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock($1)`, schemaLock); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, schema)
		return err
	})
	if err != nil {
		return fmt.Errorf("make the demo's tables in PostgreSQL: %w", err)
	}
	return nil
}
