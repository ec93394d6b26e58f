package apply

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/diorama-dev/diorama/internal/seed"
)

// pgLedger is where PostgreSQL notes files: in a schema that is named, since
// dumps empty the search path.
const pgLedger = "public." + ledger

// pgLock is the advisory lock that is held while files are run: "diorama" in
// letters' numbers.
const pgLock = 0x64696f72616d61

// pgDatabase is a database of PostgreSQL. Files are run on connections of
// their own, so that what one sets is not there for the next.
type pgDatabase struct {
	config *pgx.ConnConfig
	owner  string // files are run as, so that what they make is its; empty: the stack's own user
	lock   *pgx.Conn
}

func (p pgApplier) open(ctx context.Context, name string) (database, error) {
	d := &pgDatabase{config: p.config.Copy(), owner: p.set.Owner(name)}
	if name != "" {
		d.config.Database = name
	}
	var err error
	if d.lock, err = d.connect(ctx); err != nil {
		return nil, fmt.Errorf("reach the database %s: %w", d.config.Database, err)
	}
	if _, err = d.lock.Exec(ctx, "SELECT pg_advisory_lock($1)", int64(pgLock)); err == nil {
		_, err = d.lock.Exec(ctx, "CREATE TABLE IF NOT EXISTS "+pgLedger+
			" (name text PRIMARY KEY, hash text NOT NULL, ran timestamptz NOT NULL DEFAULT now())")
	}
	if err != nil {
		d.close()
		return nil, fmt.Errorf("have the table %s in the database %s: %w", ledger, d.config.Database, err)
	}
	return d, nil
}

// connect connects as the owner of the database.
func (d *pgDatabase) connect(ctx context.Context) (*pgx.Conn, error) {
	conn, err := pgx.ConnectConfig(ctx, d.config)
	if err != nil {
		return nil, err
	}
	if d.owner != "" {
		if _, err := conn.Exec(ctx, "SET ROLE "+quoteName(d.owner)); err != nil {
			return nil, errors.Join(err, conn.Close(ctx))
		}
	}
	return conn, nil
}

func (d *pgDatabase) close() {
	// The connection's end is the lock's, whatever the caller's context.
	_ = d.lock.PgConn().Conn().Close()
}

func (d *pgDatabase) noted(ctx context.Context) (map[string]noted, error) {
	rows, err := d.lock.Query(ctx, "SELECT name, hash, true FROM "+pgLedger)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	return readLedger(rows)
}

// run runs the file and notes it in one transaction. One with statements that
// no transaction takes is run without.
func (d *pgDatabase) run(ctx context.Context, script seed.Script) error {
	err := d.attempt(ctx, script, true)
	if code(err) == pgNoTransaction {
		err = d.attempt(ctx, script, false)
	}
	return pgPlace(script, err)
}

func (d *pgDatabase) attempt(ctx context.Context, script seed.Script, transaction bool) error {
	conn, err := d.connect(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = conn.PgConn().Conn().Close() }() // undoes what is not committed
	if transaction {
		if _, err := conn.Exec(ctx, "BEGIN"); err != nil {
			return err
		}
	}
	if _, err := conn.PgConn().Exec(ctx, script.Text).ReadAll(); err != nil {
		return err
	}
	_, err = conn.Exec(ctx, "INSERT INTO "+pgLedger+" (name, hash) VALUES ($1, $2)", script.Name, script.Hash)
	if err != nil {
		return fmt.Errorf("note that it was run: %w", err)
	}
	if conn.PgConn().TxStatus() == 'I' {
		return nil // without one, or the file has ended it itself
	}
	_, err = conn.Exec(ctx, "COMMIT")
	return err
}

// pgPlace says where in the file the server found an error, which it counts in
// characters from 1, and what a file for psql alone lacks.
func pgPlace(script seed.Script, err error) error {
	answer, ok := errors.AsType[*pgconn.PgError](err)
	if !ok {
		return err
	}
	place := script.Name
	if position := int(answer.Position); position > 0 {
		runes := []rune(script.Text)
		before := string(runes[:min(position-1, len(runes))])
		line := strings.Count(before, "\n")
		column := len([]rune(before[strings.LastIndexByte(before, '\n')+1:]))
		place = fmt.Sprintf("%s:%d:%d", script.Name, line+1, column+1)
	}
	err = fmt.Errorf("%s: %s (SQLSTATE %s)", place, answer.Message, answer.Code)
	if strings.Contains("\n"+script.Text, "\n\\") {
		err = fmt.Errorf("%w; lines that begin with a backslash are psql's and no SQL: pg_dump --inserts makes a file without", err)
	}
	return err
}
