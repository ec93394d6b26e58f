package cli

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
)

// Every command that people see has a page, with what its help says; no other has.
func TestManual(t *testing.T) {
	date := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	pages, err := Manual("v1.2.0", date)
	if err != nil {
		t.Fatal(err)
	}
	s, _, _ := testStreams()
	want := map[string]*cobra.Command{}
	var visit func(c *cobra.Command)
	visit = func(c *cobra.Command) {
		if c.Hidden {
			return
		}
		want[strings.ReplaceAll(c.CommandPath(), " ", "-")+".1"] = c
		for _, sub := range c.Commands() {
			visit(sub)
		}
	}
	visit(newRoot(s))
	for name, c := range want {
		page := string(pages[name])
		if !strings.Contains(page, `"diorama v1.2.0"`) || !strings.Contains(page, c.Short) {
			t.Errorf("%s does not tell what %q is and of which version:\n%s", name, c.CommandPath(), page)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(pages)) {
		if want[name] == nil {
			t.Errorf("%s is the page of a command that nobody sees", name)
		}
	}
	again, err := Manual("v1.2.0", date)
	if err != nil || !maps.EqualFunc(pages, again, slices.Equal) {
		t.Errorf("the same release has other pages (%v)", err)
	}
}

func TestCompletions(t *testing.T) {
	scripts, err := Completions()
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"diorama.bash": "complete -o default -F __start_diorama diorama", "_diorama": "#compdef diorama",
		"diorama.fish": "complete -c diorama", "diorama.ps1": "Register-ArgumentCompleter -CommandName 'diorama'",
	} {
		if !strings.Contains(string(scripts[name]), want) {
			t.Errorf("%s has no %q", name, want)
		}
	}
}
