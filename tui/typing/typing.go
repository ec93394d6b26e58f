// Package typing owns what keys and pasted text do to a line that is being
// typed.
package typing

import (
	"strings"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"

	"github.com/diorama-dev/diorama/tui/layout"
)

// Key returns the text after a key; keys that do not edit change nothing.
func Key(text string, k tea.KeyPressMsg) string {
	switch k.String() {
	case "backspace", "ctrl+h":
		_, size := utf8.DecodeLastRuneInString(text)
		return text[:len(text)-size]
	case "ctrl+u":
		return ""
	case "ctrl+w", "alt+backspace":
		cut := strings.TrimRight(text, " ")
		return cut[:strings.LastIndexByte(cut, ' ')+1]
	}
	return text + layout.Safe(k.Text)
}

// Pasted returns the text with more from the clipboard, as one line.
func Pasted(text, more string) string { return text + layout.Safe(strings.TrimSpace(more)) }
