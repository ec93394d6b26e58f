package embedded

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/diorama-dev/diorama/internal/plan"
)

func TestNamed(t *testing.T) {
	for said, want := range map[string]string{
		"postgres (PostgreSQL) 18.6\n":                                         "PostgreSQL 18.6",
		"Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.2.1 bits=64\n": "Redis 7.0.15",
		"Valkey server v=8.1.1 sha=0\n":                                        "Valkey 8.1.1",
		"memcached 1.6.18\n":                                                   "memcached 1.6.18",
		"mariadbd  Ver 10.11.19-MariaDB-0+deb12u1 for debian-linux-gnu\n":      "MariaDB 10.11.19",
		"/usr/sbin/mysqld  Ver 8.4.2 for Linux on x86_64 (MySQL Community)\n":  "MySQL 8.4.2",
		"no number": "",
		"thing 1.2": "1.2",
	} {
		if got := named(said); got != want {
			t.Errorf("%q is %q, want %q", said, got, want)
		}
	}
}

func TestNewer(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"11.4.2-MariaDB", "10.11.19", true}, {"10.11.19-MariaDB", "10.11.3", false}, {"10.12.1", "10.11.3", true},
		{"10.11.1", "11.4", false}, {"", "10.11", false}, {"10.11", "nonsense", false},
	} {
		if got := newer(c.a, c.b); got != c.want {
			t.Errorf("%q above %q: %v", c.a, c.b, got)
		}
	}
}

// TestSettings sees that servers listen on this machine only, and that no
// secret stands in their arguments.
func TestSettings(t *testing.T) {
	const secret = `it's \ secret`
	for _, c := range []struct {
		rule   recipe
		server plan.Server
		files  map[string][]string // what they hold
	}{
		{redisRecipe("redis"), plan.Server{
			Ports: map[string]int{"redis": 16379}, Settings: map[string]string{"maxmemory": "67108864", "policy": "noeviction"},
		}, map[string][]string{"redis.conf": {"bind 127.0.0.1", "port 16379", "maxmemory 67108864", "appendonly yes", "requirepass "}}},
		{mysqlRecipe(), plan.Server{
			Ports: map[string]int{"sql": 13306}, Settings: map[string]string{"bufferPool": "67108864"},
			Offer: plan.Offer{}, Kind: "mysql",
		}, map[string][]string{
			"my.cnf":   {"bind-address=127.0.0.1", "port=13306", "innodb-buffer-pool-size=67108864", "mysqlx=OFF", "init-file="},
			"init.sql": {`IDENTIFIED BY 'it\'s \\ secret'`, "GRANT ALL PRIVILEGES ON app.*"},
		}},
		{rabbitmqRecipe(), plan.Server{
			Ports: map[string]int{"amqp": 15671, "management": 15673}, Settings: map[string]string{"watermark": "268435456"},
		}, map[string][]string{
			"rabbitmq.conf":   {"listeners.tcp.1 = 127.0.0.1:15671", "management.tcp.ip = 127.0.0.1", "management.tcp.port = 15673", "absolute = 268435456", "default_pass = "},
			"enabled_plugins": {"[rabbitmq_management]."},
		}},
		{memcachedRecipe(), plan.Server{Ports: map[string]int{"memcached": 1}, Settings: map[string]string{"megabytes": "64", "connections": "9"}}, nil},
	} {
		t.Run(c.rule.kind, func(t *testing.T) {
			c.server.Program = "/usr/sbin/server"
			folder := t.TempDir()
			j := job{Server: c.server, folder: folder, data: filepath.Join(folder, "data"), secrets: map[string]string{
				"MYSQL_PASSWORD": secret, "MYSQL_ROOT_PASSWORD": secret, "RABBITMQ_PASSWORD": secret,
			}}
			if c.rule.kind == "redis" {
				j.secrets = map[string]string{"REDIS_PASSWORD": secret}
			}
			made, err := c.rule.command(j)
			if err != nil {
				t.Fatal(err)
			}
			if all := strings.Join(append(made.args, made.env...), " "); strings.Contains(all, "secret") {
				t.Errorf("started with %s", all)
			}
			for name, want := range c.files {
				data, err := os.ReadFile(filepath.Join(folder, name))
				if err != nil {
					t.Fatal(err)
				}
				for _, line := range want {
					if !strings.Contains(string(data), line) {
						t.Errorf("%s has no %q:\n%s", name, line, data)
					}
				}
				if info, err := os.Stat(filepath.Join(folder, name)); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
					t.Errorf("%s is open to others: %v (%v)", name, info.Mode(), err)
				}
			}
		})
	}
}

// TestFind looks programs up: on PATH before elsewhere, whole ones only, and no
// wrappers.
func TestFind(t *testing.T) {
	folder := t.TempDir()
	write := func(name, content string) string {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path+suffix(), []byte(content), 0o755); err != nil {
			t.Fatal(err)
		}
		found, err := filepath.EvalSymlinks(path + suffix())
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	write("half/postgres", "")
	whole := write("whole/postgres", "")
	write("whole/initdb", "")
	write("debian/rabbitmq-server", "exec su rabbitmq -s /bin/sh")
	generic := write("rabbitmq_server-4.0.5/sbin/rabbitmq-server", "exec erl")
	path := func(names ...string) string {
		for i, name := range names {
			names[i] = filepath.Join(folder, name)
		}
		return strings.Join(names, string(filepath.ListSeparator))
	}
	if got := (Host{Path: path("half", "whole")}).find(postgresRecipe()); got != whole {
		t.Errorf("found %q, want %q", got, whole)
	}
	if got := (Host{Path: path("debian", "rabbitmq_server-4.0.5/sbin")}).find(rabbitmqRecipe()); got != generic {
		t.Errorf("found %q, want %q", got, generic)
	}
	link := filepath.Join(folder, "links", "redis-server")
	if err := os.MkdirAll(filepath.Dir(link), 0o755); err != nil {
		t.Fatal(err)
	}
	if runtime.GOOS != "windows" { // as Debian has it: a file that is several programs
		if err := os.Symlink(write("links/redis-check-rdb", ""), link); err != nil {
			t.Fatal(err)
		}
		if got := (Host{Path: path("links")}).find(redisRecipe("redis")); got != link {
			t.Errorf("found %q, want %q", got, link)
		}
	}
	if got := rabbitmqVersion(t.Context(), generic); got != "RabbitMQ 4.0.5" {
		t.Errorf("its version is %q", got)
	}
	if a, b := "/usr/lib/postgresql/9/bin", "/usr/lib/postgresql/18/bin"; newerFirst(a, b) <= 0 {
		t.Errorf("%s comes before %s", a, b)
	}
}
