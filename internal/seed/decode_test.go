package seed_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/diorama-dev/diorama/internal/seed"
	"github.com/diorama-dev/diorama/internal/yamlpos"
)

// decode reads seeds as those of an instance of the stack, beside files.
func decode(t *testing.T, stack, text string, kinds ...string) (seed.Set, map[string]string, error) {
	t.Helper()
	folder := t.TempDir()
	for name, content := range map[string]string{
		"a.sql": "SELECT 1;", "m/001_a.sql": "SELECT 1;", "m/002_b.up.sql": "SELECT 1;", "m/002_b.down.sql": "SELECT 1;", "m/notes.txt": "x",
		"a.redis": "SET a b", "latin1.sql": "SELECT '\xe9';", "large.sql": strings.Repeat("-", 1<<20+1),
	} {
		path := filepath.Join(folder, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	node, err := yamlpos.Parse("f.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	set, passwords, problems := seed.Decode(node, "seeds[0]."+stack, seed.Target{
		Instance: stack, Stack: stack, Kinds: kinds, User: "app", Folder: folder,
	})
	return set, passwords, problems.Err()
}

// file is a script with the text "SELECT 1;".
func file(name, at, database string) seed.Script {
	return seed.Script{
		Name: name, Hash: "17db4fd369edb9244b9f91d9aeed145c3d04ad8ba6e95d06247f07a63527d11a", Bytes: 9, Text: "SELECT 1;", At: at, Database: database,
	}
}

func TestDecode(t *testing.T) {
	for name, c := range map[string]struct {
		stack, text string
		kinds       []string
		want        seed.Set
		lines       string
	}{
		"rabbitmq": {
			"rabbitmq", `
exchanges: [{name: events, type: topic}, {name: plain, durable: false, autoDelete: true}, {name: late, type: x-delayed-message, arguments: {x-delayed-type: direct}}]
queues: [{name: jobs, type: quorum, arguments: {x-max-length: 1000}}, {name: tmp}]
bindings: [{exchange: events, queue: jobs, key: "job.#"}, {exchange: amq.topic, queue: tmp}]
`,
			[]string{"exchanges", "queues", "bindings"},
			seed.Set{
				Exchanges: []seed.Exchange{
					{Name: "events", Type: "topic", Durable: true, At: "f.yaml:2:13"},
					{Name: "plain", Type: "direct", AutoDelete: true, At: "f.yaml:2:42"},
					{Name: "late", Type: "x-delayed-message", Durable: true, Arguments: map[string]any{"x-delayed-type": "direct"}, At: "f.yaml:2:91"},
				},
				Queues: []seed.Queue{
					{Name: "jobs", Type: "quorum", Durable: true, Arguments: map[string]any{"x-max-length": 1000}, At: "f.yaml:3:10"},
					{Name: "tmp", Type: "classic", Durable: true, At: "f.yaml:3:71"},
				},
				Bindings: []seed.Binding{
					{Exchange: "events", Queue: "jobs", Key: "job.#", At: "f.yaml:4:12"}, {Exchange: "amq.topic", Queue: "tmp", At: "f.yaml:4:59"},
				},
			},
			"exchanges events (topic), plain (direct), late (x-delayed-message); queues jobs (quorum), tmp (classic); bindings events → jobs by job.#, amq.topic → tmp",
		},
		"rocketmq": {
			"rocketmq", "topics: [{name: orders, queues: 4}, {name: any}]\ngroups: [{name: billing}]",
			[]string{"topics", "groups"},
			seed.Set{
				Topics: []seed.Topic{{Name: "orders", Partitions: 4, At: "f.yaml:1:10"}, {Name: "any", At: "f.yaml:1:37"}},
				Groups: []seed.Group{{Name: "billing", At: "f.yaml:2:10"}},
			},
			"topics orders (4), any; groups billing",
		},
		"redis": {
			"redis", "file: ./a.redis",
			[]string{"file"},
			seed.Set{Commands: []seed.Script{{
				Name: "a.redis", Hash: "filled in below", Bytes: 7, Text: "SET a b", At: "f.yaml:1:7",
			}}},
			"commands a.redis",
		},
		"postgres": {
			"postgres", "users: [{name: shop, password: abc}]\ndatabases: [{name: shop, owner: shop}]\nsql: [a.sql, {file: a.sql, database: app}]\nmigrations: m/",
			[]string{"users", "databases", "sql", "migrations"},
			seed.Set{
				Users:     []seed.User{{Name: "shop", Credential: "SEED_SHOP_PASSWORD", At: "f.yaml:1:9"}},
				Databases: []seed.Database{{Name: "shop", Owner: "shop", At: "f.yaml:2:13"}},
				SQL:       []seed.Script{file("a.sql", "f.yaml:3:7", "shop"), file("a.sql", "f.yaml:3:14", "")},
				Migrations: []seed.Migration{{Name: "m", Database: "shop", At: "f.yaml:4:13", Files: []seed.Script{
					file("m/001_a.sql", "f.yaml:4:13", "shop"), file("m/002_b.up.sql", "f.yaml:4:13", "shop"),
				}}},
			},
			"users shop; databases shop (of shop); SQL a.sql, a.sql; migrations m (2 files)",
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, passwords, err := decode(t, c.stack, c.text, c.kinds...)
			if err != nil {
				t.Fatal(err)
			}
			c.want.Instance, c.want.Stack = c.stack, c.stack
			if name == "redis" {
				c.want.Commands[0].Hash = got.Commands[0].Hash
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if lines := strings.Join(got.Lines(), "; "); lines != c.lines {
				t.Errorf("lines %q", lines)
			}
			if name == "postgres" && passwords["SEED_SHOP_PASSWORD"] != "abc" {
				t.Errorf("passwords %v", passwords)
			}
			for _, script := range append(got.Outline().SQL, got.Outline().Commands...) {
				if script.Text != "" || script.Hash == "" {
					t.Errorf("the outline has %+v", script)
				}
			}
		})
	}
}

func TestFilesThatCannotBeRead(t *testing.T) {
	for text, want := range map[string]string{
		"sql: [latin1.sql]": "is not UTF-8",
		"sql: [large.sql]":  "has more than 1 MiB",
		"migrations: a.sql": "the folder cannot be read",
		"sql: [a.sq]":       `did you mean "a.sql"?`,
	} {
		if _, _, err := decode(t, "postgres", text, "sql", "migrations"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error = %v, want %q", text, err, want)
		}
	}
	if _, _, err := decode(t, "nats", "streams: []", "streams"); err == nil || !strings.Contains(err.Error(), "there are no seeds for the stack") {
		t.Errorf("error = %v", err)
	}
}
