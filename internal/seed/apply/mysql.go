package apply

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"

	"github.com/go-sql-driver/mysql"

	"github.com/diorama-dev/diorama/internal/queue"
	"github.com/diorama-dev/diorama/internal/seed"
)

// Numbers of MySQL's errors (https://dev.mysql.com/doc/mysql-errors/en/server-error-reference.html).
const (
	mysqlDatabaseThere = 1007
	mysqlWrongPassword = 1045
	mysqlEmpty         = 1065
	mysqlUserThere     = 1396
)

func (a *applier) mysql(ctx context.Context) error {
	e, ok := a.target.Access[AdminEndpoint]
	if !ok {
		var err error
		if e, err = a.endpoint("sql"); err != nil {
			return err
		}
	}
	m := mysqlApplier{applier: a, endpoint: e}
	admin, err := m.connect("", e.User, e.Password)
	if err != nil {
		return fmt.Errorf("reach %s: %w", a.set.Instance, err)
	}
	defer admin.Close()
	if err := a.reach(ctx, admin.PingContext, func(err error) bool { return number(err) != 0 }); err != nil {
		return err
	}
	for _, user := range a.set.Users {
		if err := m.user(ctx, admin, user); err != nil {
			return failed(user.At, "user "+user.Name, err)
		}
	}
	for _, d := range a.set.Databases {
		if err := m.database(ctx, admin, d); err != nil {
			return failed(d.At, "database "+d.Name, err)
		}
	}
	return a.scripts(ctx, m.open)
}

type mysqlApplier struct {
	*applier
	endpoint queue.Endpoint
}

// connect makes a pool that dials when it is first used.
func (m mysqlApplier) connect(name, user, password string) (*sql.DB, error) {
	config := mysql.NewConfig()
	config.Net, config.Addr = "tcp", net.JoinHostPort(m.endpoint.Host, strconv.Itoa(m.endpoint.Port))
	config.User, config.Passwd, config.DBName = user, password, name
	config.MultiStatements, config.AllowNativePasswords = true, true
	config.Logger = silent{}
	connector, err := mysql.NewConnector(config)
	if err != nil {
		return nil, err
	}
	return sql.OpenDB(connector), nil
}

// silent keeps the driver from writing to standard error what it returns too.
type silent struct{}

func (silent) Print(...any) {}

func number(err error) uint16 {
	if answer, ok := errors.AsType[*mysql.MySQLError](err); ok {
		return answer.Number
	}
	return 0
}

func (m mysqlApplier) user(ctx context.Context, admin *sql.DB, user seed.User) error {
	subject := "user " + user.Name
	password, ok := m.target.Passwords[user.Credential]
	if !ok {
		return fmt.Errorf("its password %s is not among the environment's credentials; run `diorama up` again", user.Credential)
	}
	there, err := exists(ctx, admin, "SELECT COUNT(*) FROM mysql.user WHERE User = ? AND Host = '%'", user.Name)
	if err != nil {
		return err
	}
	if !there {
		_, err := admin.ExecContext(ctx, "CREATE USER "+literal(user.Name)+"@'%' IDENTIFIED BY "+literal(password))
		if err == nil {
			m.created(subject)
			return nil
		}
		if number(err) != mysqlUserThere { // else somebody else was quicker
			return err
		}
	}
	m.compared(subject, user.At, m.otherPassword(ctx, user.Name, password))
	return nil
}

// otherPassword tries whether a user has the password.
func (m mysqlApplier) otherPassword(ctx context.Context, user, password string) []string {
	pool, err := m.connect("", user, password)
	if err != nil {
		return nil
	}
	defer pool.Close()
	if number(pool.PingContext(ctx)) == mysqlWrongPassword {
		return []string{"has another password than the environment's credentials say"}
	}
	return nil
}

func (m mysqlApplier) database(ctx context.Context, admin *sql.DB, d seed.Database) error {
	subject := "database " + d.Name
	there, err := exists(ctx, admin, "SELECT COUNT(*) FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = ?", d.Name)
	if err != nil {
		return err
	}
	if there {
		m.unchanged(subject)
	} else {
		_, err := admin.ExecContext(ctx, "CREATE DATABASE "+backquoted(d.Name))
		switch {
		case number(err) == mysqlDatabaseThere:
			m.unchanged(subject)
		case err != nil:
			return err
		default:
			m.created(subject)
		}
	}
	if d.Owner == "" {
		return nil
	}
	return m.grant(ctx, admin, d)
}

// grant lets the owner do everything in its database; MySQL itself knows no
// owners. An underscore in a grant stands for any character, unless escaped.
func (m mysqlApplier) grant(ctx context.Context, admin *sql.DB, d seed.Database) error {
	subject := "grant of " + d.Name + " to " + d.Owner
	pattern := strings.ReplaceAll(d.Name, "_", `\_`)
	there, err := exists(ctx, admin, "SELECT COUNT(*) FROM mysql.db WHERE User = ? AND Host = '%' AND Db = ?", d.Owner, pattern)
	if err != nil {
		return err
	}
	if there {
		m.unchanged(subject)
		return nil
	}
	if _, err = admin.ExecContext(ctx, "GRANT ALL PRIVILEGES ON "+backquoted(pattern)+".* TO "+literal(d.Owner)+"@'%'"); err == nil {
		m.created(subject)
	}
	return err
}

func exists(ctx context.Context, pool *sql.DB, query string, arguments ...any) (bool, error) {
	var n int
	err := pool.QueryRowContext(ctx, query, arguments...).Scan(&n)
	return n > 0, err
}

func backquoted(name string) string { return "`" + strings.ReplaceAll(name, "`", "``") + "`" }

func literal(text string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `''`).Replace(text) + "'"
}
