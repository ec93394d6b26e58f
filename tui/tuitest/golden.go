package tuitest

import (
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
