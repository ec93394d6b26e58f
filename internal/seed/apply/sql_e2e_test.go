//go:build e2e

package apply_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/diorama-dev/diorama/internal/queue"
	"github.com/diorama-dev/diorama/internal/queue/queuetest"
	"github.com/diorama-dev/diorama/internal/seed"
	"github.com/diorama-dev/diorama/internal/seed/apply"
)

// databases is a set for both kinds of database.
func databases(stack string) seed.Set {
	in := func(s seed.Script) seed.Script { s.Database = "shop"; return s }
	return seed.Set{
		Instance: stack, Stack: stack,
		Users:     []seed.User{{Name: "shop", Credential: "SEED_SHOP_PASSWORD"}},
		Databases: []seed.Database{{Name: "shop", Owner: "shop"}, {Name: "other"}},
		SQL: []seed.Script{
			in(script("a.sql", "CREATE TABLE items (id int PRIMARY KEY, name varchar(20));\nINSERT INTO items VALUES (1, 'a;b');\n-- a comment; with a semicolon\nINSERT INTO items VALUES (2, 'c');\n")),
			script("own.sql", "CREATE TABLE own (id int);"), in(script("empty.sql", "-- nothing\n")),
		},
		Migrations: []seed.Migration{{Name: "migrations", Database: "shop", Files: []seed.Script{
			in(script("migrations/001_orders.sql", "CREATE TABLE orders (id int);")),
			in(script("migrations/002_more.sql", "ALTER TABLE orders ADD COLUMN note varchar(20); INSERT INTO orders VALUES (1, 'x');")),
		}}},
	}
}

// checkDatabase holds a server against what is promised of both kinds. Grants
// are what the kind has beside.
func checkDatabase(t *testing.T, set seed.Set, target apply.Target, grants ...string) {
	t.Helper()
	objects := append([]string{"user shop", "database shop"}, grants...)
	objects = append(objects, "database other")
	sql := []string{"file a.sql", "file empty.sql", "file own.sql"}
	migrations := []string{"file migrations/001_orders.sql", "file migrations/002_more.sql"}
	cut := interrupted(t, set, target, 2)
	wantOutcome(t, cut, objects[:2], nil, nil)
	rest := objects[2:]
	cut = interrupted(t, set, target, len(rest)+2) // when the first file has been run
	wantOutcome(t, cut, concat(rest, migrations[:1]), objects[:2], nil)
	wantOutcome(t, put(t, set, target), concat(migrations[1:], sql), concat(objects, migrations[:1]), nil)
	wantOutcome(t, put(t, set, target), nil, concat(objects, migrations, sql), nil)

	set.SQL[0] = script("a.sql", "SELECT 1;")
	set.SQL[0].Database = "shop"
	more := put(t, set, target)
	if len(more.Created) != 0 || len(more.Differences) != 1 || !strings.Contains(more.Differences[0].String(), "file a.sql has changed since it was run") {
		t.Errorf("a changed file: %+v", more)
	}
	target.Passwords = map[string]string{"SEED_SHOP_PASSWORD": "another"}
	more = put(t, set, target)
	if len(more.Differences) != 2 || !strings.Contains(more.Differences[0].String(), "user shop has another password") {
		t.Errorf("another password: %+v", more.Differences)
	}
	checkMigrations(t, set, target)
}

