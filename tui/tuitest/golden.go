package tuitest

import (
	"bytes"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/exp/golden"
)

// Plain compares a frame's text, without its colours, with the test's golden;
// `go test -update` writes it.
func Plain(t *testing.T, frame string) {
	t.Helper()
	lines := strings.Split(ansi.Strip(frame), "\n")
	for i, l := range lines {
		lines[i] = strings.TrimRight(l, " ")
	}
	golden.RequireEqual(t, strings.Join(lines, "\n")+"\n")
}

// Coloured compares a frame with its colours.
func Coloured(t *testing.T, frame string) {
	t.Helper()
	golden.RequireEqual(t, frame+"\n")
}

// File compares content with that of a file that people read, by its path;
// `go test -update` writes it.
func File(t *testing.T, path string, content []byte) {
	t.Helper()
	if update := flag.Lookup("update"); update != nil && update.Value.String() == "true" {
		if err := os.WriteFile(path, content, 0o644); err != nil { //nolint:gosec // for everybody to read
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(want, content) {
		t.Errorf("%s is not what would be made now: run this test with -update and look at the difference", path)
	}
}
