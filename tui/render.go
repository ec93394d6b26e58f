package tui

import (
	"strings"

	"github.com/diorama-dev/diorama/internal/env"
	"github.com/diorama-dev/diorama/tui/theme"
)

// Render draws one frame of a snapshot as it stood at its newest data: the
// lines of a terminal of that size, joined by newlines. It reads and changes
// nothing. An empty screen is the services screen.
func Render(s env.Snapshot, screen Screen, width, height int, v theme.Variant) string {
	m := newModel(deps{options: Options{Theme: v, Start: screen}})
	m = m.resized(width, height).at(s.Updated).received(s)
	return strings.Join(m.lines(), "\n")
}