func checkMigrations(t *testing.T, set seed.Set, target apply.Target) {
	t.Helper()
	files := set.Migrations[0].Files
	in := func(name, text string) seed.Script { s := script(name, text); s.Database = "shop"; return s }
	for what, c := range map[string]struct {
		files []seed.Script
		want  string
	}{
		"missing": {files[1:], "migrations/001_orders.sql was run and is not there any more"},
		"changed": {[]seed.Script{files[0], in("migrations/002_more.sql", "SELECT 1;")}, "migrations/002_more.sql has changed since it was run"},
		"between": {[]seed.Script{files[0], in("migrations/001b.sql", "SELECT 1;"), files[1]}, "migrations/001b.sql is new, but migrations/002_more.sql was run already"},
	} {
		set.Migrations = []seed.Migration{{Name: "migrations", Database: "shop", Files: c.files, At: "mine.yaml:9:3"}}
		if _, err := apply.Apply(t.Context(), set, target, nil); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error = %v, want %q", what, err, c.want)
		}
	}
	set.Migrations[0].Files = []seed.Script{files[0], files[1], in("migrations/003_new.sql", "CREATE TABLE late (id int);")}
	if got := put(t, set, target); len(got.Created) != 1 || got.Created[0] != "file migrations/003_new.sql" {
		t.Errorf("a new migration: %+v", got)
	}
}

func concat(lists ...[]string) []string {
	var all []string
	for _, list := range lists {
		all = append(all, list...)
	}
	return all
}

func startPostgres(t *testing.T, command ...string) (server queuetest.Broker, port int) {
	t.Helper()
	server = queuetest.Start(t, func() queuetest.Spec {
		port = queuetest.FreePort(t)
		return queuetest.Spec{
			Image: "docker.io/library/postgres:18.6-alpine", Ports: map[int]int{port: 5432}, Ready: "database system is ready to accept connections",
			Env: map[string]string{"POSTGRES_USER": "app", "POSTGRES_DB": "app", "POSTGRES_PASSWORD": "secret"},
			Cmd: command,
		}
	})
	return server, port
}

func TestPostgres(t *testing.T) {
	server, port := startPostgres(t)
	target := apply.Target{
		Access:    queue.Access{"sql": {Host: "127.0.0.1", Port: port, URL: fmt.Sprintf("postgres://app:secret@127.0.0.1:%d/app?sslmode=disable", port)}},
		Passwords: map[string]string{"SEED_SHOP_PASSWORD": "s3cret"},
	}
	set := databases("postgres")
	checkDatabase(t, set, target)
	// What was made is the owner's.
	if got := server.Run(t, "sh", "-c", "PGPASSWORD=s3cret psql -h 127.0.0.1 -U shop -d shop -tAc 'SELECT count(*) FROM items'"); strings.TrimSpace(got) != "2" {
		t.Errorf("the owner sees %q", got)
	}
	set.Databases[1].Owner, set.Migrations = "shop", nil
	if got := put(t, set, target); !strings.Contains(got.Line(), "database other belongs to app, the seed says shop") {
		t.Errorf("line %q", got.Line())
	}
	checkScripts(t, target)
}

// checkScripts runs files that are more than statements in a row.
func checkScripts(t *testing.T, target apply.Target) {
	t.Helper()
	for name, c := range map[string]struct{ text, want string }{
		"error":       {"SELECT 1;\nSELEC 2;", `error.sql:2:1: syntax error at or near "SELEC" (SQLSTATE 42601)`},
		"undone":      {"CREATE TABLE half (id int);\nSELECT 1/0;", "division by zero"},
		"again":       {"CREATE TABLE half (id int);", ""}, // it was undone
		"body":        {"CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$ BEGIN; RETURN 1; END; $$;", "syntax error"},
		"concurrent":  {"CREATE INDEX CONCURRENTLY i ON own (id);", ""},
		"transaction": {"BEGIN; CREATE TABLE tx (id int); COMMIT;", ""},
		"dump":        {"SELECT pg_catalog.set_config('search_path', '', false); CREATE TABLE public.dumped (id int);", ""},
		"psql":        {"\\connect other\nSELECT 1;", "psql's"},
		"copy":        {"CREATE TABLE c (id int);\nCOPY c FROM stdin;\n1\n\\.\n", "copy.sql"},
	} {
		if name == "again" {
			continue
		}
		checkScript(t, target, name, c.text, c.want)
		if name == "undone" {
			checkScript(t, target, "again", "CREATE TABLE half (id int);", "")
		}
	}
}

func checkScript(t *testing.T, target apply.Target, name, text, want string) {
	t.Helper()
	set := seed.Set{Instance: "postgres", Stack: "postgres", SQL: []seed.Script{script(name+".sql", text)}}
	_, err := apply.Apply(t.Context(), set, target, nil)
	switch {
	case want == "" && err != nil, want != "" && err == nil, err != nil && !strings.Contains(err.Error(), want):
		t.Errorf("%s: error = %v, want %q", name, err, want)
	default:
		t.Logf("%s: %v", name, err)
	}
	if err != nil {
		return
	}
	wantOutcome(t, put(t, set, target), nil, []string{"file " + name + ".sql"}, nil)
}

func TestMySQL(t *testing.T) {
	var port int
	queuetest.Start(t, func() queuetest.Spec {
		port = queuetest.FreePort(t)
		return queuetest.Spec{
			Image: "docker.io/library/mysql:9.7.2", Ports: map[int]int{port: 3306}, Ready: "ready for connections",
			Env: map[string]string{"MYSQL_USER": "app", "MYSQL_DATABASE": "app", "MYSQL_PASSWORD": "secret", "MYSQL_ROOT_PASSWORD": "root"},
		}
	})
	target := apply.Target{
		Access: queue.Access{
			"sql":               {Host: "127.0.0.1", Port: port, User: "app", Password: "secret"},
			apply.AdminEndpoint: {Host: "127.0.0.1", Port: port, User: "root", Password: "root"},
		},
		Passwords: map[string]string{"SEED_SHOP_PASSWORD": "s3cret"},
	}
	checkDatabase(t, databases("mysql"), target, "grant of shop to shop")
	bad := seed.Set{Instance: "mysql", Stack: "mysql", SQL: []seed.Script{script("bad.sql", "CREATE TABLE once (id int); SELEC 2;")}}
	_, err := apply.Apply(t.Context(), bad, target, nil)
	if err == nil || !strings.Contains(err.Error(), "bad.sql") {
		t.Errorf("error = %v", err)
	}
	_, err = apply.Apply(t.Context(), bad, target, nil)
	if err == nil || !strings.Contains(err.Error(), "an earlier run of it ended midway") {
		t.Errorf("error = %v", err)
	}
	bad.SQL[0] = script("bad.sql", "CREATE TABLE IF NOT EXISTS once (id int); SELECT 2;")
	wantOutcome(t, put(t, bad, target), []string{"file bad.sql"}, nil, nil)
}

// TestCutOffInAFile ends a long file midway: nothing of it is left.
func TestCutOffInAFile(t *testing.T) {
	// What a client that is gone has begun ends with it, and not by itself: it
	// holds the name of its table until then.
	server, port := startPostgres(t, "postgres", "-c", "client_connection_check_interval=200ms")
	target := apply.Target{Access: queue.Access{"sql": {URL: fmt.Sprintf("postgres://app:secret@127.0.0.1:%d/app?sslmode=disable", port)}}}
	sleeping := func(seconds int) seed.Set {
		text := fmt.Sprintf("CREATE TABLE t (id int); SELECT pg_sleep(%d); INSERT INTO t VALUES (1);", seconds)
		return seed.Set{Instance: "postgres", Stack: "postgres", SQL: []seed.Script{script("long.sql", text)}}
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error, 1)
	go func() {
		_, err := apply.Apply(ctx, sleeping(600), target, nil)
		ended <- err
	}()
	const asleep = "PGPASSWORD=secret psql -h 127.0.0.1 -U app -d app -tAc \"SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'\""
	for strings.TrimSpace(server.Run(t, "sh", "-c", asleep)) != "1" {
		select {
		case err := <-ended:
			t.Fatalf("it ended before it was seen: %v", err)
		default:
		}
	}
	cancel()
	if err := <-ended; err == nil {
		t.Fatal("it was not cut off")
	}
	wantOutcome(t, put(t, sleeping(0), target), []string{"file long.sql"}, nil, nil)
}
