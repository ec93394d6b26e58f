package image

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const rules = `# mirrors
docker.io/apache/kafka: registry.example.com/mirror/kafka
docker.io/library/redis: lab/redis:dev
docker.io/kindest/node: lab/node:v1.34.4
docker.io/grafana: quay.io/grafana
docker.io/grafana/loki: lab/loki:dev
registry.k8s.io: mirror.example.com:5000
postgres: lab/postgres@` + digest + `
ghcr.io/: mirror/
docker.io: everything.example.com/hub
`

func TestApply(t *testing.T) {
	s, err := ParseSubstitution("images.yaml", []byte(rules))
	if err != nil {
		t.Fatal(err)
	}
	for ref, want := range map[string]string{
		// A target without a tag keeps tag and digest, one with a tag replaces both.
		"apache/kafka:4.3.1":              "registry.example.com/mirror/kafka:4.3.1",
		"apache/kafka@" + digest:          "registry.example.com/mirror/kafka@" + digest,
		"apache/kafka:4.3.1@" + digest:    "registry.example.com/mirror/kafka:4.3.1@" + digest,
		"redis:8.10.1-alpine":             "docker.io/lab/redis:dev",
		"redis:8@" + digest:               "docker.io/lab/redis:dev",
		"index.docker.io/library/redis:8": "docker.io/lab/redis:dev",
		"kindest/node:v1.37.0@" + digest:  "docker.io/lab/node:v1.34.4",
		"postgres:18":                     "docker.io/lab/postgres@" + digest,
		// The longest prefix wins, by whole components; the rest is kept.
		"grafana/loki:3":            "docker.io/lab/loki:dev",
		"grafana/loki/extra:3":      "docker.io/lab/loki/extra:dev",
		"grafana/alloy:1":           "quay.io/grafana/alloy:1",
		"grafanalabs/alloy:1":       "everything.example.com/hub/grafanalabs/alloy:1",
		"apache/kafka-native:4":     "everything.example.com/hub/apache/kafka-native:4",
		"registry.k8s.io/pause:3.1": "mirror.example.com:5000/pause:3.1",
		"registry.k8s.io/a/b:1":     "mirror.example.com:5000/a/b:1",
		"registry.k8s.io:443/a:1":   "registry.k8s.io:443/a:1",
		"quay.io/a/b:1":             "quay.io/a/b:1",
		"grafana:1":                 "quay.io/grafana:1",
	} {
		if got, err := s.Apply(ref); err != nil || got != want {
			t.Errorf("%s: got %s, %v; want %s", ref, got, err, want)
		}
	}
	if got, err := (Substitution{}).Apply("redis"); err != nil || got != "docker.io/library/redis:latest" {
		t.Errorf("no rules: got %s, %v; want it normalised", got, err)
	}
	if got, err := s.Apply("Not A Reference"); err == nil {
		t.Errorf("got %s, want an error", got)
	}
}

func TestParseSubstitutionErrors(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		says []string
	}{
		"a list":                 {"- a\n", []string{"i.yaml:1:1:", "mapping"}},
		"a tag on the left":      {"a: b\nredis:8: x\n", []string{"i.yaml:2:1:", "tag", "docker.io/library/redis"}},
		"a digest on the left":   {"redis@" + digest + ": x\n", []string{"i.yaml:1:1:", "digest"}},
		"no target":              {"redis:\n", []string{"i.yaml:1:7:", "expected an image repository"}},
		"a target of a map":      {"redis: {a: b}\n", []string{"i.yaml:1:8:", "expected an image repository"}},
		"a bad target":           {"redis: Lab/X\n", []string{"i.yaml:1:8:", "lowercase"}},
		"a bad repository":       {"Redis: x\n", []string{"i.yaml:1:1:", "lowercase"}},
		"the same rule twice":    {"redis: x\ndocker.io/library/redis: y\n", []string{"i.yaml:2:1:", "twice"}},
		"all that is wrong":      {"Redis: x\nkafka: Y\n", []string{"i.yaml:1:1:", "i.yaml:2:8:"}},
		"what is no YAML":        {"a: b: c\n", []string{"i.yaml"}},
		"bytes that are no text": {"\xff\xfe\x00", []string{"i.yaml"}},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := ParseSubstitution("i.yaml", []byte(c.text))
			if err == nil {
				t.Fatalf("got %+v, want an error", s)
			}
			for _, want := range c.says {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("got %v, want %q in it", err, want)
				}
			}
		})
	}
	for _, empty := range []string{"", "# nothing\n", "---\n", "{}"} {
		if _, err := ParseSubstitution("i.yaml", []byte(empty)); err != nil {
			t.Errorf("%q: %v, want no rules", empty, err)
		}
	}
}

func TestLoadSubstitution(t *testing.T) {
	path := filepath.Join(t.TempDir(), "images.yaml")
	if _, err := LoadSubstitution(path); err == nil || !strings.Contains(err.Error(), "--images") {
		t.Errorf("got %v, want an error with a remedy", err)
	}
	if err := os.WriteFile(path, []byte(rules), 0o600); err != nil {
		t.Fatal(err)
	}
	if s, err := LoadSubstitution(path); err != nil {
		t.Error(err)
	} else if got, err := s.Apply("redis"); err != nil || got != "docker.io/lab/redis:dev" {
		t.Errorf("got %s, %v", got, err)
	}
}

func FuzzSubstitution(f *testing.F) {
	f.Add([]byte(rules), "redis:8")
	f.Add([]byte("a: &x b\nc: *x\n"), "c")
	f.Add([]byte("localhost: localhost:1"), "localhost/a")
	f.Add([]byte("a.b: c.d:5"), "a.b/c")
	f.Fuzz(func(t *testing.T, text []byte, ref string) {
		s, err := ParseSubstitution("i.yaml", text)
		if err != nil {
			return
		}
		got, err := s.Apply(ref)
		if err != nil {
			return
		}
		if normal, err := Normalise(got); err != nil || normal != got {
			t.Errorf("%q becomes %q, which is not normalised: %q, %v", ref, got, normal, err)
		}
	})
}
