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

// Codes of PostgreSQL (https://www.postgresql.org/docs/current/errcodes-appendix.html).
const (
	pgNoTransaction = "25001" // active_sql_transaction: cannot run inside one
	pgNotYet        = "57P03" // cannot_connect_now
	pgWrongPassword = "28P01" // invalid_password
	pgThere         = "42710" // duplicate_object
	pgDatabaseThere = "42P04" // duplicate_database
)

func (a *applier) postgres(ctx context.Context) error {
	e, err := a.endpoint("sql")
	if err != nil {
		return err
	}
	config, err := pgx.ParseConfig(e.URL)
	if err != nil {
		return fmt.Errorf("reach %s: its address cannot be read", a.set.Instance) // the cause shows it, password and all
	}
	config.RuntimeParams["application_name"] = "diorama-seed"
	p := pgApplier{applier: a, config: config}
	final := func(err error) bool {
		answer, ok := errors.AsType[*pgconn.PgError](err)
		return ok && answer.Code != pgNotYet
	}
	if err := a.reach(ctx, p.answers, final); err != nil {
		return err
	}
	if err := p.objects(ctx); err != nil {
		return err
	}
	return a.scripts(ctx, p.open)
}

type pgApplier struct {
	*applier
	config *pgx.ConnConfig
}

func (p pgApplier) answers(ctx context.Context) error {
	conn, err := pgx.ConnectConfig(ctx, p.config)
	if err != nil {
		return err
	}
	return conn.Close(ctx)
}

// objects makes users and databases.
func (p pgApplier) objects(ctx context.Context) error {
	if len(p.set.Users)+len(p.set.Databases) == 0 {
		return nil
	}
	conn, err := pgx.ConnectConfig(ctx, p.config)
	if err != nil {
		return fmt.Errorf("reach %s: %w", p.set.Instance, err)
	}
	defer conn.Close(ctx)
	for _, user := range p.set.Users {
		if err := p.user(ctx, conn, user); err != nil {
			return failed(user.At, "user "+user.Name, err)
		}
	}
	for _, d := range p.set.Databases {
		if err := p.database(ctx, conn, d); err != nil {
			return failed(d.At, "database "+d.Name, err)
		}
	}
	return nil
}

func (p pgApplier) user(ctx context.Context, conn *pgx.Conn, user seed.User) error {
	subject := "user " + user.Name
	password, ok := p.target.Passwords[user.Credential]
	if !ok {
		return fmt.Errorf("its password %s is not among the environment's credentials; run `diorama up` again", user.Credential)
	}
	var login bool
	err := conn.QueryRow(ctx, "SELECT rolcanlogin FROM pg_roles WHERE rolname = $1", user.Name).Scan(&login)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return p.make(ctx, conn, subject, "CREATE ROLE "+quoteName(user.Name)+" LOGIN PASSWORD "+quoteText(password), pgThere)
	case err != nil:
		return err
	case !login:
		p.compared(subject, user.At, []string{"may not log in, the seed's users may"})
		return nil
	}
	p.compared(subject, user.At, p.otherPassword(ctx, user.Name, password))
	return nil
}

// make makes something; there is the answer's code where somebody else was
// quicker.
func (p pgApplier) make(ctx context.Context, conn *pgx.Conn, subject, statement, there string) error {
	_, err := conn.Exec(ctx, statement)
	switch {
	case err == nil:
		p.created(subject)
	case code(err) == there:
		p.unchanged(subject)
	default:
		return err
	}
	return nil
}

// otherPassword tries whether a user has the password.
func (p pgApplier) otherPassword(ctx context.Context, user, password string) []string {
	config := p.config.Copy()
	config.User, config.Password = user, password
	conn, err := pgx.ConnectConfig(ctx, config)
	if err == nil {
		_ = conn.Close(ctx)
	}
	if code(err) == pgWrongPassword {
		return []string{"has another password than the environment's credentials say"}
	}
	return nil // others may be kept out of this database
}

func (p pgApplier) database(ctx context.Context, conn *pgx.Conn, d seed.Database) error {
	subject := "database " + d.Name
	var owner string
	err := conn.QueryRow(ctx, "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = $1", d.Name).Scan(&owner)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		statement := "CREATE DATABASE " + quoteName(d.Name)
		if d.Owner != "" {
			statement += " OWNER " + quoteName(d.Owner)
		}
		return p.make(ctx, conn, subject, statement, pgDatabaseThere)
	case err != nil:
		return err
	}
	wanted := d.Owner
	if wanted == "" {
		wanted = p.config.User
	}
	var different []string
	if owner != wanted {
		different = append(different, fmt.Sprintf("belongs to %s, the seed says %s", owner, wanted))
	}
	p.compared(subject, d.At, different)
	return nil
}

func code(err error) string {
	if answer, ok := errors.AsType[*pgconn.PgError](err); ok {
		return answer.Code
	}
	return ""
}

func quoteName(name string) string { return pgx.Identifier{name}.Sanitize() }

// quoteText is a literal; backslashes are what they are where
// standard_conforming_strings is on, as it is by default.
func quoteText(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }
