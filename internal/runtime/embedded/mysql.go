package embedded

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// mysqlRecipe runs MariaDB or MySQL, which read the same settings.
func mysqlRecipe() recipe {
	return recipe{
		kind: "mysql", programs: []program{{name: "mariadbd"}, {name: "mysqld"}},
		memory: 110 << 20, unprivileged: true,
		prepare: prepareMySQL, command: mysqlCommand, ready: mysqlReady,
		stop: sigterm, orphan: sigterm, grace: 15 * time.Second,
	}
}

// prepareMySQL makes the data where there is none yet, beside its place, and
// moves it there once it is whole.
func prepareMySQL(ctx context.Context, j job) error {
	_, err := os.Stat(filepath.Join(j.data, "mysql"))
	if err == nil {
		return mysqlVersions(j)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("look for the data of %s: %w", j.Service, err)
	}
	j.tell("making its data folder")
	fresh := j.data + ".new"
	if err := os.RemoveAll(fresh); err != nil {
		return fmt.Errorf("make the data of %s: %w", j.Service, err)
	}
	if err := j.user.makeFolder(fresh); err != nil {
		return err
	}
	initialise, err := mysqlInit(ctx, j, fresh)
	if err != nil {
		return err
	}
	if err := j.run(initialise, nil); err != nil {
		return err
	}
	if err := os.Rename(fresh, j.data); err != nil {
		return fmt.Errorf("make the data of %s: %w", j.Service, err)
	}
	return nil
}

// isMariaDB goes by what the server calls itself, or, where it did not say, by
// its program.
func isMariaDB(j job) bool {
	return strings.HasPrefix(j.Version, "MariaDB") || j.Version == "" && strings.HasPrefix(filepath.Base(j.Program), "mariadbd")
}

// mysqlInit is the command that makes the data: MariaDB's is a script of its
// own, MySQL's the server itself.
func mysqlInit(ctx context.Context, j job, folder string) (*exec.Cmd, error) {
	if !isMariaDB(j) {
		return exec.CommandContext(ctx, j.Program, "--no-defaults", "--initialize-insecure", "--datadir="+folder), nil //nolint:gosec // found by us
	}
	for _, name := range []string{"mariadb-install-db", "mysql_install_db"} {
		for _, place := range []string{filepath.Dir(j.Program), filepath.Join(filepath.Dir(j.Program), "..", "bin"), filepath.Join(filepath.Dir(j.Program), "..", "scripts")} {
			script := filepath.Join(place, name)
			if _, err := os.Stat(script); err != nil {
				continue
			}
			// With another authentication of root, anybody here could be root over TCP.
			return exec.CommandContext(ctx, script, "--no-defaults", "--datadir="+folder, "--skip-test-db", "--skip-name-resolve", //nolint:gosec // found by us
				"--auth-root-authentication-method=socket", "--auth-root-socket-user=root",
				"--innodb-log-file-size=16M", "--innodb-buffer-pool-size=64M"), nil
		}
	}
	return nil, &PrepareError{Service: j.Service, Program: "mariadb-install-db", Err: errors.New("it is not beside " + j.Program)}
}

// mysqlVersions refuses data that a newer server made: none can go back.
func mysqlVersions(j job) error {
	for _, name := range []string{"mariadb_upgrade_info", "mysql_upgrade_info"} {
		made, err := os.ReadFile(filepath.Join(j.data, name))
		if err != nil {
			continue // the other one, or one that was never upgraded
		}
		_, own, _ := strings.Cut(j.Version, " ")
		if data := strings.TrimSpace(string(made)); newer(data, own) {
			return &OtherVersionError{Service: j.Service, Data: data, Program: own, Folder: j.data}
		}
	}
	return nil
}

// newer reports whether the first two numbers of a version are above those of
// another; what is no version is not.
func newer(a, b string) bool {
	numbers := func(v string) (major, minor int, err error) {
		_, err = fmt.Sscanf(v, "%d.%d", &major, &minor)
		return major, minor, err
	}
	aMajor, aMinor, errA := numbers(a)
	bMajor, bMinor, errB := numbers(b)
	return errA == nil && errB == nil && (aMajor > bMajor || aMajor == bMajor && aMinor > bMinor)
}

func mysqlCommand(j job) (command, error) {
	run := filepath.Join(j.folder, "run")
	if err := j.user.makeFolder(run); err != nil {
		return command{}, err
	}
	script, err := j.writeFile("init.sql", mysqlUsers(j.secrets["MYSQL_PASSWORD"], j.secrets["MYSQL_ROOT_PASSWORD"]))
	if err != nil {
		return command{}, err
	}
	settings, err := j.writeFile("my.cnf", mysqlSettings(j, run, script))
	return command{path: j.Program, args: []string{"--defaults-file=" + settings}}, err
}

// mysqlUsers has the database and its users as the stack promises them, at
// every start anew.
func mysqlUsers(password, root string) string {
	quoted := strings.NewReplacer(`\`, `\\`, `'`, `\'`)
	return strings.Join([]string{
		"CREATE DATABASE IF NOT EXISTS app CHARACTER SET utf8mb4;",
		"CREATE USER IF NOT EXISTS 'app'@'%' IDENTIFIED BY '" + quoted.Replace(password) + "';",
		"ALTER USER 'app'@'%' IDENTIFIED BY '" + quoted.Replace(password) + "';",
		"GRANT ALL PRIVILEGES ON app.* TO 'app'@'%';",
		"ALTER USER 'root'@'localhost' IDENTIFIED BY '" + quoted.Replace(root) + "';",
		// Seeds come by TCP, and names are not resolved.
		"CREATE USER IF NOT EXISTS 'root'@'127.0.0.1' IDENTIFIED BY '" + quoted.Replace(root) + "';",
		"ALTER USER 'root'@'127.0.0.1' IDENTIFIED BY '" + quoted.Replace(root) + "';",
		"GRANT ALL PRIVILEGES ON *.* TO 'root'@'127.0.0.1' WITH GRANT OPTION;",
	}, "\n") + "\n"
}

func mysqlSettings(j job, run, script string) string {
	pool, err := strconv.ParseInt(j.Settings["bufferPool"], 10, 64)
	if err != nil {
		pool = 64 << 20
	}
	lines := []string{
		"[mysqld]", "datadir=" + quoted(j.data), "socket=" + quoted(mysqlSocket(run)), "pid-file=" + quoted(filepath.Join(run, "pid")),
		"bind-address=127.0.0.1", "port=" + strconv.Itoa(j.port("sql")), "skip-name-resolve", "character-set-server=utf8mb4",
		fmt.Sprintf("innodb-buffer-pool-size=%d", pool), "performance-schema=OFF", "skip-log-bin",
		"tmpdir=" + quoted(run), "init-file=" + quoted(script),
	}
	if isMariaDB(j) {
		lines = append(lines, "innodb-log-file-size=16M")
	} else {
		lines = append(lines, "mysqlx=OFF")
	}
	return strings.Join(lines, "\n") + "\n"
}

// mysqlSocket is where the server's own socket is, which it cannot do without:
// an address holds about a hundred bytes.
func mysqlSocket(run string) string {
	if path := filepath.Join(run, "s"); len(path) <= 100 {
		return path
	}
	sum := sha256.Sum256([]byte(run))
	return filepath.Join(os.TempDir(), fmt.Sprintf("diorama-%x.mysql", sum[:6]))
}

// mysqlReady waits for the server's greeting, which comes once the users are
// there; afterwards it asks no more, since a server counts who does not log in
// (https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_connection_phase_packets_protocol_handshake_v10.html).
func mysqlReady(ctx context.Context, j job) error {
	if j.answered {
		return nil
	}
	conn, err := dial(ctx, j.address("sql"))
	if err != nil {
		return err
	}
	defer conn.Close()
	head := make([]byte, 5) // length, number, protocol
	if _, err := io.ReadFull(conn, head); err != nil {
		return fmt.Errorf("%w: %w", errStarting, err)
	}
	if head[4] != 10 {
		return fmt.Errorf("%w: it greets with protocol %d", errStarting, head[4])
	}
	return nil
}
