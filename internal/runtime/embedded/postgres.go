package embedded

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// postgresUser and postgresDatabase are those of the stack postgres.
const (
	postgresUser     = "app"
	postgresDatabase = "app"
)

func postgresRecipe() recipe {
	return recipe{
		kind: "postgres", programs: []program{{name: "postgres", beside: []string{"initdb"}}},
		memory: 35 << 20, unprivileged: true,
		prepare: preparePostgres, command: postgresCommand, ready: postgresReady,
		// A fast shutdown, which does not wait for clients to leave
		// (https://www.postgresql.org/docs/current/server-shutdown.html).
		stop: sigint, orphan: sigint, grace: 15 * time.Second,
	}
}

// OtherVersionError says that a server's data was made by another version.
type OtherVersionError struct {
	Service, Data, Program string
	Folder                 string
}

func (e *OtherVersionError) Error() string {
	return fmt.Sprintf("the data of %s is that of version %s, and the server here is version %s; put version %s on PATH, or give the data up with `diorama down` (it lies in %s)",
		e.Service, e.Data, e.Program, e.Data, e.Folder)
}

// preparePostgres makes the database cluster where there is none yet.
func preparePostgres(ctx context.Context, j job) error {
	version, err := os.ReadFile(filepath.Join(j.data, "PG_VERSION"))
	if errors.Is(err, fs.ErrNotExist) {
		return initPostgres(ctx, j)
	}
	if err != nil {
		return fmt.Errorf("read the version of the data of %s: %w", j.Service, err)
	}
	made := strings.TrimSpace(string(version))
	if own := majorVersion(j.Version); own != "" && own != made {
		return &OtherVersionError{Service: j.Service, Data: made, Program: own, Folder: j.data}
	}
	return nil
}

// majorVersion is "18" of "PostgreSQL 18.1".
func majorVersion(version string) string {
	_, number, _ := strings.Cut(version, " ")
	major, _, _ := strings.Cut(number, ".")
	if _, err := strconv.Atoi(major); err != nil {
		return ""
	}
	return major
}

// initPostgres makes the cluster beside its place and moves it there once it
// is whole.
func initPostgres(ctx context.Context, j job) (err error) {
	j.tell("making its data folder")
	fresh := j.data + ".new"
	if err := os.RemoveAll(fresh); err != nil {
		return fmt.Errorf("make the data of %s: %w", j.Service, err)
	}
	if err := j.user.makeFolder(fresh); err != nil {
		return err
	}
	password, err := j.writeFile("password", j.secrets[passwordName(j)]+"\n")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.Remove(password)) }()
	initdb := exec.CommandContext(ctx, filepath.Join(filepath.Dir(j.Program), "initdb"), //nolint:gosec // found by us
		"--pgdata", fresh, "--username", postgresUser, "--pwfile", password, "--auth", "scram-sha-256",
		"--encoding", "UTF8", "--no-locale", "--no-instructions", "--no-sync")
	if err := j.run(initdb, nil); err != nil {
		return err
	}
	create := exec.CommandContext(ctx, j.Program, "--single", "-D", fresh, "-c", "log_min_messages=warning", "postgres") //nolint:gosec // found by us
	if err := j.run(create, strings.NewReader("CREATE DATABASE "+postgresDatabase+"\n")); err != nil {
		return err
	}
	// All of it is on disk before it counts.
	syncing := exec.CommandContext(ctx, filepath.Join(filepath.Dir(j.Program), "initdb"), "--sync-only", "--pgdata", fresh) //nolint:gosec // found by us
	if err := j.run(syncing, nil); err != nil {
		return err
	}
	if err := os.Rename(fresh, j.data); err != nil {
		return fmt.Errorf("make the data of %s: %w", j.Service, err)
	}
	return nil
}

// PrepareError is a program that should have made a server's data and failed,
// with what it said.
type PrepareError struct {
	Service, Program string
	Output           string
	Err              error
}

func (e *PrepareError) Error() string {
	said := e.Output
	if said == "" {
		said = e.Err.Error()
	}
	return fmt.Sprintf("make the data of %s: %s: %s", e.Service, e.Program, said)
}

// Unwrap returns how it ended.
func (e *PrepareError) Unwrap() error { return e.Err }

// run runs a program that prepares the server, as the server's user.
func (j job) run(cmd *exec.Cmd, input *strings.Reader) error {
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	if input != nil {
		cmd.Stdin = input
	}
	cmd.Env = append(surroundings(), "HOME="+j.folder)
	cmd.Dir = j.user.place(j.folder)
	j.user.apply(cmd)
	cmd.WaitDelay = time.Second
	if err := cmd.Run(); err != nil {
		said := strings.Join(strings.Fields(lastPart(output.String(), 600)), " ")
		return &PrepareError{Service: j.Service, Program: filepath.Base(cmd.Path), Output: said, Err: err}
	}
	return nil
}

// lastPart is the end of a text, whole lines where it has some.
func lastPart(text string, most int) string {
	if len(text) <= most {
		return text
	}
	text = text[len(text)-most:]
	if _, after, found := strings.Cut(text, "\n"); found {
		return after
	}
	return text
}

func postgresCommand(j job) (command, error) {
	settings := []string{
		"listen_addresses=127.0.0.1", "port=" + strconv.Itoa(j.port("sql")), "unix_socket_directories=",
		"max_connections=50", "shared_buffers=16MB", "max_wal_size=256MB",
		// The keeper notes the time of every line itself.
		"log_line_prefix=", "logging_collector=off", "cluster_name=diorama",
	}
	args := []string{"-D", j.data}
	for _, setting := range settings {
		args = append(args, "-c", setting)
	}
	return command{path: j.Program, args: args}, nil
}

// postgresReady reads what the postmaster says of itself in the first and the
// eighth line of its file, as pg_ctl does (src/include/utils/pidfile.h). One
// that was killed has left its file behind.
func postgresReady(_ context.Context, j job) error {
	data, err := os.ReadFile(filepath.Join(j.data, "postmaster.pid"))
	if err != nil {
		return errStarting
	}
	lines := strings.Split(string(data), "\n")
	if len(lines) < 8 || lines[0] != strconv.Itoa(j.pid) || strings.TrimSpace(lines[7]) != "ready" {
		return errStarting
	}
	return nil
}
