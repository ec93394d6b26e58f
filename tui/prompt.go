package tui

import (
	tea "charm.land/bubbletea/v2"

	"github.com/diorama-dev/diorama/tui/typing"
)

// prompt is a line of text that is being typed.
type prompt struct {
	editing bool
	text    string
}

// typed returns the prompt after a key; keys that do not edit change nothing.
func (p prompt) typed(k tea.KeyPressMsg) prompt {
	p.text = typing.Key(p.text, k)
	return p
}

// pasted returns the prompt with text from the clipboard.
func (p prompt) pasted(text string) prompt {
	p.text = typing.Pasted(p.text, text)
	return p
}
