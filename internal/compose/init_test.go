package compose

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
)

func TestRepository(t *testing.T) {
	for reference, want := range map[string]string{
		"redis":                                  "redis",
		"redis:8":                                "redis",
		"docker.io/library/redis:8":              "redis",
		"localhost:5000/bitnami/redis@sha256:00": "bitnami/redis",
		"docker.elastic.co/elasticsearch/elasticsearch:9":     "elasticsearch/elasticsearch",
		"registry.example.com:443/apache/kafka:4.1@sha256:00": "apache/kafka",
		"acme/redis": "acme/redis",
		"":           "",
	} {
		if got := Repository(reference); got != want {
			t.Errorf("Repository(%q) = %q, want %q", reference, got, want)
		}
	}
}

const shop = `services:
  web:
    image: acme/web:1
    environment: {DATABASE_URL: "postgres://shop:s3cret@db/shop"}
    depends_on: {db: {condition: service_healthy}, worker: {condition: service_started}}
  worker: {image: acme/worker:1, depends_on: [broker, cache]}
  db:
    image: docker.io/bitnami/postgresql:17
    environment: {POSTGRESQL_PASSWORD: "s3cret: yes", POSTGRES_USER: shop}
    volumes: [data:/data]
  cache: {image: "valkey/valkey:9"}
  broker: {image: "confluentinc/cp-kafka:7.9.0", depends_on: [zookeeper]}
  zookeeper: {image: "confluentinc/cp-zookeeper:7.9.0"}
  redis: {image: "redis:8", command: redis-server --requirepass hush}
  maps: {image: "postgis/postgis:17-3.5"}
  legacy: {image: mariadb:11}
  own: {image: "redis:8", build: .}
volumes: {data: {}}
`

var available = []string{"redis", "valkey", "postgres", "kafka", "rabbitmq", "memcached"}

func load(t *testing.T, folder string, files ...string) Project {
	t.Helper()
	for i, file := range files {
		files[i] = filepath.Join(folder, file)
	}
	p, err := LoadApp(t.Context(), "shop", files, nil)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func write(t *testing.T, folder, name, content string) {
	t.Helper()
	path := filepath.Join(folder, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestRecognise(t *testing.T) {
	folder := t.TempDir()
	write(t, folder, "compose.yaml", shop)
	got := map[string]string{}
	for _, r := range Recognise(load(t, folder, "compose.yaml"), available) {
		got[r.Service] = r.Stack
	}
	want := map[string]string{"db": "postgres", "cache": "valkey", "broker": "kafka", "redis": "redis"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestInitProfile(t *testing.T) {
	folder := t.TempDir()
	write(t, folder, "compose.yaml", shop)
	result, err := InitProfile(load(t, folder, "compose.yaml"), InitOptions{
		Name: "shop", Folder: folder, Override: "compose.diorama.yaml", Available: available,
	})
	if err != nil {
		t.Fatal(err)
	}
	var profile struct {
		Name        string
		Stacks      []any
		Credentials map[string]map[string]string
		Apps        []struct {
			Name  string
			Files []string
		}
	}
	if err := yaml.Unmarshal(result.Profile, &profile); err != nil {
		t.Fatalf("%v in:\n%s", err, result.Profile)
	}
	if diff := cmp.Diff([]any{
		map[string]any{"kafka": map[string]any{"as": "broker"}},
		map[string]any{"valkey": map[string]any{"as": "cache"}},
		map[string]any{"postgres": map[string]any{"as": "db"}},
		"redis",
	}, profile.Stacks); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]map[string]string{
		"db": {"POSTGRES_PASSWORD": "s3cret: yes"}, "redis": {"REDIS_PASSWORD": "hush"},
	}, profile.Credentials); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"compose.yaml", "compose.diorama.yaml"}, profile.Apps[0].Files); diff != "" {
		t.Error(diff)
	}
	for _, want := range []string{"cache: the stack asks for a password", "maps: kept as it is", "zookeeper: left out", "db: the stack's user"} {
		if !slices.ContainsFunc(result.Notes, func(n Note) bool { return strings.HasPrefix(n.Text, want) && n.Position.Line > 0 }) {
			t.Errorf("no note %q in %v", want, result.Notes)
		}
	}
	// What is left of the app must load, without the services that are stacks.
	write(t, folder, "compose.diorama.yaml", string(result.Override))
	app := load(t, folder, profile.Apps[0].Files...)
	if diff := cmp.Diff([]string{"legacy", "maps", "own", "web", "worker"}, app.Model.ServiceNames()); diff != "" {
		t.Errorf("%s\n%s", diff, result.Override)
	}
	if diff := cmp.Diff([]string{"worker"}, app.Model.Services["web"].GetDependencies()); diff != "" {
		t.Error(diff)
	}
}

func TestInitProfileOfNothingKnown(t *testing.T) {
	folder := t.TempDir()
	write(t, folder, "compose.yaml", "services: {web: {image: acme/web}}\n")
	result, err := InitProfile(load(t, folder, "compose.yaml"), InitOptions{Name: "x", Folder: folder, Available: available})
	if err != nil || result.Override != nil || !strings.Contains(string(result.Profile), "- compose.yaml\n") || strings.Contains(string(result.Profile), "stacks:") {
		t.Errorf("%v\n%s", err, result.Profile)
	}
}
