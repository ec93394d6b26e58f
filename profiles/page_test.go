package profiles_test

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/docker/go-units"
	"github.com/google/go-cmp/cmp"
	"github.com/invopop/jsonschema"

	"github.com/diorama-dev/diorama/profiles"
)

const pageFile = "../docs/reference/profiles.md"

// TestPage holds the reference page of profiles against the built-in ones and
// the schema.
func TestPage(t *testing.T) {
	page := profilePage(t)
	if *update {
		if err := os.WriteFile(pageFile, []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	written, err := os.ReadFile(pageFile)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(written), page); diff != "" {
		t.Errorf("%s is out of date: make docs\n%s", pageFile, diff)
	}
}

func profilePage(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("# Profiles\n\n<!-- Made by `make docs` from profiles/*.yaml and the schema. Change it there. -->\n\n" +
		"A profile says what an environment is to be. `diorama up NAME` takes a built-in one, `diorama up ./FILE.yaml` one of yours; " +
		"without either, the nearest `.diorama.yaml` counts, else `streaming`. " +
		"Your own profiles lie in `.diorama/profiles` of the working folder or in `diorama/profiles` of the configuration folder. " +
		"Each of the [stacks](stacks.md) has its parameters.\n\n## Built-in profiles\n")
	describeProfiles(t, &b)
	b.WriteString("\n## Keys\n\nEditors check and complete them with [the schema](../schema/profile.schema.json).\n\n| key | what |\n|---|---|\n")
	describeKeys(t, &b)
	return b.String()
}

func describeProfiles(t *testing.T, b *strings.Builder) {
	t.Helper()
	library := profiles.Library{WorkingFolder: t.TempDir()}
	for _, name := range library.Names() {
		profile, err := library.Load(profiles.Request{Name: name, Catalogue: catalogue(t)})
		if err != nil {
			t.Fatal(err)
		}
		var memory int64
		for _, selection := range profile.Stacks {
			stack, err := catalogue(t).Lookup(selection.Stack)
			if err != nil {
				t.Fatal(err)
			}
			memory += stack.Footprint.Memory
		}
		source, err := os.ReadFile(name + ".yaml")
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(b, "\n### %s\n\n%s. Its stacks use about %s of memory at rest, beside what the cluster takes.\n\n```yaml\n%s```\n",
			name, profile.Title, units.BytesSize(float64(memory)), source)
	}
}

// describeKeys writes the keys in the schema's order, those of a mapping below
// its own; what stands under parameters is the stacks' own business.
func describeKeys(t *testing.T, b *strings.Builder) {
	t.Helper()
	data, err := profiles.Schema(catalogue(t))
	if err != nil {
		t.Fatal(err)
	}
	var schema jsonschema.Schema
	if err := json.Unmarshal(data, &schema); err != nil {
		t.Fatal(err)
	}
	var write func(prefix string, s *jsonschema.Schema)
	write = func(prefix string, s *jsonschema.Schema) {
		for key := s.Properties.Oldest(); key != nil; key = key.Next() {
			words := ""
			for _, word := range key.Value.Enum {
				words += fmt.Sprintf(" `%v`", word)
			}
			fmt.Fprintf(b, "| `%s` | %s%s |\n", prefix+key.Key, key.Value.Description, words)
			if key.Value.Properties != nil && key.Key != "parameters" {
				write(prefix+key.Key+".", key.Value)
			}
		}
	}
	write("", &schema)
}
