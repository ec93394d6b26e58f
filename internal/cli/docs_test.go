package cli

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
)

const (
	docsFolder = "../../docs"
	pageFile   = docsFolder + "/reference/cli.md"
)

// TestPage holds the reference page of the command line against the commands.
func TestPage(t *testing.T) {
	cobra.EnableCommandSorting = false // as in Main
	t.Cleanup(func() { cobra.EnableCommandSorting = true })
	s, _, _ := testStreams()
	page := reference(newRoot(s))
	if flag.Lookup("update").Value.String() == "true" {
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

func reference(root *cobra.Command) string {
	var b strings.Builder
	b.WriteString("# Command line\n\n<!-- Made by `make docs` from internal/cli. Change it there. -->\n\n" +
		"Results go to standard output, progress to standard error. The process ends with one of these codes:\n\n| code | when |\n|---|---|\n")
	for _, code := range []struct {
		code ExitCode
		when string
	}{
		{ExitOK, "done"},
		{ExitFailed, "failed"},
		{ExitUsage, "wrong usage, or an invalid profile"},
		{ExitHost, "the host lacks something: `diorama doctor` says what"},
		{ExitTimeout, "not ready in time"},
		{ExitInterrupted, "interrupted"},
	} {
		fmt.Fprintf(&b, "| %d | %s |\n", code.code, code.when)
	}
	fmt.Fprintf(&b, "\nEvery command takes these flags, and `--help`:\n\n```text\n%s```\n", root.PersistentFlags().FlagUsages())
	for _, group := range root.Groups() {
		fmt.Fprintf(&b, "\n## %s\n", strings.TrimSuffix(group.Title, ":"))
		for _, c := range root.Commands() {
			if c.GroupID == group.ID {
				command(&b, c)
			}
		}
	}
	return b.String()
}

func command(b *strings.Builder, c *cobra.Command) {
	text := c.Long
	if text == "" || c.Name() == "completion" { // that of cobra is a manual
		text = c.Short + "."
	}
	fmt.Fprintf(b, "\n### %s\n\n%s\n", strings.TrimSuffix(c.UseLine(), " [flags]"), text)
	if c.Example != "" {
		example := strings.ReplaceAll("\n"+c.Example, "\n  ", "\n")
		fmt.Fprintf(b, "\n```sh%s\n```\n", example)
	}
	if flags := c.LocalNonPersistentFlags(); flags.HasAvailableFlags() {
		fmt.Fprintf(b, "\n```text\n%s```\n", flags.FlagUsages())
	}
	if c.Name() == "completion" {
		return
	}
	for _, sub := range c.Commands() {
		command(b, sub)
	}
}

// TestDocsCallCommandsThatThereAre parses every command line in the docs, and
// looks up every command that their prose names.
func TestDocsCallCommandsThatThereAre(t *testing.T) {
	files, err := filepath.Glob(docsFolder + "/*.md")
	if err != nil {
		t.Fatal(err)
	}
	pages, err := filepath.Glob(docsFolder + "/*/*.md")
	if err != nil {
		t.Fatal(err)
	}
	named, parsed := regexp.MustCompile(`\bdiorama ([a-z][a-z-]*)`), 0
	for _, file := range append(append(files, pages...), "../../README.md") {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range commandLines(string(text)) {
			parsed++
			if err := parse(strings.Fields(line)); err != nil {
				t.Errorf("%s: diorama %s: %v", file, line, err)
			}
		}
		for _, match := range named.FindAllStringSubmatch(string(text), -1) {
			s, _, _ := testStreams()
			if c, _, err := newRoot(s).Find(match[1:]); err != nil || c.Name() != match[1] {
				t.Errorf("%s: %s: there is no such command", file, match[0])
			}
		}
	}
	if parsed < 50 {
		t.Errorf("found only %d command lines", parsed)
	}
}

// commandLines are the arguments of every call in the page's code: lines of
// fenced blocks, and spans.
func commandLines(page string) []string {
	var code []string
	for i, part := range strings.Split(page, "\n```") {
		if i%2 == 1 {
			_, block, _ := strings.Cut(part, "\n")
			code = append(code, strings.Split(block, "\n")...)
			continue
		}
		for j, span := range strings.Split(part, "`") {
			if j%2 == 1 {
				code = append(code, span)
			}
		}
	}
	var out []string
	ends := regexp.MustCompile(`&|\||;|\$\(|\)| >| <| #|\n`)
	for _, line := range code {
		for _, call := range ends.Split(line, -1) {
			call = strings.TrimLeft(call, " $\"")
			if arguments, ok := strings.CutPrefix(call, "go run ./cmd/diorama "); ok {
				out = append(out, arguments)
			} else if arguments, ok := strings.CutPrefix(call, "diorama "); ok {
				out = append(out, arguments)
			}
		}
	}
	return out
}

// parse reports what is wrong with the arguments, as far as that can be told
// without doing what they ask for.
func parse(arguments []string) error {
	s, _, _ := testStreams()
	c, rest, err := newRoot(s).Find(arguments)
	if err != nil {
		return err
	}
	c.InitDefaultHelpFlag()
	c.InitDefaultVersionFlag()
	if err := c.ParseFlags(rest); err != nil {
		return err
	}
	return c.ValidateArgs(c.Flags().Args())
}

func TestDocsTestSeesMistakes(t *testing.T) {
	page := "Say `diorama up minimal -d`, then\n\n```sh\n$ diorama status -o json | jq .   # or: diorama nope\neval \"$(diorama env)\"\n```\n\nor `go run ./cmd/diorama doctor`.\n"
	want := []string{"up minimal -d", "status -o json ", "env", "doctor"}
	if diff := cmp.Diff(want, commandLines(page)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	for line, wrong := range map[string]bool{
		"up minimal -d": false, "run -- go test -x ./...": false, "demo rate 200": false, "--help": false, "logs -f a b": false,
		"nope": true, "demo nope": true, "up --nope": true, "up a b": true, "connect": true,
	} {
		err := parse(strings.Fields(line))
		if (err != nil) != wrong {
			t.Errorf("%s: %v", line, err)
		}
		var exit *exitError
		if err != nil && errors.As(err, &exit) && exit.code != ExitUsage {
			t.Errorf("%s ends with %d", line, exit.code)
		}
	}
}
