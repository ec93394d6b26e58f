package tui

import (
	"testing"

	"github.com/diorama-dev/diorama/tui/theme"
	"github.com/diorama-dev/diorama/tui/tuitest"
	"github.com/diorama-dev/diorama/tui/tuitest/svg"
)

// TestPicture holds the picture that the README shows against what the UI
// draws; `make picture` draws it anew.
func TestPicture(t *testing.T) {
	past := tuitest.Streaming()
	m := model(t, newFake(), theme.Dark, 112, 24, past[0])
	for _, s := range past[1:] {
		m = drive(t, m, snapshotMsg{snapshot: s})
	}
	m = press(t, m, "down", "down", "down") // to billing
	tuitest.File(t, "../docs/picture.svg", svg.Draw(svg.Window{
		Title:       "diorama up streaming",
		Description: "Diorama's terminal UI: the services of the profile streaming with their use of CPU and memory. Below billing stands why it is not well, and what to try.",
	}, frame(m)))
}
