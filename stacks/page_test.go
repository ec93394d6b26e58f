package stacks_test

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/docker/go-units"
	gocmp "github.com/google/go-cmp/cmp"

	"github.com/diorama-dev/diorama/stacks"
)

const pageFile = "../docs/reference/stacks.md"

// TestPage holds the reference page of the built-in stacks against them.
func TestPage(t *testing.T) {
	page := stackPage(builtin(t).All())
	if *update {
		if err := os.WriteFile(pageFile, []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	written, err := os.ReadFile(pageFile)
	if err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(string(written), page); diff != "" {
		t.Errorf("%s is out of date: make docs\n%s", pageFile, diff)
	}
}

func stackPage(all []stacks.Stack) string {
	var b strings.Builder
	b.WriteString("# Stacks\n\n<!-- Made by `make docs` from stacks/*/stack.yaml. Change it there. -->\n\n" +
		"The technologies that are built in. A profile names those that it wants under `stacks:`; a parameter is set under `parameters:` or with `--set STACK.NAME=VALUE`. " +
		"[A folder of data](../adding-a-stack.md) adds another one. Memory is what was measured at rest.\n\n" +
		"| stack | what | category | memory | download |\n|---|---|---|---|---|\n")
	for _, s := range all {
		fmt.Fprintf(&b, "| [%s](#%[1]s) | %s | %s | %s | %s |\n", s.Name, s.Title, s.Category,
			units.BytesSize(float64(s.Footprint.Memory)), units.HumanSize(float64(s.Footprint.Image)))
	}
	for _, s := range all {
		describe(&b, s)
	}
	return b.String()
}

func describe(b *strings.Builder, s stacks.Stack) {
	fmt.Fprintf(b, "\n## %s\n\n[%s](%s): %s Licence: %s.", s.Name, s.Title, s.Website, s.Summary, s.License)
	if len(s.Requires) > 0 {
		var names []string
		for _, r := range s.Requires {
			names = append(names, "`"+r.Stack+string(r.Category)+"`")
		}
		fmt.Fprintf(b, " Needs %s.", strings.Join(names, ", "))
	}
	if len(s.Shell) > 0 {
		fmt.Fprintf(b, " `diorama connect %s` opens its shell.", s.Name)
	}
	b.WriteString("\n")
	if len(s.Endpoints) > 0 {
		b.WriteString("\n| endpoint | port | variable | its value |\n|---|---|---|---|\n")
	}
	for _, name := range slices.Sorted(maps.Keys(s.Endpoints)) {
		e := s.Endpoints[name]
		fmt.Fprintf(b, "| %s | %d | `%s` | `%s` |\n", name, e.HostPort, cmp.Or(e.Variable, e.Env+"_URL"), e.URL)
	}
	if len(s.Parameters) > 0 {
		b.WriteString("\n| parameter | type | default | what |\n|---|---|---|---|\n")
	}
	for _, name := range slices.Sorted(maps.Keys(s.Parameters)) {
		p := s.Parameters[name]
		kind := string(p.Type)
		if len(p.Values) > 0 {
			kind = strings.Join(p.Values, ", ")
		}
		standard := fmt.Sprint(p.Default)
		if p.Type == stacks.MapParameter {
			standard = "{}"
		}
		fmt.Fprintf(b, "| %s | %s | `%s` | %s |\n", name, kind, standard, p.Description)
	}
}
