package stacks_test

import (
	"bytes"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"

	"github.com/diorama-dev/diorama/stacks"
)

const schemaFile = "../docs/schema/stack.schema.json"

func TestSchemaIsTheOneInDocs(t *testing.T) {
	schema, err := stacks.Schema()
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

// TestSchemaTakesWhatLoadTakes holds the schema against files: all of the
// built-in stacks pass, and slips of the keys do not.
func TestSchemaTakesWhatLoadTakes(t *testing.T) {
	schema := compiled(t)
	for _, stack := range builtin(t).All() {
		if err := schema.Validate(document(t, file(t, stack, "stack.yaml"))); err != nil {
			t.Errorf("%s: %v", stack.Name, err)
		}
	}
	const (
		base     = "name: a\ntitle: A\nsummary: Of a.\n"
		cache    = base + "category: cache\n"
		endpoint = cache + "endpoints: {a: {service: a, port: 1, hostPort: 1, url: a, env: A"
	)
	for _, right := range []string{cache, endpoint + "}}"} {
		if err := schema.Validate(document(t, []byte(right))); err != nil {
			t.Errorf("%s: %v", right, err)
		}
	}
	for _, wrong := range []string{
		base, base + "category: databse", cache + "nme: x", cache + "requires: [{categry: queue}]", cache + "requires: [1]",
		cache + "parameters: {a: {type: int, defalt: 1}}", cache + "parameters: {a: {type: integer, default: 1}}", endpoint + ", intern: a}}",
		endpoint + ", web: maybe}}", cache + "footprint: {memory: much}", cache + "footprint: {disk: 1Gi}",
		cache + "probes: {a: {http: {port: 1, pth: /}}}", cache + "builds: [{image: a}]",
	} {
		if err := schema.Validate(document(t, []byte(wrong))); err == nil {
			t.Errorf("the schema takes %s", wrong)
		}
	}
}

func compiled(t *testing.T) *jsonschema.Schema {
	t.Helper()
	data, err := stacks.Schema()
	if err != nil {
		t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("stack.json", value); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("stack.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

func document(t *testing.T, data []byte) any {
	t.Helper()
	var value any
	if err := yaml.Unmarshal(data, &value); err != nil {
		t.Fatal(err)
	}
	return value
}
