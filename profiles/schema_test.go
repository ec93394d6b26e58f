package profiles_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"

	"github.com/diorama-dev/diorama/profiles"
)

const schemaFile = "../docs/schema/profile.schema.json"

func TestSchemaIsTheOneInDocs(t *testing.T) {
	schema, err := profiles.Schema(catalogue(t))
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(schemaFile, schema, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	golden, err := os.ReadFile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(golden), string(schema)); diff != "" {
		t.Errorf("run this test with -update:\n%s", diff)
	}
}

// TestSchemaTakesWhatLoadTakes holds the schema against files: the built-in
// profiles and one with everything in it pass, slips do not.
func TestSchemaTakesWhatLoadTakes(t *testing.T) {
	schema := compiled(t)
	files, err := filepath.Glob("*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no profiles: %v", err)
	}
	right := []string{"{stacks: [kafka, {redis: {as: sessions}}], parameters: {kafka: {heap: 512Mi, partitions: 3}, sessions: {any: 1}}, " +
		"ports: {redis/redis: 1}, credentials: {redis: {REDIS_PASSWORD: abc}}, budget: {memory: 6Gi, logs: 1Gi, logAge: 7d}, cluster: {nodes: 2, kubernetes: '1.36'}, " +
		"gpu: 'off', apps: [a.yaml, {name: b, files: [b.yaml]}], seeds: [{kafka: {topics: [{name: a, partitions: 3, config: {cleanup.policy: compact}}], groups: [{name: b, topics: [a], at: start}]}}, {postgres: {users: [{name: a}], databases: [{name: b, owner: a}], sql: [a.sql, {file: b.sql, database: b}], migrations: m}}, {sessions: {file: x}}], extends: minimal}"}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		right = append(right, string(data))
	}
	for _, text := range right {
		if err := schema.Validate(document(t, text)); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
	for _, wrong := range []string{
		"titel: x", "runtime: docker", "gpu: maybe", "cluster: {node: 1}", "stacks: [1]", "stacks: [{redis: {az: b}}]", "stacks: [{a: {}, b: {}}]",
		"parameters: {kafka: {partition: 1}}", "parameters: {kafka: {partitions: x}}", "ports: {a/b: x}", "credentials: {redis: {A: 'p@ss'}}", "apps: [{name: x}]",
		"seeds: [{kafka: {topic: []}}]", "seeds: [{kafka: {topics: [{partitions: 1}]}}]", "seeds: [{kafka: {}, redis: {}}]", "seeds: [{redis: {file: [x]}}]",
	} {
		if err := schema.Validate(document(t, wrong)); err == nil {
			t.Errorf("the schema takes %s", wrong)
		}
	}
}

func compiled(t *testing.T) *jsonschema.Schema {
	t.Helper()
	data, err := profiles.Schema(catalogue(t))
	if err != nil {
		t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("profile.json", value); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("profile.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

func document(t *testing.T, text string) any {
	t.Helper()
	var value any
	if err := yaml.Unmarshal([]byte(text), &value); err != nil {
		t.Fatal(err)
	}
	return value
}
