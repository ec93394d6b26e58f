package apply

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"regexp"

	"github.com/diorama-dev/diorama/internal/seed"
)

// mysqlOwn is the database that the stack itself makes.
const mysqlOwn = "app"

// mysqlLock is the lock that is held while files are run in a database.
const mysqlLock = ledger + "."

// mysqlDatabase is a database of MySQL. Files are run on connections of their
// own, so that what one sets is not there for the next.
type mysqlDatabase struct {
	applier mysqlApplier
	name    string
	pool    *sql.DB
	lock    *sql.Conn
}

func (m mysqlApplier) open(ctx context.Context, name string) (database, error) {
	if name == "" {
		name = mysqlOwn
	}
	d := &mysqlDatabase{applier: m, name: name}
	var err error
	if d.pool, err = m.connect(name, m.endpoint.User, m.endpoint.Password); err != nil {
		return nil, fmt.Errorf("reach the database %s: %w", name, err)
	}
	if d.lock, err = d.pool.Conn(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("reach the database %s: %w", name, err), d.pool.Close())
	}
	err = m.until(ctx, func(ctx context.Context) (string, error) {
		var got sql.NullInt64
		if err := d.lock.QueryRowContext(ctx, "SELECT GET_LOCK(?, 1)", mysqlLock+name).Scan(&got); err != nil || got.Int64 == 1 {
			return "", err
		}
		return "another run of seeds is under way in " + name, nil
	})
	if err == nil {
		_, err = d.lock.ExecContext(ctx, "CREATE TABLE IF NOT EXISTS "+ledger+
			" (name VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PRIMARY KEY, hash CHAR(64) NOT NULL, began TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, ran TIMESTAMP NULL)")
	}
	if err != nil {
		d.close()
		return nil, fmt.Errorf("have the table %s in the database %s: %w", ledger, name, err)
	}
	return d, nil
}

func (d *mysqlDatabase) close() {
	_ = d.lock.Close()
	_ = d.pool.Close() // and with it the lock's connection
}

func (d *mysqlDatabase) noted(ctx context.Context) (map[string]noted, error) {
	rows, err := d.lock.QueryContext(ctx, "SELECT name, hash, ran IS NOT NULL FROM "+ledger)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	return readLedger(rows)
}

// run notes that the file is begun, runs it, and notes that it has been run.
// The last two are one transaction; but statements that make tables end it
// (https://dev.mysql.com/doc/refman/en/implicit-commit.html), so that a file
// that is cut off may be half done.
func (d *mysqlDatabase) run(ctx context.Context, script seed.Script) error {
	_, err := d.lock.ExecContext(ctx, "INSERT INTO "+ledger+" (name, hash) VALUES (?, ?) ON DUPLICATE KEY UPDATE hash = ?, began = CURRENT_TIMESTAMP",
		script.Name, script.Hash, script.Hash)
	if err != nil {
		return fmt.Errorf("note that it is begun: %w", err)
	}
	conn, err := d.pool.Conn(ctx)
	if err != nil {
		return err
	}
	defer discard(conn)
	if _, err := conn.ExecContext(ctx, "START TRANSACTION"); err != nil {
		return err
	}
	if _, err := conn.ExecContext(ctx, script.Text); err != nil && number(err) != mysqlEmpty {
		if delimiters.MatchString(script.Text) {
			err = fmt.Errorf("%w; DELIMITER is the mysql program's and no SQL: take it out, a statement may hold semicolons", err)
		}
		return fmt.Errorf("%s: %w", script.Name, err)
	}
	if _, err := conn.ExecContext(ctx, "UPDATE "+backquoted(d.name)+"."+ledger+" SET ran = CURRENT_TIMESTAMP WHERE name = ?", script.Name); err != nil {
		return fmt.Errorf("note that it was run: %w", err)
	}
	_, err = conn.ExecContext(ctx, "COMMIT")
	return err
}

var delimiters = regexp.MustCompile(`(?im)^\s*DELIMITER\s`)

// discard ends a connection instead of giving it back: files may have changed
// its settings, and what is not committed is undone.
func discard(conn *sql.Conn) {
	_ = conn.Raw(func(any) error { return driver.ErrBadConn })
	_ = conn.Close()
}
